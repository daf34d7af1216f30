"""Audit rules: odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, audit_rules
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

TEXT = b"## first\n-D\n-b  8192\n\n-w /etc/passwd  -p wa -k identity\n--backlog_wait_time 60000\n-e 2\n"


def test_rules_and_options_are_told_apart() -> None:
    assert audit_rules.get(TEXT) == {
        "rules": ["-w /etc/passwd -p wa -k identity"],
        "set": {"D": True, "b": "8192", "backlog_wait_time": "60000", "e": "2"},
    }
    assert audit_rules.get(b"No rules\n") == {"rules": [], "set": {}}


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"-e 2\n", Edit(("rules",), ["-w /a -p w"]), b"-w /a -p w\n-e 2\n"),
        (b"", Edit(("rules",), ["-w /a -p w", "-w /b -p w"]), b"-w /a -p w\n-w /b -p w\n"),
        (b"# x\n-w /a -p w\n# y", Edit(("rules", 1), "-w /b -p w"), b"# x\n-w /a -p w\n-w /b -p w\n# y"),
        (b"-b  320 \r\n-D\r\n", Edit(("set", "b"), "8192"), b"-b 8192 \r\n-D\r\n"),
        (b"-D\n", Edit(("set", "e"), "2"), b"-D\n-e 2\n"),
        (b"-e 1\n-e 2\n", Edit(("set", "e"), "0"), b"-e 1\n-e 0\n"),
        (b"-D\n-c\n", Edit(("set", "c"), remove=True), b"-D\n"),
    ],
)
def test_one_thing_changes(before: bytes, edit: Edit, after: bytes) -> None:
    assert lenses.put("audit-rules", before, [edit]) == after


def test_what_auditctl_would_not_read_is_refused_by_line() -> None:
    with pytest.raises(LensError, match="line 2"):
        audit_rules.get(b"-D\nwatch /etc/passwd\n")


@pytest.mark.parametrize("rule", ["-x /a", "-w /a\n-D", "-w  /a -p w", 3])
def test_what_is_no_rule_is_refused(rule: object) -> None:
    with pytest.raises(LensError):
        lenses.put("audit-rules", b"-D\n", [Edit(("rules",), [rule])])


LINES = st.sampled_from(
    ["-w /a -p wa -k x", "-a always,exit -F arch=b64 -S mount", "# -e 2", "", "-D", "-b 320", " -e 2", "-f  1", "é"]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("rules", 0), "-w /z -p r"),
        Edit(("rules",), ["-w /z -p r", "-w /a -p wa -k x"]),
        Edit(("rules",), []),
        Edit(("set", "e"), "2"),
        Edit(("set", "b"), "8192"),
        Edit(("set", "D"), remove=True),
        Edit(("set", "c"), True),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("audit-rules", source, edit):
        assert comments(lenses.put("audit-rules", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("audit-rules", source, edit)
