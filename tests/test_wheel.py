"""A wheel, installed elsewhere, holds everything that the program needs."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as from a fresh checkout: of what git keeps, as it is now."""
    home = tmp_path_factory.mktemp("wheel")
    for name in sorted(_kept()):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (home / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "tree" / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "-w", home, home / "tree"]
    subprocess.run(build, check=True, timeout=240)
    return next(home.glob("*.whl"))


@pytest.fixture(scope="module")
def home(wheel, tmp_path_factory):
    """Where the wheel is installed, in an environment of its own."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True, timeout=120)
    pip = [sys.executable, "-m", "pip", "--python", home / "venv", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, wheel], check=True, timeout=120)
    return home


@pytest.fixture(scope="module")
def setright(home):
    """The program as installed, beside our libraries but not our sources."""
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "SETRIGHT_STATE": str(home / "state"), "HOME": str(home)}

    def run(*words, **more):
        command = [home / "venv/bin/setright", *words]
        return subprocess.run(command, cwd=home, env=env | more, capture_output=True, text=True, timeout=120)

    where = [home / "venv/bin/python", "-c", "import setright; print(setright.__file__)"]
    assert subprocess.run(where, env=env, capture_output=True, text=True, check=True).stdout.startswith(str(home))
    return run


def test_the_content_and_the_migrations_are_in_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("controls", "bindings", "baselines", "frameworks"):
        here = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*.yaml")}
        assert here and {f"setright/content/{name}" for name in here & _kept()} <= set(names)
    assert any(name.startswith("setright/engine/store/migrations/versions/0001") for name in names)


def test_it_scans_and_shows_a_plan_from_elsewhere(setright):
    ran = setright("scan", str(ROOT / "examples/lab/source"), "--format", "json")
    assert ran.returncode == 1, ran.stderr
    assert {"aws/rds/not-public", "k8s/workload/privileged"} <= {f["control"] for f in json.loads(ran.stdout)["findings"]}


def test_its_first_start_reads_no_content_file_and_a_later_one_those_that_changed(setright, home, tmp_path):
    """What is YAML is the content alone, and what reads YAML is loaded when the first is read."""
    (tmp_path / "main.tf").write_text('resource "aws_db_instance" "a" {\n  publicly_accessible = true\n}\n')
    words = ("scan", str(tmp_path), "--control", "aws/rds/not-public", "--format", "json")

    def titles(ran):
        return [f["title"] for f in json.loads(ran.stdout)["findings"]]

    ran = setright(*words, SETRIGHT_STATE=str(tmp_path / "state"), PYTHONPROFILEIMPORTTIME="1")
    assert len(titles(ran)) == 1
    assert " setright.app" in ran.stderr
    assert " yaml" not in ran.stderr
    (file,) = home.glob("venv/lib/*/site-packages/setright/content/controls/aws/rds/not-public.yaml")
    before = file.read_text()
    try:
        file.write_text(before.replace("title: ", "title: The "))
        assert titles(setright(*words))[0].startswith("The ")
    finally:
        file.write_text(before)


def test_it_puts_right_and_goes_back_from_elsewhere(setright, tmp_path):
    file = tmp_path / "main.tf"
    file.write_text('resource "aws_db_instance" "a" {\n  publicly_accessible = true\n}\n')
    before = file.read_bytes()
    ran = setright("fix", str(tmp_path), "--control", "aws/rds/not-public", "--all", "--yes", "--format", "json")
    assert ran.returncode == 0, ran.stderr
    assert b"publicly_accessible = false" in file.read_bytes()
    assert setright("rollback", json.loads(ran.stdout)["run"]).returncode == 0
    assert file.read_bytes() == before
    assert setright("ledger", "verify").returncode == 0


def _kept():
    """What git keeps, or will: not what is made here, such as folders without files, which a checkout lacks."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())
