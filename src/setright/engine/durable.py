"""Files that are whole or not there: written beside their place, synced, then moved or linked into it (rename(2), fsync(2))."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp


def private_directory(path: Path) -> Path:
    """The directory, made for its owner alone where it is missing, its entry in the parent synced."""
    if not path.is_dir():
        private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_directory(path.parent)
    return path


def sync_directory(path: Path) -> None:
    """Makes the names in a directory outlive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
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


def _staged(path: Path, data: bytes) -> Path:
    handle, name = mkstemp(prefix=f".{path.name}.", dir=private_directory(path.parent))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
