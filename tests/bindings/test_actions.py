"""GitHub Actions workflows, their jobs and steps."""

from __future__ import annotations

import pytest
from tests.content import shipped

from setright.bindings.error import BindingError
from setright.bindings.layouts import actions
from setright.bindings.source import ACTIONS_LOCK, Source
from setright.controls.judge import applies
from setright.lenses import get, put
from setright.model import Edit, Resource, Unknown

CI = ".github/workflows/ci.yml"
HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"


def sources(text: str, name: str = CI, lock: str = "") -> dict[str, Source]:
    files = {name: text} | ({ACTIONS_LOCK: lock} if lock else {})
    return {file: Source(file, "yaml", get("yaml", body.encode())) for file, body in files.items()}


def seen(kind: str, text: str, name: str = CI) -> list[Resource]:
    return actions.view(f"actions/{kind}", {}, sources(text, name))


def fixed(steps: str, *edits: Edit, head: str = HEAD) -> str:
    given = sources(head + steps)
    [resource] = actions.view("actions/step", {}, given)
    placed = actions.edit({}, resource, edits, [], given)
    return put("yaml", (head + steps).encode(), [edit for _, edit in placed]).decode().removeprefix(head)


@pytest.mark.parametrize(
    ("on", "events"),
    [("push", {"push": {}}), ("[push, issues]", {"push": {}, "issues": {}}), ("{push: , issues: {types: [opened]}}", None)],
)
def test_events_are_a_mapping_however_written(on: str, events: dict[str, object] | None) -> None:
    [workflow] = seen("workflow", f"on: {on}\njobs: {{}}\n")
    assert workflow.tree["on"] == (events or {"push": {}, "issues": {"types": ["opened"]}})


@pytest.mark.parametrize(
    ("on", "is_asked"),
    [("push", True), ("[push, pull_request]", True), ("[push, pull_request_target]", False), ("[push, workflow_call]", False)],
)
def test_no_limit_is_asked_for_where_runs_for_others_would_wait_in_one_group(on: str, is_asked: bool) -> None:
    [workflow] = seen("workflow", f"on: {on}\njobs: {{}}\n")
    assert applies(shipped().control("actions/workflow/concurrency"), workflow) is is_asked


@pytest.mark.parametrize(
    ("top", "job", "token"),
    [("", "", "default"), ("permissions: {}\n", "", "limited"), ("", "permissions: {}, ", "default")],
)
def test_the_token_is_limited_where_the_workflow_says_so(top: str, job: str, token: str) -> None:
    [workflow] = seen("workflow", f"on: push\n{top}jobs: {{a: {{{job}runs-on: x}}}}\n")
    assert workflow.tree["token"] == token


def test_steps_are_named_by_job_and_number_or_id() -> None:
    names = [step.name for step in seen("step", HEAD + "      - run: a\n      - {id: b, run: c}\n")]
    assert names == ["a/1", "a/b"]


def test_steps_of_composite_actions_are_steps() -> None:
    text = "runs:\n  using: composite\n  steps:\n    - {run: a, shell: bash}\n"
    assert [step.name for step in seen("step", text, "tools/action.yml")] == ["action/1"]
    assert seen("step", text, "tools/other.yml") == []


def test_other_files_are_no_workflows() -> None:
    assert seen("workflow", "on: push\n") == seen("workflow", "jobs: {}\n") == seen("job", "- on\n") == []


@pytest.mark.parametrize(
    ("uses", "sort", "pinned"),
    [
        ("actions/checkout@v4", "action", False),
        ("actions/checkout@" + "0f" * 20, "action", True),
        ("./local", "local", True),
        ("docker://a:1", "docker", False),
        ("docker://a@sha256:0f", "docker", True),
        ("a/b/.github/workflows/c.yml@main", "workflow", False),
        ("actions/checkout", "action", False),
    ],
)
def test_what_is_used_is_taken_apart(uses: str, sort: str, pinned: bool) -> None:
    [step] = seen("step", HEAD + f"      - uses: {uses}\n")
    assert (step.tree["calls"]["sort"], step.tree["calls"]["pinned"]) == (sort, pinned)


def test_a_value_of_an_expression_cannot_be_told() -> None:
    [step] = seen("step", HEAD + "      - {uses: a/b@v1, with: {keep: '${{ inputs.x }}', ref: '${{ github.sha }}'}}\n")
    assert step.tree["with"] == {"keep": Unknown("${{ inputs.x }}"), "ref": "${{ github.sha }}"}


@pytest.mark.parametrize(
    ("expression", "who"),
    [
        ("github.event.issue.title", "anybody"),
        ("github.event['issue']['body']", "anybody"),
        ("github.head_ref", "anybody"),
        ("github.event.commits[0].message", "anybody"),
        ("format('{0}', github.event.comment.body)", "anybody"),
        ("toJSON(github.event)", "anybody"),
        ("inputs.where", "caller"),
        ("steps.a.outputs.b", "caller"),
        ("github.event.issue.number", None),
        ("github.sha", None),
        ("secrets.TOKEN", None),
    ],
)
def test_expressions_tell_who_fills_them(expression: str, who: str | None) -> None:
    [step] = seen("step", HEAD + f'      - run: "echo ${{{{ {expression} }}}}"\n')
    assert [found["from"] for found in step.tree["expressions"]] == ([who] if who else [])


def test_an_expression_moves_into_the_environment() -> None:
    edit = Edit(("expressions", 0), remove=True)
    assert fixed('      - run: echo "${{ github.head_ref }}"\n', edit) == (
        '      - run: echo "${HEAD_REF}"\n        env:\n          HEAD_REF: ${{ github.head_ref }}\n'
    )


@pytest.mark.parametrize(
    "steps",
    [
        "      - run: \"sh -c 'echo ${{ github.head_ref }}'\"\n",
        "      - run: |\n          cat <<'E'\n          ${{ github.head_ref }}\n          E\n",
        "      - run: |\n          bash <<E\n          ${{ github.head_ref }}\n          E\n",
        "      - run: |\n          cat <<A <<B\n          ${{ github.head_ref }}\n          A\n          B\n",
        "      - run: |\n          cat <<E\n          ${{ github.head_ref }}\n",
        "      - {shell: cmd, run: 'echo ${{ github.head_ref }}'}\n",
        "      - {shell: pwsh, run: '$a = ${{ github.head_ref }}'}\n",
        "      - uses: actions/github-script@v7\n        with: {script: 'a(${{ github.head_ref }})'}\n",
    ],
)
def test_where_no_shell_would_fill_it_in_an_expression_stays(steps: str) -> None:
    with pytest.raises(BindingError, match=r"github\.head_ref"):
        fixed(steps, Edit(("expressions", 0), remove=True))


@pytest.mark.parametrize(
    ("script", "new"),
    [
        ("gh release create '${{ github.head_ref }}' --notes ''", "gh release create \"${HEAD_REF}\" --notes ''"),
        ("tag 'v/${{ github.head_ref }}.1' '${{ github.head_ref }}'", 'tag "v/${HEAD_REF}.1" "${HEAD_REF}"'),
        ('grep a <<< "${{ github.head_ref }}"', 'grep a <<< "${HEAD_REF}"'),
        ('echo "a<<b"; echo "${{ github.head_ref }}"', 'echo "a<<b"; echo "${HEAD_REF}"'),
        ("""A="$(git log '${{ github.head_ref }}' | wc)" """.strip(), 'A="$(git log "${HEAD_REF}" | wc)"'),
        ("""A="$(git log "a's" '${{ github.head_ref }}')" """.strip(), 'A="$(git log "a\'s" "${HEAD_REF}")"'),
        ("""echo "(a # 'b'" '${{ github.head_ref }}'""", """echo "(a # 'b'" "${HEAD_REF}\""""),
        ("""grep '\\' a; echo '${{ github.head_ref }}'""", """grep '\\' a; echo "${HEAD_REF}\""""),
        ("""tag "${{ github.sha || 'a' }}" '${{ github.head_ref }}'""", """tag "${{ github.sha || 'a' }}" "${HEAD_REF}\""""),
        ("HEAD_REF=${{ github.head_ref }}; a $HEAD_REF", "HEAD_REF=${GIVEN_HEAD_REF}; a $HEAD_REF"),
    ],
)
def test_quotes_and_strings_of_the_shell_are_told_apart(script: str, new: str) -> None:
    steps = f"      - run: |\n          {script}\n"
    assert f"          {new}\n        env:" in fixed(steps, Edit(("expressions", 0), remove=True))


@pytest.mark.parametrize(
    ("more", "is_told"),
    [
        ("run: echo a=1 >> $GITHUB_OUTPUT", True),
        ("run: if true; then echo; fi", False),  # which stands on one line, and may be a word of another program
        ("run: |\n          if true; then\n            make\n          fi", True),
        ("run: sudo apt-get update", True),
        ("{run: sudo apt-get update, if: \"runner.os == 'Linux'\"}", False),
        ("{run: sudo apt-get update, shell: bash}", False),
        ("run: make", False),
    ],
)
def test_a_script_that_no_other_shell_takes_tells_that_of_its_job(more: str, is_told: bool) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os }}\n    strategy: {matrix: {os: '${{ fromJSON(inputs.os) }}'}}\n"
    text += f"    steps:\n      - run: make ${{{{ inputs.a }}}}\n      - {more}\n"
    [first, *_] = actions.view("actions/step", {}, {CI: Source(CI, "yaml", get("yaml", text.encode()))})
    assert bool(first.tree.get("shell")) is is_told


def test_two_expressions_of_one_value_get_two_variables() -> None:
    one, two, other = "${{ fromJSON(inputs.a).b-c }}", "${{ inputs.a && 1 }}", "${{\n            inputs.a || 2\n          }}"
    run = f"      - run: |\n          ls '{one}' '{two}' '{other}'\n"
    steps = fixed(run, *(Edit(("expressions", at), remove=True) for at in (0, 1, 2)))
    assert 'ls "${INPUTS_A_B_C}" "${INPUTS_A}" "${INPUTS_A_2}"\n' in steps
    assert 'INPUTS_A: "${{ inputs.a && 1 }}"\n          INPUTS_A_2: "${{ inputs.a || 2 }}"\n' in steps


@pytest.mark.parametrize(
    ("expression", "env", "new"),
    [
        ("env.A", "", "a ${A}"),
        ("env.A }}; for A in b; do echo ${{ env.A", "", "a ${ENV_A}; for A in b; do echo ${ENV_A}"),
        ("env.A }}; for b in ${{ env.A", "", "a ${A}; for b in ${A}"),
        ("env.A || 'b'", "", "a ${ENV_A}\n        env:\n          ENV_A: \"${{ env.A || 'b' }}\""),
        ("github.ref_name", "", "a ${GITHUB_REF_NAME}\n"),
        ("github.ref_name || 'b'", "", "a ${GIVEN_REF_NAME}\n"),
        ("inputs.a", "        env:\n          B: ${{ inputs.a }}\n", "a ${B}\n        env:\n          B: ${{ inputs.a }}"),
        ("env.A || 'b'", "        env:\n          A: ${{ inputs.a }}\n", ""),
    ],
)
def test_what_a_variable_carries_already_gets_no_other(expression: str, env: str, new: str) -> None:
    steps = f"      - run: a ${{{{ {expression} }}}}\n{env}"
    if new:
        assert new in fixed(steps, Edit(("expressions", 0), remove=True))
    else:
        with pytest.raises(BindingError, match="reads A, which the step itself sets"):
            fixed(steps, Edit(("expressions", 0), remove=True))


def test_here_documents_that_are_only_kept_are_filled_in_as_text() -> None:
    script = "          cat > a <<E\n          it's ${{ github.head_ref }}\n          E\n          echo '${{ github.head_ref }}'\n"
    steps = fixed(f"      - run: |\n{script}", Edit(("expressions", 0), remove=True))
    assert 'it\'s ${HEAD_REF}\n          E\n          echo "${HEAD_REF}"\n' in steps
    [step] = seen("step", HEAD + f"      - run: |\n{script}".replace("'${{ github.head_ref }}'", '"${{ github.head_ref }}"'))
    assert step.tree["expressions"][0]["quoted"]


@pytest.mark.parametrize(
    ("matrix", "who"),
    [
        ("{version: [1, 2]}", []),
        ("{version: '${{ fromJSON(needs.a.outputs.all) }}'}", ["caller"]),
        ("{os: '${{ fromJSON(needs.a.outputs.all) }}', version: [1]}", []),
        ("'${{ fromJSON(needs.a.outputs.all) }}'", ["caller"]),
        ("{include: '${{ fromJSON(needs.a.outputs.all) }}'}", ["caller"]),
    ],
)
def test_a_matrix_that_another_job_fills_is_told_from_one_that_stands_there(matrix: str, who: list[str]) -> None:
    head = HEAD.replace("    steps:", f"    strategy: {{matrix: {matrix}}}\n    steps:")
    [step] = seen("step", head + "      - run: make ${{ matrix.version }}\n")
    assert [found["from"] for found in step.tree["expressions"]] == who


@pytest.mark.parametrize(
    ("matrix", "shell"),
    [
        ("{os: [ubuntu-24.04, macos-15]}", "bash"),
        ("{os: [ubuntu-24.04, windows-2025]}", ""),
        ("{os: [windows-2022, windows-2025]}", "pwsh"),
        ("{os: [ubuntu-24.04], include: [{os: windows-2025}]}", ""),
        ("{include: [{os: ubuntu-24.04, version: 1}, {version: 2}]}", "bash"),
        ("{os: '${{ fromJSON(needs.a.outputs.all) }}'}", ""),
        ("{version: [1]}", ""),
        ("{os: [[self-hosted, linux]]}", ""),
    ],
)
def test_the_shell_is_that_of_all_runners_of_the_matrix(matrix: str, shell: str) -> None:
    head = HEAD.replace("ubuntu-24.04", f"${{{{ matrix.os }}}}\n    strategy: {{matrix: {matrix}}}")
    [step] = seen("step", head + "      - run: make\n")
    assert step.tree["shell"] == shell


@pytest.mark.parametrize(
    ("labels", "shell"), [("[self-hosted, linux]", "bash"), ("[self-hosted, Windows]", "pwsh"), ("[self-hosted]", "")]
)
def test_the_shell_is_told_by_any_label_of_the_runner(labels: str, shell: str) -> None:
    [step] = seen("step", HEAD.replace("ubuntu-24.04", labels) + "      - run: make\n")
    assert step.tree["shell"] == shell


def test_an_environment_that_gets_empty_goes_away() -> None:
    assert fixed("      - run: a\n        env:\n          A: 1\n", Edit(("env", "A"), remove=True)) == "      - run: a\n"


def test_an_apostrophe_in_a_comment_or_string_is_no_quote() -> None:
    edit = Edit(("expressions", 0), remove=True)
    steps = "      - run: |\n          # don't\n          echo \"it's ${{ github.head_ref }}\"\n"
    assert '"it\'s ${HEAD_REF}"' in fixed(steps, edit)


def test_a_commit_comes_from_the_lock_of_the_repository_only() -> None:
    text, commit = HEAD + "      - uses: a/b@v1\n", "0f" * 20
    known = sources(text, lock=f"a/b@v1: {commit}\n")
    [step] = actions.view("actions/step", {}, known)
    assert actions.edit({}, step, [Edit(("calls", "pinned"), True)], [], known)[0][1].value == f"a/b@{commit}"
    with pytest.raises(BindingError, match="git ls-remote https://github.com/a/b v1"):
        fixed("      - uses: a/b@v1\n", Edit(("calls", "pinned"), True))
    foreign = {f"x/{name}" if name == CI else f"y/{name}": source for name, source in known.items()}
    moved = {name: Source(name, source.lens, source.tree) for name, source in foreign.items()}
    assert "commit" not in actions.view("actions/step", {}, moved)[0].tree["calls"]


@pytest.mark.parametrize(
    ("workflow", "job", "step", "before", "found"),
    [
        ("{V: '1'}", "{}", "{}", "true", []),
        ("{V: '1'}", "{V: '${{ inputs.v }}'}", "{}", "true", ["env.V"]),
        ("{V: '${{ inputs.v }}'}", "{}", "{V: 2}", "true", []),
        ("{V: '1'}", "{}", "{}", "echo V=2 >> $GITHUB_ENV", ["env.V"]),
        ("{V: '1'}", "{}", "{}", "echo W=2 >> $GITHUB_ENV", []),
        ("{W: '1'}", "{}", "{}", "true", ["env.V"]),
    ],
)
def test_what_the_file_tells_in_full_comes_from_nobody_else(
    workflow: str, job: str, step: str, before: str, found: list[str]
) -> None:
    job = f"{{env: {job}, steps: [{{run: '{before}'}}, {{run: 'x ${{{{ env.V }}}}', env: {step}}}]}}"
    steps = seen("step", f"on: push\nenv: {workflow}\njobs: {{a: {job}}}\n")
    assert [each["value"] for each in steps[1].tree["expressions"]] == found


@pytest.mark.parametrize(
    ("uses", "place"),
    [
        ("./.github/actions/a", "workspace"),
        ("$/.github/actions/a", "repository"),
        ("./there/actions/a", "checkout"),
        ("./thereafter", "workspace"),
        ("../a", "workspace"),
    ],
)
def test_where_an_action_of_the_tree_comes_from_is_told(uses: str, place: str) -> None:
    steps = f"      - uses: actions/checkout@v4\n        with: {{path: there/}}\n      - uses: {uses}\n"
    calls = seen("step", HEAD + steps)[1].tree["calls"]
    assert calls == {"name": uses, "sort": "local", "pinned": True, "from": place}


def test_an_action_that_was_given_up_names_what_does_its_work_now() -> None:
    given = sources(f"{HEAD}      - uses: actions-rs/toolchain@v1\n      - uses: actions/checkout@v4\n")
    found = actions.view("actions/step", {"archived": {"actions-rs/toolchain": "dtolnay/rust-toolchain"}}, given)
    assert [each.tree["calls"].get("instead") for each in found] == ["dtolnay/rust-toolchain", None]


@pytest.mark.parametrize(
    ("matrix", "script"),
    [
        ("{job: [{target: i686-linux}, {target: x86_64-linux}]}", 'cp "a/${{ matrix.job.target }}/${INPUTS_V}"-* b'),
        ("{job: [{target: a b}]}", None),
        ('{job: [{target: "$HOME"}]}', None),
        ("{include: [{job: {target: '`a`'}}]}", None),
        ("'${{ fromJSON(needs.a.outputs.b) }}'", None),
    ],
)
def test_single_quotes_around_what_the_matrix_tells_become_double_ones(matrix: str, script: str | None) -> None:
    head = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    strategy:\n      matrix: {matrix}\n    steps:\n"
    steps = "      - run: cp 'a/${{ matrix.job.target }}/${{ inputs.v }}'-* b\n"
    (step,) = seen("step", head + steps)
    at = next(n for n, each in enumerate(step.tree["expressions"]) if each["value"] == "inputs.v")
    if script is None:
        with pytest.raises(BindingError, match="stands where no variable is filled in"):
            fixed(steps, Edit(("expressions", at), remove=True), head=head)
    else:
        assert script in fixed(steps, Edit(("expressions", at), remove=True), head=head)


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("on: push\nenv: {%s: true}\njobs: {a: {steps: [{run: '%s'}]}}\n", ()),
        ("on: push\njobs: {a: {env: {%s: true}, steps: [{run: '%s'}]}}\n", ("jobs", "a")),
        ("on: push\njobs: {a: {steps: [{env: {%s: true}, run: '%s'}]}}\n", ("jobs", "a", "steps", 0)),
    ],
)
def test_the_switch_stays_while_a_step_prints_what_needs_it(form: str, place: tuple[str | int, ...]) -> None:
    switch = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
    wanted = Edit((*place, "env", switch), remove=True)
    given = sources(form % (switch, "make"))
    [workflow] = actions.view("actions/workflow", {}, given)
    assert [edit.remove for _, edit in actions.edit({}, workflow, [wanted], [], given)] == [True]
    given = sources(form % (switch, "echo ::set-env name=A::b"))
    [workflow] = actions.view("actions/workflow", {}, given)
    with pytest.raises(BindingError, match="still prints ::set-env"):
        actions.edit({}, workflow, [wanted], [], given)
