"""Booted hosts with a source of packages: real ones of Debian, fetched once, offered to them over HTTP. Needs root.

    python -m lab.packages up 1                   start host h1; the first time it fetches what controls want installed
    python -m lab.packages run -- setright fix ssh://h1 --control 'linux/package/*' --all --yes
    python -m lab.packages down

The source is as any archive of Debian is (apt-ftparchive(1), apt-secure(8)): a suite for the release and one for its security
updates, signed with a key made for it. Its server stands in the hub; a host still reaches nothing else.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab.booted import Booted
from lab.hosts import BASE, CACHE, build, main

from setright.controls.load import read_control
from setright.engine.catalogue import content_root

RELEASE, SECURITY = "bookworm", "bookworm-security"
LABELS = {RELEASE: "Debian", SECURITY: "Debian-Security"}
MENDED = ("liblz4-1", "attr")  # of the base, to offer newer ones of: one that services run, one that nothing runs
PATIENT_S, START_S = 600, 20.0
HUB, PORT = "198.18.255.254", 80
KEYRING = "/etc/apt/keyrings/lab.asc"
SOURCES = "".join(f"deb [signed-by={KEYRING}] http://{HUB}/ {suite} main\n" for suite in LABELS)


def stock(names: Sequence[str] = ()) -> Path:
    """The packages named with what they need, listed and signed, made once; of all that controls want where none is named."""
    top = CACHE / "-".join(["packages", *names])
    wants = sorted({*(names or wanted()), *MENDED})
    done = top / "names"
    if done.exists() and done.read_text().split() == wants:
        return top
    shutil.rmtree(top, ignore_errors=True)
    _fetch(top, wants)
    _make_key(top)
    index(top, RELEASE, top)
    done.write_text("\n".join(wants))
    return top


def wanted() -> Iterator[str]:
    """What controls want installed."""
    root = content_root() / "controls"
    for file in sorted((root / "linux/package").iterdir()):
        raw = read_control(file, root)
        if raw["require"]["installed"] is True:
            yield from raw["where"]["package"]["one-of"]


def _fetch(top: Path, names: Sequence[str]) -> None:
    """With what they need, recommendations left out."""
    apt = own_apt(top, (build() / "etc/apt/sources.list").read_text())
    run(*apt, "update")
    run(*apt, "-y", "-d", "--no-install-recommends", "install", *names)
    run(*apt, "-y", "-d", "--reinstall", "install", *MENDED)


def own_apt(top: Path, sources: str) -> list[str]:
    """This machine's apt-get for a host as the base is, with sources and folders of its own: packages come into `pool`."""
    for folder in ("apt/etc/apt/preferences.d", "apt/var/lib/apt/lists/partial", "apt/var/cache/apt", "pool/partial"):
        (top / folder).mkdir(parents=True, exist_ok=True)
    (top / "apt/etc/apt/sources.list").write_text(sources)
    places = {
        "Dir": top / "apt",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::trustedparts": BASE / "etc/apt/trusted.gpg.d",
        "Dir::State::status": BASE / "var/lib/dpkg/status",
        "Dir::Cache::archives": top / "pool",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    return ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in places.items())]


def _make_key(top: Path) -> None:
    (top / "gnupg").mkdir(mode=0o700)
    _gpg(top, "--passphrase", "", "--quick-generate-key", "packages of the lab", "ed25519", "sign", "never")
    (top / "key.asc").write_text(_gpg(top, "--armor", "--export"))


def _gpg(top: Path, *words: str) -> str:
    """Its agent ends with it, so that none is left behind."""
    home = str(top / "gnupg")
    try:
        return run("gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback", *words)
    finally:
        run("gpgconf", "--homedir", home, "--kill", "all")


def index(source: Path, suite: str, keys: Path) -> None:
    """Lists the packages of a suite's pool, and signs the list."""
    folder, pool = source / "dists" / suite, source / ("pool" if suite == RELEASE else f"pool-{suite}")
    lists = folder / "main/binary-amd64"
    for needed in (lists, pool):
        needed.mkdir(parents=True, exist_ok=True)
    (lists / "Packages").write_text(run("apt-ftparchive", "packages", pool.name, cwd=source))
    told = {"Origin": "Debian", "Label": LABELS[suite], "Suite": suite, "Codename": suite}
    told |= {"Components": "main", "Architectures": "amd64"}
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in told.items()]
    signed = folder / "InRelease"
    before = signed.stat().st_mtime if signed.exists() else 0.0
    for name in ("Release", "InRelease"):
        (folder / name).unlink(missing_ok=True)
    (folder / "Release").write_text(run("apt-ftparchive", *options, "release", str(folder)))
    _gpg(keys, "--clearsign", "--output", str(signed), str(folder / "Release"))
    newer = max(time.time(), before + 1.0)  # HTTP tells what is modified by whole seconds: two lists of one second would be one
    os.utime(signed, (newer, newer))


def run(*words: str, cwd: Path | None = None) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=PATIENT_S)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:2])} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


class Stocked(Booted):
    """Hosts 1..count, each booted, with the source as the only one they have and its lists fetched."""

    offered: Sequence[str] = ()  # the packages there; none named: all that controls want

    @property
    def source(self) -> Path:
        """What the server offers."""
        return self.folder / "source"

    def up(self, count: int) -> None:
        super().up(count)
        top = stock(self.offered)
        if not self.source.exists():
            self.source.mkdir()
            shutil.copytree(top / "dists", self.source / "dists")
            (self.source / "pool").symlink_to(top / "pool")
            index(self.source, SECURITY, top)
            self._serve()
        for n in range(1, count + 1):
            etc = self.root(n) / "etc/apt"
            (etc / "sources.list").write_text(SOURCES)
            shutil.copyfile(top / "key.asc", etc / "keyrings/lab.asc")
            self.update(n)

    def update(self, n: int) -> None:
        """Fetches the lists anew. Raises RuntimeError where the host does not trust them."""
        done = self.command(n, "apt-get -qq -o APT::Update::Error-Mode=any update")
        if done.returncode:
            raise RuntimeError(f"h{n}: {done.stderr.strip()}")

    def mend(self, name: str) -> tuple[str, str]:
        """Offers a newer version of a package as a security update, in place of an earlier one: from which to which."""
        pool, work = self.source / f"pool-{SECURITY}", self.folder / "mended"
        (old,) = [*pool.glob(f"{name}_*.deb")] or (self.source / "pool").glob(f"{name}_*.deb")
        before = run("dpkg-deb", "-f", str(old), "Version").strip()
        run("dpkg-deb", "-R", str(old), str(work))
        if old.parent == pool:
            old.unlink()
        control = work / "DEBIAN/control"
        control.write_text(control.read_text().replace(f"\nVersion: {before}\n", f"\nVersion: {before}+lab1\n"))
        self.offer(work)
        return before, f"{before}+lab1"

    def offer(self, tree: Path) -> None:
        """Makes a package of a tree with its DEBIAN folder, and offers it as a security update; the tree is gone then."""
        run("dpkg-deb", "--root-owner-group", "-b", str(tree), str(self.source / f"pool-{SECURITY}"))
        shutil.rmtree(tree)
        index(self.source, SECURITY, stock(self.offered))

    def down(self) -> None:
        served = self.folder / "served"
        command = Path(f"/proc/{served.read_text()}/cmdline") if served.exists() else served
        if command.exists() and str(self.source).encode() in command.read_bytes():
            os.kill(int(served.read_text()), signal.SIGTERM)
        super().down()

    def _serve(self) -> None:
        """Until `down`, whoever started it."""
        words = ["-m", "http.server", "--bind", HUB, "--directory", str(self.source), str(PORT)]
        with self.inside(), (self.folder / "log").open("a") as log:
            child = subprocess.Popen(
                [sys.executable, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            (self.folder / "served").write_text(str(child.pid))
            _wait_for(HUB, PORT)


def _wait_for(address: str, port: int) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            return socket.create_connection((address, port), 1.0).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(__doc__, Stocked, "stock"))
