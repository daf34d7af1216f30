"""What `scan` says, in which form, and how it ends."""

import json
import os
import re
import stat

import pytest

from .conftest import ASK, AUTO, BOTH, Program

FIELDS = {"id", "control", "title", "severity", "verdict", "target", "resource", "kind", "location", "have", "want", "lane"}
FIELDS |= {"risk", "risk_why", "change_risk", "change_risk_why", "owner", "owner_confidence", "owner_why"}
FIELDS |= {"reason", "frameworks", "why_unknown"}


def test_a_finding_has_every_field_of_the_contract(setright: Program):
    ran = setright("scan", ".", *BOTH, "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    assert ran.json["schema"] == "setright/1"
    findings = {f["control"]: f for f in ran.json["findings"]}
    assert all(f.keys() == FIELDS for f in findings.values())
    assert findings[AUTO]["have"] == {"BackupRetentionPeriod": 1}
    assert findings[AUTO]["want"] == {"BackupRetentionPeriod": {"at-least": 7}}
    assert findings[AUTO]["location"] == {"path": "main.tf", "line": 7, "end_line": 7}
    assert findings[ASK]["want"] == {"StorageEncrypted": True}
    assert ran.json["summary"]["failed"] == 2
    assert (findings[AUTO]["lane"], findings[ASK]["lane"]) == ("auto", "ask")
    assert ran.json["summary"]["lanes"] == {"auto": 1, "ask": 1}
    assert findings[AUTO]["change_risk"] < findings[ASK]["change_risk"]


ENDS = [((), 1), (("--fail-on", "never"), 0), (("--control", "no/such"), 2), (("/nowhere",), 3)]


@pytest.mark.parametrize(("words", "code"), ENDS)
def test_the_program_itself_ends_so_too_and_never_with_a_traceback(setright: Program, words: tuple[str, ...], code: int):
    ran = setright.process("scan", *words, *(() if "--control" in words else BOTH), "--format", "json")
    assert ran.code == code
    assert "Traceback" not in ran.err and len(ran.err.splitlines()) == (code > 1)


def test_ids_are_the_same_in_the_next_run(setright: Program):
    first, second = (setright("scan", ".", *BOTH, "--format", "json").json["findings"] for _ in range(2))
    assert [f["id"] for f in first] == [f["id"] for f in second]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--control", "aws/rds/not-public"), 0),
        (("--control", AUTO), 1),
        (("--control", AUTO, "--fail-on", "medium"), 1),
        (("--control", AUTO, "--fail-on", "high"), 0),
        (("--control", AUTO, "--fail-on", "never"), 0),
        (("--control", AUTO, "--min-severity", "high"), 0),
        (("--control", "no/such/control"), 2),
        (("--baseline", "nonesuch"), 2),
        (("--fail-on", "severe"), 2),
        (("--no-such-option",), 2),
    ],
)
def test_the_exit_code_says_how_it_went(setright: Program, words: tuple[str, ...], code: int):
    ran = setright("scan", ".", *words)
    assert ran.code == code
    assert "Traceback" not in ran.err
    assert bool(ran.err) is (code == 2)


def test_a_target_that_cannot_be_read_is_told_and_does_not_stop_the_others(setright: Program):
    ran = setright("scan", ".", "/no/such/place", "--control", AUTO, "--format", "json")
    assert ran.code == 3
    assert [f["control"] for f in ran.json["findings"]] == [AUTO]
    assert [t["read"] for t in ran.json["targets"]] == [True, False]
    assert ran.err.startswith("setright: /no/such/place: ")
    assert len(ran.err.splitlines()) == 1


def test_what_stands_in_two_of_the_targets_is_found_once(setright: Program):
    one = setright("scan", ".", *BOTH, "--format", "json").json
    ran = setright("scan", "main.tf", ".", "main.tf", *BOTH, "--format", "json")
    assert ran.json["findings"] == one["findings"] and "main.tf is a part of ." in ran.err
    (setright.tree / ".gitignore").write_text("main.tf\n")  # then it is no part of what is read there
    assert setright("scan", "main.tf", ".", *BOTH, "--format", "json").json["summary"]["failed"] == 2


def test_what_cannot_be_told_is_shown_counted_and_no_pass(setright: Program):
    setright.file.write_text('resource "aws_db_instance" "a" {\n  storage_encrypted = var.encrypted\n}\n')
    ran = setright("scan", ".", "--control", ASK, "--format", "json")
    assert ran.code == 1
    assert ran.json["summary"]["unknown"] == 1
    assert ran.json["findings"][0]["verdict"] == "unknown"
    assert "var.encrypted" in ran.json["findings"][0]["why_unknown"]
    assert "1 unknown" in setright("scan", ".", "--control", ASK).out


def test_a_long_script_that_cannot_be_told_fills_no_screen(setright: Program):
    script = "\n".join(f"echo line {n} on ${{var.host}}" for n in range(200))
    setright.file.write_text(f'resource "aws_instance" "a" {{\n  user_data = <<EOF\n{script}\nEOF\n}}\n')
    words = ("scan", ".", "--control", "aws/ec2/no-keys-in-user-data")
    for form in ("table", "markdown", "junit", "sarif"):
        told = setright(*words, "--format", form).out
        assert "line 5 on" in told and "line 50 on" not in told, form
    assert "line 199 on" in setright(*words, "--format", "json").json["findings"][0]["why_unknown"]


def test_a_document_that_cannot_be_understood_is_shown_and_counted(setright: Program):
    (setright.tree / "broken.tf").write_text('resource "aws_s3_bucket" {{{\n')
    ran = setright("scan", ".", "--control", AUTO, "--format", "json")
    assert [p["locator"] for p in ran.json["problems"]] == ["broken.tf"]
    setright.file.unlink()
    assert setright("scan", ".", "--control", AUTO).code == 1
    assert setright("scan", ".", "--control", AUTO, "--fail-on", "info").code == 0
    table = setright("scan", ".", "--control", AUTO).out
    assert "broken.tf" in table and "1 could not be read" in table


@pytest.mark.parametrize("form", ["table", "json", "sarif", "ocsf", "junit", "markdown"])
def test_no_secret_reaches_any_output(setright: Program, form: str):
    ran = setright("scan", ".", "--format", form)
    assert ran.code == 1 and ran.out
    assert "correct-horse-battery" not in ran.out + ran.err


@pytest.mark.parametrize("form", ["table", "json", "junit", "markdown"])
def test_nothing_in_a_source_can_command_the_terminal(setright: Program, form: str):
    setright.file.write_text('resource "aws_db_instance" "a" {\n  backup_retention_period = "\x1b[2J\u202e1"\n}\n')
    ran = setright("scan", ".", "--control", AUTO, "--format", form)
    assert ran.code == 1
    assert "\x1b" not in ran.out and "\u202e" not in ran.out


def test_what_is_no_file_is_written_to_and_stays_what_it_is(setright: Program):
    pipe, link, real = (setright.tree.parent / name for name in ("pipe", "link", "real.json"))
    os.mkfifo(pipe)
    link.symlink_to(real)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    setright("scan", ".", *BOTH, "--format", "json", "-o", str(pipe))
    setright("scan", ".", *BOTH, "--format", "json", "-o", str(link))
    assert os.read(reader, 100).startswith(b"{") and stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink() and real.read_text().startswith("{")
    os.close(reader)


def test_a_file_gets_the_output_and_stdout_stays_empty(setright: Program):
    ran = setright("scan", ".", *BOTH, "--format", "json", "-o", "out.json")
    assert (ran.code, ran.out) == (1, "")
    assert len(json.loads((setright.tree / "out.json").read_text())["findings"]) == 2


def test_a_file_that_cannot_be_written_is_one_clear_line(setright: Program):
    ran = setright("scan", ".", *BOTH, "--format", "json", "-o", "no/such/dir/out.json")
    assert ran.code == 2
    assert ran.err == "setright: no/such/dir/out.json: No such file or directory; nothing was written there\n"


def test_without_a_terminal_there_is_no_colour_no_progress_and_no_blank_at_a_lines_end(setright: Program):
    ran = setright.process("scan", ".", *BOTH)
    assert ran.err == ""
    assert "\x1b" not in ran.out
    assert not [line for line in ran.out.splitlines() if line != line.rstrip()]


def test_where_nothing_is_of_ours_it_is_said_and_what_there_is(setright: Program):
    setright.file.unlink()
    assert "setright controls list" in (said := setright("scan", ".").out) and "root:" not in said


def test_a_folder_that_is_a_host_is_told_how_to_scan_it_as_one(setright: Program):
    setright.file.unlink()
    (setright.tree / "image/etc").mkdir(parents=True)
    (setright.tree / "image/etc/passwd").touch()
    assert "setright scan root:image\n" in setright("scan", "image").out


def test_a_screen_ends_where_nobody_would_read_on_and_says_how_to_see_the_rest(setright: Program):
    setright.file.write_text("".join(f'resource "aws_db_instance" "a{n}" {{}}\n' for n in range(30)))
    found = setright("scan", ".", "--control", "aws/rds/*", "--format", "json").json["summary"]["failed"]
    short, whole = (setright("scan", ".", "--control", "aws/rds/*", *more).out for more in ((), ("--all-findings",)))
    left = re.search(r"and (\d+) more findings on \d+ more resources; --all-findings", short)
    assert left and 100 <= found - int(left[1]) < 130, "the last resource is shown whole"
    assert whole.count("aws/rds/") == found


def test_a_narrow_terminal_breaks_titles_within_their_column(setright: Program):
    out = setright("scan", ".", "--control", ASK, COLUMNS="40").out
    assert "  high      The database's storage and\n            snapshots are encrypted\n" in out


def test_a_call_by_its_tag_says_whose_it_is(setright: Program):
    flow = setright.tree / ".github" / "workflows" / "ci.yml"
    flow.parent.mkdir(parents=True)
    flow.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n")
    assert "false (actions/checkout@v4) → true" in setright("scan", ".", "--control", "actions/step/pinned").out


def test_the_number_of_a_far_line_stands_apart_from_what_is_there(setright: Program):
    setright.file.write_text("#\n" * 20_000 + setright.file.read_text())
    assert "line 20007 BackupRetentionPeriod" in setright("scan", ".", "--control", AUTO).out


def test_a_host_by_another_name_than_local_is_told_how_to_write_it(setright: Program):
    ran = setright("scan", "host:web-1")
    assert ran.code == 3 and "host:local is this host; another one is ssh://web-1" in ran.err


def test_a_state_directory_that_cannot_keep_the_catalogue_stops_no_scan(setright: Program, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "cache").write_text("no folder")
    ran = setright("scan", ".", "--control", AUTO, "--format", "json", SETRIGHT_STATE=str(tmp_path / "mine"))
    assert ran.code == 1 and ran.json["summary"]["failed"] == 1
