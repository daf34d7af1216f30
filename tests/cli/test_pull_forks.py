"""`fix --pr --fork`: who may not push to a repository pushes to their fork of it, and asks it to pull from there."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from setright.cli.failure import Failure
from setright.cli.pulling import PullOptions, _forge
from setright.integrations.git import Repository
from tests.integrations.forge_server import FORK

from .conftest import FIXED_AUTO, Shop, as_user

DENIED = "remote: Permission to acme/shop.git denied to robin."


class Forked(NamedTuple):
    """A shop whose remote takes no push, and a fork of it that does."""

    shop: Shop
    fork: Path

    def pr(self, *words: str):
        return self.shop.pr("--fork", "mine", "--fork-project", FORK, *words)

    def branches(self) -> list[str]:
        command = ["git", f"--git-dir={self.fork}", "for-each-ref", "--format=%(refname:short)", "refs/heads"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def there(self, *words: str) -> str:
        ran = subprocess.run(["git", f"--git-dir={self.fork}", *words], capture_output=True, text=True, check=True)
        return ran.stdout


@pytest.fixture
def forked(shop: Shop, tmp_path: Path) -> Forked:
    fork = tmp_path / "fork.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(shop.remote), str(fork)], check=True)
    as_user(shop.program.tree, "remote", "add", "mine", str(fork))
    hook = shop.remote / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho '{DENIED}' >&2\nexit 1\n")
    hook.chmod(0o755)
    return Forked(shop, fork)


def test_who_may_not_push_is_told_of_forks(forked: Forked):
    ran = forked.shop.pr()
    assert (ran.code, "--fork" in ran.err, forked.shop.forge.pulls) == (3, True, [])


def test_the_branch_is_in_the_fork_and_the_request_is_the_repositorys(forked: Forked):
    ran = forked.pr()
    assert (ran.code, "Opened" in ran.out) == (0, True), ran.err
    (branch,) = [name for name in forked.branches() if name != "main"]
    assert forked.there("show", f"{branch}:main.tf") == FIXED_AUTO
    assert list(forked.shop.branches()) == ["main"]
    (pull,) = forked.shop.forge.pulls
    if forked.shop.sort == "github":
        assert pull["head"]["label"] == f"robin:{branch}"
    else:
        assert (pull["source_project_id"], pull["target_project_id"], pull["allow_collaboration"]) == (8, 3, True)


def test_again_it_is_the_same_one_and_a_new_change_updates_it(forked: Forked):
    forked.pr()
    assert "Nothing new" in forked.pr().out
    forked.shop.program.file.write_text(forked.shop.program.file.read_text().replace("is done", "was done"))
    as_user(forked.shop.program.tree, "commit", "-qam", "Another comment")
    (forked.shop.remote / "hooks" / "pre-receive").unlink()
    as_user(forked.shop.program.tree, "push", "-q", "origin", "main")
    assert ("Updated" in forked.pr().out, len(forked.shop.forge.pulls)) == (True, 1)


def test_a_branch_of_that_name_in_the_repository_is_another_one(forked: Forked):
    (forked.shop.remote / "hooks" / "pre-receive").unlink()
    forked.shop.pr()
    assert "Opened" in forked.pr().out and len(forked.shop.forge.pulls) == 2
    assert "Nothing new" in forked.pr().out and "Nothing new" in forked.shop.pr().out


def test_a_fork_that_lets_nobody_else_push_is_asked_from_all_the_same(forked: Forked):
    forked.shop.forge.keeps_to_itself = True
    assert "Opened" in forked.pr().out


def test_labels_that_one_may_not_give_are_told(forked: Forked):
    forked.shop.forge.takes_labels = False
    ran = forked.pr("--label", "security")
    assert (ran.code, "without its labels (security)" in ran.err, len(forked.shop.forge.pulls)) == (3, True, 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--fork", "yours", "--fork-project", FORK), "there are: mine, origin); say --fork NAME"),
        (("--fork", "mine"), "say --fork-project OWNER/NAME"),
        (("--fork-project", FORK), "say --fork NAME, too"),
        (("--fork", "mine", "--fork-project", "Acme/shop"), "is acme/shop itself"),
    ],
)
def test_what_is_no_fork_is_told_before_anything_is_pushed(forked: Forked, words: tuple[str, ...], told: str):
    ran = forked.shop.pr(*words)
    assert ran.code in (2, 3) and told in ran.err, ran.err
    assert (forked.branches(), forked.shop.forge.seen) == (["main"], [])


def test_a_fork_on_another_forge_is_told(forked: Forked):
    as_user(forked.shop.program.tree, "remote", "set-url", "mine", "https://gitlab.com/robin/shop.git")
    as_user(forked.shop.program.tree, "remote", "set-url", "origin", "https://github.com/acme/shop.git")
    place = Repository(forked.shop.program.tree, "origin", "mine")
    with pytest.raises(Failure, match=r"is on gitlab\.com, and origin on github\.com"):
        _forge(place, PullOptions("origin", "mine", None, None, "all", "", False, (), None, None, None, None, None, ""))


def test_the_forge_refuses_what_is_no_fork_and_it_is_told_what_stands(forked: Forked):
    ran = forked.shop.pr("--fork", "mine", "--fork-project", "acme/other" if forked.shop.sort == "gitlab" else "else/shop")
    assert (ran.code, "git push mine --delete" in ran.err, forked.shop.forge.pulls) == (3, True, []), ran.err
