"""Globs of paths as glob(7) means them: `*` stays within a segment and does not match a leading dot. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from fnmatch import translate
from functools import cache

GLOB = re.compile(r"[*?\[]")


def is_glob(name: str) -> bool:
    return GLOB.search(name) is not None


@cache
def segment_matcher(pattern: str) -> Callable[[str], bool]:
    """Whether one segment of a path matches."""
    match = re.compile(translate(pattern)).match
    if pattern.startswith("."):
        return lambda name: match(name) is not None
    return lambda name: not name.startswith(".") and match(name) is not None


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole path matches; ``/**`` stands for any depth."""
    if "/**" in pattern:
        head, _, rest = pattern.partition("/**")
        last = segment_matcher(rest.lstrip("/") or "*")
        return lambda path: path.startswith(f"{head}/") and last(path.rpartition("/")[2])
    parts = [segment_matcher(part) if is_glob(part) else part.__eq__ for part in pattern.split("/")]

    def match(path: str) -> bool:
        given = path.split("/")
        return len(given) == len(parts) and all(part(name) for part, name in zip(parts, given, strict=True))

    return match


def shell_words(pattern: str) -> str:
    """The pattern as a shell word: everything quoted but its globs."""
    pieces = re.split(r"([*?]|\[[\w!^.-]*\])", pattern)
    return "".join(piece if i % 2 else shlex.quote(piece) if piece else "" for i, piece in enumerate(pieces))


def fixed_folder(pattern: str) -> str:
    """The part of a pattern above its first glob: the folder that must be searchable to tell what matches."""
    head = GLOB.split(pattern, maxsplit=1)[0]
    return head.rpartition("/")[0] or "/"
