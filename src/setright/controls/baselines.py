"""Baselines: named selections of controls with parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path as File

import msgspec

from setright.controls.error import ControlError
from setright.dialect import DialectError, read_mapping
from setright.model import Plain

FIELDS = {"id", "title", "version", "controls", "without", "params"}


class Baseline(msgspec.Struct, frozen=True):
    """Which controls (globs over ids), which of those not and why, and the values of their parameters."""

    id: str
    title: str
    version: str
    controls: tuple[str, ...]
    without: Mapping[str, str] = {}
    params: Mapping[str, Plain] = {}


def load_baseline(file: File) -> Baseline:
    """One baseline file. Raises ControlError naming the file and the field."""
    try:
        raw = read_mapping(file)
        if extra := raw.keys() - FIELDS:
            raise ControlError(f"no such field: {', '.join(sorted(extra))}; fields are {', '.join(sorted(FIELDS))}")
        baseline = Baseline(**{**raw, "version": str(raw["version"]), "controls": tuple(raw["controls"])})
    except (DialectError, ControlError, KeyError, TypeError) as error:
        raise ControlError(f"{file}: {error}") from error
    if baseline.id != file.stem:
        raise ControlError(f"{file}: id is {baseline.id!r}, its place says {file.stem!r}")
    return baseline


def select(baseline: Baseline, ids: Iterable[str]) -> list[str]:
    """The ids that the baseline takes, in the given order."""
    return [i for i in ids if _any(i, baseline.controls) and not _any(i, baseline.without)]


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
