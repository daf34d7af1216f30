"""YAML: what its readers disagree on, and edits in every manner a file can be written."""

from __future__ import annotations

import json
import time

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.lenses import LensError, edited, get, put, span
from setright.lenses.edited import find_at
from setright.model import Edit, Unknown
from setright.trees import same
from tests.lenses.laws import hold
from tests.sampling import examples

DOC = ("documents", 0)
CONTAINER = (*DOC, "spec", "containers", 0)
POD = b"""\
# the web server
apiVersion: v1
spec:
  containers:
  - name: web   # the only one
    image: "nginx:1.25"
    securityContext: {}   # to do
    args: ['-g', "daemon off;"]

  # data
  volumes: # scratch
  - name: tmp
    emptyDir: {}
"""


def one(source: bytes | str) -> object:
    return get("yaml", source.encode() if isinstance(source, str) else source)["documents"][0]


def changed(source: str, *edits: Edit) -> str:
    return put("yaml", source.encode(), edits).decode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[(w, True) for w in ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")],
        *[(w, False) for w in ("false", "no", "NO", "off", "Off")],
        *[(w, w) for w in ("y", "n", "Y", "N", "tRue", "1:30", "2010-09-09", "1.2.3", "100m", "1e", "0x", "_1", "+")],
        *[(w, None) for w in ("", "~", "null", "Null")],
        *[("0644", 420), ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-7", -7), ("+7", 7), ("0", 0), ("00", 0)],
        *[("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-2.5e-3", -0.0025)],
        *[(w, Unknown(w)) for w in ("0899", "012345678901", ".inf", "-.inf", ".nan")],
        *[
            ("!!str 12", "12"),
            ("! 12", "12"),
            ("!!int '3'", 3),
            ("!!int x", Unknown("!!int x")),
            ("!!binary aGk=", Unknown("!!binary aGk=")),
        ],
        *[("'yes'", "yes"), ('"0644"', "0644")],
    ],
)
def test_a_plain_scalar_means_what_kubernetes_reads(written: str, meant: object) -> None:
    assert same(one(f"a: {written}\n"), {"a": meant})


def test_keys_are_their_text() -> None:
    assert one("on: 1\n80: 2\n'yes': 3\n~: 4\n") == {"on": 1, "80": 2, "yes": 3, "~": 4}


def test_a_cloudformation_tag_is_unknown_with_its_source() -> None:
    tree = one("a: !Ref Bucket # c\nb: !Sub\n  - ${x}\n  - {x: 1}\n# end\nc: [!GetAtt A.Arn]\n")
    assert tree == {"a": Unknown("!Ref Bucket"), "b": Unknown("!Sub\n  - ${x}\n  - {x: 1}"), "c": [Unknown("!GetAtt A.Arn")]}


BRANCHES = """\
a: !If [Prod, {b: 1}, !Ref "AWS::NoValue"]  # short
c:
  - !If
    - Open  # to all
    - d: 1
      e: 2
    - !Ref AWS::NoValue
  # next
  - f: !If
      - Open
      - - g: 1
      - - h: 1
# end
"""


def test_the_branches_of_a_choice_are_seen_as_in_its_long_form() -> None:
    a, (c, f) = one(BRANCHES)["a"], one(BRANCHES)["c"]
    assert a == {"Fn::If": ["Prod", {"b": 1}, Unknown('!Ref "AWS::NoValue"')]}
    assert c == {"Fn::If": ["Open", {"d": 1, "e": 2}, Unknown("!Ref AWS::NoValue")]}
    assert f == {"f": {"Fn::If": ["Open", [{"g": 1}], [{"h": 1}]]}}
    assert one("a: !If [x, y]\nb: !If x\n") == {"a": Unknown("!If [x, y]"), "b": Unknown("!If x")}


@pytest.mark.parametrize(
    ("path", "value", "was", "now"),
    [
        (("a", "Fn::If", 1, "b"), 2, "{b: 1}", "{b: 2}"),
        (("a", "Fn::If", 2), 2, '!Ref "AWS::NoValue"', "2"),
        (("a",), 2, '!If [Prod, {b: 1}, !Ref "AWS::NoValue"]', "2"),
        (("c", 0, "Fn::If", 1, "z"), 3, "e: 2\n", "e: 2\n      z: 3\n"),
        (("c", 0, "Fn::If", 1), Unknown("!Ref X"), "d: 1\n      e: 2\n", "!Ref X\n"),
        (("c", 1, "f", "Fn::If", 2, 0, "h"), 2, "h: 1", "h: 2"),
        (("c", 1, "f"), 5, "!If\n      - Open\n      - - g: 1\n      - - h: 1", "5"),
    ],
)
def test_a_branch_is_edited_in_its_place(path: tuple[str | int, ...], value: object, was: str, now: str) -> None:
    assert changed(BRANCHES, Edit((*DOC, *path), value)) == BRANCHES.replace(was, now)
    assert hold("yaml", BRANCHES.encode(), Edit((*DOC, *path), value))


def test_a_choice_is_not_merged_in() -> None:
    with pytest.raises(LensError, match="line 2: << needs a mapping"):
        one("a:\n  <<: !If [x, y, z]\n")


def test_a_choice_takes_no_key_beside_it() -> None:
    with pytest.raises(LensError, match="line 1: .*takes no keys"):
        changed(BRANCHES, Edit((*DOC, "a", "z"), 1))


def test_documents_are_counted_with_the_empty_ones() -> None:
    assert get("yaml", b"a: 1\n---\n---\nb: 2\n...\n")["documents"] == [{"a": 1}, None, {"b": 2}]
    assert get("yaml", b"# nothing\n") == {"documents": []}
    assert get("yaml", b"") == {"documents": []}


def test_aliases_are_copies_and_merges_are_seen() -> None:
    tree = one("base: &b {x: 1, y: 2}\nuse: *b\nmore:\n  <<: [*b, {z: 3, x: 9}]\n  y: 5\n")
    assert tree == {"base": {"x": 1, "y": 2}, "use": {"x": 1, "y": 2}, "more": {"x": 1, "y": 5, "z": 3}}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"a: 1\nb: {{ .Values.b }}\n", "line 2: a template"),
        (b"{{- if .x }}\na: 1\n{{- end }}\n", "line 1: a template"),
        (b"a: 1\n{% if x %}\nb: 2\n{% endif %}\n", "line 2: a template in {%"),
        (b"a: 1\nb: [1\n", "line 3"),
        (b"a: 1\na: 2\n", "line 2: the key 'a' stands twice"),
        (b"\xff\xfe", "line 1: is UTF-16; save it as UTF-8"),
        (b"a: \x07\n", "control characters"),
        (b"a: 1\rb: 2\n", "carriage return"),
        (b"a: *nowhere\n", r"\*nowhere names no anchor"),
        (b"a: &x [*x]\n", "names no anchor"),
        (b"<<: 3\n", "<< needs a mapping"),
        (b"? [a, b]\n: c\n", "a key that is no scalar"),
        (b"[" * 500, "levels deep"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(source: bytes, why: str) -> None:
    with pytest.raises(LensError, match=why):
        get("yaml", source)


def test_aliases_that_multiply_are_refused_at_once() -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(9)
    ]
    began = time.perf_counter()
    with pytest.raises(LensError, match="aliases"):
        get("yaml", "\n".join(rows).encode())
    assert time.perf_counter() - began < 20


def test_aliases_that_nest_too_deep_are_refused() -> None:
    rows = ["a0: &a0 {x: 1}"] + [f"a{i}: &a{i} {{x: *a{i - 1}}}" for i in range(1, 200)]
    with pytest.raises(LensError, match="levels deep"):
        get("yaml", "\n".join(rows).encode())


def test_a_new_mapping_takes_the_place_of_an_empty_one_and_its_comment_stays() -> None:
    after = put("yaml", POD, [Edit((*CONTAINER, "securityContext", "capabilities", "drop"), ["ALL"])]).decode()
    assert (
        "    securityContext:   # to do\n      capabilities:\n        drop:\n        - ALL\n    args: ['-g', \"daemon off;\"]\n"
        in after
    )


def test_a_new_key_goes_below_the_last_and_before_blank_lines() -> None:
    after = put("yaml", POD, [Edit((*CONTAINER, "workingDir"), "/srv")]).decode()
    assert "    args: ['-g', \"daemon off;\"]\n    workingDir: /srv\n\n  # data\n" in after


def test_a_replaced_scalar_keeps_its_quotes() -> None:
    assert '    image: "nginx:1.27"\n' in put("yaml", POD, [Edit((*CONTAINER, "image"), "nginx:1.27")]).decode()
    assert "args: ['-v', \"daemon off;\"]" in put("yaml", POD, [Edit((*CONTAINER, "args", 0), "-v")]).decode()


def test_a_list_under_its_key_stays_under_or_indented_as_the_file_has_it() -> None:
    assert changed("a:\n  - 1\nb: {}\n", Edit((*DOC, "c"), ["x"])) == "a:\n  - 1\nb: {}\nc:\n  - x\n"
    assert changed("a:\n- 1\nb: {}\n", Edit((*DOC, "c"), ["x"])) == "a:\n- 1\nb: {}\nc:\n- x\n"
    assert changed("a:\n    b: 1\n", Edit((*DOC, "c", "d"), 1)) == "a:\n    b: 1\nc:\n    d: 1\n"


def test_items_are_appended_put_first_and_removed() -> None:
    source = "l:\n  - a: 1 # one\n  # about two\n  - a: 2\n"
    assert changed(source, Edit((*DOC, "l", 2), {"a": 3, "b": [4]})) == source + "  - a: 3\n    b:\n      - 4\n"
    assert changed(source, Edit((*DOC, "l", 0), remove=True)) == "l:\n  # one\n  # about two\n  - a: 2\n"
    assert changed(source, Edit((*DOC, "l"), [{"a": 0, "b": 0}, {"a": 1}, {"a": 2}])).startswith(
        "l:\n  - a: 0\n    b: 0\n  - a: 1 # one\n"
    )
    assert changed("l: [a, b, c]\n", Edit((*DOC, "l", 1), remove=True)) == "l: [a, c]\n"
    assert changed("l: [a]\n", Edit((*DOC, "l", 0), remove=True)) == "l: []\n"


def test_the_first_key_behind_a_dash_can_go() -> None:
    assert changed("- name: a\n  x: 1\n  y: 2\n", Edit((*DOC, 0, "name"), remove=True)) == "- x: 1\n  y: 2\n"
    with pytest.raises(LensError, match="line 1: comments"):
        changed("- name: a\n  # about x\n  x: 1\n", Edit((*DOC, 0, "name"), remove=True))


def test_the_last_key_that_goes_leaves_an_empty_mapping() -> None:
    assert changed("a:\n  b: 1\nc: 2\n", Edit((*DOC, "a", "b"), remove=True)) == "a: {}\nc: 2\n"


def test_windows_line_ends_byte_order_mark_and_a_missing_final_newline_stay() -> None:
    source = "\ufeffa: 1\r\nb:\r\n  c: é"
    after = changed(source, Edit((*DOC, "b", "d"), True), Edit((*DOC, "e"), [1]))
    assert after == "\ufeffa: 1\r\nb:\r\n  c: é\r\n  d: true\r\ne:\r\n- 1"


def test_booleans_that_are_there_keep_their_spelling() -> None:
    source = "a: yes\nb: off\nc: 0644\n"
    assert changed(source, Edit((*DOC, "a"), True), Edit((*DOC, "b"), False), Edit((*DOC, "c"), 420)) == source
    assert changed(source, Edit((*DOC, "b"), True)) == "a: yes\nb: true\nc: 0644\n"


def test_strings_that_could_be_read_otherwise_are_quoted() -> None:
    for text in (
        "yes",
        "no",
        "y",
        "0644",
        "1e3",
        "null",
        "~",
        "",
        " a",
        "a: b",
        "a #b",
        "- a",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "1:30",
        "{",
        "a:",
    ):
        after = changed("k: v\n", Edit((*DOC, "n"), text))
        assert pyyaml.safe_load(after)["n"] == text
        assert '"' in after


def test_what_only_merges_take_over_is_edited_where_they_stay_as_they_shall_be() -> None:
    source = "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 1\ne:\n  <<: [*x]\n  k: 5\n"  # e has its own k
    with pytest.raises(LensError, match="a: is &x, used in 2 other places"):
        changed(source, Edit((*DOC, "a", "k"), 2))
    everywhere = [Edit((*DOC, key, "k"), 5) for key in "ac"]
    assert changed(source, *everywhere) == source.replace("  b: 1\n", "  b: 1\n  k: 5\n")
    own = source.replace("d: 1", "b: 1").replace("k: 5", "b: 2")
    assert changed(own, Edit((*DOC, "a", "b"), 9)) == own.replace("&x\n  b: 1", "&x\n  b: 9")
    apart = changed(source, Edit((*DOC, "a", "k"), 7), Edit((*DOC, "c", "k"), 8))
    assert apart == source.replace("  b: 1\n", "  b: 1\n  k: 7\n").replace("  d: 1\n", "  d: 1\n  k: 8\n")


def test_an_edit_through_an_alias_or_under_a_shared_anchor_is_refused() -> None:
    source = "a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\ne: *x\n"
    with pytest.raises(LensError, match="line 5: .*change its anchor on line 1"):
        changed(source, Edit((*DOC, "e", "b"), 2))
    with pytest.raises(LensError, match="line 1: .*used in 2 other places"):
        changed(source, Edit((*DOC, "a", "b"), 2))
    with pytest.raises(LensError, match="used in 2 other places"):
        changed(source, Edit((*DOC, "a"), remove=True))
    with pytest.raises(LensError, match="not removed"):
        changed(source, Edit((*DOC, "c", "b"), remove=True))
    assert changed(source, Edit((*DOC, "c", "b"), 5), Edit((*DOC, "c", "z"), 6)).endswith("  d: 1\n  b: 5\n  z: 6\ne: *x\n")


def test_an_anchor_that_nobody_uses_stays() -> None:
    assert changed("a: &x 1\n", Edit((*DOC, "a"), 2)) == "a: &x 2\n"
    assert changed("a: &x\n  b: 1\n", Edit((*DOC, "a", "c"), 2)) == "a: &x\n  b: 1\n  c: 2\n"


def test_a_tagged_value_gives_way_with_its_tag() -> None:
    assert (
        changed("a: !Ref X # c\nb: !Sub\n  - x\n", Edit((*DOC, "a"), 5), Edit((*DOC, "b"), Unknown("!Ref Y")))
        == "a: 5 # c\nb: !Ref Y\n"
    )


def test_a_range_of_addresses_stays_without_quotes() -> None:
    assert changed("a: 0.0.0.0/0\nb: '::/0'\n", Edit((*DOC, "a"), "10.0.0.0/8")) == "a: 10.0.0.0/8\nb: '::/0'\n"
    assert changed("a: 0.0.0.0/0\n", Edit((*DOC, "a"), "x")) == "a: x\n"


def test_a_literal_block_stays_one() -> None:
    source = "conf: |\n  a\n  b\nz: 1\n"
    assert changed(source, Edit((*DOC, "conf"), "a\nc\n")) == "conf: |\n  a\n  c\nz: 1\n"
    assert changed(source, Edit((*DOC, "conf"), "a")) == "conf: a\nz: 1\n"


@pytest.mark.parametrize(
    ("block", "text", "after"),
    [
        (
            "|\n      a\n      \n        b  \n\n      c\nz: 1\n",
            "a\n\n  b  \n\nd\n",
            "|\n      a\n      \n        b  \n\n      d\nz: 1\n",
        ),
        ("|  # why\n    a\n    b\n", "new\na\nb\n", "|  # why\n    new\n    a\n    b\n"),
        ("|-\n    a\n    b\nz: 1\n", "a\n\nx", "|-\n    a\n\n    x\nz: 1\n"),
        ("|\r\n    a\r\n    \r\n    b\r\nz: 1\r\n", "c\n\nb\n", "|\r\n    c\r\n    \r\n    b\r\nz: 1\r\n"),
        ("|2\n    a\n   b\n", "  a\n c\n", None),
    ],
)
def test_the_lines_of_a_literal_block_that_say_the_same_stay_as_they_are(block: str, text: str, after: str | None) -> None:
    now = changed(f"conf: {block}", Edit((*DOC, "conf"), text))
    assert after is None or now == f"conf: {after}"
    assert get("yaml", now.encode())["documents"][0]["conf"] == text


def test_a_block_that_ends_the_file_without_a_line_break_gets_none_when_lines_follow() -> None:
    assert changed("a:\n  conf: |\n    x\n    y", Edit((*DOC, "b"), 1)) == "a:\n  conf: |-\n    x\n    y\nb: 1"
    assert changed("a:\n  conf: |-\n    x\n    y", Edit((*DOC, "b"), 1)) == "a:\n  conf: |-\n    x\n    y\nb: 1"


def test_new_keys_of_a_workflow_stand_above_what_is_last_by_custom() -> None:
    source = "on: push\n\n# the work\njobs:\n  a:\n    if: x\n    steps: []\n"
    new = (
        "on: push\n\npermissions:\n  contents: read\n\n# the work\njobs:\n  a:\n    if: x\n    timeout-minutes: 5\n    steps: []\n"
    )
    edits = [Edit((*DOC, "permissions"), {"contents": "read"}), Edit((*DOC, "jobs", "a", "timeout-minutes"), 5)]
    assert changed(source, *edits) == new


def test_plain_text_stays_plain_where_it_can_be_nothing_else() -> None:
    assert changed("run: make all\n", Edit((*DOC, "run"), 'make "${X}"')) == 'run: make "${X}"\n'
    assert changed("run: make all\n", Edit((*DOC, "run"), "a: b")) == 'run: "a: b"\n'
    assert changed("run: make all\n", Edit((*DOC, "run"), "a #b")) == 'run: "a #b"\n'


def test_a_new_document_follows_a_marker() -> None:
    assert changed("", Edit((*DOC, "a"), 1)) == "a: 1\n"
    assert changed("a: 1\n", Edit(("documents", 1, "b"), 2)) == "a: 1\n---\nb: 2\n"
    assert changed("a: 1", Edit(("documents", 1, "b"), 2)) == "a: 1\n---\nb: 2"
    with pytest.raises(LensError, match="whole document"):
        changed("a: 1\n", Edit(DOC, remove=True))


def test_json_in_a_yaml_file_is_written_as_json() -> None:
    source = '{\n  "a": {},\n  "b": [\n    1\n  ]\n}\n'
    after = changed(source, Edit((*DOC, "a", "x"), {"y": "z"}), Edit((*DOC, "c"), False))
    assert json.loads(after) == {"a": {"x": {"y": "z"}}, "b": [1], "c": False}
    assert after == '{\n  "a": {\n    "x": {\n      "y": "z"\n    }\n  },\n  "b": [\n    1\n  ],\n  "c": false\n}\n'


def test_a_span_is_in_bytes_and_leads_to_the_nearest_place() -> None:
    source = "\ufeffa: é\nb:\n  c: [1, ☂]\n".encode()
    assert source[slice(*span("yaml", source, (*DOC, "a")))] == "é".encode()
    assert source[slice(*span("yaml", source, (*DOC, "b", "c", 1)))] == "☂".encode()
    assert source[slice(*span("yaml", source, (*DOC, "b", "none", "deeper")))] == "c: [1, ☂]".encode()
    merged = b"a: &x {b: 1}\nc:\n  <<: *x\n"
    assert merged[slice(*span("yaml", merged, (*DOC, "c", "b")))] == b"*x"


# laws

KEYS = st.sampled_from(["a", "b", "name", "on", "x-y", "key with space", "k:v", "0", "", "<<", "é", "y"])
ODD = [
    "",
    "yes",
    "a b",
    "x: y",
    "# no",
    "1.0",
    "é☂",
    "~",
    "- a",
    "{a",
    "*x",
    "0x1f",
    "multi\nline",
    "l1\n\nl3\n",
    "tab\tx",
    "it's",
    '"q"',
    "\u2028",
    "\x85",
]
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-9, 999),
    st.none(),
    st.sampled_from(ODD),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)
DATA = st.recursive(
    SCALARS, lambda inner: st.one_of(st.dictionaries(KEYS, inner, max_size=4), st.lists(inner, max_size=3)), max_leaves=12
)
DOCUMENTS = st.lists(st.dictionaries(KEYS, DATA, min_size=1, max_size=4), min_size=1, max_size=2)


def places(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


def some_edit(draw: st.DrawFn, tree: object) -> Edit:
    path = draw(st.sampled_from([p for p in places(tree) if len(p) >= 2]))
    node = find_at(tree, path)[1]
    if len(path) > 2 and draw(st.integers(0, 3)) == 0:
        return Edit(path, remove=True)
    if isinstance(node, dict) and draw(st.booleans()):
        return Edit((*path, draw(KEYS)), draw(DATA))
    if isinstance(node, list) and draw(st.booleans()):
        return Edit((*path, len(node)), draw(DATA))
    return Edit(path, draw(DATA))


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A file in one of many manners, with comments where they cannot be text."""
    flow, indent, width = (
        draw(st.sampled_from([None, False, True])),
        draw(st.sampled_from([2, 4])),
        draw(st.sampled_from([20, 9999])),
    )
    try:
        text = pyyaml.safe_dump_all(
            draw(DOCUMENTS),
            default_flow_style=flow,
            allow_unicode=True,
            sort_keys=False,
            width=width,
            explicit_start=True,
            indent=indent,
        )
    except pyyaml.YAMLError:
        return b"a: 1\n"
    if draw(st.booleans()):
        text = "\n".join(
            line + "  # note" if line.rstrip().endswith(":") and "'" not in line else line for line in text.split("\n")
        )
    return (text.replace("\n", "\r\n") if draw(st.booleans()) else text).encode("utf-8", "ignore")


@settings(max_examples=examples(300), deadline=None)
@given(written(), st.data())
def test_a_put_makes_what_was_asked_and_nothing_else_or_is_refused(source: bytes, data: st.DataObject) -> None:
    try:
        tree = get("yaml", source)
    except LensError:
        return
    assert put("yaml", source, []) == source
    edit = some_edit(data.draw, tree)
    try:
        after = put("yaml", source, [edit])
    except LensError:
        return
    assert same(get("yaml", after), edited(tree, [edit]))
    if not edit.remove:
        assert put("yaml", after, [edit]) == after
    if not edit.remove and not isinstance(find_at(tree, edit.path)[1], dict | list):
        assert after.count(b"# note") >= source.count(b"# note")


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("ab:-?[]{}&*!|>'\"%@# \n\t,.0~<{", max_size=60).map(str.encode)), st.data())
def test_no_bytes_raise_anything_but_a_lens_error(source: bytes, data: st.DataObject) -> None:
    try:
        tree = get("yaml", source)
    except LensError:
        return
    if not tree["documents"]:
        return
    edit = some_edit(data.draw, tree)
    try:
        after = put("yaml", source, [edit])
    except LensError:
        return
    assert same(get("yaml", after), edited(tree, [edit]))


def test_a_new_block_stands_apart_where_the_others_do():
    source = b"Resources:\n\n  A:\n    Type: x\n\n  # the second\n  B:\n    Type: y\n\nOutputs: {}\n"
    new = Edit(("documents", 0, "Resources", "C"), {"Type": "z"})
    assert put("yaml", source, [new]) == source.replace(b"Type: y\n", b"Type: y\n\n  C:\n    Type: z\n")
    small = Edit(("documents", 0, "Resources", "C"), "z")
    assert put("yaml", source, [small]) == source.replace(b"Type: y\n", b"Type: y\n  C: z\n")


def test_a_folded_text_keeps_its_lines_where_only_words_change():
    source = b"a:\n  run: >-\n    tag '${{ x }}'\n    --notes \"\"  # text\n\n    again\n  # last\n  b: 1\n"
    new = 'tag "$X" --notes ""  # text\nanew'
    changed = source.replace(b"'${{ x }}'", b'"$X"').replace(b"again", b"anew")
    assert put("yaml", source, [Edit(("documents", 0, "a", "run"), new)]) == changed
    longer = put("yaml", source, [Edit(("documents", 0, "a", "run"), new + " more words")])
    assert get("yaml", longer)["documents"][0]["a"]["run"] == new + " more words"


def test_a_text_with_double_quotes_stands_in_single_ones():
    assert put("yaml", b"a: 1\n", [Edit(("documents", 0, "b"), '{"a": "$b"}')]) == b'a: 1\nb: \'{"a": "$b"}\'\n'
    assert put("yaml", b"a: 1\n", [Edit(("documents", 0, "b"), 'it\'s "b"\n')]) == b'a: 1\nb: "it\'s \\"b\\"\\n"\n'


def test_new_blocks_above_the_last_key_stand_apart_where_the_others_do():
    source = b"name: a\n\non:\n  push:\n\njobs:\n  b: {}\n"
    edits = [Edit(("documents", 0, key), {"c": "d"}) for key in ("permissions", "concurrency")]
    new = b"permissions:\n  c: d\n\nconcurrency:\n  c: d\n\n"
    assert put("yaml", source, edits) == source.replace(b"jobs:", new + b"jobs:")
    dense = source.replace(b"\n\n", b"\n")
    assert put("yaml", dense, edits) == dense.replace(b"jobs:", new.replace(b"\n\n", b"\n") + b"jobs:")


def test_a_key_stays_last_also_where_the_one_above_it_goes():
    source = b"jobs:\n  a:\n    runs-on: b\n    env:\n      C: d\n    # all of it\n    steps:\n      - run: e"
    edits = [Edit(("documents", 0, "jobs", "a", "env"), remove=True), Edit(("documents", 0, "jobs", "a", "timeout-minutes"), 60)]
    after = put("yaml", source, edits)
    assert after == b"jobs:\n  a:\n    runs-on: b\n    timeout-minutes: 60\n    # all of it\n    steps:\n      - run: e"


def test_comments_of_a_block_that_goes_stay() -> None:
    source = b"a: 1\nenv: # of this job\n  # for debugging\n  DEBUG: true   # loud\n  # of the forge\nb: 2\n"
    after = put("yaml", source, [Edit(("documents", 0, "env"), remove=True)])
    assert after == b"a: 1\n# of this job\n  # for debugging\n  # loud\n  # of the forge\nb: 2\n"
    text = b"a: 1\nrun: |\n  # no comment\n  true\nb: 2\n"
    assert put("yaml", text, [Edit(("documents", 0, "run"), remove=True)]) == b"a: 1\nb: 2\n"


@pytest.mark.parametrize(
    ("source", "edit", "after"),
    [
        ("a:\n  - b # one\n  - c # two\nd: 1", Edit((*DOC, "a"), remove=True), "# one\n# two\nd: 1"),
        ("a: [b, # one\n  c # two\n  ] # three\nd: 1", Edit((*DOC, "a"), remove=True), "# one\n  # two\n  # three\nd: 1"),
        ("d: 1\na: [b, # one\n  c]", Edit((*DOC, "a"), remove=True), "d: 1\n# one"),
        ("a:\n  - b # one\n  - c # two", Edit((*DOC, "a", 1), remove=True), "a:\n  - b # one\n  # two"),
        ("a: # one\n  - 'b # c' # two\n  # three\nd: 1", Edit((*DOC, "a"), []), "a: [] # one\n  # two\n  # three\nd: 1"),
        ("a: {b: 1, # one\n  c: '#'} # two\nd: 1", Edit((*DOC, "a"), "x"), "# one\na: x # two\nd: 1"),
        ("- b: 1 # one\n  c: 2 # two\n  d: 3\n", Edit((*DOC, 0, "b"), remove=True), "- # one\n  c: 2 # two\n  d: 3\n"),
        ("a: | # one\n  b\n  # c\nd: 1", Edit((*DOC, "a"), "b\ne\n"), "a: | # one\n  b\n  e\nd: 1"),
        ("a:\n  - [ # one\n    b, # two\n    c # three\n    ]", Edit((*DOC, "a", 0, 0), remove=True), None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_no_comment_goes_with_what_goes(source: str, edit: Edit, after: str | None, newline: str) -> None:
    after = after or "a:\n  - [ # one\n    # two\n    c # three\n    ]"
    assert changed(source.replace("\n", newline), edit) == after.replace("\n", newline)


@pytest.mark.parametrize(
    "told", ["zizmor: ignore[artipacked]", "checkov:skip=CKV_K8S_1: known", "kics-scan ignore-line", "nosemgrep"]
)
def test_what_tells_a_scanner_to_pass_a_line_over_goes_with_it(told: str) -> None:
    assert changed(f"a: 1 # {told}\nb: 2\n", Edit((*DOC, "a"), remove=True)) == "b: 2\n"
    assert changed(f"l:\n  - 1 # {told}\n  - 2\n", Edit((*DOC, "l", 0), remove=True)) == "l:\n  - 2\n"


@pytest.mark.parametrize(
    ("source", "path", "after"),
    [
        ("on:\n  push:\n    - main\n    # - dev\nx: 1\n", ("on", "new"), "on:\n  push:\n    - main\n    # - dev\n  new: 1\nx: 1\n"),
        ("on:\n  push:\n  - main\n  # - dev\n  # why\n", ("on", "new"), "on:\n  push:\n  - main\n  # - dev\n  new: 1\n  # why\n"),
        ("on:\n  push: 1\n  # why\nx: 1\n", ("on", "new"), "on:\n  push: 1\n  new: 1\n  # why\nx: 1\n"),
        ("on:\n  - main\n  # - dev", ("new",), "on:\n  - main\n  # - dev\nnew: 1"),
    ],
)
def test_items_that_nobody_wants_now_stay_with_their_list(source: str, path: tuple[str, ...], after: str) -> None:
    assert changed(source, Edit((*DOC, *path), 1)) == after


def test_a_short_key_joins_those_above_the_blank_line_before_steps() -> None:
    source = "jobs:\n  a:\n    runs-on: u\n    needs: b\n\n    # all\n    steps: []\n"
    job = (*DOC, "jobs", "a")
    assert changed(source, Edit((*job, "timeout-minutes"), 5)) == source.replace("b\n\n", "b\n    timeout-minutes: 5\n\n")
    block = source.replace("    # all", "    permissions:\n      contents: read\n\n    # all")
    assert changed(source, Edit((*job, "permissions"), {"contents": "read"})) == block


@pytest.mark.parametrize("sign", ["|", ">"])
def test_a_text_that_ends_the_file_changes_and_gets_a_key_below(sign: str) -> None:
    source, step = f"steps:\n  - run: {sign}\n      echo a", (*DOC, "steps", 0)
    edits = [Edit((*step, "run"), "echo $A"), Edit((*step, "env"), {"A": "a"})]
    assert put("yaml", source.encode(), edits[:1]).decode() == source.removesuffix("a") + "$A"
    assert put("yaml", source.encode(), edits).decode() == f"steps:\n  - run: {sign}-\n      echo $A\n    env:\n      A: a"


def test_what_stays_of_a_key_that_goes_stays_where_that_was() -> None:
    source = "a: 1\nopts:\n  # why\n  - b # until May\n"
    after = put("yaml", source.encode(), [Edit((*DOC, "opts"), remove=True), Edit((*DOC, "c"), 2)]).decode()
    assert after == "a: 1\n# why\n# until May\nc: 2\n"


def test_the_comment_beside_a_pair_goes_where_the_pair_goes() -> None:
    source = "rights:\n  read: all  # to see\n  write: logs  # to tell\njobs:\n  a:\n    runs: x\n  b:\n    runs: y\n"
    gone = Edit((*DOC, "rights", "write"), remove=True)
    new = [Edit((*DOC, "jobs", name, "rights"), {"read": "all", "write": "logs"}) for name in ("a", "b")]
    after = put("yaml", source.encode(), [gone, *new]).decode()
    told = "    rights:\n      read: all\n      write: logs  # to tell\n"
    kept = "rights:\n  read: all  # to see\njobs:\n"
    assert after == f"{kept}  a:\n    runs: x\n{told}  b:\n    runs: y\n{told}"
    assert changed(source, gone) == source.replace("  write: logs  #", "  #")
