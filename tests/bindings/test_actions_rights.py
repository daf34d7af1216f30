"""What jobs do with their token, which commits are known, and how expressions leave scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import actions
from setright.bindings.layouts._workflow_calls import COMMIT
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Resource, Tree

ROOT = Path(__file__).parents[2] / "bindings"
CI = ".github/workflows/ci.yml"
LAYOUTS = {kind: load_one(ROOT / f"actions/{kind}.yaml", ROOT).layouts["actions"] for kind in ("workflow", "job", "step")}


def seen(kind: str, text: str) -> list[Resource]:
    return actions.view(f"actions/{kind}", LAYOUTS[kind], {CI: Source(CI, "yaml", get("yaml", text.encode()))})


def fixed(kind: str, text: str, *edits: Edit) -> Tree:
    given = {CI: Source(CI, "yaml", get("yaml", text.encode()))}
    [resource] = actions.view(f"actions/{kind}", LAYOUTS[kind], given)
    placed = actions.edit(LAYOUTS[kind], resource, edits, [], given)
    return get("yaml", put("yaml", text.encode(), [edit for _, edit in placed]))["documents"][0]


def job(*steps: str, head: str = "") -> str:
    listed = "".join(f"      - {step}\n" for step in steps)
    return f"on: push\n{head}jobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n{listed}"


PACKAGES = {"contents": "read", "packages": "write"}
WIDE = {"contents": "write", "issues": "write", "pull-requests": "write"}
READS = Edit(("permissions",), {"contents": "read"})


@pytest.mark.parametrize(
    ("step", "rights"),
    [
        ("uses: actions/setup-node@v4", None),
        ("run: make test", None),
        ("uses: docker://alpine:3", None),
        ("uses: julia-actions/setup-julia@v2", None),
        ("uses: actions-rs/audit-check@v1", {"contents": "read", "checks": "write", "issues": "write"}),
        ("run: git -C docs push", {"contents": "write"}),
        ("run: npm run release", {"contents": "write"}),
        ("run: npm run build:release", None),
        ("run: ./gradlew assembleRelease", None),
        ("run: mvn -B release:perform", {"contents": "write"}),
        ("uses: softprops/action-gh-release@v2", {"contents": "write"}),
        ("uses: github/codeql-action/analyze@v3", {"contents": "read", "security-events": "write", "actions": "read"}),
        (
            "{uses: docker/login-action@v3, with: {password: '${{ secrets.GITHUB_TOKEN }}'}}",
            {"contents": "read", "packages": "write"},
        ),
        ("{uses: docker/login-action@v3, with: {password: '${{ secrets.HUB }}'}}", None),
        ("{uses: aws-actions/configure-aws-credentials@v4, with: {role-to-assume: a}}", {"contents": "read", "id-token": "write"}),
        ("{uses: aws-actions/configure-aws-credentials@v4, with: {aws-access-key-id: a}}", None),
    ],
)
def test_a_job_that_writes_gets_the_rights_that_its_steps_need(step: str, rights: dict[str, str] | None) -> None:
    text = job(step)
    [workflow] = seen("workflow", text)
    assert workflow.tree["token-needs"] == "known"
    after = fixed("workflow", text, READS)
    assert after["permissions"] == {"contents": "read"}
    assert after["jobs"]["a"].get("permissions") == rights


def test_a_call_of_a_workflow_elsewhere_of_which_nothing_is_known_is_left_as_it_would_not_start_with_less() -> None:
    text = "on: push\njobs:\n  a:\n    uses: acme/ci/.github/workflows/release.yml@main\n"
    [workflow] = seen("workflow", text)
    assert workflow.tree["token-needs"] == "unknown"
    with pytest.raises(BindingError, match="stands in its own file"):
        fixed("workflow", text, READS)


CURL = "{env: {GITHUB_TOKEN: '${{ github.token }}'}, run: 'curl -X POST https://api.github.com/repos/acme/shop/%s'}"


@pytest.mark.parametrize(
    ("step", "rights"),
    [
        (CURL % "statuses/1", {"statuses": "write"}),
        (CURL % "issues/1/comments", {"issues": "write", "pull-requests": "write"}),
        (CURL % "whatever", WIDE),
        (CURL.replace(" -X POST", "") % "check-runs", {"checks": "read"}),
        (
            "{env: {GH_TOKEN: '${{ github.token }}'}, run: \"gh api repos/acme/shop/actions/runs\\ngh pr comment 1 --body a\"}",
            {"actions": "read", "pull-requests": "write"},
        ),
        ("{uses: actions/github-script@v7, with: {script: \"require('./a.js')({github})\"}}", WIDE),
        ("{uses: actions/github-script@v7, with: {script: core.setFailed('no')}}", {}),
        (
            "{uses: actions/github-script@v7, with: {script: github.rest.repos.createCommitStatus}}",
            {**WIDE, "statuses": "write"},
        ),
        ("uses: acme/wipe-cache@v1", {"actions": "write"}),
        ("uses: acme/issue-closer@v1", {"issues": "write"}),
        ("uses: acme/unit-tests@v1", {}),
    ],
)
def test_a_step_of_which_it_is_not_sure_keeps_what_it_seems_to_ask_of_github(step: str, rights: dict[str, str]) -> None:
    given = fixed("workflow", job(step), READS)["jobs"]["a"].get("permissions")
    assert given == ({"contents": "read", **rights} if rights else None)


def test_a_workflow_elsewhere_that_the_table_tells_of_gets_what_it_needs() -> None:
    text = "on: push\njobs:\n  a:\n    uses: google/osv-scanner-action/.github/workflows/osv-scanner-reusable.yml@v2\n"
    assert seen("workflow", text)[0].tree["token-needs"] == "known"
    rights = fixed("workflow", text, READS)["jobs"]["a"]["permissions"]
    assert rights == {"contents": "read", "actions": "read", "security-events": "write"}


TWO = job("run: make") + "  b:\n    runs-on: ubuntu-24.04\n    steps:\n      - {}\n"


@pytest.mark.parametrize(
    ("head", "other", "token"),
    [
        ("", "uses: acme/unknown@v1", "default"),
        ("", "uses: actions/setup-go@v5", "limited"),
        ("permissions: {contents: read}\n", "uses: acme/unknown@v1", "limited"),
        ("", "run: ./a ${{ github.token }}", "default"),
    ],
)
def test_a_job_that_is_known_waits_for_no_other(head: str, other: str, token: str) -> None:
    known, unknown = seen("job", head + TWO.format(other))
    assert (known.tree["token"], unknown.tree["token"]) == (token, "limited")


OWN = {
    "reads": "runs: {using: composite, steps: [{uses: actions/setup-go@v5}, {uses: ./.github/actions/deep}]}",
    "deep": "runs: {using: composite, steps: [{run: make, shell: bash}]}",
    "writes": "runs: {using: composite, steps: [{uses: softprops/action-gh-release@v2}]}",
    "handed": "inputs: {token: {default: '${{ github.token }}'}}\nruns: {using: composite, steps: [{run: ./a, shell: bash}]}",
    "script": "runs: {using: node20, main: a.js}",
    "loops": "runs: {using: composite, steps: [{uses: ./.github/actions/loops}]}",
}
CALLED = {
    "test": "on: workflow_call\njobs: {a: {runs-on: x, steps: [{run: make}]}}",
    "said": "on: workflow_call\npermissions: {contents: read}\njobs: {a: {permissions: {packages: write}, runs-on: x, steps: []}}",
    "open": "on: workflow_call\njobs: {a: {runs-on: x, steps: [{uses: acme/unknown@v1}]}}",
}


@pytest.mark.parametrize(
    ("uses", "rights"),
    [
        ("./.github/actions/reads", {}),
        ("./.github/actions/writes", {"contents": "write"}),
        ("$/.github/actions/writes", {"contents": "write"}),
        ("$/.github/workflows/said.yml", {"packages": "write"}),
        ("./.github/actions/handed", None),
        ("./.github/actions/script", None),
        ("./.github/actions/loops", None),
        ("./.github/actions/gone", None),
        ("./.github/workflows/test.yml", {}),
        ("./.github/workflows/said.yml", {"packages": "write"}),
        ("./.github/workflows/open.yml", None),
    ],
)
def test_what_the_tree_itself_brings_tells_its_needs(uses: str, rights: dict[str, str] | None) -> None:
    called = "workflows" in uses
    text = f"on: push\njobs:\n  a:\n    uses: {uses}\n" if called else job(f"uses: {uses}")
    files = {f"sub/.github/actions/{name}/action.yml": each for name, each in OWN.items()} | {"sub/" + CI: text}
    files |= {f"sub/.github/workflows/{name}.yml": each for name, each in CALLED.items()}
    given = {file: Source(file, "yaml", get("yaml", each.encode())) for file, each in files.items()}
    workflow = next(each for each in actions.view("actions/workflow", LAYOUTS["workflow"], given) if each.name == "sub/" + CI)
    assert workflow.tree["token-needs"] == ("unknown" if rights is None else "known")
    placed = actions.edit(LAYOUTS["workflow"], workflow, [READS], [], given)
    assert [edit.value for _, edit in placed[1:]] == ([{"contents": "read", **rights}] if rights else [])


def test_a_known_job_gets_what_it_needs() -> None:
    text = TWO.format("uses: acme/unknown@v1").replace("run: make", "run: git push")
    given = {CI: Source(CI, "yaml", get("yaml", text.encode()))}
    known = next(each for each in actions.view("actions/job", LAYOUTS["job"], given) if each.name == "a")
    placed = actions.edit(LAYOUTS["job"], known, [READS], [], given)
    assert [edit.value for _, edit in placed] == [{"contents": "write"}]
    assert known.tree["uses-git"]


@pytest.mark.parametrize(
    ("step", "rights"),
    [
        ("uses: acme/unknown@v1", None),
        ("uses: ./.github/actions/mine", None),
        ("run: gh api repos", None),
        ("{uses: actions/github-script@v7, with: {script: x}}", None),
        ("run: curl -H 'Authorization ${{ github.token }}' x", WIDE),
        ("{run: ./x, env: {GH_TOKEN: '${{ github.token }}'}}", WIDE),
        ("{uses: acme/comment@v1, with: {token: '${{ secrets.GITHUB_TOKEN }}'}}", WIDE),
    ],
)
def test_what_nothing_tells_of_keeps_the_usual_rights_where_it_is_handed_the_token(
    step: str, rights: dict[str, str] | None
) -> None:
    [workflow] = seen("workflow", job(step))
    assert workflow.tree["token-needs"] == "unknown"
    assert fixed("workflow", job(step), READS)["jobs"]["a"].get("permissions") == rights


@pytest.mark.parametrize(
    ("step", "rights"),
    [
        ("run: gh release create v1", {"contents": "write"}),
        ("run: gh pr list && gh issue close 1", {"contents": "read", "pull-requests": "read", "issues": "write"}),
        ("run: gh pr merge --auto $PR", {"contents": "write", "pull-requests": "write"}),
        ("run: gh workflow run ci.yml", {"contents": "read", "actions": "write"}),
        (
            "{uses: actions/github-script@v7, with: {script: 'await github.rest.issues.createComment({})'}}",
            {"contents": "read", "issues": "write", "pull-requests": "write"},
        ),
    ],
)
def test_calls_of_github_tell_the_rights_that_they_need(step: str, rights: dict[str, str]) -> None:
    [workflow] = seen("workflow", job(step))
    assert workflow.tree["token-needs"] == "known"
    assert fixed("workflow", job(step), READS)["jobs"]["a"]["permissions"] == rights


def test_a_job_of_which_not_all_is_known_gets_the_rights_that_are() -> None:
    login = "{uses: docker/login-action@v3, with: {password: '${{ secrets.GITHUB_TOKEN }}'}}"
    assert fixed("workflow", job(login, "uses: acme/unknown@v1"), READS)["jobs"]["a"]["permissions"] == PACKAGES


def test_a_checkout_keeps_the_token_for_a_later_push() -> None:
    text = job("uses: actions/checkout@v4", "run: git push")
    given = {CI: Source(CI, "yaml", get("yaml", text.encode()))}
    checkout = actions.view("actions/step", LAYOUTS["step"], given)[0]
    with pytest.raises(BindingError, match="a later step pushes"):
        actions.edit(LAYOUTS["step"], checkout, [Edit(("with", "persist-credentials"), False)], [], given)


@pytest.mark.parametrize("own", ["./", "$/"])
def test_a_checkout_keeps_the_token_for_an_action_of_the_tree_that_pushes(own: str) -> None:
    action = "inputs: {token: {}}\nruns: {using: composite, steps: [{shell: bash, run: 'mike deploy 1.2 latest --push'}]}"
    outer = f"runs: {{using: composite, steps: [{{uses: {own}.github/actions/docs}}]}}"
    files = {".github/actions/docs/action.yml": action, ".github/actions/outer/action.yml": outer}
    files[CI] = job("uses: actions/checkout@v4", f"uses: {own}.github/actions/outer")
    given = {name: Source(name, "yaml", get("yaml", each.encode())) for name, each in files.items()}
    [checkout] = [each for each in actions.view("actions/step", LAYOUTS["step"], given) if "checkout" in str(each.tree.get("uses"))]
    with pytest.raises(BindingError, match="a later step pushes"):
        actions.edit(LAYOUTS["step"], checkout, [Edit(("with", "persist-credentials"), False)], [], given)


def test_rights_to_write_move_to_the_jobs_that_may_use_them() -> None:
    head = "permissions: {contents: write, packages: write, issues: read}\n"
    after = fixed("workflow", job("uses: acme/unknown@v1", head=head), READS)
    assert after["permissions"] == {"contents": "read", "issues": "read"}
    assert after["jobs"]["a"]["permissions"] == {"contents": "write", "packages": "write", "issues": "read"}
    assert "permissions" not in fixed("workflow", job("run: make test", head=head), READS)["jobs"]["a"]


@pytest.mark.parametrize(
    ("step", "uses"),
    [
        ("run: make test", False),
        ("run: python --version", False),
        ("run: git push", True),
        ("run: git fetch --tags", True),
        ("run: git diff --exit-code", False),
        ("run: make release", True),
        ("run: npm version patch", True),
        ("uses: stefanzweifel/git-auto-commit-action@v5", True),
        ("uses: ./mine", True),
        ("uses: korthout/backport-action@v3", True),
        ("run: npx nx release", True),
        ("run: bundle exec fastlane beta", True),
    ],
)
def test_the_token_in_the_work_tree_is_used_by_git_alone(step: str, uses: bool) -> None:
    assert seen("step", job(step))[0].tree["job"]["uses-git"] is uses


@pytest.mark.parametrize(
    ("step", "rights"),
    [
        ("run: 'echo ${{ secrets.GITHUB_TOKEN }} | docker login ghcr.io; docker push ghcr.io/a/b'", {**WIDE, "packages": "write"}),
        ("uses: korthout/backport-action@v3", {"contents": "write", "pull-requests": "write"}),
        ("uses: wearerequired/lint-action@v2", {"contents": "write", "checks": "write"}),
        ("uses: chrnorm/deployment-action@v2", {"deployments": "write"}),
        ("uses: acme/paint@v1", {}),
    ],
)
def test_what_is_not_known_gets_what_its_words_say(step: str, rights: dict[str, str]) -> None:
    permissions = fixed("workflow", job(step), READS)["jobs"]["a"].get("permissions", {"contents": "read"})
    assert permissions == {"contents": "read", **rights}


@pytest.mark.parametrize(
    ("step", "rights", "uses"),
    [
        ("uses: acme/updates@v1", "contents: write", True),
        ("uses: acme/updates@v1", "contents: read, issues: write", False),
        ("run: ./update.py", "contents: write", True),
        ("run: gh release upload v1 app.zip", "contents: write", False),
        ("uses: anchore/sbom-action@v0", "contents: write", False),
    ],
)
def test_who_may_write_to_the_repository_pushes_unless_it_asks_for_that_otherwise(step: str, rights: str, uses: bool) -> None:
    head = f"permissions: {{{rights}}}\n"
    assert seen("step", job(step, head=head))[0].tree["job"]["uses-git"] is uses


@pytest.mark.parametrize(
    ("uses", "release", "fits"),
    [
        ("actions/checkout@v4", "v4.2.2", True),
        ("{uses: actions/checkout@v4, with: {fetch-depth: 0}}", "v4.2.2", True),
        ("{uses: actions/checkout@v4, with: {new-input: 0}}", "v4.2.2", False),
        ("actions/checkout@v4.2", "v4.2.2", True),
        ("actions/checkout@v4.2.2", "v4.2.2", True),
        ("actions/checkout@main", "v7.0.1", False),
        ("github/codeql-action/analyze@v3", "v3.28.18", False),
        ("actions/checkout@v4.1.1", "v4.1.1", True),
        ("actions/checkout@v4.1.99", None, None),
        ("swatinem/Rust-Cache@v2", "v2.7.8", True),
        ("JamesIves/github-pages-deploy-action@releases/v4", "v4.7.3", True),
        ("{uses: JamesIves/github-pages-deploy-action@releases/v4, with: {new-input: 0}}", "v4.7.3", False),
        ("actions/checkout@releases/v99", None, None),
        ("ludeeus/action-shellcheck@2.0.0", "2.0.0", True),
        ("ludeeus/action-shellcheck@master", "2.0.0", False),
        ("dtolnay/rust-toolchain@stable", "stable", True),
        ("{uses: dtolnay/rust-toolchain@stable, with: {new-input: 0}}", "stable", False),
        ("{uses: dtolnay/rust-toolchain@master, with: {toolchain: nightly}}", "stable", True),
        ("dtolnay/rust-toolchain@nightly", None, None),
        ("actions/checkout@v99", None, None),
    ],
)
def test_a_tag_is_held_to_the_release_that_it_is_short_for(uses: str, release: str | None, fits: bool | None) -> None:
    calls = seen("step", job(uses if uses.startswith("{") else f"uses: {uses}"))[0].tree["calls"]
    assert (calls.get("release"), calls.get("fits")) == (release, fits)


def test_every_known_commit_is_one_and_belongs_to_its_tag() -> None:
    for uses, (release, commit) in LAYOUTS["step"]["commits"].items():
        ref = uses.partition("@")[2]
        assert COMMIT.fullmatch(commit), uses
        named_else = {"softprops/action-gh-release@v1": "v0.1.15", "dtolnay/rust-toolchain@master": "stable"}
        is_short = f"{release.removeprefix('v')}.".startswith(ref.split("/")[-1].removeprefix("v") + ".")
        assert is_short or named_else.get(uses) == release


def test_no_action_is_known_by_two_spellings_of_its_name() -> None:
    for known in (LAYOUTS["step"]["commits"], LAYOUTS["step"]["inputs"]):
        assert len({uses.lower() for uses in known}) == len(known)


def script(text: str) -> Tree:
    step = f"uses: actions/github-script@v7\n        with:\n          script: |\n            {text}"
    return fixed("step", job(step), Edit(("expressions", 0), remove=True))["jobs"]["a"]["steps"][0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(`a ${{ github.head_ref }}`)", "f(`a ${process.env.HEAD_REF}`)"),
        ("f('${{ github.head_ref }}')", "f(process.env.HEAD_REF)"),
        ("f('${{ github.head_ref }}'.trim())", "f(process.env.HEAD_REF.trim())"),
        ("f('v${{ github.head_ref }}')", "f('v' + process.env.HEAD_REF)"),
        ("f('${{ github.head_ref }}.md', a.b)", "f(process.env.HEAD_REF + '.md', a.b)"),
        ('f("a ${{ github.head_ref }} b")', 'f("a " + process.env.HEAD_REF + " b")'),
        ("f('https://a.b', \"${{ github.head_ref }}/\")", "f('https://a.b', process.env.HEAD_REF + \"/\")"),
        ('/* it\'s */ f("a${{ github.head_ref }}")', '/* it\'s */ f("a" + process.env.HEAD_REF)'),
        (
            "f(\"${{ github.sha == 'a' && 'it''s' }}\", `${{ github.head_ref }}`)",
            "f(\"${{ github.sha == 'a' && 'it''s' }}\", `${process.env.HEAD_REF}`)",
        ),
    ],
)
def test_javascript_reads_the_environment(before: str, after: str) -> None:
    step = script(before)
    assert step["with"]["script"].strip() == after
    assert step["env"] == {"HEAD_REF": "${{ github.head_ref }}"}


def test_an_expression_that_is_code_stays_for_a_person() -> None:
    with pytest.raises(BindingError, match="or as code"):
        script("f(${{ github.head_ref }})")
    with pytest.raises(BindingError, match="or as code"):
        script("f('v${{ github.head_ref }}'.length)")


def test_a_variable_of_the_environment_needs_no_second_one() -> None:
    text = job('run: echo "${{ env.NAME }}" ${{ env.NAME }}')
    step = fixed("step", text, Edit(("expressions", 0), remove=True))["jobs"]["a"]["steps"][0]
    assert step == {"run": 'echo "${NAME}" ${NAME}'}
    assert seen("step", text)[0].tree["expressions"][0]["quoted"] is False
    assert seen("step", job('run: echo "${{ env.NAME }}"'))[0].tree["expressions"][0]["quoted"] is True


@pytest.mark.parametrize(
    ("script", "is_one_word"),
    [
        ("git checkout ${{ github.ref_name }}", True),
        ("git checkout ${{ github.event.release.tag_name }}", True),
        ("git checkout ${{ format('{0} {1}', github.ref_name, 1) }}", False),
        ("make '${{ inputs.target }}'", True),
        ("make ${{ inputs.target }}", False),
        ("make '${{ inputs.target }}' ${{ inputs.target }}", False),
    ],
)
def test_what_stays_one_word_is_told(script: str, is_one_word: bool) -> None:
    [step] = seen("step", job(f'run: "{script}"'))
    assert step.tree["expressions"][0]["quoted"] is is_one_word


@pytest.mark.parametrize(
    ("on", "releases"),
    [
        ("release", True),
        ("{push: {tags: [v]}}", True),
        ("{push: {branches: [a]}}", False),
        ("{push: {branches: [release-1, 'releases/**']}}", True),
        ("{push: {branches: [main, release-1]}}", False),
    ],
)
def test_a_workflow_tells_whether_it_releases(on: str, releases: bool) -> None:
    [step] = seen("step", job("run: x").replace("on: push", f"on: {on}"))
    assert step.tree["workflow"]["releases"] is releases


def test_a_job_that_publishes_releases() -> None:
    [step] = seen("step", job("uses: softprops/action-gh-release@v2"))
    assert step.tree["workflow"]["releases"] is True
