"""What is special about Compose's .env."""

import pytest

from setright.lenses import LensError, get, put
from setright.model import Edit, Unknown
from tests.lenses.laws import hold


@pytest.mark.parametrize("source", [b"", b"A=1\n", b"# A=1\nexport A=1\nB='x y' # z", b"A=1\r\nA=2\r\n", b'B="two\nlines"\nA=1\n'])
def test_the_laws_hold(source: bytes) -> None:
    assert hold("dotenv", source, Edit(("A",), "x"))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b # why", "b"),
        ("A: b", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A='$b'", "$b"),
        ('A="b c"', "b c"),
        ("A=12", "12"),
        ("A=$B", Unknown("$B")),
        ('A="x${B}"', Unknown('"x${B}"')),
        ("A='b", Unknown("'b")),
    ],
)
def test_a_value_is_text_as_compose_reads_it(line: str, value: object) -> None:
    assert get("dotenv", line.encode())["A"] == value


def test_what_stands_in_a_value_of_several_lines_is_no_name() -> None:
    assert list(get("dotenv", b'KEY="-----BEGIN\nA=b\n-----"\nC=d\n')) == ["KEY", "C"]


def test_a_new_name_comes_last_in_quotes_that_mean_nothing_else() -> None:
    assert put("dotenv", b"# ours\nA=1", [Edit(("B",), 'p"$x y')]) == b"# ours\nA=1\nB='p\"$x y'"
    assert put("dotenv", None, [Edit(("B",), "c")]) == b"B=c\n"
    for value in ("it's", "a\\b", "a\nb", 7):
        with pytest.raises(LensError, match="holds as it is"):
            put("dotenv", b"", [Edit(("B",), value)])
