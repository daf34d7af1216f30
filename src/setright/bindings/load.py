"""Read binding files. The only place that knows their YAML; each layout says what its entry takes.

A binding stands in a folder of its domain. What several of them speak of is a table beside those folders, and an entry names it:
`images: images.yaml`.
"""

from __future__ import annotations

from pathlib import Path as File

from setright.bindings.error import BindingError
from setright.dialect import DialectError, read_mapping
from setright.model import Binding, Plain


def load(root: File) -> list[Binding]:
    """Every binding under `root`. Raises BindingError at the first bad file."""
    return [load_one(file, root) for file in files(root)]


def files(root: File) -> list[File]:
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
    return Binding(place, {family: _with_tables(entry, file, root) for family, entry in raw.items()})


def _with_tables(entry: dict[str, Plain], file: File, root: File) -> dict[str, Plain]:
    """The entry with the tables that it names by their files."""
    named = entry.get("images")
    if not isinstance(named, str):
        return entry
    try:
        return {**entry, "images": read_mapping(root / named)}
    except (OSError, DialectError) as error:
        raise BindingError(f"{file}: images: {named} beside the bindings cannot be read: {error}") from error
