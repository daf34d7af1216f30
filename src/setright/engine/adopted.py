"""Findings that were there when setright came to a tree: written down once, so that only new ones stop anybody.

A finding is known again by control, kind, resource and file (relative to the list), whatever lines move and wherever the
tree is; on what is no source tree by its target instead of a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from setright.engine.error import EngineError
from setright.engine.scan import SOURCE_FAMILIES, Excepted, Found, Scan, set_aside
from setright.model import Problem

NAME = ".setright-adopted.json"
SCHEMA = "setright/1"
NAMED = 3  # of those that are no findings any more
Key = tuple[str, str, str, str]


class Adopted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One finding, its id as it was then, and the day on which it was adopted."""

    id: str
    control: str
    kind: str
    resource: str
    adopted_at: str
    file: str = ""
    target: str = ""

    @property
    def key(self) -> Key:
        return self.control, self.kind, self.resource, self.file or self.target


class AdoptedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file; sorted, so that changes to it are easy to review."""

    schema: str
    adopted: tuple[Adopted, ...]


class ListPlace(msgspec.Struct, frozen=True):
    """The list in force for one target, and where the target's files are (None: it is no source tree)."""

    file: Path
    root: Path | None
    entries: Mapping[Key, Adopted]


def find(root: Path) -> Path | None:
    """The list at a tree's root, else the nearest above it inside the same repository."""
    above = (root, *root.parents)
    top = next((number for number, folder in enumerate(above) if (folder / ".git").exists()), 0)
    return next((folder / NAME for folder in above[: top + 1] if (folder / NAME).is_file()), None)


def load_adopted(file: Path) -> dict[Key, Adopted]:
    """The findings of a list. Raises EngineError where it cannot be read, or is none."""
    try:
        held = msgspec.json.decode(file.read_bytes(), type=AdoptedList)
    except OSError as error:
        raise EngineError(f"{file}: {error.strerror}; `setright adopt -o {file}` writes it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"{file}: no list of adopted findings: {error}; `setright adopt` writes one") from error
    if held.schema != SCHEMA:
        raise EngineError(f"{file}: schema {held.schema!r} is not {SCHEMA!r}; `setright adopt` writes one")
    return {each.key: each for each in held.adopted}


def text_of(entries: Iterable[Adopted]) -> str:
    """The list as its file has it."""
    made = AdoptedList(SCHEMA, tuple(sorted(entries, key=lambda each: (each.file or each.target, each.resource, each.control))))
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def adopted(found: Found, place: ListPlace, day: str) -> Adopted:
    """A finding as the list has it."""
    control, kind, resource, where = _key(found, place)
    source = _in_tree(found, place)
    file, target = (where, "") if source else ("", where)
    return Adopted(found.finding.id, control, kind, resource, day, file, target)


def adopted_apart(scan: Scan, place: ListPlace) -> Scan:
    """The scan with adopted findings set aside, and notices of those that are right now, or whose file is gone."""
    aside = [_excepted(found, entry) for found in scan.found if (entry := place.entries.get(_key(found, place)))]
    return set_aside(scan, aside)._replace(notices=(*scan.notices, *_told(righted(scan, place), place)))


def righted(scan: Scan, place: ListPlace) -> list[Adopted]:
    """The adopted findings of this target that are none any more.

    Of a file that could not be read, and of a control that was not asked for, nothing can be said.
    """
    still = {_key(found, place) for found in (*scan.found, *(each.found for each in scan.excepted))}
    asked = set(scan.controls.ids)
    unread = {problem.locator for problem in scan.problems}
    return [
        entry
        for key, entry in place.entries.items()
        if key not in still and entry.control in asked and entry.kind not in unread and _here(entry, scan, place, unread)
    ]


def _here(entry: Adopted, scan: Scan, place: ListPlace, unread: set[str]) -> bool:
    """Whether an entry is about this target, in what of it could be read."""
    if entry.target:
        return entry.target == scan.target and not unread
    if place.root is None:
        return False
    locator = os.path.relpath(place.file.parent.resolve() / entry.file, place.root)
    return not locator.startswith("..") and locator not in unread and (locator in scan.world.documents or _gone(place, entry))


def _gone(place: ListPlace, entry: Adopted) -> bool:
    return not (place.file.parent / entry.file).exists()


def _key(found: Found, place: ListPlace) -> Key:
    finding = found.finding
    if place.root is None or not _in_tree(found, place):
        return finding.control, finding.kind, finding.resource, finding.target
    return key_in_list(found, place.file, place.root)


def key_in_list(found: Found, file: Path, root: Path) -> Key:
    """How a list in a file knows a finding of the tree at `root`."""
    finding, locator = found.finding, found.resource.home[0]
    folder = locator.rpartition("/")[0]
    name = finding.resource.removeprefix(f"{folder}/")  # seen from the folder itself, a resource is named without it
    return finding.control, finding.kind, name, os.path.relpath(root / locator, file.parent.resolve())


def _in_tree(found: Found, place: ListPlace) -> bool:
    return place.root is not None and found.slot[1] in SOURCE_FAMILIES


def _excepted(found: Found, entry: Adopted) -> Excepted:
    return Excepted(found, "adopted", f"was there on {entry.adopted_at}")


def _told(gone: list[Adopted], place: ListPlace) -> Iterator[Problem]:
    lost = [each for each in gone if each.file and _gone(place, each)]
    mended = [each for each in gone if each not in lost]
    for of, what in ((mended, "right now"), (lost, "the file is gone, and where it moved to they are new")):
        if of:
            named = ", ".join(f"{each.control} on {each.resource}" for each in of[:NAMED])
            more = f" and {len(of) - NAMED} more" if len(of) > NAMED else ""
            out = f"`setright adopt --prune` takes {'it' if len(of) == 1 else 'them'} out"
            yield Problem(str(place.file), f"{named}{more}: {what}; {out}")
