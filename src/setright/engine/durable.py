"""Files that are whole or not there: written beside their place, synced, then moved or linked into it.

rename(2), fsync(2), syncfs(2).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

MANY = 16  # files from which on the whole file system is synced at once


def private_directory(path: Path) -> Path:
    """The directory, made for its owner alone where it is missing, its entry in the parent synced."""
    if not path.is_dir():
        private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_directory(path.parent)
    return path


def sync_directory(path: Path) -> None:
    """Makes the names in a directory outlive a power cut."""
    sync_file(path)


def sync_file(path: Path) -> None:
    """Makes what was written to a file, by whomever, outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, data: bytes) -> None:
    """Puts the bytes at the path, mode 0600; whoever reads it sees the old bytes or the new ones, never a part."""
    staged = _staged(path, data)
    try:
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def replace_all(files: Mapping[Path, bytes], there: Collection[Path] = ()) -> None:
    """As `replace` for each, waiting for the disk once where they are many; what is `there` already is made to last too."""
    if len(files) < MANY:
        for path, data in files.items():
            replace(path, data)
        for folder in {path.parent for path in there}:
            sync_directory(folder)
        return
    staged = {path: _staged(path, data, synced=False) for path, data in files.items()}
    folder = next(iter(staged.values())).parent
    _sync_file_system(folder)
    for path, new in staged.items():
        new.replace(path)
    _sync_file_system(folder)


def create(path: Path, data: bytes) -> bool:
    """As `replace`, but leaves alone what is there already; False then. Of several at once, one wins."""
    staged = _staged(path, data)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    finally:
        staged.unlink(missing_ok=True)
    sync_directory(path.parent)
    return True


def _staged(path: Path, data: bytes, synced: bool = True) -> Path:
    from tempfile import mkstemp

    handle, name = mkstemp(prefix=f".{path.name}.", dir=private_directory(path.parent))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    return Path(name)


def _sync_file_system(folder: Path) -> None:
    """Makes all that was written to a folder's file system outlive a power cut (syncfs(2); elsewhere than Linux sync(2))."""
    from ctypes import CDLL, get_errno

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        syncfs = getattr(CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(handle):
            raise OSError(get_errno(), os.strerror(get_errno()), str(folder))
    finally:
        os.close(handle)
