"""A throw-away PostgreSQL server of the tests' own, reached by its socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NUMBERS = iter(range(1000))


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The directory of its socket."""
    bin_ = binaries()
    if bin_ is None:
        pytest.skip("PostgreSQL's server is not installed")
    place = Path(tempfile.mkdtemp(prefix="setright-pg-", dir="/tmp"))
    as_user = {}
    if os.getuid() == 0:
        shutil.chown(place, "postgres", "postgres")
        as_user = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid}
    data = place / "data"
    subprocess.run(
        [bin_ / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=place,
        **as_user,
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={place}", "-c", "fsync=off", "-c", "shared_buffers=16MB"]
    server = subprocess.Popen([bin_ / "postgres", "-D", data, *options], cwd=place, stderr=subprocess.DEVNULL, **as_user)
    try:
        until = time.monotonic() + 30
        while subprocess.run([bin_ / "pg_isready", "-q", "-h", place], check=False).returncode:
            assert server.poll() is None and time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.1)
        yield str(place)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    return _postgres_url(postgres_server)


def _postgres_url(postgres_server: str) -> str:
    name = f"state{next(NUMBERS)}"
    subprocess.run([binaries() / "createdb", "-h", postgres_server, "-U", "postgres", name], check=True)
    return f"postgresql://postgres@/{name}?host={postgres_server}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each sort."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/state/setright.db"


@pytest.fixture
def another_url(url: str, request: pytest.FixtureRequest) -> str:
    """A second one of the same sort."""
    if url.startswith("sqlite"):
        return url.replace("setright.db", "another.db")
    return _postgres_url(request.getfixturevalue("postgres_server"))
