"""hosts.allow and hosts.deny: rules, odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, hosts_access
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

ALL = {"daemons": ["ALL"], "clients": ["ALL"]}


def test_rules_are_read_with_their_options_and_over_several_lines() -> None:
    text = b"# ALL: ALL\nsshd, rpcbind : [2001:db8::]/32 192.0.2. \\\n  EXCEPT 192.0.2.1 : spawn echo %a:%d\n\nALL:ALL\r\n"
    assert hosts_access.get(text) == {
        "rules": [
            {
                "daemons": ["sshd", "rpcbind"],
                "clients": ["[2001:db8::]/32", "192.0.2.", "EXCEPT", "192.0.2.1"],
                "options": "spawn echo %a:%d",
            },
            ALL,
        ]
    }


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"# deny\n", Edit(("rules",), [ALL]), b"# deny\nALL: ALL\n"),
        (b"a: b\nALL : ALL\n", Edit(("rules", 1), remove=True), b"a: b\n"),
        (b"a: b\r\n# c\r\n", Edit(("rules", 1), ALL), b"a: b\r\nALL: ALL\r\n# c\r\n"),
    ],
)
def test_one_thing_changes(before: bytes, edit: Edit, after: bytes) -> None:
    assert lenses.put("hosts-access", before, [edit]) == after


def test_a_line_without_a_colon_is_refused() -> None:
    with pytest.raises(LensError, match="line 2"):
        hosts_access.get(b"a: b\nsshd\n")


@pytest.mark.parametrize("rule", [{"daemons": ["a:b"], "clients": ["c"]}, {"daemons": [], "clients": ["c"]}, "a: b"])
def test_what_no_line_can_say_is_refused(rule: object) -> None:
    with pytest.raises(LensError):
        lenses.put("hosts-access", b"", [Edit(("rules",), [rule])])


LINES = st.sampled_from(["ALL: ALL", "sshd : 10.", "a, b: [::1] \\\n c", "# x", "", "x: y : deny", "é: y"])
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("rules",), [ALL]),
        Edit(("rules",), []),
        Edit(("rules", 0), {"daemons": ["sshd"], "clients": ["192.0.2.", "[::1]"], "options": "allow"}),
        Edit(("rules", 1), ALL),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("hosts-access", source, edit):
        assert comments(lenses.put("hosts-access", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("hosts-access", source, edit)
