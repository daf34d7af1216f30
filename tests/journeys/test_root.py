"""The loop on a root file system that nobody runs: a stock Debian 12, owned by root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from lab.hosts import BASE, build

from tests.journeys.loop import Journey, Promises, Told, differences
from tests.journeys.manifest import manifest

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if os.geteuid():
        pytest.skip("needs root: files of many owners")
    build()
    home = tmp_path_factory.mktemp("root")
    root = home / "root"
    subprocess.run(["cp", "-a", str(BASE), str(root)], check=True)
    _oddities(root)
    yield Journey(home, f"root:{root}").walk(lambda: manifest(root))
    subprocess.run(["rm", "-rf", str(root)], check=True)


def _oddities(root: Path) -> None:
    """What a restore may forget: an extended attribute, an access list, a strange owner, a link, no final line end, CR LF."""
    (sshd := root / "etc/ssh/sshd_config").write_bytes(b"# ours\r\n" + sshd.read_bytes().rstrip(b"\n"))
    os.setxattr(sshd, "user.ticket", b"OPS-1")
    subprocess.run(["setfacl", "-m", "u:33:r", str(sshd)], check=True)
    os.chown(root / "etc/login.defs", 1234, 4321)
    (crontab := root / "etc/crontab").rename(root / "etc/crontab.real")
    crontab.symlink_to("crontab.real")
    (own := root / "etc/sysctl.d/70-own.conf").write_text("net.ipv4.ip_forward=1 # router")
    own.chmod(0o4640)


class TestRoot(Promises):
    def test_only_what_the_plans_name_is_touched(self, told: Told) -> None:
        named = {
            c.locator.removeprefix("stat:") for run in (told.automatic, told.everything) for p, _ in run.plans for c in p.changes
        }
        moved = {f"/{path}" for path in differences(told.looks[0], told.looks[2])}
        folders = {str(folder) for each in named for folder in PurePosixPath(each).parents if f"{folder}"[1:] not in told.looks[0]}
        assert {path.removesuffix(".real") for path in moved} <= named | folders
        assert moved
