"""A tree of sources with known faults, and the real program run on it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from setright.cli import main
from tests.content import warm

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

    def __init__(self, home: Path) -> None:
        self.tree = home / "tree"
        state = warm(home / "state")
        self.tree.mkdir()
        self.file = self.tree / "main.tf"
        self.file.write_text(MAIN_TF)
        self.env = {**os.environ, "SETRIGHT_STATE": str(state), "HOME": str(home), "COLUMNS": "100"}
        self.env.pop("NO_COLOR", None)

    def __call__(self, *words: str, **env: str) -> Ran:
        """In this process, which is ten times quicker than one of its own."""
        with contextlib.chdir(self.tree):
            ran = CliRunner(env=self.env | env | {"NO_COLOR": None}).invoke(main, words)
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


@pytest.fixture
def setright(tmp_path: Path) -> Program:
    return Program(tmp_path)
