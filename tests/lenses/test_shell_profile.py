"""What shells run at a login: odd files, the laws, and the shell's own reading."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, shell_profile
from setright.model import Edit, Unknown
from tests.sampling import examples

from .laws import comments, hold


def test_commands_are_read_and_what_stands_under_a_condition_cannot_be_told() -> None:
    text = b"umask 022\nif [ $UID -gt 199 ]; then\n    umask 002\nfi\ndeclare -xr TMOUT=600 # idle\nPATH=/bin\n"
    tree = shell_profile.get(text)
    assert isinstance(tree["umask"], Unknown)
    assert {name: tree[name] for name in ("TMOUT", "readonly", "export")} == {
        "TMOUT": 600,
        "readonly": ["TMOUT"],
        "export": ["TMOUT"],
    }
    assert shell_profile.get(b"TMOUT=900; readonly TMOUT; export TMOUT\n") == {
        "TMOUT": 900,
        "readonly": ["TMOUT"],
        "export": ["TMOUT"],
    }


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("umask 022 # x\n", Edit(("umask",), "027"), "umask 027 # x\n"),
        ("if x; then\n  y\nfi\n", Edit(("umask",), "077"), "if x; then\n  y\nfi\numask 077\n"),
        ("export TMOUT=0\n", Edit(("TMOUT",), 900), "export TMOUT=900\n"),
        ("TMOUT=1\nx\n", Edit(("readonly",), ["TMOUT"]), "TMOUT=1\nreadonly TMOUT\nx\n"),
        ("a\r\numask 022\r\n", Edit(("umask",), remove=True), "a\r\n"),
    ],
)
def test_one_command_changes(before: str, edit: Edit, after: str) -> None:
    assert lenses.put("shell-profile", before.encode(), [edit]).decode() == after


@pytest.mark.parametrize(
    "edit", [Edit(("umask",), "9"), Edit(("TMOUT",), "$x"), Edit(("readonly",), ["PATH"]), Edit(("PATH",), "x")]
)
def test_what_is_none_of_ours_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("shell-profile", b"umask 022\n", [edit])


LINES = st.sampled_from(
    [
        "umask 022",
        "  umask 0077 # x",
        "TMOUT=5",
        "readonly TMOUT",
        "export TMOUT=9;",
        "typeset -rx TMOUT=$X",
        "if x; then",
        "fi",
        "f() {",
        "}",
        "# umask 0",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("umask",), "027"),
        Edit(("umask",), remove=True),
        Edit(("TMOUT",), 900),
        Edit(("readonly",), ["TMOUT"]),
        Edit(("export",), ["TMOUT"]),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("shell-profile", source, edit) and not edit.remove:
        assert comments(lenses.put("shell-profile", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("shell-profile", source, edit)


@pytest.mark.parametrize(
    "start", ["", "umask 022\n", "umask 0002 # we share\nTMOUT=10\n", "export TMOUT=7\nif true; then\n  :\nfi\n"]
)
def test_the_shell_does_what_was_asked(start: str, tmp_path: Path) -> None:
    edits = [Edit(("umask",), "027"), Edit(("TMOUT",), 900), Edit(("readonly",), ["TMOUT"]), Edit(("export",), ["TMOUT"])]
    (file := tmp_path / "profile").write_bytes(lenses.put("shell-profile", start.encode(), edits))
    script = f". {file}; umask; sh -c 'echo $TMOUT'; (TMOUT=1) 2>/dev/null || echo kept"
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=10, check=True)
    assert told.stdout.split() == ["0027", "900", "kept"]
    assert not told.stderr
