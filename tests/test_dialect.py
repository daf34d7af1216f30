"""Content is read in our dialect, the quick way and the thorough one alike."""

from pathlib import Path

import pytest
import yaml

from setright import dialect
from setright.dialect import DialectError, read_mapping

ROOT = Path(__file__).parent.parent
FILES = [file for room in ("controls", "bindings", "baselines", "frameworks") for file in (ROOT / room).rglob("*.yaml")]


def thoroughly(source):
    return yaml.load(source, dialect._loader())  # noqa: S506 - a safe loader


@pytest.mark.parametrize("file", FILES[::40], ids=str)
def test_content_is_read_alike_both_ways(file):
    quick = dialect._plainly(file.read_bytes())
    assert quick is None or repr(quick) == repr(thoroughly(file.read_bytes()))


@pytest.mark.parametrize(
    "text", ["a: ", "a: ~", "a: 0x1", "a: -0", "a: 01", "a: 1_0", 'a: "true"', "a: [yes, no, on, 1.10]", "a: |\n  5\n"]
)
def test_only_true_false_null_and_whole_numbers_are_no_strings(text):
    assert repr(dialect._plainly(text.encode())) == repr(thoroughly(text))


@pytest.mark.parametrize(
    "text", ["", "a: 1\n---\nb: 2", "a: &x 1\nb: *x", "a: !!int '3'", "1: a", "? [a]\n: 1", "a: [", "\x00", "a: 1\na: 2"]
)
def test_what_is_odd_is_left_to_the_thorough_way(text):
    assert dialect._plainly(text.encode()) is None


@pytest.mark.parametrize("text", ["a: 1\na: 2", "1: a\n'1': b", "- 5", "a: ["])
def test_a_key_that_stands_twice_and_what_is_no_mapping_are_refused(text, tmp_path):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(DialectError, match=r"x\.yaml"):
        read_mapping(tmp_path / "x.yaml")
