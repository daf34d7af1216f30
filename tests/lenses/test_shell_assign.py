"""Files of NAME=value that a shell reads: odd files, the laws, and the shell's own reading."""

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, shell_assign
from setright.model import Edit, Unknown
from tests.sampling import examples

from .laws import comments, hold


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("A=1\n", "b", "A=b\n"),
        ('A="x y" # z\n', "q r", 'A="q r" # z\n'),
        ("A='x'\n", "it's", 'A="it\'s"\n'),
        ("export A=x\n", "a b", 'export A="a b"\n'),
        ("# A=1\n# B=2\n", 3, "# A=1\nA=3\n# B=2\n"),
        ("A=1\nA=2\r\n", "$x", 'A=1\nA="\\$x"\r\n'),
        ("", "x", "A=x\n"),
    ],
)
def test_one_value_changes_in_the_quotes_that_stood_there(before: str, value: object, after: str) -> None:
    assert lenses.put("shell-assign", before.encode(), [Edit(("A",), value)]).decode() == after


def test_what_the_shell_would_put_in_cannot_be_told() -> None:
    text = b"A=\"$X y\"\nB=`date`\nC='$X'\nif true; then\n  D=1\nfi\nE=\\$x\nF=1\nF=2\nset -e\n"
    tree = shell_assign.get(text)
    assert isinstance(tree["A"], Unknown) and isinstance(tree["B"], Unknown) and isinstance(tree["D"], Unknown)
    assert (tree["C"], tree["E"], tree["F"]) == ("$X", "$x", 2)


def test_a_quote_that_ends_in_another_line_is_refused() -> None:
    with pytest.raises(LensError, match="line 2"):
        shell_assign.get(b'A=1\nB="x\ny"\n')


LINES = st.sampled_from(
    [
        "A=1",
        'A="x y"',
        "A='x'",
        "export B=z",
        "# A=1",
        "",
        "if x; then",
        "  A=3",
        "fi",
        "B=$C",
        "A=x; ",
        "é",
        "A= b",
        "C=a'b c'\"d\"",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda k, v, r: Edit((k,), None if r else v, r),
    st.sampled_from(["A", "B", "C", "Z"]),
    st.sampled_from([0, 7, "x y", 'it\'s "$x" `y` \\', "#", "", "a=b"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("shell-assign", source, edit):
        assert comments(lenses.put("shell-assign", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("shell-assign", source, edit)


PARTS = ["A=1", 'A="x  y"', "A='$B'", 'B="a\\"b\\\\c\\$d"', "B=x\\ y", "export C=a'b c'\"d\"", "# A=9", "C=", "A=ab#c", "B=1 # no"]


@pytest.mark.parametrize("seed", range(40))
def test_the_shell_reads_the_same(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    text = "\n".join(rng.choices(PARTS, k=rng.randrange(1, 6))) + "\n"
    new = rng.choice(["x y", "it's", 'a "b" $c `d` \\e', "plain", "", "#x", "*"])
    after = lenses.put("shell-assign", text.encode(), [Edit((rng.choice("ABC"),), new)])
    for data in (text.encode(), after):
        (file := tmp_path / "f").write_bytes(data)
        script = f'. {file}; printf \'%s\\0%s\\0%s\' "$A" "$B" "$C"'
        told = subprocess.run(["sh", "-c", script], capture_output=True, timeout=10, check=True, env={}).stdout.decode().split("\0")
        tree = shell_assign.get(data)
        assert [str(tree.get(name, "")) for name in "ABC"] == told
