"""Reports on a tree that was really scanned: what holds, what does not, and what nobody looked at."""

import csv
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from .conftest import ASK, AUTO, BOTH, Program

CONFIGURATION = """\
[[organisations]]
name = "ACME"
[[organisations]]
name = "ACME Retail"
parent = "ACME"
[[owners]]
name = "shop"
organisation = "ACME Retail"
[[targets]]
name = "tree"
url = "."
owner = "shop"
[[targets]]
name = "host"
url = "ssh://ops@web-1"
[policy.due_days]
high = 0
medium = 0
low = 0
"""
HELD = "aws/rds/not-public"
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "oscal-1.2.3.json").read_text())


@pytest.fixture
def scanned(setright: Program) -> Program:
    (setright.tree / "setright.toml").write_text(CONFIGURATION)
    setright("scan", "tree", *BOTH, "--control", HELD, "--format", "json")
    return setright


def report(setright: Program, *words: str):
    ran = setright("report", "--format", "json", *words)
    assert ran.code == 0, ran.err
    return ran.json


def section(told, name):
    return next(each for each in told["sections"] if each["id"] == name)


def finding(setright: Program, control: str) -> str:
    return next(f["id"] for f in setright("findings", "--format", "json").json["findings"] if f["control"] == control)


def sql(setright: Program, statement: str) -> None:
    with sqlite3.connect(Path(setright.env["SETRIGHT_STATE"]) / "setright.db") as database:
        database.execute(statement)


def test_each_section_is_as_what_bears_on_it(scanned: Program):
    told = report(scanned)
    assert section(told, "SC-28")["state"] == "fail" and section(told, "SC-28")["counts"]["failed"] == 1
    assert section(told, "SC-7")["state"] == "pass" and section(told, "SC-7")["counts"]["passed"] == 1
    assert section(told, "SC-7")["newest_at"]
    untested = [each for each in told["sections"] if each["state"] == "not tested"]
    assert all(each["why_untested"] for each in untested)
    assert {section(told, name)["why_untested"] for name in ("PE-2", "AC-17")} == {
        "no check of ours bears on it",
        "nothing was looked at in 30 days",
    }
    assert sum(told["states"].values()) == len(told["sections"]) == 299


def test_a_section_says_that_there_was_nothing_to_look_at(scanned: Program):
    scanned("scan", "tree", "--control", "k8s/workload/privileged")
    assert section(report(scanned), "SC-39")["why_untested"] == "there was nothing to look at on 1 target"


def test_other_frameworks_are_reported_by_way_of_the_hub(scanned: Program):
    told = report(scanned, "--framework", "iso-27001-2022")
    assert section(told, "A.5.10")["state"] == "fail"
    assert section(told, "A.8.22")["state"] == "pass"
    assert section(told, "A.7.1")["state"] == "not tested"


def test_nothing_scanned_is_nothing_passed(setright: Program):
    assert report(setright)["states"] == {"fail": 0, "unknown": 0, "excepted": 0, "pass": 0, "not tested": 299}


def test_a_pass_that_is_too_old_proves_nothing_but_a_failure_stays(scanned: Program):
    sql(scanned, "UPDATE looks SET at = '2020-01-01T00:00:00.000000Z'")
    told = report(scanned)
    assert section(told, "SC-7")["state"] == "not tested" and section(told, "SC-28")["state"] == "fail"
    assert all(each["is_stale"] for each in told["targets"])


def test_a_document_that_cannot_be_read_keeps_its_sections_from_passing(scanned: Program):
    (scanned.tree / "broken.tf").write_text('resource "aws_db_instance" "x" {\n')
    scanned("scan", "tree", "--control", HELD, "--format", "json")
    told = section(report(scanned), "SC-7")
    assert (told["state"], told["counts"]["passed"], told["counts"]["unseen"]) == ("unknown", 1, 1)


def test_what_cannot_be_told_is_unknown(scanned: Program):
    text = scanned.file.read_text().replace("publicly_accessible     = false", "publicly_accessible     = var.open")
    scanned.file.write_text(text)
    scanned("scan", "tree", "--control", HELD, "--format", "json")
    told = report(scanned)
    assert section(told, "SC-7")["state"] == "unknown" and section(told, "SC-7")["counts"]["passed"] == 0
    assert [item["why"] for item in told["items"] if item["state"] == "unknown"]


def test_an_exception_is_no_pass_and_ends(scanned: Program):
    id_ = finding(scanned, ASK)
    assert scanned("except", id_, "--reason", "migration", "--until", "30d", "--approver", "ann").code == 0
    told = report(scanned)
    assert section(told, "SC-28")["state"] == "excepted"
    (item,) = [item for item in told["items"] if item["state"] == "excepted"]
    assert (item["left_open"], item["why"], item["approver"], item["id"]) == ("exception", "migration", "ann", id_)
    assert item["until"] and item["until"] in scanned("report", "--format", "csv", "--rows", "findings").out
    sql(scanned, "UPDATE exceptions SET until = '2020-01-01T00:00:00.000000Z'")
    assert section(report(scanned), "SC-28")["state"] == "fail"


def test_a_comment_that_leaves_a_finding_open_is_told_with_its_reason(scanned: Program):
    line = "  storage_encrypted       = false"
    scanned.file.write_text(scanned.file.read_text().replace(line, f"{line} # setright:ignore {ASK} until 2099-01-01: as agreed"))
    ran = scanned("scan", "tree", *BOTH, "--format", "json").json
    if not ran["excepted"]:
        pytest.fail(f"the comment was not honoured: {ran['notices']}")
    told = report(scanned)
    assert section(told, "SC-28")["state"] == "excepted"
    assert [(i["left_open"], i["why"]) for i in told["items"] if i["state"] == "excepted"] == [("comment", "as agreed")]


def test_what_is_put_right_passes_after_the_next_look(scanned: Program):
    scanned("fix", "tree", "--control", ASK, "--all", "--yes", "--format", "json")
    scanned("scan", "tree", "--control", ASK, "--format", "json")
    assert section(report(scanned), "SC-28")["state"] == "pass"


def test_only_what_is_an_owners_or_an_organisations(scanned: Program):
    assert [each["name"] for each in report(scanned, "--owner", "shop")["targets"]] == ["tree"]
    assert report(scanned, "--organisation", "ACME")["counts"]["failed"] == 2
    (scanned.tree / "setright.toml").write_text(CONFIGURATION.replace('owner = "shop"', 'owner = ""'))
    assert report(scanned, "--organisation", "ACME")["counts"]["failed"] == 0
    ran = scanned("report", "--owner", "nobody")
    assert ran.code == 2 and "nobody" in ran.err


def test_the_page_is_whole_runs_nothing_and_shows_no_mark_up_of_others(scanned: Program):
    id_ = finding(scanned, ASK)
    scanned("except", id_, "--reason", "<script>alert(1)</script>", "--until", "30d")
    scanned("report", "--format", "html", "-o", "report.html")
    page = (scanned.tree / "report.html").read_text()
    assert "default-src 'none'" in page and "<script" not in page and "style=" not in page
    assert "&lt;script&gt;" in page and page.endswith("</html>\n")
    assert not re.search(r"(src|href)=", page)
    assert "overdue" in page and "shop" in page and page.count("<svg") > 20


@pytest.mark.skipif(not (shutil.which("chromium") or os.environ.get("SETRIGHT_BROWSER")), reason="no Chromium here")
def test_the_page_is_printed(scanned: Program):
    assert scanned("report", "--format", "pdf", "--framework", "soc-2", "-o", "report.pdf").code == 0
    assert (scanned.tree / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_browser_it_says_what_to_do(scanned: Program):
    scanned.env["PATH"] = "/nonexistent"
    ran = scanned("report", "--format", "pdf", "-o", "report.pdf")
    assert ran.code != 0 and "--format html" in ran.err


def test_no_spreadsheet_takes_a_cell_for_a_formula(scanned: Program):
    scanned("except", finding(scanned, ASK), "--reason", "=HYPERLINK(1)", "--until", "30d")
    rows = list(csv.DictReader(scanned("report", "--format", "csv", "--rows", "findings").out.splitlines()))
    assert {row["why"] for row in rows} == {"", "'=HYPERLINK(1)"} and len(rows) == 2
    sections = list(csv.DictReader(scanned("report", "--format", "csv").out.splitlines()))
    assert len(sections) == 299 and {row["state"] for row in sections} == {"fail", "pass", "not tested", "excepted"}


def test_markdown_names_what_fails(scanned: Program):
    told = scanned("report", "--format", "markdown").out
    assert "| SC-28 | ✕ fail |" in told and "## fail (2)" in told


@pytest.mark.parametrize("framework", ["nist-800-53", "hipaa", "cis-aws-3"])
def test_oscal_is_valid_by_nists_own_schema(scanned: Program, framework: str):
    scanned("except", finding(scanned, ASK), "--reason", "migration", "--until", "30d")
    for form in ("oscal-ar", "oscal-poam"):
        ran = scanned("report", "--framework", framework, "--format", form)
        if framework == "cis-aws-3" and ran.code:
            assert "nothing is open" in ran.err
            continue
        assert [error.message for error in validator().iter_errors(ran.json)] == []


def test_oscal_says_what_holds_and_of_what_is_not_tested_nothing(scanned: Program):
    scanned("except", finding(scanned, ASK), "--reason", "migration", "--until", "30d")
    (result,) = scanned("report", "--format", "oscal-ar").json["assessment-results"]["results"]
    status = {each["target"]["target-id"]: each["target"]["status"] for each in result["findings"]}
    assert status["sc-7"] == {"state": "satisfied", "reason": "pass"}
    assert status["cp-9"]["state"] == "not-satisfied"
    assert status["sc-28"] == {"state": "not-satisfied", "reason": "other", "remarks": "excepted"}
    assert "pe-2" not in status
    items = scanned("report", "--format", "oscal-poam").json["plan-of-action-and-milestones"]
    assert sorted(risk["status"] for risk in items["risks"]) == ["deviation-approved", "open"]
    assert AUTO in " ".join(each["description"] for each in items["poam-items"])


def validator() -> Draft7Validator:
    """Python's regular expressions know no classes of Unicode; these are the same letters and digits."""
    text = json.dumps(SCHEMA).replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d")
    return Draft7Validator(json.loads(text))


def test_frameworks_are_listed(scanned: Program):
    listed = scanned("report", "--framework", "list", "--format", "json").json["frameworks"]
    assert {"nist-800-53", "pci-dss-4", "iso-27001-2022", "soc-2", "hipaa", "nis2"} <= {each["id"] for each in listed}
    assert scanned("report", "--framework", "nist").code == 2
