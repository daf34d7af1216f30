"""What scans kept, listed again without a scan."""

from .conftest import ASK, AUTO, BOTH, Program

DUE = "[policy.due_days]\ncritical = 7\nhigh = 0\n"


def test_kept_findings_are_listed_and_what_is_overdue_is_told(setright: Program):
    assert setright("findings", "--format", "json").json["findings"] == []
    setright("scan", ".", *BOTH, "--format", "json")
    listed = setright("findings", "--format", "json").json
    assert listed["count"] == 2 and {each["control"] for each in listed["findings"]} == {AUTO, ASK}
    assert all(each["due_at"] is None and not each["overdue"] for each in listed["findings"])
    assert [each["control"] for each in setright("findings", "--control", AUTO, "--format", "json").json["findings"]] == [AUTO]

    ran = setright("findings", "--overdue")
    assert ran.code == 2 and "due_days" in ran.err
    (setright.tree / "setright.toml").write_text(DUE)
    overdue = setright("findings", "--overdue", "--format", "json").json["findings"]
    assert [each["severity"] for each in overdue] == ["high"] and overdue[0]["overdue"]
    assert "due" in setright("findings").out


def test_what_was_put_right_is_listed_no_more(setright: Program):
    setright("scan", ".", *BOTH, "--format", "json")
    setright("fix", ".", *BOTH, "--all", "--yes", "--format", "json")
    setright("scan", ".", *BOTH, "--format", "json")
    assert setright("findings", "--format", "json").json == {"schema": "setright/1", "findings": [], "count": 0, "more": False}


def test_two_trees_that_were_named_alike_are_two_targets(setright: Program):
    here, other = setright.tree, setright.tree.with_name("other")
    other.mkdir()
    (other / "main.tf").write_bytes(setright.file.read_bytes())
    setright("scan", ".", *BOTH, "--fail-on", "never")
    run = setright("fix", ".", "--control", ASK, "--all", "--yes", "--format", "json").json["run"]
    setright.tree = other
    found = setright("scan", ".", *BOTH, "--format", "json").json["findings"]
    assert {each["target"] for each in found} == {str(other)}
    kept = setright("findings", "--format", "json").json["findings"]
    assert {(each["target"], each["control"]) for each in kept} == {(str(t), c) for t in (here, other) for c in (AUTO, ASK)}
    assert {each["target"] for each in setright("findings", "--target", ".", "--format", "json").json["findings"]} == {str(other)}

    before = (other / "main.tf").read_bytes()
    assert setright("rollback", run).code == 0, "from another directory too"
    assert setright.file.read_bytes() == before == (other / "main.tf").read_bytes()


def test_a_tree_of_the_configuration_is_beside_it_wherever_one_stands(setright: Program):
    (setright.tree / "setright.toml").write_text('[[targets]]\nname = "shop"\nurl = "."\n')
    (setright.tree / "deep").mkdir()
    ran = setright("scan", "shop", "--config", str(setright.tree / "setright.toml"), *BOTH, "--format", "json").json
    setright.tree /= "deep"
    again = setright("scan", "shop", "--config", str(setright.tree.parent / "setright.toml"), *BOTH, "--format", "json").json
    assert ran["findings"] == again["findings"] != []


def test_what_a_finding_is_called_stands_whole_in_a_narrow_table(setright: Program):
    (found, *_) = setright("scan", ".", "--format", "json").json["findings"]
    for width in ("60", "76"):
        assert found["id"] in setright("findings", COLUMNS=width).out.split()


def test_where_a_table_has_no_width_each_row_stands_by_itself(setright: Program):
    setright("scan", ".", *BOTH)
    narrow = setright("findings", COLUMNS="50").out
    assert "\n  severity  high\n" in "\n".join(line.rstrip() for line in narrow.splitlines())
    assert "storage and snapshots are encrypted" in " ".join(narrow.split())


def test_rows_too_wide_for_the_screen_stand_one_below_the_other(setright: Program):
    setright("scan", ".", *BOTH)
    wide, narrow = (setright("findings", COLUMNS=columns).out for columns in ("200", "80"))
    assert "finding           severity" in wide and "aws_db_instance.shop" in wide
    assert "\n  severity" in narrow and "\n  resource  aws_db_instance.shop " in narrow
