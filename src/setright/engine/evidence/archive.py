"""A zip in which every byte has one right value, so that a changed one shows: stored, undated, in one order. Source: APPNOTE 6.3.

`laid_out` gives the same bytes for the same files on any machine; `archive_members` walks the files from the start, so that
a cut tail is told with the place where it begins.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import NamedTuple

from setright.engine.error import EngineError

LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_MARK = b"PK\x03\x04"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
MOST_BYTES = 1 << 30


class ArchiveMember(NamedTuple):
    """A file as it stands in the archive, and the offset of its header. `is_whole` is false where the archive ends within it."""

    name: str
    data: bytes
    offset: int
    is_whole: bool


def laid_out(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files in the order given."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, data)
    if made.tell() > MOST_BYTES:
        raise EngineError(f"the evidence is {made.tell()} bytes; a pack holds {MOST_BYTES} at the most: pack fewer runs' plans")
    return made.getvalue()


def archive_members(archive: bytes) -> Iterator[ArchiveMember]:
    """The files one after another as far as there are any."""
    at = 0
    while archive[at : at + 4] == LOCAL_MARK and len(archive) - at >= LOCAL.size:
        _, _, _, _, _, _, _, size, _, name_length, more_length = LOCAL.unpack_from(archive, at)
        start = at + LOCAL.size + name_length + more_length
        name = archive[at + LOCAL.size : at + LOCAL.size + name_length].decode("utf-8", "replace")
        yield ArchiveMember(name, archive[start : start + size], at, start + size <= len(archive))
        at = start + size
