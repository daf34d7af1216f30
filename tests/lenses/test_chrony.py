"""chrony.conf: odd files and the laws."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, chrony
from setright.model import Edit
from tests.sampling import ALL, examples

from .laws import comments, hold


def test_of_several_lines_only_the_one_that_changes_is_touched() -> None:
    before = b"# ours\npool a iburst\n\n# theirs\npool  b\nallow\n"
    assert lenses.put("chrony", before, [Edit(("pool", 1), "c")]) == before.replace(b"pool  b", b"pool  c")
    assert lenses.put("chrony", before, [Edit(("pool", 0), remove=True)]) == before.replace(b"pool a iburst\n", b"")
    assert lenses.put("chrony", before, [Edit(("allow", 0), "10/8")]) == before.replace(b"allow", b"allow 10/8")


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


MANY = 1000 if ALL else 20
VALID = [
    "pool 192.0.2.1 iburst",
    " server 192.0.2.2  maxpoll 6",
    "SERVER 192.0.2.3",
    "allow 192.0.2.0/24",
    "allow",
    "rtcsync",
    "makestep 1.0 3",
]
VALID += [
    "! a",
    "; b",
    "# c",
    "% d",
    "",
    "\tdriftfile /var/lib/chrony/drift",
    "cmdport 0",
    "user root",
    "maxupdateskew 100.0 ",
    "deny all",
]
READ = """cd "$1" && for f in *; do echo "== $f"; chronyd -p -f "$1/$f" 2>&1 || echo "! refused"; done"""


@pytest.mark.skipif(not shutil.which("chronyd"), reason="needs chronyd")
def test_chronyd_reads_the_directives_that_we_read_and_those_that_were_put(tmp_path: Path) -> None:
    rng = random.Random(3)
    want = {}
    for number in range(MANY):
        source = "\n".join(rng.choices(VALID, k=rng.randrange(9))).encode() + b"\n"
        edit = rng.choice(
            [
                Edit(("pool",), ["192.0.2.9 iburst"]),
                Edit(("user",), "nobody"),
                Edit(("rtcsync",), True),
                Edit(("deny",), remove=True),
            ]
        )
        for name, text in (("a", source), ("b", lenses.put("chrony", source, [edit]))):
            (tmp_path / f"{number:05}{name}").write_bytes(text)
            want[f"{number:05}{name}"] = said(text)
    run = subprocess.run(["sh", "-c", READ, "sh", str(tmp_path)], capture_output=True, text=True, timeout=300)
    read = {
        name: sorted(" ".join(line.split()).lower() for line in rest)
        for name, *rest in map(str.splitlines, run.stdout.split("== ")[1:])
    }
    assert read == want


def said(text: bytes) -> list[str]:
    """The directives of a tree as lines; of those of which the last counts, as many as there are."""
    tree = chrony.get(text)
    lists = [f"{key} {value}" for key, values in tree.items() if isinstance(values, list) for value in values]
    last = [
        line for line in text.decode().split("\n") if line.strip()[:1].isalpha() and line.split()[0].lower() not in chrony.LISTS
    ]
    assert {line.split()[0].lower() for line in last} == {key for key in tree if key not in chrony.LISTS}
    return sorted(" ".join(line.split()).lower() for line in [*lists, *last])
