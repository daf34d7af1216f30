"""Whose an image and its files are as its Dockerfile says: the user that it runs as, the owners of files, where commands stand.

docs.docker.com/reference/dockerfile, USER, WORKDIR, COPY --chown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from posixpath import join, normpath

from setright.bindings.layouts import _dockerfile_health as health
from setright.bindings.layouts._dockerfile_image import Image, Instruction, program, runs
from setright.bindings.layouts._dockerfile_served import SERVERS
from setright.bindings.layouts._shell_words import base

ROOTS = frozenset({"root", "0"})
TELLS_USER = frozenset(
    {"celery", "gunicorn", "mariadbd", "memcached", "mysqld", "named", "rspamd", "uwsgi"}
)  # by -u, --user or --uid


def is_root(user: str) -> bool:
    return user.partition(":")[0] in ROOTS


def user_now(image: Image) -> str | None:
    """The image's user: its last USER, else the one that the base image is known to run as."""
    told = [str(each["value"]) for each in image.whole if each["keyword"] == "USER"]
    return told[-1] if told else image.facts.get("runs-as")


def workdir(whole: Sequence[Instruction], begins: str = "/") -> str:
    """The working directory after these instructions."""
    path = begins
    for each in whole:
        path = joined(path, str(each["value"])) if each["keyword"] == "WORKDIR" else path
    return path


def joined(path: str, word: str) -> str:
    """The directory that a WORKDIR leads to."""
    bare = word.strip("\"'")
    return bare if bare.startswith(("$", "\\")) or bare[1:2] == ":" else normpath(join(path, bare))


def files_owners(whole: Sequence[Instruction]) -> Iterator[str]:
    """The users that files are given to, as they are written."""
    for command in runs(whole):
        if base(command.words[0].text) == "chown" and len(command.words) > 1:
            words = [word.text.strip("\"'") for word in command.words[1:] if not word.text.startswith("-")]
            yield from (words[0].partition(":")[0].partition(".")[0],) if words else ()
    for each in whole:
        given = [str(flag).removeprefix("--chown=") for flag in each.get("flags", ()) if str(flag).startswith("--chown=")]
        yield from (owner.partition(":")[0] for owner in given)


def user_by_words(image: Image) -> str:
    """The user that the program's own words have it give root up for."""
    words = program(image.whole)
    if not words or base(words[0]) not in TELLS_USER:
        return ""
    said = [word.split("=", 1) for word in " ".join(words[1:]).replace("--user ", "--user=").replace("--uid ", "--uid=").split()]
    for each, following in pairwise([*said, [""]]):
        name = each[1] if len(each) > 1 and each[0] in ("--user", "--uid") else following[0] if each == ["-u"] else ""
        if re.fullmatch(r"[a-z_][a-z0-9_-]*", name) and not is_root(name):
            return name
    return ""


def is_known_program(name: str) -> bool:
    """Whether a program is one by its name, and no script that may do anything."""
    return name in SERVERS or bool(health.INTERPRETERS.fullmatch(name))
