"""The simple commands in the shell text of a RUN instruction, with where their words stand.

POSIX.1-2017, Shell Command Language 2.3 (token recognition) and 2.10 (grammar), as far as telling commands apart needs it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from setright.patterns import late

TOKEN = late(
    r"(?P<blank>[ \t]+)|(?P<comment>(?:(?<=\s)|\A)#[^\n]*)|(?P<end>&&|\|\||;;?|\||&(?!>)|\n|[()])"
    r"|(?P<word>(?:[^\s;&|()\"'\\`$]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*'|`[^`]*`|\$\([^()]*\)|\$|>&|&>)+)|(?P<odd>.)",
    re.S,
)
ASSIGNMENT = late(r"[A-Za-z_]\w*=")
BEFORE = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "time", "command", "env", "nohup"})


class ShellWord(NamedTuple):
    text: str
    start: int
    end: int


class Command(NamedTuple):
    """One simple command; `into` is the name of the command its output is piped to."""

    words: tuple[ShellWord, ...]
    sudo: bool
    into: str


def commands(text: str) -> list[Command]:
    """The simple commands of a shell text, in order."""
    found: list[tuple[list[ShellWord], str]] = [([], "")]
    for match in TOKEN.finditer(text):
        if match.lastgroup == "end":
            found[-1] = (found[-1][0], match[0])
            found.append(([], ""))
        elif match.lastgroup in ("word", "odd"):
            found[-1][0].append(ShellWord(match[0], match.start(), match.end()))
    stripped = [(*_stripped(words), end) for words, end in found]
    out = []
    for index, (words, sudo, end) in enumerate(stripped):
        following = stripped[index + 1][0] if end == "|" and index + 1 < len(stripped) else []
        if words:
            out.append(Command(tuple(words), sudo, base(following[0].text) if following else ""))
    return out


def _stripped(words: list[ShellWord]) -> tuple[list[ShellWord], bool]:
    """The words from the command's name on, and whether sudo runs it."""
    sudo = False
    while words and (words[0].text in BEFORE or ASSIGNMENT.match(words[0].text) or base(words[0].text) == "sudo"):
        is_sudo = base(words[0].text) == "sudo"
        sudo, words = sudo or is_sudo, words[1:]
        while is_sudo and words and words[0].text.startswith("-"):
            words = words[1:]
    return words, sudo


def base(word: str) -> str:
    """A command's name without its directory; empty for an option."""
    return "" if word.startswith("-") else word.rpartition("/")[2]
