"""What stands on many lines of a chart's template but is one to it: actions, comments, and templates that it defines for others.

Source: helm.sh/docs/chart_template_guide; Go's text/template (an action may have line ends in it since Go 1.16).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

BREAK = "\uf8fe"  # a line's end within an action
LONG = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.S)  # a comment
WHOLE = re.compile(LONG.pattern + r'|\{\{(?:[^"`}]|"(?:\\.|[^"\\\n])*"|`[^`]*`|\}(?!\})){0,4000}\}\}', re.S)
DEFINES = re.compile(r"\s*\{\{-?\s*define\b")


def on_one_line(text: str) -> str:
    """The text with each action, and each comment, on one line."""
    return WHOLE.sub(lambda match: match[0].replace("\n", BREAK), text) if "{{" in text else text


def on_own_lines(text: str) -> str:
    """The text with its lines as they were before they were joined."""
    return text.replace(BREAK, "\n")


def spoken(action: str) -> str:
    """An action on one line, as people are told it."""
    return re.sub(rf"\s*{BREAK}\s*", " ", action)


def without_comments(text: str, mark: Callable[[str], str]) -> str:
    """The text with a mark for each line of a comment that has many."""

    def marked(match: re.Match[str]) -> str:
        parts = match[0].split("\n")
        return match[0] if len(parts) == 1 else "\n".join(mark(part) if part.strip() else part for part in parts)

    return LONG.sub(marked, text)


def without_definitions(text: str, words: Callable[[str], Sequence[str]], opens: Sequence[str], mark: Callable[[str], str]) -> str:
    """The text with a mark for each template that it defines; `words` decide and repeat in a line, `opens` begin a block."""
    return "\n".join(mark(own) if is_defined else own for own, is_defined in _parts(text.split("\n"), words, opens))


def _parts(lines: Sequence[str], words: Callable[[str], Sequence[str]], opens: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The lines, those of a definition as one."""
    own: list[str] = []
    depth = 0
    for line in lines:
        own.append(line)
        if depth or DEFINES.match(line):
            depth += sum((word in opens) - (word == "end") for word in words(line))
            if depth > 0:
                continue
            yield "\n".join(own), True
        else:
            yield line, False
        own, depth = [], 0
    yield from ((line, False) for line in own)
