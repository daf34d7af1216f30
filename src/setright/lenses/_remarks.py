"""Comments behind a value that say what it stands for, as ``# v4.2.2`` behind a commit: what pinning tools write and read.

Renovate and Dependabot, pinned digests of GitHub Actions: the release is the first word of the comment.
"""

from __future__ import annotations

import re

from setright.lenses._nodes import line_end, line_start
from setright.patterns import late

VERSION = late(r"(?:(?:tag=|pin@|ratchet:\S+@)?(?:v\d+|\d+(?=\.\d))(?:\.\d+)*(?:-[\w.]+)?|main|master)(?=\s|\Z)\s*")


FOR_PROGRAMS = late(r"[\w-]+:|\b(?:ignore|disable|skip|no(?:qa|sec|lint))\b", re.I)  # what holds for the line that it stands on


def with_remark(text: str, stop: int, remark: str) -> str:
    """The text with `remark` as the comment behind the value that ends at `stop`: a release named there gives way to it, other
    words go above the line, or stay behind it where programs read them. Where more than a comment follows on the line, as in
    brackets, nothing changes.
    """
    start, end = line_start(text, stop), line_end(text, stop)
    blank = len(text[stop:end]) - len(text[stop:end].lstrip(" \t"))
    comment = text[stop + blank : end]
    if comment and (not blank or not comment.startswith("#")):
        return text
    words = comment.lstrip("#").strip()
    if words.partition(" ")[0] == remark:
        return text
    old, line = VERSION.match(words), text[start:stop]
    if words and not old and not FOR_PROGRAMS.search(words):
        above = line[: len(line) - len(line.lstrip(" "))] + comment.rstrip() + ("\r\n" if text.startswith("\r", end) else "\n")
        return f"{text[:start]}{above}{line} # {remark}{text[end:]}"
    gap = text[stop : stop + blank] if comment else " "
    others = words[old.end() :] if old else words and f"# {words}"
    return text[:stop] + gap + f"# {remark} {others}".rstrip() + comment[len(comment.rstrip()) :] + text[end:]
