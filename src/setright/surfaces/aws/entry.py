"""A binding's `aws:` entry, typed: how a kind is listed, and which calls read and write each group of attributes.

Keys that begin with a capital are attribute groups, by their path in the tree; the others are the entry's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from setright.model import Path, Plain
from setright.surfaces.base import SurfaceError

OTHERS = {"layout", "lens", "documents", "partial", "name", "validate", "reload", "probe", "next-start", "cuts-us-off"}


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the resources are found. `again` are the arguments that make `call` answer for one resource alone.

    `arguments` go with every call, the page size among them. `region` is the field of an item that tells where it is.
    """

    call: str
    at: str
    id: str
    arguments: dict[str, Plain] = {}
    again: dict[str, Plain] = {}
    region: str = ""


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One group of attributes that one call reads and one call writes.

    `read` is a call, or nothing where the listing's own item tells. `at` is the place in the answer, `into` that in
    the request (empty: the arguments themselves). `absent` are the error codes that say there is none, `empty` what
    the tree has then. `keep` and `drop` say what of the answer is configuration (`drop` leaves out values that the
    API fills in), `names` what the API calls differently from the tree, `needs` what a request must say even so.
    `delete` (with `delete-with`) goes back to absent; where nothing can, `nearest` is the value that comes closest.
    `on` and `off` set a switch. `shape` names a form of its own: `json` text, `ingress` or `egress` rules.
    """

    read: str = ""
    at: str = ""
    arguments: dict[str, Plain] = {}
    absent: tuple[str, ...] = ()
    empty: Plain = None
    keep: tuple[str, ...] = ()
    drop: dict[str, Plain] = {}
    names: dict[str, str] = {}
    shape: str = ""
    write: str = ""
    into: str = ""
    needs: dict[str, Plain] = {}
    delete: str = ""
    delete_with: dict[str, Plain] = {}
    nearest: Plain = None
    on: str = ""
    off: str = ""

    @property
    def writable(self) -> bool:
        return bool(self.write or self.on or self.shape in ("ingress", "egress"))


class ResourcePlace(NamedTuple):
    """Where one resource is: fills `{account}`, `{region}` and `{id}` in arguments and locators."""

    account: str
    region: str
    id: str


class AwsEntry(NamedTuple):
    """`scope` is ``account`` (asked once) or ``region`` (asked in each). Without `list` there is one resource a scope."""

    kind: str
    locator: str
    scope: str
    list: Listing | None
    one: Mapping[str, Plain]
    gone: tuple[str, ...]
    groups: Mapping[Path, Group]

    def wanted(self, keys: tuple[str, ...]) -> tuple[Path, ...]:
        """The groups that hold these first path segments; all for none. What the listing tells is always in."""
        return tuple(path for path, group in self.groups.items() if not keys or path[0] in keys or not group.read)

    def place(self, locator: str, account: str, home: str) -> ResourcePlace | None:
        """The resource that a locator names; None where it is none of this kind."""
        pattern = re.escape(self.locator).replace(r"\{region\}", "(?P<region>[a-z0-9-]+)").replace(r"\{id\}", "(?P<id>.+)")
        found = re.fullmatch(pattern.replace(r"\{account\}", "(?P<account>[0-9]+)"), locator)
        if not found:
            return None
        told = found.groupdict()
        return ResourcePlace(
            told.get("account", account), told.get("region", home), told.get("id") or told.get("region") or account
        )


class _Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    locator: str
    scope: str = "account"
    list: Listing | None = None
    one: dict[str, Plain] = {}
    gone: tuple[str, ...] = ()


def parse_entry(kind: str, layout: Mapping[str, Plain]) -> AwsEntry:
    """Raises SurfaceError naming the binding where the entry is not what it should be."""
    groups = {key: value for key, value in layout.items() if key[:1].isupper()}
    own = {key: value for key, value in layout.items() if key not in groups and key not in OTHERS}
    try:
        told = msgspec.convert(own, _Own)
        typed = {tuple(_index(s) for s in key.split("/")): msgspec.convert(value, Group) for key, value in groups.items()}
    except msgspec.ValidationError as error:
        raise SurfaceError(f"bindings/{kind}.yaml: aws: {error}") from error
    return AwsEntry(kind, told.locator, told.scope, told.list, told.one, told.gone, typed)


def with_place(arguments: Plain, place: ResourcePlace) -> Plain:
    """Arguments with the place's names filled in."""
    if isinstance(arguments, dict):
        return {key: with_place(value, place) for key, value in arguments.items()}
    if isinstance(arguments, list):
        return [with_place(value, place) for value in arguments]
    return arguments.format(**place._asdict()) if isinstance(arguments, str) else arguments


def _index(segment: str) -> str | int:
    return int(segment) if segment.isdigit() else segment
