"""Findings of others, taken in, put right with ours, and closed by our own look."""

import json
from pathlib import Path

from .conftest import ASK, Program

PROTECTED = "aws/rds/deletion-protection"
RESULTS = Path(__file__).parent.parent / "integrations" / "results"


def result(setright: Program, *rules: str) -> str:
    """What Checkov would say of the tree."""
    checks = [
        {
            "check_id": rule,
            "check_name": rule,
            "file_path": "/main.tf",
            "file_line_range": [2, 8],
            "resource": "aws_db_instance.shop",
        }
        for rule in rules
    ]
    file = setright.tree / "checkov.json"
    file.write_text(json.dumps({"check_type": "terraform", "results": {"failed_checks": checks}}))
    return file.name


def states(told):
    return {each["rule"]: (each["state"], bool(each["put_right_at"]), bool(each["closed_at"])) for each in told["imported"]}


def test_what_another_found_is_matched_put_right_and_closed_by_our_own_look(setright: Program):
    file = result(setright, "CKV_AWS_16", "CKV_AWS_293", "CKV_AWS_17", "CKV_NOBODY_1")
    told = setright("import", file, "--format", "json").json
    assert states(told) == {
        "CKV_AWS_16": ("matched", False, False),
        "CKV_AWS_293": ("matched", False, False),
        "CKV_AWS_17": ("not-confirmed", False, False),
        "CKV_NOBODY_1": ("by-hand", False, False),
    }
    assert told["summary"] == {"open": 4, "matched": 2, "matched_percent": 50, "not_confirmed": 1, "by_hand": 1, "closed": 0}
    by_rule = {each["rule"]: each["controls"][0] for each in told["imported"] if each["controls"]}
    assert (by_rule["CKV_AWS_293"], by_rule["CKV_AWS_16"]) == (PROTECTED, ASK)

    assert setright("fix", ".", "--control", PROTECTED, "--control", ASK, "--all", "--yes", "--format", "json").code == 0
    setright("scan", ".", "--control", PROTECTED, "--control", ASK)
    told = setright("import", "--list", "--format", "json").json
    assert states(told)["CKV_AWS_16"] == ("matched", True, False) and told["summary"]["closed"] == 2

    told = setright("import", result(setright, "CKV_NOBODY_1"), "--format", "json").json
    assert states(told)["CKV_AWS_17"] == ("not-confirmed", False, True) and told["summary"]["open"] == 1


def test_a_file_that_is_no_result_says_what_is_read(setright: Program):
    ran = setright("import", "main.tf")
    assert ran.code == 2 and "main.tf" in ran.err and "sarif" in ran.err
    assert setright("import").code == 2


def test_results_that_real_scanners_wrote_are_read_side_by_side(setright: Program):
    names = [str(RESULTS / name) for name in ("checkov.json", "trivy.json", "zizmor.sarif", "hadolint.json")]
    told = setright("import", *names, "--format", "json").json
    assert {each["tool"] for each in told["imported"]} == {"checkov", "trivy", "zizmor", "hadolint"}
    assert told["summary"]["open"] == 16
    matched = [each["rule"] for each in told["imported"] if each["state"] == "matched"]
    assert matched == ["CKV_AWS_16", "AWS-0077", "AWS-0080"], "the tree holds only the database"


def test_of_a_folder_every_result_is_taken_and_what_is_none_is_named(setright: Program):
    folder = setright.tree / "results"
    folder.mkdir()
    (setright.tree / result(setright, "CKV_AWS_16")).rename(folder / "of-tonight.json")
    (folder / "hadolint.json").write_text("[]\n")
    (folder / "README.md").write_text('The host\'s is `oscap xccdf eval`, and the other has a "check_type".\n')
    ran = setright("import", "results", "--format", "json")
    assert states(ran.json) == {"CKV_AWS_16": ("matched", False, False)}
    assert "README.md: not taken in" in ran.err and "hadolint" not in ran.err.split("not taken in")[0]


def test_a_result_that_is_broken_is_an_error_in_a_folder_too(setright: Program):
    folder = setright.tree / "results"
    folder.mkdir()
    (folder / "checkov.json").write_text('{"check_type": "terraform", "results": {"failed_checks": [')
    ran = setright("import", "results")
    assert ran.code == 2 and "is the file whole" in ran.err


def test_a_subfolder_that_is_called_as_a_target_holds_its_results(setright: Program):
    (setright.tree / "setright.toml").write_text('[[targets]]\nname = "shop"\nurl = "src"\n')
    place = setright.tree / "results" / "shop"
    place.mkdir(parents=True)
    (setright.tree / "src").mkdir()
    (setright.tree / result(setright, "CKV_AWS_16", "CKV_NOBODY_1")).rename(place / "checkov.json")
    told = setright("import", "results", "--format", "json").json
    assert {each["target"] for each in told["imported"]} == {str(setright.tree / "src")}
    assert states(told)["CKV_AWS_16"] == ("not-confirmed", False, False), "there is no database in that target"


def test_the_same_results_again_bring_nothing_back_that_our_look_saw_gone(setright: Program):
    file = result(setright, "CKV_AWS_16", "CKV_NOBODY_1")
    setright("import", file)
    setright("fix", ".", "--control", ASK, "--all", "--yes")
    told = setright("import", file, "--format", "json").json
    assert states(told) == {"CKV_AWS_16": ("matched", True, False), "CKV_NOBODY_1": ("by-hand", False, False)}


def test_a_scanner_that_finds_nothing_more_closes_what_it_had_found(setright: Program):
    setright("import", result(setright, "CKV_AWS_17", "CKV_NOBODY_1"))
    told = setright("import", result(setright), "--format", "json").json
    assert told["summary"]["open"] == 0 and told["summary"]["closed"] == 2


def test_a_target_that_cannot_be_reached_does_not_keep_the_others_from_being_taken_in(setright: Program):
    (setright.tree / "setright.toml").write_text('[[targets]]\nname = "away"\nurl = "gone"\n')
    place = setright.tree / "results" / "away"
    place.mkdir(parents=True)
    (setright.tree / result(setright, "CKV_AWS_17")).rename(place / "checkov.json")
    (setright.tree / result(setright, "CKV_AWS_16")).rename(place.parent / "of-here.json")
    ran = setright("import", "results", "--format", "json")
    assert ran.code == 3 and "gone" in ran.err
    assert states(ran.json) == {"CKV_AWS_16": ("matched", False, False)}
