"""Files that others name and no binding can: they are read after those, wherever they stand. Pure.

A folder that was looked into is an absent document of its name with a slash behind it. Source: sudoers(5), INCLUDING OTHER FILES;
sshd_config(5), Include.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from setright.model import Document, Problem, Want
from setright.patterns import whole_path
from setright.surfaces.linux.documents import WantedPattern, part_of
from setright.surfaces.linux.patterns import is_glob, matcher

INCLUDE = re.compile(rb'(?m)^[ \t]*[@#]include(?P<folder>dir)?[ \t]+(?:"(?P<quoted>[^"\n]+)"|(?P<path>(?:\\[^\n]|[^\s\\"])+))')
SSH_INCLUDE = re.compile(rb"(?mi)^[ \t]*Include(?:[ \t]*=[ \t]*|[ \t]+)([^#\r\n]+)")
SSH = "/etc/ssh"  # where sshd's relative paths begin
LENSES = ("sudoers", "sshd")
DEPTH = 8  # sudo itself goes 128 deep; what is deeper stays unread, which is told


def named_by(document: Document) -> Iterator[str]:
    """The paths that a document of sudo's policy includes, folders with a slash at the end; not those with its host's name. Of
    sshd's the patterns."""
    if document.lens == "sshd":
        words = [word.strip(b'"') for found in SSH_INCLUDE.finditer(document.data or b"") for word in found[1].split()]
        yield from (whole_path(SSH, word.decode(errors="surrogateescape")) for word in words if b"\\" not in word)
    if document.lens != "sudoers" or not document.data:
        return
    for found in INCLUDE.finditer(document.data):
        path = (found["quoted"] or re.sub(rb"\\(.)", rb"\1", found["path"])).decode(errors="surrogateescape")
        if not is_glob(path) and "%h" not in path:
            full = path if path.startswith("/") else f"{document.locator.rpartition('/')[0]}/{path}"
            yield f"{full.rstrip('/')}/" if found["folder"] else full


def unread_includes(documents: Iterable[Document], wants: Iterable[Want], known: set[str]) -> list[WantedPattern]:
    """What the documents name and nobody asked for yet; `known` remembers what was."""
    mine = [str(p) for want in wants if want.layout.get("lens") in LENSES for p in want.layout["documents"]]
    named = {path: each.lens for each in documents for path in named_by(each)}
    new = [path for path in named if path not in known and not any(matcher(glob)(_within(path)) for glob in mine)]
    known.update(new)
    return [part_of(_within(path), named[path]) for path in new]


def looked_into(parts: Iterable[WantedPattern], problems: Iterable[Problem]) -> list[Document]:
    """The folders among these that could be read."""
    barred = {problem.locator for problem in problems}
    folders = [part.locator.removesuffix("*") for part in parts if part.lens == "sudoers" and part.locator.endswith("/*")]
    return [Document(folder, None, "sudoers") for folder in folders if not any(p.startswith(folder) for p in barred)]


def _within(path: str) -> str:
    return f"{path}*" if path.endswith("/") else path
