"""The catalogue as people look at it, and add to it."""

from .conftest import ASK, AUTO, Program

OWN = """\
id: acme/rds/kept-for-a-month
title: Backups are kept for a month
severity: low
kind: aws/rds/db-instance
require: {BackupRetentionPeriod: {at-least: 30}}
default: {BackupRetentionPeriod: 1}
why: Our auditors ask for a month.
breaks-if: {the month costs too much: ask}
effect: {restart: none, disruption: low}
frameworks: {acme: [B-1]}
source: https://acme.example/rules
examples:
  - in: terraform
    good: |
      resource "aws_db_instance" "a" {
        backup_retention_period = 35
      }
  - in: terraform
    bad: |
      resource "aws_db_instance" "a" {
        backup_retention_period = 7 # for now
      }
    fixed: |
      resource "aws_db_instance" "a" {
        backup_retention_period = 30 # for now
      }
"""


def test_the_list_is_narrowed_by_each_filter(setright: Program):
    def ids(*words: str) -> list[str]:
        return [c["id"] for c in setright("controls", "list", *words, "--format", "json").json["controls"]]

    assert {AUTO, ASK} <= set(ids())
    assert ids("--kind", "docker/*") and all(i.startswith("docker/") for i in ids("--kind", "docker/*"))
    assert AUTO not in ids("--severity", "high") and ASK in ids("--severity", "high")
    assert ASK in ids("--framework", "nist-800-53:SC-28") and AUTO not in ids("--framework", "nist-800-53:SC-28")


def test_a_control_is_shown_in_every_form(setright: Program):
    assert "What putting it right may break" in setright("controls", "show", ASK).out
    assert setright("controls", "show", ASK, "--format", "json").json["control"]["id"] == ASK
    assert setright("controls", "show", ASK, "--format", "markdown").out.startswith("# ")


def test_a_control_that_is_not_there_names_a_near_one(setright: Program):
    ran = setright("controls", "show", "aws/rds/backup")
    assert ran.code == 2 and AUTO in ran.err


def test_a_new_control_fails_until_it_is_filled_in(setright: Program):
    made = setright("controls", "new", "acme/rds/kept-for-a-month", "--kind", "aws/rds/db-instance")
    file = setright.tree / "controls/acme/rds/kept-for-a-month.yaml"
    assert made.code == 0 and file.exists()
    assert setright("controls", "test", "controls").code == 1
    file.write_text(OWN)
    ran = setright("controls", "test", "controls/acme/rds/kept-for-a-month.yaml", "--format", "json")
    broken = [words for c in ran.json["controls"] for words in c["broken"] if "needs an example" not in words]
    assert broken == []


def test_what_was_written_is_not_written_over(setright: Program):
    words = ("controls", "new", "acme/rds/x", "--kind", "aws/rds/db-instance")
    setright(*words)
    file = setright.tree / "controls/acme/rds/x.yaml"
    file.write_text("mine")
    assert setright(*words).code == 2
    assert file.read_text() == "mine"


def test_an_id_cannot_lead_out_of_the_directory(setright: Program):
    ran = setright("controls", "new", "../../etc/x", "--kind", "aws/rds/db-instance")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_a_promise_that_is_broken_is_told(setright: Program):
    file = setright.tree / "controls/acme/rds/kept-for-a-month.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OWN.replace("backup_retention_period = 30 # for now", "backup_retention_period = 31 # for now"))
    ran = setright("controls", "test", "controls")
    assert ran.code == 1 and "the fix gives" in ran.out


def test_a_finding_is_explained_with_its_fix(setright: Program):
    found = setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"][0]
    told = setright("explain", found["id"], ".", "--format", "json").json
    assert told["finding"]["id"] == found["id"] and told["control"]["id"] == AUTO
    assert "+  backup_retention_period = 7" in told["plans"][0]["diff"]
    assert "Put right" in setright("explain", found["id"], ".").out


def test_a_plan_that_ran_is_explained_by_its_hash(setright: Program):
    plan = setright("fix", ".", "--control", AUTO, "--format", "json").json["plans"][0]
    assert plan["document"] in setright("explain", plan["hash"][:12]).out


def test_an_exception_has_a_reason_and_an_end_and_can_be_ended(setright: Program):
    words = ("except", "9c1f04d2a7b35e68")
    assert setright(*words, "--reason", "migration").code == 2
    assert setright(*words, "--reason", "migration", "--until", "2020-01-01").code == 2
    assert setright(*words, "--reason", "migration", "--until", "soon").code == 2
    assert setright("except", "--format", "json").json["exceptions"] == []
    made = setright(*words, "--reason", "migration", "--until", "30d", "--approver", "ann", "--format", "json").json
    assert [(e["finding"], e["approver"]) for e in made["exceptions"]] == [("9c1f04d2a7b35e68", "ann")]
    assert setright(*words, "--end", "--format", "json").json["exceptions"] == []
    assert setright(*words, "--end").code == 2


def test_an_id_of_nothing_is_one_clear_line(setright: Program):
    ran = setright("explain", "deadbeefdeadbeef")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_baselines_are_listed_and_shown(setright: Program):
    assert "recommended" in [b["id"] for b in setright("baseline", "list", "--format", "json").json["baselines"]]
    assert AUTO in setright("baseline", "show", "recommended", "--format", "json").json["controls"]


def test_an_exception_for_what_is_no_finding_is_refused_or_said_to_wait(setright: Program):
    words = ("--reason", "migration", "--until", "30d")
    refused = setright("except", "9c1f04d2", *words)
    assert refused.code == 2 and "is no finding's id" in refused.err and "`setright findings`" in refused.err
    assert "no scan that was kept here has found 9c1f04d2a7b35e68" in setright("except", "9c1f04d2a7b35e68", *words).err
    id_ = setright("scan", ".", "--control", ASK, "--format", "json").json["findings"][0]["id"]
    told = setright("except", id_, *words).err
    assert f"in scans of {setright.tree}, not of a folder in it" in told and "`setright:ignore " in told
