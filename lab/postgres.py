"""A throw-away PostgreSQL server with weak settings, on a loopback port of its own.

    python lab/postgres.py          prints its URL, stops it at Enter

Source: initdb(1), pg_ctl(1). Debian keeps the binaries in /usr/lib/postgresql/VERSION/bin.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

WEAK = {"log_connections": "off", "password_encryption": "md5", "ssl": "off", "log_statement": "none"}
HBA = """# who may come in
local   all             all                                     trust
host    all             all             127.0.0.1/32            trust   # until the migration is done
host    all             all             ::1/128                 trust
host    app             app             10.0.0.0/8              md5
"""


class Server(msgspec.Struct):
    """A running server: its data directory, port and superuser URL."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def hba(self) -> Path:
        return self.data / "pg_hba.conf"

    @property
    def auto(self) -> Path:
        return self.data / "postgresql.auto.conf"

    def start(self) -> None:
        ctl = [str(binaries() / "pg_ctl"), "-D", str(self.data), "-l", str(self.data / "log"), "-w", "-t", "20", "start"]
        as_owner([*ctl, "-o", f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1"], check=True)

    def stop(self) -> None:
        as_owner([str(binaries() / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "-w", "stop"], check=False)


@contextmanager
def server(settings: Mapping[str, str] = WEAK, hba: str = HBA) -> Iterator[Server]:
    """A server that is gone, with everything of its, when the block ends."""
    home = Path(tempfile.mkdtemp(prefix="setright-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    made = Server(home / "data", _free_port())
    try:
        as_owner(
            [str(binaries() / "initdb"), "-D", str(made.data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
            check=True,
        )
        with (made.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in {"fsync": "off", "shared_buffers": "16MB", **settings}.items())
        made.hba.write_text(hba)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


def available() -> bool:
    """Whether this machine has the server's binaries."""
    return bool(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def binaries() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def as_owner(command: list[str], check: bool) -> None:
    """Runs a command as the user `postgres` where we are root: the server refuses to be root."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        command = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *command]
    subprocess.run(command, check=check, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    with server() as made:
        print(made.url)
        input()


if __name__ == "__main__":
    main()
