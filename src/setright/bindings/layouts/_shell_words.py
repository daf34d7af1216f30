"""The simple commands in the shell text of a RUN instruction, with where their words stand.

POSIX.1-2017, Shell Command Language 2.3 (token recognition) and 2.10 (grammar), as far as telling commands apart needs it.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from setright.patterns import late

TOKEN = late(
    r"(?P<blank>[ \t]+)|(?P<comment>(?:(?<=\s)|\A)#[^\n]*)|(?P<end>&&|\|\||;;?|\||&(?!>)|\n|[()])"
    r"|(?P<word>(?:[^\s;&|()\"'\\`$]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*'|`[^`]*`|\$\([^()]*\)|\$|>&|&>)+)|(?P<odd>.)",
    re.S,
)
ASSIGNMENT = late(r"[A-Za-z_]\w*=")
SUBSTITUTION = late(r"\"?(?:\$\((.*)\)|`(.*)`)\"?", re.S)
QUOTES = ("'", '"')
OPTION_C = late(r"-\w*c")
FETCHED = late(r"\b([A-Za-z_]\w*)=\"?\$\(((?:curl|wget)\b[^()]*)\)")
EXPRESSED = late(
    r"\b(?:iex|invoke-expression)\b[^\n;|]*(?:downloadstring|\birm\b|\biwr\b|invoke-restmethod|invoke-webrequest)", re.I
)
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "python", "python3", "perl", "ruby", "node"})
RUNS_WORDS = frozenset({"eval", "source", "."})
KEEPS_LINES = frozenset(
    {"tee", "sed", "tr", "cat", "gunzip", "zcat", "gzip", "base64", "grep", "head", "tail", "awk", "xz", "envsubst"}
)
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


def run_as_code(text: str) -> list[Command]:
    """The commands whose output is run otherwise than by a pipe right into a shell, each with what runs it as `into`.

    As in ``sh -c "$(curl ...)"``, ``bash <(curl ...)``, ``. <(curl ...)``, ``eval "$(curl ...)"``, ``curl ... | tee log | sh``.
    """
    found = commands(text)
    out = [each for command in found for each in _substituted(command)]
    for first, second in pairwise(found):
        if first.words[-1].text == "<" and _runs_code(first) and text[first.words[-1].end : second.words[0].start].strip() == "(":
            out.append(second._replace(into=_runner(first)))
    for index, command in enumerate(found):
        last = index
        while found[last].into in KEEPS_LINES and last + 1 < len(found):
            last += 1
        if last > index and found[last].into:
            out.append(command._replace(into=found[last].into))
    return [*out, *_kept_first(text), *_expressed(text)]


def _kept_first(text: str) -> list[Command]:
    """What is fetched into a variable, and then run as code."""
    out = []
    for found in FETCHED.finditer(text):
        used = rf"\$(?:\{{{found[1]}\}}|{found[1]}\b)"
        runs = rf"\b(?:eval|(?:ba|da|z)?sh\s+-\w*c)\s+[\"']?{used}|{used}[\"']?\s*\|\s*(?:sudo\s+)?(?:ba|da|z)?sh\b"
        if re.search(runs, text[found.end() :]):
            out += [each._replace(into="sh") for each in commands(found[2])[-1:]]
    return out


def _expressed(text: str) -> list[Command]:
    """What PowerShell fetches and runs at once."""
    return [Command((ShellWord("irm", found.start(), found.end()),), False, "iex") for found in EXPRESSED.finditer(text)]


def _substituted(command: Command) -> list[Command]:
    """What stands in the words of a command that runs them."""
    if not _runs_code(command):
        return []
    inner = [found[1] or found[2] for word in command.words[1:] if (found := SUBSTITUTION.fullmatch(word.text))]
    out = [each._replace(into=_runner(command)) for text in inner for each in commands(text)[-1:]]
    scripts = [
        word.text[1:-1] for word in command.words[2:3] if OPTION_C.fullmatch(command.words[1].text) and word.text[0] in QUOTES
    ]
    return out + [each for text in scripts for each in (*commands(text), *run_as_code(text)) if each.into]


def _runs_code(command: Command) -> bool:
    words = [word.text for word in command.words]
    name = base(words[0])
    return name in RUNS_WORDS or (name in SHELLS and (any(OPTION_C.fullmatch(word) for word in words) or words[-1] == "<"))


def _runner(command: Command) -> str:
    name = base(command.words[0].text)
    return "sh" if name in RUNS_WORDS else name


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
