"""ARCHITECTURE.md names every room that is there, and none that is not."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMED = set(re.findall(r"^\| `([^`]+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.M))
PLAIN = {"src", ".ci"}


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    return [Path(p) for p in listed if p and (ROOT / p).exists()]


def rooms():
    for path in tracked():
        if path.parts[:2] == ("src", "setright"):
            if len(path.parts) > 3:
                yield f"src/setright/{path.parts[2]}/"
            elif path.name != "__init__.py" and path.suffix == ".py":
                yield path.as_posix()
        elif len(path.parts) > 1 and path.parts[0] not in PLAIN:
            yield f"{path.parts[0]}/"


def test_every_room_is_named():
    assert set(rooms()) <= NAMED


def test_every_name_is_a_room():
    assert {name for name in NAMED if not (ROOT / name).exists()} == set()
