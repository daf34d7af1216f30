"""Read binding files. The only place that knows their YAML; each layout says what its entry takes.

A binding stands in a folder of its domain. What several of them speak of is a table beside those folders, and an entry names it:
`images: images.yaml`. What modules of the Terraform registry make is one such table for all kinds, by the module.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path as File

from setright.bindings.error import BindingError
from setright.dialect import DialectError, read_mapping
from setright.model import Binding, Plain

MODULES = "modules.yaml"  # what modules of the Terraform registry make


def load_bindings(root: File) -> list[Binding]:
    """Every binding under `root`. Raises BindingError at the first bad file."""
    return [load_one(file, root) for file in binding_files(root)]


def binding_files(root: File) -> list[File]:
    """The files of all bindings under `root`, without the tables that they share."""
    return sorted(root.glob("*/**/*.yaml"))


def load_one(file: File, root: File) -> Binding:
    """The binding in one file; its kind must be its place below `root`."""
    try:
        raw = read_mapping(file)
    except DialectError as error:
        raise BindingError(str(error)) from error
    place = file.relative_to(root).with_suffix("").as_posix()
    if raw.pop("kind", None) != place:
        raise BindingError(f"{file}: kind must be {place!r}, its place; move the file or change the kind")
    if not raw or not all(isinstance(entry, dict) for entry in raw.values()):
        raise BindingError(f"{file}: needs an entry for each family of surfaces that holds this kind, each a mapping")
    layouts = {family: _with_tables(_whole(entry, raw, file), file, root) for family, entry in raw.items()}
    if "terraform" in layouts and "layout" not in layouts["terraform"]:
        told = layouts["terraform"]
        every = dict.fromkeys((name for modules in _modules(root).values() for name in modules), True)
        layouts["terraform"] = {
            **told,
            "modules": {**_modules(root).get(place, {}), **told.get("modules", {})},
            "every-module": every,
        }
    return Binding(place, layouts)


def _whole(entry: dict[str, Plain], others: Mapping[str, dict[str, Plain]], file: File) -> dict[str, Plain]:
    """An entry that is `like` another takes of it what it does not say itself, and its examples."""
    like = entry.get("like")
    if like is not None and like not in others:
        raise BindingError(f"{file}: like: {like!r} is none of its entries; they are {', '.join(sorted(others))}")
    return {**others[like], **entry, "as": like} if like else entry


def _modules(root: File) -> Mapping[str, Mapping[str, Plain]]:
    """What modules make, by kind and module. Raises BindingError where the table cannot be read."""
    table = root / MODULES
    return _by_kind(table, table.stat().st_mtime_ns) if table.is_file() else {}


@lru_cache(maxsize=8)
def _by_kind(table: File, changed_ns: int) -> Mapping[str, Mapping[str, Plain]]:
    try:
        told = read_mapping(table)
    except DialectError as error:
        raise BindingError(str(error)) from error
    found: dict[str, dict[str, Plain]] = {}
    for module, kinds in told.items():
        for kind, paths in kinds.items():
            found.setdefault(kind, {})[module] = paths
    return found


def _with_tables(entry: dict[str, Plain], file: File, root: File) -> dict[str, Plain]:
    """The entry with the tables that it names by their files."""
    whole = dict(entry)
    for key in ("images", "needs", "rights", "digests", "commits"):
        named = entry.get(key)
        if not isinstance(named, str):
            continue
        try:
            whole[key] = read_mapping(root / named)
        except (OSError, DialectError) as error:
            raise BindingError(f"{file}: {key}: {named} beside the bindings cannot be read: {error}") from error
    return whole
