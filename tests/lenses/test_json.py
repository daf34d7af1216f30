"""JSON and JSON with comments: what is refused, and edits as the neighbours are written."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.lenses import LensError, edited, get, put, span
from setright.lenses.edited import find_at
from setright.model import Edit, Unknown
from setright.trees import same
from tests.sampling import examples

COMMENTED = """\
{
    // about a
    "a": 1, // one
    "b": [
        {"x": 1, "y": 2},
        3, // three
        4  // four
    ],
    "c": {}, /* c */
    // last
    "d": "é" // d
}
"""


def changed(source: str, *edits: Edit) -> str:
    return put("json", source.encode(), edits).decode()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b'{"a": 1,\n "a": 2}', "line 2: the key 'a' stands twice"),
        (b'{"b": {"a": 1, "a": 2}} // c', "line 1: the key 'a' stands twice"),
        (b"[1]", "holds no object"),
        (b"", "a value is missing"),
        (b'{"a": NaN}', "cannot read 'NaN}'"),
        (b'{"a": 01}', "cannot read"),
        (b'{"a" 1}', "colon"),
        (b'{"a": 1 "b": 2}', "comma"),
        (b'{"a": 1} x', "cannot read 'x'"),
        (b'{"a": 1} {}', "more after the end"),
        (b'{"a": "\x01"}', "cannot read"),
        (b'{"a": "\\q"}', "cannot be read"),
        (b"{'a': 1}", "cannot read"),
        (b"\xff\xfe{}", "line 1: is UTF-16"),
        (b'{"a":' + b"[" * 400 + b"]" * 400 + b"}", "levels deep"),
        (b'{"a":' * 200_000, "levels deep"),
        (b"/*" * 50_000, "cannot read"),
        (b'"' * 100_000, "more after the end"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(source: bytes, why: str) -> None:
    began = time.perf_counter()
    with pytest.raises(LensError, match=why):
        get("json", source)
    assert time.perf_counter() - began < 20


def test_comments_and_last_commas_are_let_pass() -> None:
    assert get("json", b'\xef\xbb\xbf{"a": [1, 2,], /* x */ "b": {"c": "//"},} // end') == {"a": [1, 2], "b": {"c": "//"}}


def test_a_number_that_no_double_holds_is_unknown() -> None:
    assert get("json", b'{"a": 1e999, "b": -1E2}') == {"a": Unknown("1e999"), "b": -100.0}
    assert changed('{"a": 1e999}', Edit(("b",), 1)) == '{"a": 1e999, "b": 1}'


def test_a_new_document_is_canonical() -> None:
    assert put("json", None, [Edit(("a", "b"), [1])]) == b'{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n'


def test_new_keys_are_indented_as_the_file_is() -> None:
    tree = {"a": {"b": 1}, "c": []}
    for indent in (2, 3, 4, "\t", None):
        source = json.dumps(tree, indent=indent)
        assert changed(source, Edit(("a", "d"), {"e": [1, {}]}), Edit(("c", 0), "x")) == json.dumps(
            {"a": {"b": 1, "d": {"e": [1, {}]}}, "c": ["x"]}, indent=indent
        )
    assert changed('{"a":1,"b":[1,2]}', Edit(("b", 2), 3), Edit(("c",), {"d": 1})) == '{"a":1,"b":[1,2,3],"c":{"d":1}}'


def test_a_comment_stays_with_its_line() -> None:
    assert '    "d": "é", // d\n    "e": 1\n}' in changed(COMMENTED, Edit(("e",), 1))
    assert "        4,  // four\n        5\n" in changed(COMMENTED, Edit(("b", 3), 5))
    assert '    "c": {} /* c */\n    // last\n    // d\n}' in changed(COMMENTED, Edit(("d",), remove=True))
    assert '    // about a\n    // one\n    "b": [' in changed(COMMENTED, Edit(("a",), remove=True))
    assert "        3 // three\n        // four\n    ]," in changed(COMMENTED, Edit(("b", 2), remove=True))
    assert '{"y": 2},' in changed(COMMENTED, Edit(("b", 0, "x"), remove=True))
    with pytest.raises(LensError, match="a comment stands"):
        changed('{"a": 1, /* b */ "b": 2}', Edit(("a",), remove=True))


def test_a_last_comma_is_kept_and_not_doubled() -> None:
    assert changed('{\n  "a": 1,\n}\n', Edit(("b",), 2)) == '{\n  "a": 1,\n  "b": 2,\n}\n'
    assert changed('{\n  "a": 1,\n  "b": 2,\n}\n', Edit(("b",), remove=True)) == '{\n  "a": 1,\n}\n'


def test_windows_line_ends_and_byte_order_mark_stay() -> None:
    assert (
        changed('\ufeff{\r\n  "a": 1\r\n}', Edit(("b", "c"), [])) == '\ufeff{\r\n  "a": 1,\r\n  "b": {\r\n    "c": []\r\n  }\r\n}'
    )


def test_escapes_are_written_where_the_file_writes_them() -> None:
    assert changed('{"a": "\\u00e9"}', Edit(("b",), "ü")) == '{"a": "\\u00e9", "b": "\\u00fc"}'
    assert changed('{"a": "é"}', Edit(("b",), "ü\ud800")) == '{"a": "é", "b": "ü\\ud800"}'


def test_a_span_is_in_bytes() -> None:
    source = COMMENTED.encode()
    assert source[slice(*span("json", source, ("d",)))] == '"é"'.encode()
    assert source[slice(*span("json", source, ("b", 0, "y")))] == b"2"
    assert source[slice(*span("json", source, ("b", 0, "none")))] == b'{"x": 1, "y": 2}'


def test_what_json_cannot_say_is_refused() -> None:
    for value in (float("inf"), float("nan"), {1: 2}, {"a": object()}):
        with pytest.raises(LensError):
            changed("{}", Edit(("a",), value))


KEYS = st.one_of(st.sampled_from(["a", "b", "x y", "//", '"', ""]), st.text(max_size=3))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6))
DATA = st.recursive(
    SCALARS, lambda inner: st.one_of(st.dictionaries(KEYS, inner, max_size=4), st.lists(inner, max_size=4)), max_leaves=12
)


def places(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


def some_edit(draw: st.DrawFn, tree: object) -> Edit:
    path = draw(st.sampled_from(places(tree)))
    node = find_at(tree, path)[1]
    if path and draw(st.integers(0, 2)) == 0:
        return Edit(path, remove=True)
    if isinstance(node, list):
        return Edit((*path, len(node)), draw(DATA))
    if isinstance(node, dict) or not path:
        return Edit((*path, draw(KEYS)), draw(DATA))
    return Edit(path, draw(DATA))


@settings(max_examples=examples(400), deadline=None)
@given(
    st.dictionaries(KEYS, DATA, max_size=4),
    st.sampled_from([None, 2, 4, "\t"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_a_put_makes_what_was_asked_and_nothing_else(
    tree: dict[str, object], indent: object, plain_ascii: bool, comments: bool, windows: bool, data: st.DataObject
) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=plain_ascii)
    if comments and indent:
        text = "\n".join(line + " // note" if line.endswith((",", "{", "[")) else line for line in text.split("\n"))
    source = (text.replace("\n", "\r\n") if windows else text).encode("utf-8", "surrogatepass")
    try:
        before = get("json", source)
    except LensError:
        return
    edit = some_edit(data.draw, before)
    assert put("json", source, []) == source
    try:
        after = put("json", source, [edit])
    except LensError as error:
        assert "comment" in str(error)
        return
    assert same(get("json", after), edited(before, [edit]))
    if not edit.remove:
        assert put("json", after, [edit]) == after


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text('{}[]",:/*\\ \nat1-.eu0', max_size=60).map(str.encode)))
def test_no_bytes_raise_anything_but_a_lens_error(source: bytes) -> None:
    try:
        tree = get("json", source)
    except LensError:
        return
    assert same(get("json", put("json", source, [Edit(("new",), [1])])), {**tree, "new": [1]})


def test_a_new_pair_stands_on_one_line_in_a_mapping_that_does():
    source = b'{\n  "a": {"b": 1},\n  "c": 2\n}\n'
    assert put("json", source, [Edit(("a", "d"), {"e": True})]) == source.replace(b'"b": 1', b'"b": 1, "d": {"e": true}')
    long = {f"name{n}": "a value of some length" for n in range(9)}
    assert b'"d": {\n    "name0"' in put("json", source, [Edit(("a", "d"), long)])


def test_a_file_without_blanks_gets_none():
    assert put("json", b'{"a":{"b":1}}', [Edit(("a", "c"), {"d": [1, 2]})]) == b'{"a":{"b":1,"c":{"d":[1,2]}}}'


def test_colons_stand_as_most_of_the_file_s_do():
    source = b'{\n  "a" : 1,\n  "b" : {"c": "d : e"},\n  "f" : []\n}\n'
    assert put("json", source, [Edit(("g",), {"h": 1})]) == source[:-3] + b',\n  "g" : {\n    "h" : 1\n  }\n}\n'
