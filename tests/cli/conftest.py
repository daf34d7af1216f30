"""A tree of sources with known faults, and the real program run on it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from setright.cli import main
from setright.engine.catalogue import content_root, load_catalogue

MAIN_TF = """\
# the shop
resource "aws_db_instance" "shop" {
  identifier              = "shop"
  storage_encrypted       = false
  publicly_accessible     = false
  password                = "correct-horse-battery"
  backup_retention_period = 1   # until the migration is done
}
"""
AUTO, ASK = "aws/rds/backups", "aws/rds/storage-encryption"
RUNNING = ("apply", "fix", "rollback")
BOTH = ("--control", AUTO, "--control", ASK)


class Ran(NamedTuple):
    """How the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Program:
    """`setright` as people start it, with a state directory of its own, in a tree of its own."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.tree = home / "tree"
        shutil.copytree(cache, home / "state" / "cache")
        (home / "state").chmod(0o700)
        self.tree.mkdir()
        self.file = self.tree / "main.tf"
        self.file.write_text(MAIN_TF)
        self.env = {**os.environ, "SETRIGHT_STATE": str(home / "state"), "HOME": str(home), "COLUMNS": "100"}
        self.env.pop("NO_COLOR", None)

    def __call__(self, *words: str) -> Ran:
        """In this process where nothing is run on a target, which is ten times quicker."""
        return self.process(*words) if words[0] in RUNNING else self.here(*words)

    def here(self, *words: str) -> Ran:
        with contextlib.chdir(self.tree):
            ran = CliRunner(env=self.env | {"NO_COLOR": None}).invoke(main, words)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.stdout, ran.stderr)

    def process(self, *words: str, **env: str) -> Ran:
        ran = subprocess.run(
            [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')", *words],
            cwd=self.tree,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue, read once for all tests."""
    place = tmp_path_factory.mktemp("content") / "cache"
    load_catalogue([content_root()], place)
    return place


@pytest.fixture
def setright(tmp_path: Path, cache: Path) -> Program:
    return Program(tmp_path, cache)
