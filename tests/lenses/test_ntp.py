"""ntp.conf: odd files and the laws; what it shares with chrony.conf is tried there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, ntp
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

DEBIAN = b"""driftfile /var/lib/ntpsec/ntp.drift
pool 0.debian.pool.ntp.org iburst   # ours
pool 1.debian.pool.ntp.org iburst
# By default, exchange time with everybody, but don't allow configuration.
restrict default kod nomodify nopeer noquery limited
restrict ::1
tos minclock 4 minsane 3
"""


def test_sources_and_rules_add_up_and_comments_are_none_of_them() -> None:
    assert ntp.get(DEBIAN) == {
        "driftfile": "/var/lib/ntpsec/ntp.drift",
        "pool": ["0.debian.pool.ntp.org iburst", "1.debian.pool.ntp.org iburst"],
        "restrict": ["default kod nomodify nopeer noquery limited", "::1"],
        "tos": ["minclock 4 minsane 3"],
    }


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit(("pool", 0), "time.example.org"), b"0.debian.pool.ntp.org iburst ", b"time.example.org "),
        (Edit(("restrict", 0), "default ignore"), b"default kod nomodify nopeer noquery limited", b"default ignore"),
        (Edit(("restrict", 2), "127.0.0.1"), b"restrict ::1\n", b"restrict ::1\nrestrict 127.0.0.1\n"),
        (Edit(("pool",), remove=True), b"", b""),
    ],
)
def test_one_line_changes(edit: Edit, old: bytes, new: bytes) -> None:
    after = lenses.put("ntp", DEBIAN, [edit])
    assert after == DEBIAN.replace(old, new) if old else b"pool" not in after and comments(after) == comments(DEBIAN)


LINES = st.sampled_from(
    ["pool x iburst # y", "POOL y", "restrict default", "driftfile /a", "disable monitor", "# c", "", "tos a 1", "é x"]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("pool",), ["x iburst"]),
        Edit(("pool", 0), "z"),
        Edit(("restrict",), ["default", "::1"]),
        Edit(("restrict",), remove=True),
        Edit(("driftfile",), "/b"),
        Edit(("disable",), ["monitor", "ntp"]),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("ntp", source, edit):
        assert comments(lenses.put("ntp", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("ntp", source, edit)


def test_what_begins_a_comment_cannot_be_said() -> None:
    with pytest.raises(LensError):
        lenses.put("ntp", DEBIAN, [Edit(("driftfile",), "/a # b")])
