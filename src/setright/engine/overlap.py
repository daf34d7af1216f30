"""Source trees that are a part of another: what stands in both is looked at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from setright.engine.configuration import IS_URL


def covered_targets(targets: Sequence[str], declared: Collection[str]) -> dict[str, str]:
    """Each path of which another target reads every file, and that other. A declared target is one of its own: it stays."""
    paths = [target for target in targets if not IS_URL.match(target)]
    found: dict[str, str] = {}
    for inner in paths:
        outer = next((each for each in paths if each not in found and inner not in declared and _is_part(inner, each)), None)
        if outer:
            found[inner] = outer
    return found


def _is_part(inner: str, outer: str) -> bool:
    own, around = Path(inner).resolve(), Path(outer).resolve()
    return around in own.parents and own.exists() and around.is_dir() and _files(own) <= _files(around)


def _files(place: Path) -> set[Path]:
    """What a scan reads there; what .gitignore names is in the one and may not be in the other."""
    from setright.surfaces.iac.walk import files

    return {place} if place.is_file() else {place / path for path, _ in files(place, lambda *_: None)}
