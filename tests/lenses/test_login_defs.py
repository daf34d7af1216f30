"""login.defs: odd files, the laws, and useradd's own reading."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, login_defs
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

MAX = Edit(("PASS_MAX_DAYS",), 365)
VARIANTS = {
    "tabs": ("PASS_MAX_DAYS\t99999\n", "PASS_MAX_DAYS\t365\n"),
    "indented, blanks behind": ("  PASS_MAX_DAYS   99999 \n", "  PASS_MAX_DAYS   365 \n"),
    "quoted": ('PASS_MAX_DAYS "99999"\n', 'PASS_MAX_DAYS "365"\n'),
    "twice, the last wins": ("PASS_MAX_DAYS 1\nPASS_MAX_DAYS 2\n", "PASS_MAX_DAYS 1\nPASS_MAX_DAYS 365\n"),
    "CRLF": ("PASS_MAX_DAYS 9\r\n", "PASS_MAX_DAYS 365\r\n"),
    "no value": ("PASS_MAX_DAYS\n", "PASS_MAX_DAYS\nPASS_MAX_DAYS\t365\n"),
    "commented out": ("#PASS_MAX_DAYS 9\nUMASK 022\n", "#PASS_MAX_DAYS 9\nPASS_MAX_DAYS 365\nUMASK 022\n"),
    "told of in prose": (
        "#\tPASS_MAX_DAYS\tMaximum\n# PASS_MAX_DAYS is used\n# by useradd\n",
        "#\tPASS_MAX_DAYS\tMaximum\n# PASS_MAX_DAYS is used\n# by useradd\nPASS_MAX_DAYS\t365\n",
    ),
    "empty": ("", "PASS_MAX_DAYS\t365\n"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_one_setting_changes_in_odd_but_valid_files(name: str) -> None:
    before, after = VARIANTS[name]
    assert lenses.put("login-defs", before.encode(), [MAX]) == after.encode()


def test_modes_stay_text_and_whole_numbers_are_numbers() -> None:
    text = b'UMASK\t\t077\nUMASK 22\nPASS_MIN_DAYS 0\nENV_PATH "PATH=/bin:/x y"\nTTYPERM 0600\n'
    assert login_defs.get(text) == {"UMASK": "22", "PASS_MIN_DAYS": 0, "ENV_PATH": "PATH=/bin:/x y", "TTYPERM": "0600"}


@pytest.mark.parametrize(
    "edit",
    [Edit(("A",), '"x'), Edit(("A",), "1\n2"), Edit(("A B",), "1"), Edit(("#A",), "1"), Edit(("A", "B"), "1"), Edit(("A",), [])],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("login-defs", b"UMASK 022\n", [edit])


LINES = st.sampled_from(
    ["A 1", "A\t\t22", ' A "x y"', "A", "#A 1", "# note", "", 'B "', "B 0x1F # no comment", "UMASK 022", "C\t é ", "A=1", ' "A" 1']
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda k, v, r: Edit((k,), None if r else v, r),
    st.sampled_from(["A", "B", "UMASK", "Z"]),
    st.sampled_from([0, "027", "x y", " x", "#"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("login-defs", source, edit):
        assert comments(lenses.put("login-defs", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("login-defs", source, edit)


@pytest.mark.skipif(not shutil.which("useradd"), reason="needs shadow")
@pytest.mark.parametrize("name", [n for n in VARIANTS if n not in ("CRLF", "empty")])
def test_useradd_gives_new_accounts_what_the_lens_wrote(name: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for file, text in {"passwd": "root:x:0:0::/:/bin/sh\n", "shadow": "root:*:1:0:99:7:::\n", "group": "root:x:0:\n"}.items():
        (tmp_path / "etc" / file).write_text(text)
    (tmp_path / "etc/login.defs").write_bytes(lenses.put("login-defs", VARIANTS[name][0].encode(), [MAX]))
    run = subprocess.run(
        ["useradd", "--prefix", str(tmp_path), "-N", "-M", "kim"], capture_output=True, text=True, timeout=20, check=False
    )
    line = [x for x in (tmp_path / "etc/shadow").read_text().splitlines() if x.startswith("kim:")]
    assert line and line[0].split(":")[4] == "365", run.stderr
