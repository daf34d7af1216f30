"""Templates of Helm charts: YAML in which `{{ }}` stands for what is filled in. Source: helm.sh/docs/chart_template_guide.

An action that stands for a value is an Unknown of its source text, with the target of `with` in the place of its dot; one among
the pairs of a mapping is a pair of its own, one among the items of a list an item. What decides and repeats (`if`, `with`,
`range`, `end`) is passed over, so both arms of a choice are seen; the value of a key that stands in both is an Unknown, but for
an `apiVersion` and an object's kind, which the first tells. A file that is no YAML then is refused. No edit touches an action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from setright.lenses import yaml
from setright.lenses._helm_arms import arms
from setright.lenses._helm_blocks import (
    ACTION,
    CLOSES,
    ENDS,
    INDENT,
    OPENS,
    WORD,
    blocks_of,
    check_blocks,
    check_trims,
    depth_of,
    settled,
)
from setright.lenses._helm_lines import on_one_line, on_own_lines, spoken, without_comments, without_definitions
from setright.lenses._recent import recent
from setright.lenses.error import LensError
from setright.model import Edit, Path, Plain, Tree, Unknown

EMPTY = b""
BOM = "\ufeff"
SILENT = (*OPENS, *CLOSES, "else", "template", "break", "continue", "/*", "fail", "required")
DOT = re.compile(r"(?<=[\s(])\.(?=[\s|)]|-?\}\})")
END = "{{end}}"  # the key that stands for the end of a block among pairs, which no tree shows
OF_ITEMS = frozenset(
    (
        *("args", "command", "containers", "env", "envFrom", "hosts", "imagePullSecrets", "initContainers", "ports", "tls"),
        *("tolerations", "topologySpreadConstraints", "volumeMounts", "volumes"),
    )
)
VERSION = re.compile(r"\s*apiVersion:\s*\S+\s*|kind:\s*[A-Z]\w+\s*")
LINE = re.compile(r"line (\d+):")
TRIALS = 4  # masks that are tried before every end is a comment
FIRST, LAST, PAD = "\ue000", "\uf8fd", "\uf8ff"
KEYED = re.compile(r"(\s*(?:- )?)[^\s{#]+:[ ]+\{\{[^\n]*\bnindent\s+(\d+)\s*-?\}\}\s*")
MARK = re.compile(f"\n? *(#|- )?([{FIRST}-{LAST}])(: )?({PAD}*)")
MARKED = re.compile(f"[{FIRST}-{PAD}]")
QUOTED = re.compile(f'"([{FIRST}-{LAST}]{PAD}+)"')  # a new one, which YAML would quote
ALONE = re.compile(f" *[{FIRST}-{LAST}]: {PAD}*")


class _Masked(NamedTuple):
    """A template with marks of the same length for its actions: each mark's character, how it stands, and what it stands for."""

    text: str
    marks: dict[str, tuple[str, str]]  # the character -> the mark, the action
    told: dict[str, str]  # the character -> the action as people are told it
    owners: Sequence[int] = ()  # by the lines of the text, the template's lines that they stand for


def get(source: bytes) -> Tree:
    """The documents as plain data."""
    masked = _masked(source)
    tree: Tree = _shown(yaml.get(masked.text.encode()), masked)
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in; each action stands as it did. Raises LensError where an edit would take one away."""
    masked = _masked(source)
    known = masked.marks
    masked = masked._replace(marks={**known}, told={**masked.told})
    edited = yaml.put(masked.text.encode(), [_hidden(each, masked) for each in edits]).decode()
    edited = QUOTED.sub(lambda match: match[0] if match[1][0] in known else match[1], edited)
    seen = [match[2] for match in MARK.finditer(edited)]
    if sorted(seen) != sorted(masked.marks):
        raise LensError("the edit would take away what the template fills in; change the template by hand")
    after = MARK.sub(lambda match: _unmasked(match, masked), edited)
    if source.count(b"\n") == source.count(b"\r\n") > 0:
        after = re.sub(r"\r?\n", "\r\n", after)
    before, lines = on_one_line(source.decode()).split("\n"), on_one_line(after).split("\n")
    lines = settled(before, lines)
    check_blocks(before, lines)
    check_trims(before, lines)
    return on_own_lines("\n".join(lines)).encode()


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, in bytes."""
    masked = _masked(source)
    text, hidden = source.decode(), masked.text.encode()
    start, end = (len(hidden[:at].decode()) for at in yaml.span(hidden, _hidden(Edit(path), masked).path))
    return len(text[:start].encode()), len(text[:end].encode())


def _unmasked(match: re.Match[str], masked: _Masked) -> str:
    mark, action = masked.marks[match[2]]
    if not match[0].endswith(mark):
        raise LensError("the edit would cut what the template fills in; change the template by hand")
    return match[0].removesuffix(mark) + action


def _shown(value: Plain, masked: _Masked) -> Plain:
    if isinstance(value, dict):
        told = {_told(key, masked) if MARKED.search(key) else key: inner for key, inner in value.items()}
        return {key: _shown(inner, masked) for key, inner in told.items() if key != END}
    if isinstance(value, list):
        return [_shown(inner, masked) for inner in value]
    return Unknown(_told(value, masked)) if isinstance(value, str) and MARKED.search(value) else value


def _told(text: str, masked: _Masked) -> str:
    return MARKED.sub(lambda match: masked.told.get(match[0], ""), text)


def _hidden(edit: Edit, masked: _Masked) -> Edit:
    """The edit with names of keys as they are masked."""
    keys = {told: mark.strip(PAD + ": ") for mark, told in ((masked.marks[c][0], masked.told[c]) for c in masked.marks)}
    path = tuple(keys.get(key, key) if isinstance(key, str) else key for key in edit.path)
    return Edit(path, _as_written(edit.value, masked), edit.remove)


def _as_written(value: Plain, masked: _Masked) -> Plain:
    """A new value with a mark for each action in it."""
    if isinstance(value, dict):
        return {key: _as_written(each, masked) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_written(each, masked) for each in value]
    return _marked(masked, value.text, "") if isinstance(value, Unknown) and ACTION.fullmatch(value.text) else value


@recent
def _masked(source: bytes) -> _Masked:
    """The template masked so that what ends a block ends it for YAML too; an odd one as a comment, or all where that is no YAML.

    Where none of that is YAML, what the file defines for others may be none: that is passed over then.
    """
    shown = _tried(source)
    hidden = None if shown or b"define" not in source else _tried(source, hides=True)
    return shown or hidden or _mask(source, None)


def _tried(source: bytes, hides: bool = False) -> _Masked | None:
    """The first mask of the template that is YAML; None where none is."""
    odd: set[int] | None = set()
    for _ in range(TRIALS + 1):
        masked = _mask(source, odd, hides)
        try:
            yaml.get(masked.text.encode())
        except LensError as error:
            last = int(told[1]) if (told := LINE.match(str(error))) else 0
            lines = masked.text.split("\n")[:last]
            ends = [n for n, line in enumerate(lines) if any(masked.told.get(c) == END for c in line.strip()[:1])]
            if odd is None:
                return None
            odd = {*odd, masked.owners[ends[-1]]} if ends and len(odd) < TRIALS - 1 else None
        else:
            return masked
    return None


def _mask(source: bytes, odd: Set[int] | None, hides: bool = False) -> _Masked:
    """With comments in place of the `end` of these lines (None: of all), and of what the template defines."""
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        raise LensError(f"byte {error.start}: is no UTF-8") from error
    if MARKED.search(text):
        raise LensError("has characters for private use, which no template needs")
    bom = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(bom)
    masked = _Masked("", {}, {})
    scopes: list[str] = []
    lines: list[str] = []
    if hides:
        text = without_definitions(text, _words, OPENS, lambda own: _marked(masked, own, "#"))
    written = on_one_line(without_comments(text, lambda part: _marked(masked, part, "#"))).split("\n")
    blocks = blocks_of(written)
    others = _other_arms(written, blocks)
    twice = arms(written, [_words(line) for line in written], depth_of)
    for number, line in enumerate(written):
        if number in twice.gone or number in twice.values:
            lines.append(_untold(line, twice.values.get(number, ""), scopes, masked))
        elif number in others and VERSION.fullmatch(line):  # one object, for clusters of another age
            lines.append(line.replace(line.strip(), _marked(masked, line.strip(), "#")))
        else:
            own = slice(blocks[number][-1] + 1, number) if blocks[number] and odd is not None and number not in odd else slice(0)
            within = lines[own] if any(_content(lines[own])) else written[own]
            lines.append(_line(line, lines, written[number + 1 :], scopes, masked, within))
    owners = [number for number, line in enumerate(lines) for _ in line.split("\n")]
    return masked._replace(text=bom + "\n".join(lines), owners=owners)


def _other_arms(lines: Sequence[str], blocks: Sequence[Sequence[int]]) -> set[int]:
    """The lines that stand in the second or a later arm of a choice."""
    words = [WORD.match(line.strip()) for line in lines]
    return {n for n, around in enumerate(blocks) if any((word := words[at]) and word[1] == "else" for at in around)}


def _words(line: str) -> list[str]:
    """What decides and repeats among the actions of a line."""
    words = [match[1] for each in ACTION.finditer(line) if (match := WORD.match(each[0]))]
    return [word for word in words if word in (*OPENS, *CLOSES, "else")]


def _untold(line: str, value: str, scopes: list[str], masked: _Masked) -> str:
    """A line of a key that stands in another arm too: with a value that is not told, or none at all."""
    for action in ACTION.finditer(line):
        _is_silent(action[0], scopes)
    if not line.strip():
        return line
    if not value:
        return line.replace(line.strip(), _marked(masked, line.strip(), "#"))
    ahead = " " if line.lstrip().startswith("- ") else ""
    return (
        line[: line.rindex(value)]
        + _marked(masked, value, "", told=f"{value} {{{{else}}}}", ahead=ahead)
        + line[line.rindex(value) + len(value) :]
    )


def _line(line: str, above: Sequence[str], below: Sequence[str], scopes: list[str], masked: _Masked, within: Sequence[str]) -> str:
    """A line with marks for its actions. `scopes` are what dots stand for in the blocks around it, `within` the block that ends."""
    actions = list(ACTION.finditer(line))
    if not actions:
        return line
    speaks = [not _is_silent(each[0], scopes) for each in actions]
    body = line.strip()
    opened = _column_below(line, below) if len(actions) == 1 else None
    if opened is not None and len(f"\n{FIRST}: ") + opened <= len(actions[0][0]):
        return ACTION.sub(lambda match: _marked(masked, match[0], ":", scopes, ahead="\n" + " " * opened), line)
    beside = ACTION.sub("", body).strip()
    if beside and (not beside.startswith("#") or not body.startswith("{{") or any(speaks)):
        return ACTION.sub(lambda match: _marked(masked, match[0], "", scopes), line)
    if not any(speaks):
        column = _column_of_pairs(within) if ENDS.fullmatch(body) else None
        if column is not None and column + len(f"{FIRST}: ") <= len(line.rstrip()):
            return _marked(masked, line.rstrip(), ":", told=END, ahead=" " * column) + line[len(line.rstrip()) :]
        return line.replace(body, _marked(masked, body, "#"))
    form = _form(line, above) or _among(line, above, below)
    deeper = depth_of(line) - (len(line) - len(line.lstrip()))  # what it writes stands there, wherever it is written
    ahead = " " * deeper if deeper >= 0 or not form else "\n" + " " * depth_of(line)
    if len(f"{ahead}- {FIRST}: ") > len(body):
        return line.replace(body, _marked(masked, body, "#"))
    return line.replace(body, _marked(masked, body, form, scopes, ahead=ahead))


def _column_below(line: str, below: Sequence[str]) -> int | None:
    """Where the pairs stand that an action writes below its key and that go on below it; None where it is all there is."""
    keyed = KEYED.fullmatch(line)
    following = next((each for each in below if _says(each)), "")
    is_more = keyed is not None and bool(following) and depth_of(following) == int(keyed[2]) > len(keyed[1])
    return int(keyed[2]) if keyed and is_more and not following.lstrip().startswith("- ") else None


def _column_of_pairs(within: Sequence[str]) -> int | None:
    """Where the pairs stand of which a block, masked, is made; None for one of items, of a value, or of nothing."""
    outermost = min(_content(within), key=lambda each: len(each) - len(each.lstrip()), default="")
    is_value = MARKED.match(outermost.lstrip()) and ": " not in outermost
    return None if not outermost or is_value or outermost.lstrip().startswith("- ") else len(outermost) - len(outermost.lstrip())


def _is_silent(action: str, scopes: list[str]) -> bool:
    """Whether an action writes nothing itself; notes the blocks that it opens and closes."""
    match = WORD.match(action)
    word = match[1] if match else ""
    if word in OPENS:
        scopes.append(match[2] if match and word == "with" else scopes[-1] if word == "if" and scopes else "")
    elif word in CLOSES and scopes:
        scopes.pop()
    return word in SILENT or word.endswith("=")


def _form(line: str, above: Sequence[str]) -> str:
    """How an action that stands alone must look for YAML: a value ("") below its key, else a pair (":") or an item ("-").

    What goes on with the text of the action above it is not told apart from that, and a comment ("#").
    """
    told = INDENT.search(line)
    column = len(line) - len(line.lstrip())
    depth = int(told[1]) if told else column
    for number, before in enumerate(_content(above)):
        indent = len(before) - len(before.lstrip())
        if number == 0 and indent < depth and ALONE.fullmatch(before):
            return "#"
        if before.rstrip().endswith(":") and indent < (depth if number else max(depth, 1)):
            return ""
        if indent <= depth:
            return "-" if before.lstrip().startswith("- ") and indent == depth else ":"
    return ":"


def _among(line: str, above: Sequence[str], below: Sequence[str]) -> str:
    """How an action below its key must look where it is not all that stands there: one of its pairs, or of its items."""
    following = next((each for each in below if _says(each) and not (_is_alone(each) and depth_of(each) > depth_of(line))), "")
    if not following or depth_of(following) != depth_of(line):
        return ""
    key = next(_content(above)).strip().rstrip(":").removeprefix("- ")
    return "-" if following.lstrip().startswith("- ") or key in OF_ITEMS else ":"


def _is_alone(line: str) -> bool:
    return not ACTION.sub("", line).strip()


def _says(line: str) -> bool:
    """Whether a line stands for more than where a block begins or ends."""
    body = line.strip()
    words = [match[1] for each in ACTION.finditer(body) if (match := WORD.match(each[0]))]
    return bool(body) and not body.startswith("#") and not (words and not ACTION.sub("", body).strip() and words[0] in SILENT)


def _content(above: Sequence[str]) -> Iterator[str]:
    """The lines that say something, the nearest first."""
    lines = (each for element in reversed(above) for each in reversed(element.split("\n")))
    return (each for each in lines if each.strip() and not each.lstrip().startswith("#"))


def _marked(masked: _Masked, action: str, form: str, scopes: Sequence[str] = (), told: str = "", ahead: str = "") -> str:
    """A mark of the action's length, `ahead` in it: a comment ("#"), a pair (":"), an item ("-") or a scalar ("")."""
    character = chr(ord(FIRST) + len(masked.marks))
    if character > LAST:
        raise LensError("has more actions than can be told apart")
    start, end = {"#": ("#", ""), ":": ("", ": "), "-": ("- ", ""), "": ("", "")}[form]
    mark = (ahead + f"{start}{character}{end}").ljust(len(action), PAD)
    if len(mark) != len(action):
        raise LensError(f"{action}: is too short to be told from its surroundings")
    masked.marks[character] = (mark, on_own_lines(action))
    scope = scopes[-1] if scopes else ""
    masked.told[character] = told or spoken(DOT.sub(lambda _: scope, action) if scope else action)
    return mark
