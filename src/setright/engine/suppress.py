"""Comments in source files that leave findings open: which finding each is about, and which cannot be honoured. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from setright.engine.extent import Extent, extents
from setright.engine.scan import SOURCE_FAMILIES, Excepted, Found, Scan, set_aside
from setright.lenses import LensError
from setright.lenses.comments import Comment, comments
from setright.model import Document, Problem
from setright.policy.suppressions import Suppression, parse_suppression, why_not_honoured

BESIDE = "put it directly above the resource, or inside"


class SuppressionComment(NamedTuple):
    """A comment of ours, and the lines of comments and blanks that stand directly above each line of its file."""

    comment: Comment
    suppression: Suppression


class CommentedFile(NamedTuple):
    """A file with comments of ours. `apart`: lines that hold nothing but a comment; `blank`: nothing at all, or ``---``."""

    said: tuple[SuppressionComment, ...]
    apart: frozenset[int]
    blank: frozenset[int]


def heed(scan: Scan, known: Collection[str], today: date) -> Scan:
    """The scan with what comments leave open set aside; what is wrong with a comment becomes a notice.

    Only source trees are heeded: on a host, whoever writes a file does not decide what may stay open.
    """
    if not any(slot[1] in SOURCE_FAMILIES for slot in scan.world.bindings):
        return scan
    files = {locator: file for locator, document in scan.world.documents.items() if (file := _file(document))}
    if not files:
        return scan
    notices = [_notice(locator, s, why) for locator, f in files.items() for s in f.said for why in _wrong(s, known, today)]
    asked = {(locator, i) for locator, f in files.items() for s in f.said for i in _honoured(s, today)}
    by_file = sorted(scan.found, key=lambda found: found.resource.home[0])  # a lens keeps the file that it read last
    beside = [(found, _beside(found, scan, files, asked, today)) for found in by_file]
    aside = [Excepted(f, "comment", s.suppression.reason, str(s.suppression.until or "")) for f, s in beside if s]
    astray = list(_astray(beside, files, today))
    return set_aside(scan, aside)._replace(notices=(*scan.notices, *notices, *astray))


def _astray(
    beside: Sequence[tuple[Found, SuppressionComment | None]], files: Mapping[str, CommentedFile], today: date
) -> Iterator[Problem]:
    """Comments that leave nothing open, of files in which what they name is found all the same."""
    left = {(found.resource.home[0], found.control.id) for found, said in beside if not said}
    used = {(id(said), found.control.id) for found, said in beside if said}
    for locator, file in files.items():
        for said in file.said:
            for i in _honoured(said, today):
                if (locator, i) in left and (id(said), i) not in used:
                    why = f"the comment leaves nothing open: {i} is found in this file, but not where it stands; {BESIDE}"
                    yield _notice(locator, said, why)


def applies_to(comment: Comment, extent: Extent, file: CommentedFile) -> bool:
    """Whether a comment stands in the block, at the end of one of its lines, or directly above it."""
    if extent.first <= comment.first <= extent.last:
        return True
    line = extent.first - 1
    while line in file.apart or (extent.whole and line in file.blank):
        line -= 1
    return comment.alone and line < comment.first < extent.first


def _file(document: Document) -> CommentedFile | None:
    if document.data is None or b"setright" not in document.data.lower():
        return None
    try:
        all_of_them = comments(document.lens, document.data)
    except LensError:
        return None  # a problem of the scan already
    said = tuple(SuppressionComment(each, told) for each in all_of_them if (told := parse_suppression(each.text)))
    apart = frozenset(line for each in all_of_them if each.alone for line in range(each.first, each.last + 1))
    blank = frozenset(number for number, line in enumerate(document.data.split(b"\n"), 1) if not line.strip())
    return CommentedFile(said, apart, blank) if said else None


def _beside(
    found: Found, scan: Scan, files: Mapping[str, CommentedFile], asked: Collection[tuple[str, str]], today: date
) -> SuppressionComment | None:
    """The comment that leaves a finding open."""
    if not any(control == found.control.id for _, control in asked):
        return None
    for extent in extents(found, scan.world):
        for said in files[extent.locator].said if (extent.locator, found.control.id) in asked else ():
            if found.control.id in _honoured(said, today) and applies_to(said.comment, extent, files[extent.locator]):
                return said
    return None


def _honoured(said: SuppressionComment, today: date) -> Sequence[str]:
    return () if why_not_honoured(said.suppression, today) else said.suppression.controls


def _wrong(said: SuppressionComment, known: Collection[str], today: date) -> list[str]:
    if why := why_not_honoured(said.suppression, today):
        return [f"the comment is not honoured: {why}"]
    return [f"the comment names no control there is: {i}" for i in said.suppression.controls if i not in known]


def _notice(locator: str, said: SuppressionComment, why: str) -> Problem:
    return Problem(f"{locator}:{said.comment.first}", why)
