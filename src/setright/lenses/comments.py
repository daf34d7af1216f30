"""Where the comments of a source file are: what looks like one inside a string, a heredoc or a block scalar is none.

HCL native syntax specification; yaml.org/spec/1.2.2 section 6.6; Dockerfile reference (whole lines only). JSON has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from setright.lenses import dockerfile
from setright.lenses.error import LensError
from setright.patterns import late

if TYPE_CHECKING:
    import yaml

_TEMPLATE = r'\$\{(?:[^{}"\n]|"(?:[^"\\\n]|\\.)*+"|\{[^{}\n]*+\})*+\}'
_HCL = late(
    rf'"(?:{_TEMPLATE}|[^"\\\n]|\\.)*+"|<<-?(?P<heredoc>[A-Za-z_][\w-]*+)[ \t]*+\r?\n|(?P<line>(?:#|//)[^\n]*+)|(?P<block>/\*)'
)
_TO_SCANNERS = late(
    r"(?i)\b(?:setright|checkov|tfsec|trivy|kics|terrascan|zizmor|hadolint|snyk|semgrep)\b\S*[: =]|\bno(?:semgrep|sec|qa)\b"
)
_BLOCK_END = late(r"\*/")
_YAML = late(r"(?:^|(?<=[ \t]))#[^\n]*+", re.M)
_DOCKERFILE = late(r"^[ \t]*+(#[^\n]*+)", re.M)
_HEAD_BYTES = 4000
_HEAD = late(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:(?:#|//|\{\{-?[ \t]*/\*)[^\n]*|---[ \t]*)?\r?\n)*")


class Comment(NamedTuple):
    """A comment without its signs; lines count from 1. `alone`: nothing else stands on its first line."""

    first: int
    last: int
    text: str
    alone: bool


def comments(lens: str, source: bytes) -> list[Comment]:
    """The comments of a file in the order they stand; none for a format that has none. Raises LensError as the lens does."""
    places = _PLACES.get(lens)
    if places is None:
        return []
    try:
        text = source.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise LensError("is not UTF-8") from error
    found, line, at = [], 1, 0
    for start, end in places(text):
        line, at = line + text.count("\n", at, start), start
        found.append(_comment(text, start, end, line))
    return found


def head(source: bytes) -> str:
    """The lines of comments, signs and all, that stand before all else in a file of any of these languages."""
    found = _HEAD.match(source[:_HEAD_BYTES])
    return found[0].decode("utf-8", "replace") if found else ""


def outlives(comment: str) -> bool:
    """Whether a comment stays where its line goes: what tells a scanner to pass it over must not come to speak of the next."""
    return not _TO_SCANNERS.search(comment)


def _comment(text: str, start: int, end: int, line: int) -> Comment:
    whole = text[start:end]
    words = whole[2:].removesuffix("*/").lstrip("* \t\r\n").rstrip() if whole[:2] == "/*" else whole.lstrip("#/").strip()
    alone = not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t")
    return Comment(line, line + text.count("\n", start, end), words, alone)


def in_hcl(text: str) -> Iterator[tuple[int, int]]:
    """Where comments start and end in HCL text, or in the latin-1 view of its bytes."""
    at = 0
    while match := _HCL.search(text, at):
        start, at = match.span()
        if match["line"]:
            yield start, at
        elif match["heredoc"]:
            at = _behind(re.compile(rf"^[ \t]*+{match['heredoc']}[ \t]*+\r?$", re.M).search(text, at - 1), text)
        elif match["block"]:
            at = _behind(_BLOCK_END.search(text, at), text)
            yield start, at


def _behind(match: re.Match[str] | None, text: str) -> int:
    """What nothing ends goes on to the end of the text."""
    return match.end() if match else len(text)


def _yaml(text: str) -> Iterator[tuple[int, int]]:
    """A block scalar's own first line may end in a comment; its other lines are text."""
    import yaml

    inside = []
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken):
                inside.append(_words(text, token))
    except yaml.YAMLError as error:
        raise LensError(f"is no YAML: {error}") from error
    words = iter([*inside, (len(text) + 1, len(text) + 1)])
    start, end = next(words)
    for match in _YAML.finditer(text):
        while end <= match.start():
            start, end = next(words)
        if match.start() < start:
            yield match.span()


def _words(text: str, token: yaml.ScalarToken) -> tuple[int, int]:
    start, end = token.start_mark.index, token.end_mark.index
    if token.style in ("|", ">"):
        start = text.find("\n", start, end) if "\n" in text[start:end] else end
    return start, end


def _dockerfile(text: str) -> Iterator[tuple[int, int]]:
    heredocs = [body for each in dockerfile.get(text.encode())["instructions"] for body in each.get("heredocs", ())]
    for match in _DOCKERFILE.finditer(text):
        if not any(match[1].rstrip("\r") in body for body in heredocs):
            yield match.span(1)


_PLACES: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "hcl": in_hcl,
    "yaml": _yaml,
    "kustomization": _yaml,
    "dockerfile": _dockerfile,
}
