"""In a repository: comments, the adopted list and a branch's change, in what the program says and how it ends."""

import json
import subprocess
from xml.etree import ElementTree

import jsonschema
import pytest

from .conftest import ASK, AUTO, BOTH, Program
from .test_formats import SARIF

REASON = "throw-away data"
LIST = ".setright-adopted.json"
FIELDS = {"id", "control", "title", "severity", "target", "resource", "location", "kind", "reason", "until"}

EXCEPTIONS = """
[[targets]]
name = "shop"
url = "."
exposure = "internal"

[policy.exceptions]
longest_days = 4
needs_compensating = true
"""


def git(setright: Program, *words: str) -> None:
    me = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *me, *words], cwd=setright.tree, check=True, capture_output=True)


@pytest.fixture
def repository(setright: Program) -> Program:
    git(setright, "init", "-q", "-b", "main")
    git(setright, "add", "-A")
    git(setright, "commit", "-qm", "first")
    git(setright, "checkout", "-qb", "branch")
    return setright


@pytest.fixture
def commented(setright: Program) -> Program:
    said = f"# setright:ignore {AUTO} until 2999-12-31: {REASON}\n# setright:ignore {ASK}\n"
    setright.file.write_text(said + setright.file.read_text())
    return setright


def test_a_comment_leaves_a_finding_open_with_its_reason_in_json(commented: Program):
    ran = commented("scan", ".", *BOTH, "--format", "json").json
    assert [f["control"] for f in ran["findings"]] == [ASK]
    (left,) = ran["excepted"]
    assert left.keys() == FIELDS
    assert (left["control"], left["kind"], left["reason"], left["until"]) == (AUTO, "comment", REASON, "2999-12-31")
    assert (ran["summary"]["failed"], ran["summary"]["suppressed"], ran["summary"]["adopted"]) == (1, 1, 0)
    assert [n["locator"] for n in ran["notices"]] == ["main.tf:2"]
    assert commented("scan", ".", "--control", AUTO).code == 0


def test_a_comment_s_finding_is_neither_planned_nor_fixed_even_by_name(commented: Program):
    assert commented("plan", ".", "--control", AUTO, "--format", "json").json["plans"] == []
    before = commented.file.read_bytes()
    assert commented("fix", ".", "--control", AUTO, "--all", "--adopted-too", "--format", "json").json["plans"] == []
    assert commented.file.read_bytes() == before


def test_every_form_says_what_is_left_open_and_why(commented: Program):
    table, markdown = (commented("scan", ".", *BOTH, "--format", form).out for form in ("table", "markdown"))
    for text in (table, markdown):
        assert REASON in text and "2999-12-31" in text and "gives no reason" in text
    assert "1 suppressed by comments" in table
    case = ElementTree.fromstring(commented("scan", ".", *BOTH, "--format", "junit").out).find(".//testcase/skipped")
    assert case is not None and REASON in case.attrib["message"]
    sarif = commented("scan", ".", *BOTH, "--format", "sarif").json
    assert list(jsonschema.Draft4Validator(SARIF).iter_errors(sarif)) == []
    suppressions = {r["ruleId"]: r["suppressions"] for r in sarif["runs"][0]["results"]}
    assert suppressions[ASK] == []
    assert suppressions[AUTO] == [{"kind": "inSource", "status": "accepted", "justification": f"{REASON} (until 2999-12-31)"}]


def test_a_secret_in_a_reason_reaches_no_output(setright: Program):
    token = "ghp_" + "a1B2" * 9
    setright.file.write_text(f"# setright:ignore {AUTO}: see https://x/?token={token}\n{setright.file.read_text()}")
    for form in ("table", "json", "junit", "markdown", "sarif"):
        ran = setright("scan", ".", *BOTH, "--format", form)
        assert "setright:ignore" not in ran.out and token not in ran.out + ran.err


def test_an_exception_of_the_store_is_told_with_its_reason(setright: Program):
    (finding,) = setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"]
    assert setright("except", finding["id"], "--reason", REASON, "--until", "3d").code == 0
    ran = setright("scan", ".", "--control", AUTO, "--format", "json")
    assert (ran.code, [(e["kind"], e["reason"]) for e in ran.json["excepted"]]) == (0, [("exception", REASON)])
    result = setright("scan", ".", "--control", AUTO, "--format", "sarif").json["runs"][0]["results"][0]
    assert result["suppressions"][0]["kind"] == "external"


def test_an_exception_that_ends_soon_or_fits_no_more_is_told(setright: Program):
    (setright.tree / "setright.toml").write_text(EXCEPTIONS)
    (finding,) = setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"]
    words = ("except", finding["id"], "--reason", REASON)
    assert "4 days at most" in setright(*words, "--until", "9d", "--compensating", "VPN").err
    assert "--compensating" in setright(*words, "--until", "3d").err
    assert setright(*words, "--until", "3d", "--compensating", "VPN").code == 0
    ran = setright("scan", ".", "--control", AUTO, "--format", "json")
    assert ran.code == 0 and "ends on" in ran.json["notices"][0]["why"]

    (setright.tree / "setright.toml").write_text(EXCEPTIONS.replace('exposure = "internal"', 'exposure = "internet"'))
    ran = setright("scan", ".", "--control", AUTO, "--format", "json")
    assert ran.code == 1 and ran.json["excepted"] == []
    assert "void: the exposure was internal, and is internet now" in ran.json["notices"][0]["why"]


def test_an_adopted_finding_stops_nobody_and_a_new_one_does(setright: Program):
    ran = setright("adopt", "--control", AUTO, "--format", "json")
    assert ran.json == {"schema": "setright/1", "file": LIST, "adopted": 1, "added": 1, "taken_out": 0}
    (entry,) = json.loads((setright.tree / LIST).read_text())["adopted"]
    assert (entry["control"], entry["resource"], entry["file"]) == (AUTO, "aws_db_instance.shop", "main.tf")
    assert setright("scan", ".", "--control", AUTO).code == 0
    assert setright("scan", str(setright.tree), "--control", AUTO).code == 0
    assert setright("scan", ".", "--control", AUTO, "--no-adopted").code == 1
    ran = setright("scan", ".", *BOTH, "--format", "json")
    assert (ran.code, ran.json["summary"]["failed"], ran.json["summary"]["adopted"]) == (1, 1, 1)
    assert setright("adopt", *BOTH, "--format", "json").json["added"] == 1
    assert setright("scan", ".", *BOTH).code == 0


def test_a_list_elsewhere_is_honoured_where_it_is_named(setright: Program):
    place = setright.tree.parent / "list.json"
    setright("adopt", ".", "--control", AUTO, "-o", str(place))
    assert setright("scan", ".", "--control", AUTO).code == 1
    assert setright("scan", ".", "--control", AUTO, "--adopted", str(place)).code == 0
    assert setright("scan", ".", "--control", AUTO, "--adopted", "none.json").code == 2
    place.write_text("{}")
    assert setright("scan", ".", "--control", AUTO, "--adopted", str(place)).code == 2


def test_an_adopted_finding_is_put_right_only_where_that_is_asked_for(setright: Program):
    setright("adopt", *BOTH)
    least = ("--baseline", "all", "--min-severity", "low")

    def controls(*words: str) -> set[str]:
        plans = setright("plan", ".", *words, "--format", "json").json["plans"]
        return {i for plan in plans for i in plan["controls"]}

    assert not controls(*least) & {AUTO, ASK}
    assert controls(*least, "--adopted-too") >= {AUTO, ASK}
    assert controls("--control", AUTO) == {AUTO}


def test_a_fixed_one_is_told_and_pruned(setright: Program):
    setright("adopt", *BOTH)
    assert setright("fix", ".", "--control", AUTO, "--all").code == 0
    ran = setright("scan", ".", *BOTH, "--format", "json")
    assert ran.code == 0
    assert [n["locator"].rpartition("/")[2] for n in ran.json["notices"]] == [LIST]
    assert setright("adopt", "--prune", *BOTH, "--format", "json").json["taken_out"] == 1
    assert [e["control"] for e in json.loads((setright.tree / LIST).read_text())["adopted"]] == [ASK]
    assert setright("scan", ".", *BOTH, "--format", "json").json["notices"] == []


def test_adopting_needs_one_tree_or_a_file(setright: Program):
    assert setright("adopt", ".", "..").code == 2
    assert setright("adopt", "--prune").code == 2
    assert not (setright.tree / LIST).exists()


SECOND = 'resource "aws_db_instance" "second" {\n  backup_retention_period = 1\n}\n'


def test_only_what_the_branch_touched_counts(repository: Program):
    def resources(*words: str) -> list[str]:
        ran = repository("scan", ".", "--control", AUTO, "--diff-base", "main", "--format", "json", *words)
        assert ran.code == (1 if ran.json["findings"] else 0)
        assert ran.json["summary"]["outside"] == 2 - len(ran.json["findings"]) or not words
        return [f["resource"] for f in ran.json["findings"]]

    assert resources() == []
    repository.file.write_text(repository.file.read_text() + "\n" + SECOND)
    assert resources() == ["aws_db_instance.second"]
    git(repository, "commit", "-qam", "second")
    assert resources() == ["aws_db_instance.second"]
    assert len(resources("--diff-whole-files")) == 2
    plans = repository("plan", ".", "--control", AUTO, "--diff-base", "main", "--format", "json").json["plans"]
    assert [plan["resources"] for plan in plans] == [["aws_db_instance.second"]]


def test_only_what_the_branch_touched_is_fixed(repository: Program):
    repository.file.write_text(repository.file.read_text() + "\n" + SECOND)
    assert repository("fix", ".", "--control", AUTO, "--all", "--diff-base", "main").code == 0
    text = repository.file.read_text()
    assert "backup_retention_period = 1   # until the migration is done" in text and SECOND not in text


def test_what_a_branch_s_scan_left_out_is_not_kept_as_right(repository: Program):
    (finding,) = repository("scan", ".", "--control", AUTO, "--format", "json").json["findings"]
    repository("scan", ".", "--control", AUTO, "--diff-base", "main")
    assert repository("explain", finding["id"]).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--diff-base", "nonesuch"), 3, "names no commit here"),
        (("--diff-whole-files",), 2, "needs --diff-base"),
        (("--adopted", "a", "--no-adopted"), 2, "exclude each other"),
    ],
)
def test_what_cannot_be_done_is_said(repository: Program, words: tuple[str, ...], code: int, said: str):
    ran = repository("scan", ".", "--control", AUTO, *words)
    assert ran.code == code and said in ran.err
    assert "Traceback" not in ran.err


def test_outside_a_repository_a_branch_has_no_base(setright: Program):
    ran = setright("scan", ".", "--control", AUTO, "--diff-base", "main")
    assert ran.code == 3 and "needs a git repository" in ran.err
