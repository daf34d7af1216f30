"""What strangers bring into runs that have the repository's rights."""

import pytest

from setright.bindings.layouts._workflow_strangers import brought, is_guarded, only_labels, started

CODE = {"azure/cli": ["inlineScript"]}
FOUND = {"uses": "actions/download-artifact@v4", "with": {"path": "found", "run-id": "${{ github.event.workflow_run.id }}"}}
AT_ROOT = {"uses": "dawidd6/action-download-artifact@v6"}
CHECKOUT = {"uses": "actions/checkout@v4"}


@pytest.mark.parametrize(
    ("condition", "guards"),
    [
        ("github.event.comment.author_association == 'OWNER'", True),
        ("github.event.pull_request.head.repo.full_name == github.repository", True),
        ("${{ !github.event.pull_request.head.repo.fork }}", True),
        ("github.actor == 'octocat'", True),
        ('contains(fromJSON(\'["a", "b"]\'), github.actor)', True),
        ("github.actor == 'dependabot[bot]'", False),
        ("github.actor != 'dependabot[bot]'", False),
        ("github.event.comment.body == '/test'", False),
        (None, False),
    ],
)
def test_a_condition_that_lets_in_only_known_people_is_told(condition: str | None, guards: bool) -> None:
    assert is_guarded(None, condition) is guards


@pytest.mark.parametrize(
    ("run", "fetches"),
    [
        ("gh pr checkout 1 --force", "gh pr checkout 1 --force"),
        ("git fetch origin pull/$N/head && make", "git fetch origin pull/$N/head && make"),
        ("git checkout ${{ github.event.pull_request.head.sha }}", "git checkout ${{ github.event.pull_request.head.sha }}"),
        ("git fetch origin main\ngit pull --rebase\ngh pr view 1", None),
    ],
)
def test_a_script_that_fetches_a_branch_of_a_stranger_is_told(run: str, fetches: str | None) -> None:
    assert brought([{"run": run}], 0, {}, ()).get("fetches") == fetches


@pytest.mark.parametrize(
    ("steps", "runs"),
    [
        ([FOUND, {"run": "bash found/report.sh"}], "bash found/report.sh"),
        ([FOUND, {"run": "cd x; ./found/report 1"}], "; ./found/report"),
        ([FOUND, {"run": "cat found/number"}], None),
        ([FOUND, {"run": "./report.sh found/number"}], None),
        ([AT_ROOT, {"run": "python report.py"}], "python report.py"),
        ([AT_ROOT, {"run": "cat number"}], None),
        ([CHECKOUT, AT_ROOT, {"run": "python report.py"}], None),  # its own, unless the file lies over it
        ([{"uses": "actions/download-artifact@v4"}, {"run": "sh a.sh"}], None),  # of this run
        ([{"run": "gh run download 1 -D got\nsh got/a.sh"}], "sh got/a.sh"),
    ],
)
def test_a_script_that_runs_what_another_run_left_is_told(steps: list[dict], runs: str | None) -> None:
    assert brought(steps, len(steps) - 1, {}, ()).get("runs") == runs


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ('echo "A=b" >> "$GITHUB_ENV"', False),
        ("printf 'A=b\\n' >> $GITHUB_ENV", False),
        ("echo LIBRARY=x >> %GITHUB_ENV%", False),
        ('"A=b" | Out-File $env:GITHUB_ENV', True),
        ('echo "A=$(cat b)" >> $GITHUB_ENV', True),
        ('echo "A=${{ github.head_ref }}" >> $GITHUB_ENV', True),
        ("cat b >> $GITHUB_PATH", True),
        ("echo hello", False),
    ],
)
def test_a_line_that_writes_more_than_stands_there_is_told(run: str, told: bool) -> None:
    assert ("sets" in brought([{"run": run}], 0, {}, ())) is told


def test_an_expression_in_an_input_that_is_run_is_told() -> None:
    step = {"uses": "Azure/CLI@v2", "with": {"inlineScript": "echo ${{ github.head_ref }}", "other": "${{ github.head_ref }}"}}
    [found] = brought([step], 0, CODE, ())["inputs-run"]
    assert (found["value"], found["from"], found["input"]) == ("github.head_ref", "anybody", "inlineScript")


def test_the_event_by_which_strangers_start_it_is_told() -> None:
    assert [started(dict.fromkeys(on)) for on in (["push"], ["push", "issue_comment"], [])] == ["", "issue_comment", ""]


@pytest.mark.parametrize(
    ("steps", "only"), [(["actions/labeler@v5"], True), (["actions/labeler@v5", "a/b@v1"], False), ([], False)]
)
def test_a_workflow_that_only_labels_is_told(steps: list[str], only: bool) -> None:
    assert only_labels({"jobs": {"a": {"steps": [{"uses": each} for each in steps]}}}) is only
