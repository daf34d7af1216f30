"""What a file is beside its bytes, and replacing one by another of the same owner, mode and attributes, atomically."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp

from setright.model import Plain


def inode_of(real: Path) -> dict[str, Plain]:
    """What an exact restore needs beside the bytes."""
    seen = real.stat()
    mode = f"{stat.S_IMODE(seen.st_mode):04o}"
    return {"uid": seen.st_uid, "gid": seen.st_gid, "mode": mode, "mtime_ns": seen.st_mtime_ns, "xattr": _attributes(real)}


def _attributes(real: Path) -> dict[str, str]:
    return {name: base64.b64encode(os.getxattr(real, name)).decode() for name in os.listxattr(real)}


def replace_inode(real: Path, data: bytes, inode: Mapping[str, Plain]) -> None:
    handle, name = mkstemp(prefix=f".{real.name}.setright.", dir=real.parent)
    temp = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if real.exists():
                now = inode_of(real)
                del now["mtime_ns"]
                dress(temp, now)
            else:
                temp.chmod(int(inode.get("new_mode", "0644"), 8))
            dress(temp, inode)
            os.fsync(handle)
        temp.rename(real)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    sync_folder(real.parent)


def dress(real: Path, inode: Mapping[str, Plain]) -> None:
    """Gives a file the owner, attributes, mode and time that `inode` names; what is right already needs no rights."""
    if "uid" not in inode:
        return
    seen = real.stat()
    if (seen.st_uid, seen.st_gid) != (inode["uid"], inode["gid"]):
        os.chown(real, inode["uid"], inode["gid"])
    if stat.S_IMODE(real.stat().st_mode) != int(inode["mode"], 8):
        real.chmod(int(inode["mode"], 8))
    have = _attributes(real)
    for name in have.keys() - inode["xattr"].keys():
        os.removexattr(real, name)
    for name, value in inode["xattr"].items():
        if have.get(name) != value:
            os.setxattr(real, name, base64.b64decode(value))
    if inode.get("mtime_ns", seen.st_mtime_ns) != real.stat().st_mtime_ns:
        os.utime(real, ns=(seen.st_atime_ns, inode["mtime_ns"]))


def on_the_way(before: str, after: str) -> frozenset[str]:
    """What a file can be, as ``owner:group:0640``, when changing one into the other was cut short: chown(2) and chmod(2)
    are two steps, and the first clears setuid and setgid bits."""
    owners = {each.rpartition(":")[0] for each in (before, after)}
    modes = {int(each.rpartition(":")[2], 8) for each in (before, after)}
    return frozenset(f"{owner}:{mode & mask:04o}" for owner in owners for mode in modes for mask in (0o7777, 0o1777))


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
