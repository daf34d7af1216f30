"""CONTRIBUTING.md is followed: its files are written and its commands run, section by section, in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SECTIONS = dict(re.findall(r"^## (Add .*?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
MADE = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


@pytest.fixture
def tree(tmp_path):
    """What git keeps here, as it is now, and what is compiled of it, which fits files of the same time and size."""
    copy = tmp_path / "tree"
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/surfaces", "lab", "bench")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    for compiled in (ROOT / "src").rglob("__pycache__"):
        shutil.copytree(compiled, copy / compiled.relative_to(ROOT))
    return copy


def files(tree):
    return {p.relative_to(tree).as_posix(): p.read_bytes() for p in tree.rglob("*") if p.is_file() and not MADE & set(p.parts)}


def run(tree, script, text=""):
    """Runs a script from the root of the copy, whose own code and content are used."""
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{tree / 'src'}:{tree}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SETRIGHT_STATE": str(tree.parent / "state"),
    }
    ran = subprocess.run(["bash", "-ec", script], cwd=tree, env=env, input=text, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def follow(tree, steps):
    """What the commands said."""
    said = ""
    for language, name, text in BLOCK.findall(steps):
        if language == "sh":
            said += run(tree, text)
        elif language == "diff":
            run(tree, "git apply -", text)
        else:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
    return said


def test_there_are_steps_for_each_sort_of_content():
    assert list(SECTIONS) == ["Add a control", "Add a lens", "Add a kind", "Add a surface"]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_steps_are_few(section):
    assert len(BLOCK.sub("", SECTIONS[section]).split("\n")) < 20


def test_adding_a_control_touches_one_file_and_it_is_tested_shown_and_documented(tree):
    before = files(tree)
    said = follow(tree, SECTIONS["Add a control"])
    after = files(tree)
    assert {name for name in after if after[name] != before.get(name)} == {"controls/linux/sshd/debian-banner.yaml"}
    assert before.keys() <= after.keys()
    assert "1 controls, 0 with broken promises" in said
    assert "which patches it has" in run(tree, "setright controls list --kind linux/sshd --format json")


def test_adding_a_lens_takes_a_module_and_its_test(tree):
    assert "passed" in follow(tree, SECTIONS["Add a lens"])


def test_adding_a_kind_lets_controls_speak_of_it(tree):
    said = follow(tree, SECTIONS["Add a kind"])
    assert "0 with broken promises" in said
    assert "1 verified" in said
    assert said.rstrip().endswith('{"enable_script_checks": false}')


def test_adding_a_surface_lets_it_be_put_right_and_taken_back(tree):
    said = follow(tree, SECTIONS["Add a surface"])
    assert "1 verified" in said
    assert "1 reverted" in said
