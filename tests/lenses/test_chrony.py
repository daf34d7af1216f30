"""chrony.conf: odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, chrony
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold


def test_directives_are_read_in_any_case_and_sources_add_up() -> None:
    text = b"# a\n! b\nPool x iburst\npool y\nallow\nrtcsync\ncmdport 0\nuser a\nuser b\n"
    assert chrony.get(text) == {"pool": ["x iburst", "y"], "allow": [""], "rtcsync": True, "cmdport": 0, "user": "b"}


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"user root\r\n", Edit(("user",), "_chrony"), b"user _chrony\r\n"),
        (b"pool x\n# z\n", Edit(("pool", 1), "y iburst"), b"pool x\npool y iburst\n# z\n"),
        (b"allow\nallow 10/8\nx 1\n", Edit(("allow",), remove=True), b"x 1\n"),
        (b"pool x\npool y\n", Edit(("pool",), ["y"]), b"pool y\n"),
        (b"", Edit(("rtcsync",), True), b"rtcsync\n"),
        (b"rtcsync\n", Edit(("server",), ["a", "b"]), b"rtcsync\nserver a\nserver b\n"),
    ],
)
def test_one_thing_changes(before: bytes, edit: Edit, after: bytes) -> None:
    assert lenses.put("chrony", before, [edit]) == after


@pytest.mark.parametrize("edit", [Edit(("a b",), 1), Edit(("user",), "a\nb"), Edit(("pool",), "x"), Edit(("user", "a"), "b")])
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("chrony", b"user x\n", [edit])


LINES = st.sampled_from(
    ["pool x iburst", "POOL y", "allow", "user a", "rtcsync", "# c", "% d", "cmdport  5 ", "", "é x", "maxslew 1 # no"]
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
        Edit(("pool",), ["a", "b"]),
        Edit(("pool", 0), "z"),
        Edit(("allow",), remove=True),
        Edit(("user",), "_chrony"),
        Edit(("cmdport",), 0),
        Edit(("rtcsync",), True),
        Edit(("rtcsync",), remove=True),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("chrony", source, edit):
        assert comments(lenses.put("chrony", source, [edit]), b"#%") == comments(source, b"#%")


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("chrony", source, edit)
