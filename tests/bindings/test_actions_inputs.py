"""What inputs, environments, images and scripts ask of the token beside what an action's own row tells."""

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
        ({"uses": "appleboy/ssh-action@v1", "with": {"script": "git pull && npm run deploy"}}, {}),
        ({"uses": "appleboy/ssh-action@v1", "with": {"script": f"docker login ghcr.io -p {TOKEN}"}}, None),
        ({"uses": "gradle/gradle-build-action@v2", "with": {"arguments": "publish"}, "env": {"TOKEN": TOKEN}}, None),
        ({"uses": "docker/build-push-action@v6", "with": {"push": True}}, {}),
        ({"uses": "docker/build-push-action@v6", "with": {"secrets": f"token={TOKEN}"}}, None),
        ({"uses": "ruby/setup-ruby@v1", "env": {"BUNDLE_RUBYGEMS__PKG__GITHUB__COM": f"a:{TOKEN}"}}, None),
        ({"uses": "ruby/setup-ruby@v1", "env": {"GITHUB_TOKEN": TOKEN}}, {}),
        ({"uses": "helm/chart-releaser-action@v1", "env": {"CR_TOKEN": TOKEN}}, {"contents": "write"}),
    ],
)
def test_what_an_action_is_told_to_run_or_to_hand_on_counts_as_a_script(step: Tree, needs: dict[str, str] | None) -> None:
    assert rights.needs({}, {"steps": [step]}, TABLE) == needs


def test_a_job_whose_image_is_fetched_with_the_token_reads_packages() -> None:
    container = {"image": "ghcr.io/a/b:1", "credentials": {"username": "a", "password": TOKEN}}
    steps = [{"run": "make"}]
    assert rights.needs({}, {"container": container, "steps": steps}, TABLE) == {"packages": "read"}
    assert rights.granted({}, {"services": {"b": container}, "steps": steps}, TABLE)["packages"] == "write"
    assert rights.needs({}, {"container": "ghcr.io/a/b:1", "steps": steps}, TABLE) == {}


LOGIN = {"uses": "aws-actions/configure-aws-credentials@v4", "with": {"role-to-assume": "a"}}


@pytest.mark.parametrize(
    ("other", "keeps"),
    [
        ({"run": "cosign sign --yes a@sha256:b"}, True),
        ({"run": "npm publish"}, True),
        ({"run": "make test"}, False),
        ({"run": "# what the release needs\nmake test"}, False),
        ({"run": "cargo test --release"}, False),
    ],
)
def test_a_script_that_signs_or_publishes_keeps_the_identity(other: Tree, keeps: bool) -> None:
    have = {"contents": "read", "id-token": "write"}
    workflow = {"permissions": have, "jobs": {"a": {"steps": [LOGIN]}, "b": {"steps": [other]}}}
    assert rights.all_known(workflow, TABLE)
    given = {edit.path[1] for edit in rights.moved(workflow, TABLE) if edit.path[0] == "jobs"}
    assert ("b" in given) is keeps


def test_an_identity_that_no_job_is_seen_to_take_is_left_to_people() -> None:
    have = {"contents": "read", "id-token": "write"}
    workflow: Tree = {"permissions": have, "jobs": {"a": {"steps": [{"run": "./do"}]}}}
    assert not rights.all_known(workflow, TABLE)
    assert rights.all_known({**workflow, "permissions": {"contents": "write"}}, TABLE)
    assert rights.all_known({**workflow, "jobs": {**workflow["jobs"], "b": {"permissions": {"id-token": "write"}}}}, TABLE)
    assert rights.all_known({**workflow, "jobs": {"a": {"permissions": {}, "steps": [{"run": "./do"}]}}}, TABLE)


@pytest.mark.parametrize(("packages", "keeps"), [("write", True), ("read", False)])
def test_a_job_that_reads_what_the_workflow_still_reads_needs_no_rights_of_its_own(packages: str, keeps: bool) -> None:
    container = {"image": "ghcr.io/a/b:1", "credentials": {"password": TOKEN}}
    workflow = {"permissions": {"contents": "write", "packages": packages}, "jobs": {"a": {"container": container}}}
    assert any(edit.path[0] == "jobs" for edit in rights.moved(workflow, TABLE)) is keeps
