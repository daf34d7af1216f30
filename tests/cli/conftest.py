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
from tests.integrations.forge_server import PROJECT, TOKEN, ForgeServer, GitHubServer, GitLabServer

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
FIXED_AUTO = MAIN_TF.replace("= 1 ", "= 7 ")
AUTHOR = ("--author", "Robin <robin@example.com>")


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


class Shop(NamedTuple):
    """A clone with a remote and a forge, and the program in it."""

    program: Program
    remote: Path
    forge: ForgeServer
    sort: str

    def git(self, *words: str) -> str:
        ran = subprocess.run(["git", *words], cwd=self.program.tree, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def there(self, *words: str) -> str:
        ran = subprocess.run(["git", f"--git-dir={self.remote}", *words], capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def pr(self, *words: str, token: str = TOKEN, selection: tuple[str, ...] = ("--control", AUTO)):
        api = self.forge.url + ("/api/v4" if self.sort == "gitlab" else "")
        where = ("--forge", self.sort, "--api-url", api, "--project", PROJECT)
        env = {"GITLAB_TOKEN" if self.sort == "gitlab" else "GITHUB_TOKEN": token}
        target = () if words and not words[0].startswith("-") else (".",)
        return self.program("fix", *target, *words, *selection, "--pr", *where, *AUTHOR, "--yes", **env)

    def branches(self) -> dict[str, str]:
        lines = self.there("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
        return dict(line.split() for line in lines)

    @property
    def branch(self) -> str:
        return next(name for name in self.branches() if name.startswith("setright/"))


def as_user(tree: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=Kim", "-c", "user.email=kim@example.com", *words], cwd=tree, check=True, capture_output=True
    )


@pytest.fixture(params=["github", "gitlab"])
def sort(request) -> str:
    return request.param


@pytest.fixture
def shop(setright: Program, tmp_path: Path, sort: str, monkeypatch):
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN", "GITHUB_API_URL", "CI_API_V4_URL"):
        setright.env.pop(name, None)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    as_user(setright.tree, "init", "-q", "-b", "main")
    as_user(setright.tree, "add", ".")
    as_user(setright.tree, "commit", "-q", "-m", "The shop")
    as_user(setright.tree, "remote", "add", "origin", str(remote))
    as_user(setright.tree, "push", "-q", "origin", "main")
    forge = GitHubServer() if sort == "github" else GitLabServer()
    yield Shop(setright, remote, forge, sort)
    forge.close()
