"""Everything a restore must bring back of a file tree, path by path."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """One inode. `what` is a link's aim, a file's digest, a device's number. Folders have no time: work in them moves it."""

    kind: str
    mode: int
    uid: int
    gid: int
    size_bytes: int
    mtime_ns: int
    what: str
    xattr: tuple[tuple[str, bytes], ...]


def manifest(root: Path) -> dict[str, Entry]:
    """Every path below the root."""
    found = {}
    for here, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(here, name)
            found[str(path.relative_to(root))] = entry(path)
    return found


def entry(path: Path) -> Entry:
    seen = path.lstat()
    kind = stat.filemode(seen.st_mode)[0]
    regular = kind == "-"
    return Entry(
        kind,
        stat.S_IMODE(seen.st_mode),
        seen.st_uid,
        seen.st_gid,
        seen.st_size if regular else 0,
        seen.st_mtime_ns if regular else 0,
        _what(path, kind, seen),
        tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in _attributes(path)),
    )


def _attributes(path: Path) -> list[str]:
    """Those that a program sees; an overlay's own bookkeeping is none of the file's."""
    return sorted(name for name in os.listxattr(path, follow_symlinks=False) if not name.startswith("trusted.overlay."))


def _what(path: Path, kind: str, seen: os.stat_result) -> str:
    if kind == "l":
        return str(path.readlink())
    if kind == "-":
        with path.open("rb") as file:
            return sha256(file.read()).hexdigest()
    return str(seen.st_rdev)
