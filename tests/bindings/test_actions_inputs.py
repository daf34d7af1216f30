"""What inputs, environments and commands ask of the token beside what an action's own row tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.load import load_one
from setright.model import Tree

ROOT = Path(__file__).parents[2] / "bindings"
TABLE: rights.Rights = load_one(ROOT / "actions/job.yaml", ROOT).layouts["actions"]["rights"]
TOKEN = "${{ secrets.GITHUB_TOKEN }}"  # noqa: S105


@pytest.mark.parametrize(
    ("action", "given", "needs"),
    [
        ("hynek/build-and-inspect-python-package", {}, {}),
        (
            "hynek/build-and-inspect-python-package",
            {"attest-build-provenance-github": "true"},
            {"id-token": "write", "attestations": "write"},
        ),
        ("codecov/codecov-action", {"use_oidc": True}, {"id-token": "write"}),
        ("codecov/codecov-action", {"use_oidc": False}, {}),
        ("gradle/actions/setup-gradle", {"dependency-graph": "generate-and-submit"}, {"contents": "write"}),
        ("gradle/actions/setup-gradle", {"dependency-graph": "generate-and-upload"}, {}),
        ("gradle/actions/dependency-submission", {}, {"contents": "write"}),
        ("gradle/actions/wrapper-validation", {}, {}),
        ("gradle/issue-management-action", {}, None),
        ("r-lib/actions/setup-r", {}, {}),
        ("r-lib/actions/pr-push", {"repo-token": TOKEN}, {"contents": "write", "pull-requests": "read"}),
        ("actions/download-artifact", {"name": "a"}, {}),
        ("actions/download-artifact", {"github-token": TOKEN, "run-id": "1"}, {"actions": "read"}),
        ("dependabot/fetch-metadata", {}, {"pull-requests": "read"}),
        ("Chocobo1/setup-ccache-action", {}, {"actions": "write"}),
        ("SonarSource/sonarqube-scan-action", {}, {"pull-requests": "read"}),
        ("SonarSource/ci-github-actions/build-npm", {}, None),
    ],
)
def test_an_input_asks_for_rights_of_its_own(action: str, given: Tree, needs: dict[str, str] | None) -> None:
    assert rights.needs({}, {"steps": [{"uses": f"{action}@v1", "with": given}]}, TABLE) == needs


@pytest.mark.parametrize(
    ("step", "needs"),
    [
        ({"uses": "nick-fields/retry@v3", "with": {"command": "make"}}, {}),
        ({"uses": "nick-fields/retry@v3", "with": {"command": "git push"}}, {"contents": "write"}),
        ({"uses": "nick-fields/retry@v3", "with": {"command": "make"}, "env": {"GITHUB_TOKEN": TOKEN}}, None),
        ({"uses": "vmactions/freebsd-vm@v1", "with": {"run": "gh api a"}}, None),
        ({"uses": "gradle/gradle-build-action@v2", "with": {"arguments": "publish"}, "env": {"TOKEN": TOKEN}}, None),
        ({"uses": "docker/build-push-action@v6", "with": {"push": True}}, {}),
        ({"uses": "docker/build-push-action@v6", "with": {"secrets": f"token={TOKEN}"}}, None),
        ({"uses": "ruby/setup-ruby@v1", "env": {"BUNDLE_RUBYGEMS__PKG__GITHUB__COM": f"a:{TOKEN}"}}, None),
        ({"uses": "ruby/setup-ruby@v1", "env": {"GITHUB_TOKEN": TOKEN}}, {}),
    ],
)
def test_what_an_action_is_told_to_run_or_to_hand_on_counts_as_a_script(step: Tree, needs: dict[str, str] | None) -> None:
    assert rights.needs({}, {"steps": [step]}, TABLE) == needs
