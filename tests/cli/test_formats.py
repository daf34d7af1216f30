"""Each form is what its readers take."""

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema

from setright.cli.formats.sarif_fixes import replacements

from .conftest import ASK, AUTO, BOTH, MAIN_TF, Program

SARIF = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text())


def spliced(text: str, made: list[dict]) -> str:
    """The text after SARIF replacements, as an editor would make them: from the end."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for each in reversed(made):
        region = each["deletedRegion"]
        start = lines[region["startLine"] - 1] + region["startColumn"] - 1
        end = lines[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + each["insertedContent"]["text"] + text[end:]
    return text


def test_sarif_keeps_to_its_schema(setright: Program):
    (setright.tree / "broken.tf").write_text("resource {{{\n")
    ran = setright("scan", ".", "/no/such/place", "--format", "sarif")
    assert list(jsonschema.Draft4Validator(SARIF).iter_errors(ran.json)) == []
    run = ran.json["runs"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 2
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert all(not r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("/") for r in run["results"])


def test_a_sarif_fix_puts_its_finding_right(setright: Program):
    results = setright("scan", ".", *BOTH, "--format", "sarif").json["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {AUTO, ASK}
    for result in results:
        change = result["fixes"][0]["artifactChanges"][0]
        assert change["artifactLocation"]["uri"] == "main.tf"
        setright.file.write_text(spliced(MAIN_TF, change["replacements"]))
        assert setright("scan", ".", "--control", result["ruleId"]).code == 0
        assert "# until the migration is done" in setright.file.read_text()


def test_sarif_says_what_its_limits_leave_out(setright: Program):
    whole = setright("scan", ".", *BOTH, "--format", "sarif")
    assert "setright: " not in whole.err
    ran = setright("scan", ".", *BOTH, "--format", "sarif", "--sarif-results", "1", "--sarif-fixes", "0", "--quiet")
    (run,) = ran.json["runs"]
    (result,) = run["results"]
    assert result["level"] == "error" and "fixes" not in result
    said = [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]
    assert "1 most severe of 2 findings" in said[0] and "--sarif-fixes" in said[1]
    assert all(each in ran.err for each in said)


def test_sarif_paths_are_seen_from_the_working_directory(setright: Program):
    (setright.tree / "infra").mkdir()
    setright.file.rename(setright.tree / "infra" / "main.tf")
    result = setright("scan", "infra", "--control", AUTO, "--format", "sarif").json["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "infra/main.tf"


def test_replacements_give_the_text_after_in_every_case():
    cases = [
        ("", "a\n"),
        ("a\n", ""),
        ("a = true\n", "a = false\n"),
        ("x\ny\nz\n", "x\nz\n"),
        ("é\nb", "é\nb\nc"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
    ]
    for before, after in cases:
        assert spliced(before, list(replacements(before, after))) == after


def test_words_are_replaced_whole():
    assert [r["insertedContent"]["text"] for r in replacements("a = true\n", "a = false\n")] == ["false"]


def test_ocsf_has_what_a_compliance_finding_must_have(setright: Program):
    events = setright("scan", ".", *BOTH, "--format", "ocsf").json
    assert len(events) == 2
    for event in events:
        assert (event["class_uid"], event["category_uid"], event["activity_id"], event["type_uid"]) == (2003, 2, 1, 200301)
        assert event["metadata"]["version"] == "1.8.0"
        assert event["metadata"]["product"]["vendor_name"]
        assert event["compliance"]["status_id"] == 3 and event["compliance"]["standards"]
        assert event["finding_info"]["uid"] and event["finding_info"]["title"]
        assert isinstance(event["time"], int)
    assert [event["severity_id"] for event in events] == [4, 3]


def test_junit_counts_what_it_holds(setright: Program):
    (setright.tree / "broken.tf").write_text("resource {{{\n")
    root = ElementTree.fromstring(setright("scan", ".", *BOTH, "--format", "junit").out.partition("\n")[2])
    for name, element in (("failures", "failure"), ("errors", "error"), ("tests", "testcase")):
        assert int(root.get(name, "")) == len(list(root.iter(element)))
    assert (root.get("failures"), root.get("errors")) == ("2", "1")


def test_markdown_cannot_be_broken_by_what_is_found(setright: Program):
    setright.file.write_text('resource "aws_db_instance" "a" {\n  backup_retention_period = "<b>|`*"\n}\n')
    out = setright("scan", ".", "--control", AUTO, "--format", "markdown").out
    row = next(line for line in out.splitlines() if line.startswith("| medium"))
    assert "<b>" not in row
    assert row.replace("\\|", "").count("|") == 6


def test_a_name_cannot_end_its_heading_in_markdown(setright: Program):
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a``b\n\n# All is well"}}
    manifest["spec"] = {"hostNetwork": True, "containers": [{"name": "a", "image": "a:1"}]}
    (setright.tree / "service.yaml").write_text(json.dumps(manifest))
    out = setright("scan", ".", "--control", "k8s/workload/host-network", "--format", "markdown").out
    assert [line for line in out.splitlines() if line.startswith("#")] == ["# Findings", out.splitlines()[6]]
    assert out.splitlines()[6].startswith("## ```") and "All is well" in out.splitlines()[6]


def test_markdown_holds_the_worst_first_and_no_more_than_a_comment_takes(setright: Program):
    lesser = "".join(f'resource "aws_s3_bucket" "b{n}" {{\n  bucket = "b{n}"\n}}\n' for n in range(150))
    worst = 'resource "aws_db_instance" "z" {\n  publicly_accessible = true\n}\n'
    setright.file.write_text(lesser + worst)
    out = setright("scan", ".", "--format", "markdown").out
    headings = [line for line in out.splitlines() if line.startswith("## ")]
    assert headings[0] == "## `aws_db_instance.z` in `main.tf`" and len(out) < 65_536
    assert f"more findings on {151 - len(headings)} more resources; `--all-findings` shows them" in out
    whole = setright("scan", ".", "--format", "markdown", "--all-findings").out
    assert sum(line.startswith("## ") for line in whole.splitlines()) == 151
