"""Promises about services: told right, changed as systemctl would, put back link by link."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.hosts import BASE, Lab

from setright.model import Change
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.linux.surface import Linux, open_root

pytestmark = [pytest.mark.root, pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl to compare with")]


@pytest.fixture
def image(lab: Lab, tmp_path: Path) -> Path:
    """A copy of what a real host says of its units."""
    for folder in ("etc/systemd", "usr/lib/systemd/system"):
        shutil.copytree(BASE / folder, tmp_path / folder, symlinks=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    return tmp_path


def document(surface: Linux, unit: str) -> bytes:
    data = surface.again([f"unit:{unit}"])[f"unit:{unit}"].data
    assert data is not None
    return data


def wanted(before: bytes, enabled: str) -> bytes:
    return json.dumps(json.loads(before) | {"enabled": enabled}).encode()


def tree(folder: Path) -> dict[str, str]:
    """All links and files of a folder."""
    return {str(p.relative_to(folder)): str(p.readlink()) if p.is_symlink() else "" for p in sorted(folder.rglob("*"))}


def theirs(image: Path, verb: str, unit: str) -> str:
    done = subprocess.run(["systemctl", f"--root={image}", verb, unit], capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("unit", "aim"),
    [("ssh.service", "masked"), ("ssh.service", "disabled"), ("cron.service", "masked"), ("cron.service", "disabled")],
)
def test_systemctl_sees_what_was_asked_and_the_undo_is_exact(image: Path, unit: str, aim: str) -> None:
    surface = open_root(str(image))
    before, links = document(surface, unit), tree(image / "etc/systemd")
    kept = surface.keep([f"unit:{unit}"])[0]
    change = Change(f"unit:{unit}", "json", before, wanted(before, aim))
    surface.write(change)
    assert theirs(image, "is-enabled", unit) == aim == json.loads(document(surface, unit))["enabled"]
    surface.write(change)
    surface.write(change.inverse(kept.meta))
    assert tree(image / "etc/systemd") == links
    assert document(surface, unit) == before


def test_enabling_makes_the_links_that_systemctl_makes(image: Path) -> None:
    surface = open_root(str(image))
    enabled = tree(image / "etc/systemd")
    before = document(surface, "cron.service")
    surface.write(Change("unit:cron.service", "json", before, wanted(before, "disabled")))
    off = document(surface, "cron.service")
    surface.write(Change("unit:cron.service", "json", off, wanted(off, "enabled")))
    assert tree(image / "etc/systemd") == enabled


def test_a_unit_that_others_changed_meanwhile_is_left_alone(image: Path) -> None:
    surface = open_root(str(image))
    before = document(surface, "cron.service")
    theirs(image, "mask", "cron.service")
    with pytest.raises(Moved, match="masked now"):
        surface.write(Change("unit:cron.service", "json", before, wanted(before, "disabled")))


def test_a_unit_whose_own_file_is_in_the_way_of_a_mask_is_refused(image: Path) -> None:
    (image / "etc/systemd/system/own.service").write_text("[Service]\nExecStart=/bin/true\n")
    surface = open_root(str(image))
    before = document(surface, "own.service")
    assert json.loads(before)["enabled"] == "static"
    with pytest.raises(SurfaceError, match="its own file"):
        surface.write(Change("unit:own.service", "json", before, wanted(before, "masked")))
    with pytest.raises(SurfaceError, match="cannot be made 'enabled'"):
        surface.write(Change("unit:own.service", "json", before, wanted(before, "enabled")))


def test_a_unit_is_masked_and_put_back_on_a_live_host(web: Linux, host: Lab) -> None:
    before = document(web, "cron.service")
    kept = web.keep(["unit:cron.service"])[0]
    change = Change("unit:cron.service", "json", before, wanted(before, "masked"))
    web.write(change)
    assert host.command(1, "readlink /etc/systemd/system/cron.service").stdout == "/dev/null\n"
    web.write(change.inverse(kept.meta))
    assert document(web, "cron.service") == before
    assert not (host.upper(1) / "etc/systemd/system/cron.service").is_symlink()
