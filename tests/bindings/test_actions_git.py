"""Which steps use the token that a checkout leaves to git."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import _workflow_git as git
from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.layouts import actions
from setright.bindings.layouts._workflow_own import with_own
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Tree

ROOT = Path(__file__).parents[2] / "bindings"
CI = ".github/workflows/ci.yml"
FORGETS = Edit(("with", "persist-credentials"), False)

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
    assert git.uses_git({"steps": [step]}, None, TABLE) is uses


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
    assert git.uses_git({"steps": [{"uses": "./.github/actions/a/"}]}, None, table) is uses
    assert git.uses_git({"steps": [{"uses": "./.github/actions/a", "with": {"tasks": "gitPublishPush"}}]}, None, table)


PAT = "{uses: actions/checkout@v4, with: {token: '${{ secrets.PAT }}'}}"


@pytest.mark.parametrize(
    ("checkout", "step", "keeps", "uses"),
    [
        ("uses: actions/checkout@v4", "run: make test", False, False),
        ("uses: actions/checkout@v4", "run: git fetch --tags", False, True),
        ("uses: actions/checkout@v4", "uses: stefanzweifel/git-auto-commit-action@v5", True, True),
        ("uses: actions/checkout@v4", "uses: quarto-dev/quarto-actions/publish@v2", True, True),
        ("uses: actions/checkout@v4", "uses: py-cov-action/python-coverage-comment-action@v3", False, True),
        ("uses: actions/checkout@v4", "{uses: creyD/prettier_action@v4, with: {commit_message: a}}", False, True),
        ("uses: actions/checkout@v4", "{uses: acme/paint@v4, with: {message: a}}", False, False),
        ("uses: actions/checkout@v4", "{uses: peter-evans/create-pull-request@v7, with: {commit-message: a}}", False, False),
        ("uses: actions/checkout@v4", "uses: peter-evans/create-pull-request-comment@v7", False, True),
        ("uses: actions/checkout@v4", "run: git push origin HEAD", True, True),
        ("uses: actions/checkout@v4", "run: 'git remote set-url origin https://a:${TOKEN}@github.com/a/b; git push'", False, True),
        ("uses: actions/checkout@v4", "run: 'git push https://${{ secrets.PAT }}@github.com/a/b.git x'", False, True),
        ("uses: actions/checkout@v4", "run: 'git push https://github.com/${REPO}'", True, True),
        ("uses: actions/checkout@v4", "uses: EndBug/add-and-commit@v9", True, True),
        (PAT, "run: ./scripts/update", True, True),
        (PAT, "run: git fetch origin main", True, True),
        (PAT.replace("with: {", "with: {submodules: true, "), "run: make test", False, False),
        (PAT.replace("with: {", "with: {submodules: true, "), "run: git pull", True, True),
        (PAT.replace("with: {", "with: {repository: a/b, "), "run: make test", False, False),
        (PAT.replace("secrets.PAT", "github.token"), "run: make test", False, False),
        ("{uses: actions/checkout@v4, with: {ssh-key: '${{ secrets.KEY }}'}}", "run: git push", True, True),
    ],
)
def test_a_checkout_keeps_the_token_of_its_own_for_git(checkout: str, step: str, keeps: bool, uses: bool) -> None:
    text = f"on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {checkout}\n      - {step}\n"
    layout = load_one(ROOT / "actions/step.yaml", ROOT).layouts["actions"]
    given = {CI: Source(CI, "yaml", get("yaml", text.encode()))}
    resource = actions.view("actions/step", layout, given)[0]
    assert resource.tree["job"]["uses-git"] is uses
    if not keeps:
        assert actions.edit(layout, resource, [FORGETS], [], given) == [(CI, Edit((*resource.home[1], *FORGETS.path), False))]
        return
    with pytest.raises(BindingError, match="a later step"):
        actions.edit(layout, resource, [FORGETS], [], given)
