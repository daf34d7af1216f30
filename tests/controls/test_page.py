"""Every control has a page that a reader can use."""

import pytest

from setright.controls.load import build, read_control
from setright.controls.page import example_texts, fix_diff, page_of
from setright.engine.catalogue import content_root

ROOT = content_root() / "controls"
CONTROLS = [build(read_control(file, ROOT)) for file in sorted(ROOT.rglob("*.yaml"))]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: c.id)
def test_a_page_says_what_why_what_may_break_and_where_it_comes_from(control):
    made = page_of(control)
    assert made.startswith(f"# {control.title}\n")
    assert control.why in made and control.source in made
    for section in ("## What right looks like", "## What putting it right may break", "## Effect", "## Examples"):
        assert made.count(f"\n{section}\n") == 1
    assert all(sentence in made for sentence in control.breaks_if)
    assert made.count("\n```") % 2 == 0


def test_a_diff_names_each_document_that_changes_and_no_other():
    before = {"/etc/a.conf": "x 1\n", "/etc/b.conf": "y 1\n"}
    made = fix_diff(before, {"/etc/a.conf": "x 2\n", "/etc/b.conf": "y 1\n"})
    assert "-x 1\n+x 2\n" in made and "/etc/a.conf" in made and "/etc/b.conf" not in made


def test_a_resource_is_one_document_and_locators_are_several():
    assert list(example_texts({"path": "/etc/shadow", "mode": "0640"})) == [""]
    assert list(example_texts({"/etc/a.conf": "x 1\n", "running:sysctl": {"x": "1"}})) == ["/etc/a.conf", "running:sysctl"]


def test_a_document_that_a_fix_does_not_name_is_not_shown_as_removed():
    bad = {"/etc/passwd": "ann:x:1001\n", "/etc/shadow": "ann::1\n", "/etc/old": "a\n"}
    told = fix_diff(bad, {"/etc/shadow": "ann:!:1\n", "/etc/old": None})
    assert "passwd" not in told and "-a" in told.splitlines() and "+ann:!:1" in told.splitlines()
