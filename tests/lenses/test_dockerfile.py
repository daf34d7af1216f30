"""Dockerfiles: what is one instruction, which words change, what is refused; the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, dockerfile
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold


def put(text: str, *edits: Edit) -> str:
    return lenses.put("dockerfile", text.encode(), edits).decode()


def at(number: int, *path: str) -> tuple[str | int, ...]:
    return ("instructions", number, *path)


def test_an_instruction_is_one_logical_line() -> None:
    text = b"# syntax=docker/dockerfile:1\n\nfrom a AS b\n"
    text += b"RUN --mount=type=cache,target=/x \\\n  # why\n\n  one && \\\n  two\\\\\nUSER x\n"
    tree = dockerfile.get(text)
    assert tree["directives"] == {"syntax": "docker/dockerfile:1"}
    assert tree["instructions"] == [
        {"keyword": "FROM", "value": "a AS b"},
        {"keyword": "RUN", "flags": ["--mount=type=cache,target=/x"], "value": "one &&   two\\\\"},
        {"keyword": "USER", "value": "x"},
    ]


def test_a_user_that_is_commented_out_is_told() -> None:
    assert dockerfile.get(b"FROM a\n# USER b\n#USER c\r\n# USER is b\nUSER d\n")["left-out"] == ["b", "c"]


def test_the_escape_directive_says_what_continues_a_line() -> None:
    text = b"# escape=`\r\nFROM a\r\nRUN dir c:\\\r\nRUN one `\r\n  two\r\n"
    assert [each["value"] for each in dockerfile.get(text)["instructions"]] == ["a", "dir c:\\", "one   two"]
    late = b"FROM a\n# escape=`\nRUN b `\n"
    assert dockerfile.get(late)["instructions"][1]["value"] == "b `"


def test_exec_form_is_a_list_and_what_only_looks_like_it_is_not() -> None:
    text = b'CMD ["a", "b c"]\nRUN [ -f x ] && y\nENTRYPOINT ["a", 1]\nENV ["x"]\n'
    values = [each["value"] for each in dockerfile.get(text)["instructions"]]
    assert values == [["a", "b c"], "[ -f x ] && y", '["a", 1]', '["x"]']


def test_heredocs_belong_to_their_instruction() -> None:
    text = b'RUN <<EOF cat > /x && <<-"B C"x\nFROM not\nEOF\nCOPY <<a <<-b /x/\n1\na\n\t2\n\tb\nRUN echo "<<no" $((1<<2))\n'
    tree = dockerfile.get(text)["instructions"]
    assert [each["keyword"] for each in tree] == ["RUN", "COPY", "RUN"]
    assert [each.get("heredocs") for each in tree] == [["FROM not\n"], ["1\n", "\t2\n"], None]
    assert dockerfile.get(text.replace(b"\n", b"\r\n")) == {"instructions": tree}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FROM a\n~ b\n", "line 2: '~ b' is no"),
        ("FROM a\nRUM b\n", "line 2: 'RUM b' is no"),
        ("RUN <<EOF\nx\n", "line 1: heredoc EOF is not closed"),
        ("# escape=/\nFROM a\n", "escape='/'"),
        ("# escape=`\n# ESCAPE = `\n", "line 2: directive escape is given twice"),
    ],
)
def test_what_is_no_dockerfile_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(LensError, match=why):
        dockerfile.get(text.encode())


WORDS = {
    "one word": ("RUN a \\\n  # why\n  b  c\n", (at(0, "value"), "a   x  c"), "RUN a \\\n  # why\n  x  c\n"),
    "two places": ("RUN a b \\\n # c\n d e\n", (at(0, "value"), "a X b  d Y e"), "RUN a X b \\\n # c\n d Y e\n"),
    "its keyword": ("  add a \\\n b\n", (at(0, "keyword"), "COPY"), "  copy a \\\n b\n"),
    "its first flag": ("COPY a b\n", (at(0, "flags"), ["--chown=x"]), "COPY --chown=x a b\n"),
    "exec form": ('CMD ["a"]\n', (at(0, "value"), ["a", 'q"']), 'CMD ["a", "q\\""]\n'),
    "words that are more than ASCII": ("LABEL x=à y=1\n", (at(0, "value"), "x=à y=2"), "LABEL x=à y=2\n"),
    "a new one": ("FROM a", (at(1), {"keyword": "USER", "value": "x"}), "FROM a\nUSER x\n"),
    "a new one, CRLF": ("FROM a\r\n", (at(1), {"keyword": "USER", "value": "x"}), "FROM a\r\nUSER x\r\n"),
}


@pytest.mark.parametrize("name", WORDS)
def test_only_the_words_that_differ_change(name: str) -> None:
    before, (path, value), after = WORDS[name]
    assert put(before, Edit(path, value)) == after


def test_what_goes_takes_its_lines_along() -> None:
    text = "FROM a\n\n# stays\nEXPOSE 22 \\\n 23\n\nCMD x\n"
    assert put(text, Edit(at(1), remove=True)) == "FROM a\n\n# stays\n\nCMD x\n"
    assert put("FROM a\nUSER b", Edit(at(1), remove=True)) == "FROM a"
    assert put("RUN <<E\nx\nE\nUSER b\n", Edit(at(0), remove=True)) == "USER b\n"
    assert put("COPY --from=a b c\n", Edit(at(0, "flags"), remove=True)) == "COPY b c\n"


@pytest.mark.parametrize(
    "edit",
    [
        Edit(at(0, "value"), "x\nUSER y"),
        Edit(at(0, "value"), " x"),
        Edit(at(0, "value"), "a b"),  # over a comment
        Edit(at(0, "value"), "\ud800\ud800"),
        Edit(at(0, "keyword"), "NOPE"),
        Edit(at(0, "heredocs"), ["x"]),
        Edit(at(0, "more"), "x"),
        Edit(at(7, "value"), "x"),
        Edit(("directives", "escape"), "`"),
    ],
)
def test_what_cannot_be_said_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        put("RUN x \\\n# c\n y\n", edit)


def test_a_value_has_a_place() -> None:
    text = b"FROM a\nRUN one \\\n  two\nUSER b\n"
    start, end = lenses.span("dockerfile", text, at(1, "value"))
    assert text[start:end] == b"one \\\n  two"
    start, end = lenses.span("dockerfile", text, at(1))
    assert text[start:end] == b"RUN one \\\n  two"


LINES = st.sampled_from(
    [
        "FROM a AS b",
        "RUN a \\",
        "  b && c",
        "# c",
        "",
        "run --x=y z",
        'CMD ["a"]',
        "COPY <<E x",
        "E",
        "USER é",
        "RUN a \\\\",
        "\\",
        "ENV",
        "# escape=`",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + nl * end).encode(),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda n, part, value: Edit(at(n, part), value),
    st.integers(0, 3),
    st.sampled_from(["keyword", "value", "flags"]),
    st.sampled_from(["COPY", "a", "a b && c", "a   b && d", ["x"], ["--x"], 'é"', "#", ""]),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    try:
        count = len(dockerfile.get(source)["instructions"])
    except LensError:
        return
    if edit.path[1] < count and hold("dockerfile", source, edit):
        assert comments(lenses.put("dockerfile", source, [edit])) == comments(source)


@given(st.binary(max_size=60) | st.text(alphabet="RUN <-E\n\\`#\"[]'a\r\t", max_size=60).map(str.encode))
@settings(max_examples=examples(800), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes) -> None:
    try:
        there = dockerfile.get(source)["instructions"]
    except LensError:
        return
    hold("dockerfile", source, Edit(at(0, "value"), "x y") if there else Edit(at(0), {"keyword": "USER", "value": "x"}))


FULL = b"# syntax=docker/dockerfile:1\nFROM a\nRUN x\n\n# starts it\n# at once\nCMD y\n"


def among(source: bytes, place: int, *new: dict[str, object]) -> bytes:
    there = dockerfile.get(source)["instructions"]
    return lenses.put("dockerfile", source, [Edit(("instructions",), [*there[:place], *new, *there[place:]])])


@pytest.mark.parametrize(
    ("source", "place", "fixed"),
    [
        (FULL, 2, FULL.replace(b"# starts it", b"USER 1\n\n# starts it")),
        (FULL, 3, FULL + b"USER 1\n"),
        (FULL, 0, FULL.replace(b"FROM a", b"USER 1\nFROM a")),
        (b"FROM a\r\nCMD y", 1, b"FROM a\r\nUSER 1\r\nCMD y"),
        (b"FROM a\nRUN <<E\nx\nE\n# y\nCMD y", 2, b"FROM a\nRUN <<E\nx\nE\nUSER 1\n# y\nCMD y"),
    ],
)
def test_a_new_instruction_stands_above_the_comment_of_the_one_it_precedes(source: bytes, place: int, fixed: bytes) -> None:
    assert among(source, place, {"keyword": "USER", "value": "1"}) == fixed


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_new_instruction_at_the_end_of_a_stage_stands_there(end: bytes) -> None:
    source = b"FROM a AS b\nRUN <<E\nx\nE\n\n# what runs\n\nFROM c\n".replace(b"\n", end)
    fixed = source.replace(b"E%s%s" % (end, end), b"E%s%sUSER 1%s%s" % (end, end, end, end))
    assert among(source, 2, {"keyword": "USER", "value": "1"}) == fixed


def test_indented_commands_of_a_new_run_are_lines() -> None:
    run = {"keyword": "RUN", "value": "a     && b     && c"}
    assert among(b"FROM x\n", 1, run) == b"FROM x\nRUN a \\\n    && b \\\n    && c\n"
    assert among(b"# escape=`\nFROM x\nCMD y\n", 1, run) == b"# escape=`\nFROM x\nRUN a `\n    && b `\n    && c\nCMD y\n"


def test_instructions_change_places_nowhere() -> None:
    there = dockerfile.get(FULL)["instructions"]
    with pytest.raises(LensError, match="is not in its place any more"):
        lenses.put("dockerfile", FULL, [Edit(("instructions",), there[:2])])


NEW = st.fixed_dictionaries(
    {"keyword": st.sampled_from(["RUN", "USER", "COPY"]), "value": st.sampled_from(["a", "b     && c", ["x"], ["b     && c"]])}
)


@given(FILES, st.integers(0, 4), st.lists(NEW, min_size=1, max_size=2))
@settings(max_examples=examples(400), deadline=None)
def test_the_laws_hold_for_instructions_among_others(source: bytes, place: int, new: list[dict[str, object]]) -> None:
    try:
        there = dockerfile.get(source)["instructions"]
    except LensError:
        return
    whole = Edit(("instructions",), [*there[:place], *new, *there[place:]])
    if hold("dockerfile", source, whole):
        assert comments(lenses.put("dockerfile", source, [whole])) == comments(source)


@pytest.mark.parametrize(
    ("source", "added", "fixed"),
    [
        (b"FROM a\nRUN b \\\n  && c  \nCMD d\n", "   && e", b"FROM a\nRUN b \\\n  && c \\\n  && e  \nCMD d\n"),
        (b"FROM a\r\nRUN b \\\r\n    c", "     && e", b"FROM a\r\nRUN b \\\r\n    c \\\r\n    && e"),
        (b"FROM a\nRUN b \\\n    c", " && e", b"FROM a\nRUN b \\\n    c && e"),
        (b"FROM a\nRUN b\n", "     && e", b"FROM a\nRUN b     && e\n"),
    ],
)
def test_an_indented_command_behind_several_lines_is_one(source: bytes, added: str, fixed: bytes) -> None:
    value = dockerfile.get(source)["instructions"][1]["value"]
    assert lenses.put("dockerfile", source, [Edit(at(1, "value"), value + added)]) == fixed


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("FROM a\nRUN cd b && \\\n    make && \\\n    ls\n", "FROM a\nRUN make && \\\n    ls\n"),
        ("FROM a\nRUN cd b \\\r\n && make \\\r\n && ls\r\n", "FROM a\nRUN make \\\r\n && ls\r\n"),
    ],
)
def test_what_stands_first_may_go_with_the_end_of_its_line(text: str, fixed: str) -> None:
    value = str(lenses.get("dockerfile", text.encode())["instructions"][1]["value"])
    assert put(text, Edit(at(1, "value"), value[value.index("make") :])) == fixed


def test_a_comment_between_lines_keeps_what_stands_around_it() -> None:
    with pytest.raises(LensError, match="several lines"):
        put("FROM a\nRUN cd b && \\\n    # all of it\n    make\n", Edit(at(1, "value"), "make"))


def test_what_is_new_stands_apart_from_the_heredoc_above() -> None:
    run = "FROM a\nRUN <<EOF\nx\nEOF\n"
    new = {"keyword": "USER", "value": "7"}
    assert put(run, Edit(at(2), new)) == f"{run}\nUSER 7\n"
    stages = f"{run}FROM b\n"
    have = dockerfile.get(stages.encode())["instructions"]
    assert put(stages, Edit(("instructions",), [*have[:2], new, have[2]])) == f"{run}\nUSER 7\nFROM b\n"
    assert put(run, Edit(("instructions",), [*have[:2], new, new])) == f"{run}\nUSER 7\nUSER 7\n"
