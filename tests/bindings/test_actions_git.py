"""Which steps use the token that a checkout leaves to git."""

from __future__ import annotations

import pytest

from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.layouts._workflow_own import with_own
from setright.model import Tree

TABLE: rights.Rights = {
    "softprops/action-gh-release": {"contents": "write"},
    "actions/checkout": {},
}


def composite(*steps: Tree) -> Tree:
    return {"runs": {"using": "composite", "steps": list(steps)}}


@pytest.mark.parametrize(
    ("step", "uses"),
    [
        ({"run": "git clone https://example.org/a b"}, False),
        ({"run": "git submodule update"}, True),
        ({"run": "cargo build --release && ls target/release"}, False),
        ({"run": "cargo release"}, True),
        ({"run": "./tools/release"}, True),
        ({"uses": "docker/build-push-action@v6"}, False),
        ({"uses": "softprops/action-gh-release@v2"}, False),
        ({"uses": "pre-commit/action@v3.0.1"}, False),
        ({"uses": "actions/upload-artifact/merge@v4"}, False),
        ({"uses": "dorny/paths-filter@v3"}, True),
        ({"uses": "ad-m/github-push-action@v0.8.0"}, True),
        ({"uses": "nick-fields/retry@v3", "with": {"command": "git push"}}, True),
        ({"uses": "nick-fields/retry@v3", "with": {"command": "make"}}, False),
        ({"uses": "appleboy/ssh-action@v1", "with": {"script": "git pull"}}, False),
        ({"uses": "gaurav-nelson/github-action-markdown-link-check@v1", "with": {"check-modified-files-only": "yes"}}, True),
        ({"uses": "gaurav-nelson/github-action-markdown-link-check@v1", "with": {"check-modified-files-only": "no"}}, False),
        ({"uses": "github/super-linter@v4", "env": {"VALIDATE_ALL_CODEBASE": False}}, True),
        ({"uses": "github/super-linter@v4", "env": {"VALIDATE_ALL_CODEBASE": True}}, False),
    ],
)
def test_what_asks_by_itself_uses_no_git(step: Tree, uses: bool) -> None:
    assert rights.uses_git({"steps": [step]}, None, TABLE) is uses


@pytest.mark.parametrize(
    ("own", "uses"),
    [
        (composite({"run": "make"}), False),
        (composite({"run": "git push"}), True),
        (composite({"uses": "./.github/actions/b"}), False),
        (composite({"uses": "./.github/actions/c"}), True),
        ({"runs": {"using": "node24", "main": "a.js"}}, True),
    ],
)
def test_an_action_of_the_tree_leaves_git_alone_where_its_steps_do(own: Tree, uses: bool) -> None:
    files = {
        "./.github/actions/a": own,
        "./.github/actions/b": composite({"run": "make"}),
        "./.github/actions/c": composite({"run": "git fetch"}),
    }
    table = with_own(TABLE, files)
    assert rights.uses_git({"steps": [{"uses": "./.github/actions/a/"}]}, None, table) is uses
    assert rights.uses_git({"steps": [{"uses": "./.github/actions/a", "with": {"tasks": "gitPublishPush"}}]}, None, table)
