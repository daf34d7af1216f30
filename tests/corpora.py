"""Real-world trees beside the checkout, unpacked once where they are present."""

from __future__ import annotations

import os
import tarfile
from functools import cache
from pathlib import Path

from setright.surfaces.iac.walk import holds_configuration, lens_of

ARCHIVES = Path(os.environ.get("SETRIGHT_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
UNPACKED = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "setright-corpora"


@cache
def root(name: str = "") -> Path | None:
    """The folder of a corpus (or of all); None where the archives are not there."""
    archives = sorted(ARCHIVES.glob("*.tar.xz"))
    if not archives:
        return None
    for archive in archives:
        mark = UNPACKED / f".{archive.stem}-{archive.stat().st_size}"
        if not mark.exists():
            with tarfile.open(archive) as tar:
                tar.extractall(UNPACKED, filter="data")
            mark.touch()
    return UNPACKED / name


@cache
def files(lens: str) -> tuple[Path, ...]:
    """Every corpus file that a lens may read."""
    if (top := root()) is None:
        return ()
    found = (p for p in sorted(top.rglob("*")) if p.is_file() and lens_of(p.name) == lens)
    return tuple(p for p in found if holds_configuration(p.as_posix(), lens, p.read_bytes()))
