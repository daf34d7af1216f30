"""Promises of `setright baseline`, and of scans by a baseline of one's own."""

import json
from pathlib import Path

import yaml

from tests.cli.conftest import AUTO, Program


def own(setright: Program) -> Path:
    (setright.tree / "setright.toml").write_text('content = ["acme"]\n')
    return setright.tree / "acme"


def test_what_a_baseline_adds_and_drops_is_told(setright: Program):
    told = setright("baseline", "diff", "cis-debian-12-l1", "cis-debian-12-l2", "--format", "json").json
    assert (told["schema"], told["from"], told["to"]) == ("setright/1", "cis-debian-12-l1", "cis-debian-12-l2")
    assert "linux/sudoers/nopasswd" in told["added"] and told["removed"] == []
    back = setright("baseline", "diff", "cis-debian-12-l2", "cis-debian-12-l1", "--format", "json").json
    assert [each["id"] for each in back["removed"]] == told["added"]


def test_parameters_are_shown_with_who_sets_them(setright: Program):
    (setright.tree / "setright.toml").write_text("[parameters]\nupdate-list-days = 3\n")
    shown = setright("baseline", "show", "cis-debian-12-l1", "--format", "json").json
    days = next(p for p in shown["parameters"] if p["name"] == "update-list-days")
    assert (days["value"], days["set_by"]) == (3, "organisation") and "linux/patches/lists" in days["controls"]


def test_a_new_baseline_is_one_that_scans(setright: Program):
    root = own(setright)
    made = setright("baseline", "new", "acme", "--from", "recommended", "--into", str(root), "--format", "json")
    assert made.code == 0 and Path(made.json["file"]) == root / "baselines/acme.yaml"
    shown = setright("baseline", "show", "acme", "--format", "json").json
    assert shown["controls"] == setright("baseline", "show", "recommended", "--format", "json").json["controls"]
    assert AUTO in {f["control"] for f in setright("scan", ".", "--baseline", "acme", "--format", "json").json["findings"]}


def test_a_control_that_a_baseline_leaves_out_is_not_asked_and_says_why(setright: Program):
    root = own(setright)
    setright("baseline", "new", "acme", "--into", str(root))
    file = root / "baselines/acme.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"without": {AUTO: "kept elsewhere"}, "params": {}}))
    assert AUTO not in {f["control"] for f in setright("scan", ".", "--baseline", "acme", "--format", "json").json["findings"]}
    assert "kept elsewhere" in setright("baseline", "show", "acme").out
    told = setright("baseline", "diff", "recommended", "acme", "--format", "json").json
    assert told["removed"] == [{"id": AUTO, "reason": "kept elsewhere"}]
    plans = json.loads(setright("plan", ".", "--baseline", "acme", "--format", "json").out)["plans"]
    assert all(AUTO not in plan["controls"] for plan in plans)


def test_parameters_that_differ_are_told_as_configuration_writes_them(setright: Program):
    file = own(setright) / "baselines/acme.yaml"
    setright("baseline", "new", "acme", "--into", "acme")
    given = {"params": {"user": "_chrony", "listening-ports": [22, 443]}}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | given))
    out = setright("baseline", "diff", "recommended", "acme").out
    assert "not set → _chrony" in out and "not set → 22, 443" in out


def test_a_name_that_is_taken_or_no_name_is_refused(setright: Program):
    own(setright)
    for name in ("recommended", "all", "No Name", "../up"):
        ran = setright("baseline", "new", name, "--into", "acme")
        assert ran.code == 2 and len(ran.err.splitlines()) == 1
    assert setright("baseline", "show", "none-such").code == 2


def test_lists_are_shown_as_words_and_not_as_python(setright: Program):
    shown = setright("baseline", "show", "recommended").out
    assert "root" in shown and "['" not in shown
