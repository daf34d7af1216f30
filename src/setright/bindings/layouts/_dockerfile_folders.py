"""The folders of an image that its program surely writes to, and those that are given to somebody already.

docs.docker.com/reference/dockerfile: a folder that a RUN makes belongs to root.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.layouts._dockerfile_image import program, runs, variables
from setright.bindings.layouts._shell_words import base
from setright.model import Plain
from setright.patterns import late

Instructions = Sequence[Mapping[str, Plain]]

FOR_DATA = late(
    r"(?:/var/(?:lib|log|run|cache|spool|www)|/run|/srv)(?:/[\w.@+-]+)+"
    r"|(?:/[\w.@+-]+)*/[\w.@+-]*(?:data|logs?|cache|uploads?|media|storage|backups?|output|db)"
)
OF_PROGRAMS = late(r"/var/(?:lib|log|run|cache|spool)(?:/[\w.@+-]+)+")
OF_DATA = late(r"/(?:data|db|logs?|storage|uploads?)")
BRINGS_ITSELF = late(r"/(?:usr|etc|build|src|tmp|go|root)/|/var/(?:lib|cache)/(?:apt|dpkg|apk|yum|dnf)\b")  # of those who build it
IS_READ = late(r".*\.(?:cfg|conf|ini|json|toml|ya?ml)")
PATH = late(r"(?:-[\w-]+=)?[\"']?(/[\w.@+-]+(?:/[\w.@+-]+)*)/?[\"']?")
NAMES_DATA = late(r"DATA|STOR|CACHE|LOGS?(?:_|$)|UPLOAD|MEDIA|STATE|OUTPUT|TE?MP", re.I)


def kept(whole: Instructions) -> Iterator[str]:
    """The directories that RUNs make for what a program writes, by their name or as its own words name them, and leave there."""
    spoken = [[word.text.strip("\"'").rstrip("/") for word in command.words] for command in runs(whole)]
    gone = {word for words in spoken if base(words[0]) in ("rm", "rmdir", "mv") for word in words[1:]}
    named = set(_named(whole))
    for words in spoken:
        if base(words[0]) == "mkdir":
            yield from (
                word
                for word in words[1:]
                if (word in named or FOR_DATA.fullmatch(word)) and not BRINGS_ITSELF.match(word) and word not in gone
            )


def _named(whole: Instructions) -> Iterator[str]:
    """The paths that the words of the program name, and variables that speak of data."""
    told = [*program(whole)[1:], *(value for name, value in variables(whole).items() if NAMES_DATA.search(name))]
    yield from (found[1] for word in told if (found := PATH.fullmatch(word)))


def unmade(whole: Instructions) -> Iterator[str]:
    """The folders for data in `/` below which the program's own words keep something: root alone may make them there."""
    tops = (re.match(r"/[^/]+", path) for path in _named(whole) if not IS_READ.fullmatch(path))
    yield from (top[0] for top in tops if top and OF_DATA.fullmatch(top[0]))


def filled(whole: Instructions) -> list[str]:
    """The directories for data that are made, filled or worked in for an image without a shell, and given to nobody."""
    targets = [
        str(words[-1]).rstrip("/")
        for each in whole
        if each["keyword"] in ("ADD", "COPY") and not any(str(flag).startswith("--chown") for flag in each.get("flags", ()))
        for words in (each["value"] if isinstance(each["value"], list) else str(each["value"]).split(),)
        if words
    ]
    targets += [str(each["value"]).rstrip("/") for each in whole if each["keyword"] == "WORKDIR"]
    mine = given_away(whole)
    return [each for each in (*kept(whole), *filter(_is_written, targets)) if each not in mine]


def _is_written(path: str) -> bool:
    return bool(OF_PROGRAMS.fullmatch(path) or OF_DATA.fullmatch(path))


def given_away(whole: Instructions) -> set[str]:
    """The directories that a chown already gives to somebody."""
    chowns = [command.words for command in runs(whole) if command.words[0].text.endswith("chown")]
    return {word.text.rstrip("/") for words in chowns for word in words[2:]}
