"""What a binding's `terraform:` entry says: where each attribute of the kind stands in Terraform, and under which name.

    type: aws_s3_bucket                    # the resource type, or a list of them; arguments map by name: VpcId <-> vpc_id
    names: pascal                          # or camel (vpcId), as the maker's schema writes names
    known-as: bucket                       # the argument whose literal value also names the resource
    VersioningConfiguration/Status:        # a path of the kind -> the places it may stand in; the first is where new ones go
      - {in: aws_s3_bucket_versioning, by: bucket, at: versioning_configuration/status}
      - {at: versioning/enabled, values: {Enabled: true, Suspended: false}}

`in:` is the type of a resource beside this one that refers to it `by:` an argument. `at:` is a path of blocks and an argument;
without it the whole path maps by name. `values:` are the kind's values and what Terraform writes for them; `json: true` reads a
text that is JSON, `capital: true` one whose keys begin small where the kind's begin large. With `items:` the path is a list:
each block is an item, `items:` maps its attributes (both sides may be paths), `spread:` those that Terraform keeps as lists,
`where:` picks the blocks that count. `each: Type`: a list of values here is one of mappings with that one attribute. An empty
mapping at an `in:` makes the resource itself.
`of:` are the types that have the place, where the entry lists several; `since:` and `until:` the provider's versions that have it.
`alone: true`: a resource beside that belongs to none here is told as one of its own, of which only this path is known.
`else:` is what holds where the place says nothing, in the versions that have the place; where the module may have several of which
it is not the same it is unknown, or what is told `in-doubt: true`. `describe: in` (or out): items are rules, whose description can
be told from what they say. `refers: Type`: a reference to such a resource is known by its address. `map: true`: the last step is
a key of a map. `stops: [22]`: items are numbered rules, which tell of these ports that a refusal before them stops everybody.
`keyed: {name: value}`: the path is a mapping, which Terraform writes as blocks that hold a key and its value.
`needed: true`: without this argument there is no such resource, so that who takes it away takes the resource away.
`newer: {VALUE: VERSION}`: values that the provider takes only since a version.
`replaced:` lists what the provider makes a resource anew for (``_terraform_replaced``).
`with:` is what a new resource beside, or a new block of a key, says besides. A type data.TYPE are data blocks; with `at: ""` and
`json: true` such a block is the policy. `offers:` and `evidence:` stand in the modules of those names. `modules: {SOURCE: {...}}`
are the paths that arguments of a module from a registry set, as far as they are told here; of its other attributes nothing is
judged. There `else:` is the module's own default, `since:` and `until:` are the module's versions, and `made-by:` lists the inputs
that turn the resource off, `made-of:` those without which there is none; `at: []` is what no input can change. The modules that
many use stand in the table `modules.yaml` beside the bindings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from setright.bindings.error import BindingError
from setright.bindings.trees import split_path
from setright.model import Path, Plain

SETTINGS = frozenset(
    {
        "type",
        "layout",
        "names",
        "known-as",
        "reference",
        "documents",
        "lens",
        "name",
        "validate",
        "offers",
        "evidence",
        "images",
        "modules",
        "every-module",
        "replaced",
    }
)
PLACE = frozenset({"in", "by", "at", "values", "json", "items", "spread", "where", "each", "of", "since", "until", "map", "keyed"})
PLACE |= {"with", "alone", "else", "refers", "describe", "capital", "stops", "needed", "newer", "in-doubt"}
MAKING = ("made-by", "made-of")  # of a module: inputs that turn the resource off, and those that it needs
NOWHERE = ("",)
MOST_KNOWN = 4096
_KNOWN: dict[tuple[int, str], tuple[Mapping[str, Plain], Entry]] = {}  # by the id of the layout that each holds, and the type


class Place(NamedTuple):
    """One place that an attribute may stand in; `beside` is empty for the resource itself."""

    beside: str = ""
    by: str = ""
    at: tuple[str, ...] = ()
    values: tuple[tuple[Plain, Plain], ...] = ()
    items: Mapping[str, str] | None = None
    spread: Mapping[str, str] | None = None
    where: Mapping[str, Plain] | None = None
    json: bool = False
    capital: bool = False
    each: str = ""  # the one attribute of each item, where Terraform lists its values
    of: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    map: bool = False
    keyed: tuple[str, str] | None = None  # the arguments that hold the key and its value
    extra: Mapping[str, Plain] | None = None
    alone: bool = False
    otherwise: Plain = None
    in_doubt: bool = False
    refers: str = ""
    describe: str = ""  # in or out: items are rules, whose description can be told from what they say
    needed: bool = False
    newer: tuple[tuple[str, str], ...] = ()  # values, each with the version that first takes it
    stops: tuple[int, ...] = ()  # ports of which numbered rules tell whether one before them refuses everybody


class Spec(NamedTuple):
    """A path of the kind, and its places."""

    path: Path
    places: tuple[Place, ...]


class Entry(NamedTuple):
    """A whole `terraform:` entry, read for one of its types."""

    type: str
    names: str
    known_as: str
    reference: str
    specs: tuple[Spec, ...]
    alone: bool = False  # the type is one of those beside, for those of its resources that belong to none here
    switches: tuple[str, ...] = ()  # inputs of a module by which it does not make the resource
    parts: tuple[str, ...] = ()  # inputs of a module without which it does not make the resource

    def spec_of(self, path: Path) -> Spec:
        """The longest spec that the path lies in; else the resource itself, by name."""
        fitting = [spec for spec in self.specs if path[: len(spec.path)] == spec.path]
        return max(fitting, key=lambda spec: len(spec.path), default=Spec((), (Place(),)))

    def taken(self) -> set[tuple[str, ...]]:
        """The arguments of the resource itself that a spec speaks of, each with the blocks around it."""
        return {place.at for spec in self.specs for place in spec.places if not place.beside and place.at}


def entry(layout: Mapping[str, Plain], kind: str) -> Entry:
    """The entry as it is for one of its resource types. Raises BindingError at what it does not know."""
    known = _KNOWN.get((id(layout), kind))
    if known is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(layout), kind] = layout, _entry(msgspec.json.decode(msgspec.json.encode(layout)), kind)
    return known[1]


def types(layout: Mapping[str, Plain]) -> tuple[str, ...]:
    """The resource types that are of the kind."""
    told = layout.get("type")
    if isinstance(told, str):
        return (told,)
    if not isinstance(told, list) or not told or not all(isinstance(each, str) for each in told):
        raise BindingError("terraform: needs type:, the resource type or a list of them")
    return tuple(told)


def loners(layout: Mapping[str, Plain]) -> tuple[str, ...]:
    """The types beside whose resources may be told alone."""
    every = (one for value in layout.values() for one in (value if isinstance(value, list) else [value]))
    return tuple(dict.fromkeys(str(one["in"]) for one in every if isinstance(one, dict) and one.get("alone") is True))


def _entry(layout: Mapping[str, Plain], kind: str) -> Entry:
    names = layout.get("names", "pascal")
    if names not in ("pascal", "camel"):
        raise BindingError(f"terraform: names: is pascal or camel, not {names!r}")
    specs = (Spec(split_path(key), _places(key, value, names)) for key, value in layout.items() if key not in SETTINGS)
    if kind.startswith("module."):
        told = layout["modules"][kind.removeprefix("module.")]
        own = tuple(Spec(split_path(key), _places(key, value, names)) for key, value in told.items() if key not in MAKING)
        switches, parts = (tuple(told.get(key, ())) for key in MAKING)
        return Entry(kind, names, "", layout.get("reference", "id"), own, True, switches, parts)
    if kind in loners(layout):
        lone = (Spec(spec.path, tuple(p for p in spec.places if p.alone and p.beside == kind)) for spec in specs)
        return Entry(kind, names, "", layout.get("reference", "id"), tuple(spec for spec in lone if spec.places), True)
    if kind not in types(layout):
        raise BindingError(f"terraform: {kind} is none of {', '.join(types(layout))}")
    mine = (Spec(spec.path, tuple(place for place in spec.places if not place.of or kind in place.of)) for spec in specs)
    return Entry(kind, names, layout.get("known-as", ""), layout.get("reference", "id"), tuple(mine))


def _places(key: str, raw: Plain, names: str) -> tuple[Place, ...]:
    each = raw if isinstance(raw, list) else [raw]
    return tuple(_place(key, one, names) for one in each)


def _place(key: str, raw: Plain, names: str) -> Place:
    if not isinstance(raw, dict) or not raw.keys() <= PLACE or ("in" in raw) != ("by" in raw):
        raise BindingError(f"terraform: {key}: takes {', '.join(sorted(PLACE))}, in: only with by:")
    by_name = () if "in" in raw else tuple(snake(str(part)) for part in split_path(key))
    at = NOWHERE if raw.get("at") == [] else tuple(filter(None, raw["at"].split("/"))) if "at" in raw else by_name
    values = tuple((_literal(kind), own) for kind, own in raw.get("values", {}).items())
    items = raw.get("items") if "items" in raw or "spread" in raw else None
    keyed = next(iter(raw["keyed"].items())) if isinstance(raw.get("keyed"), dict) else None
    of = raw.get("of", ())
    return Place(
        beside=raw.get("in", ""),
        by=raw.get("by", ""),
        at=at,
        values=values,
        items=items,
        spread=raw.get("spread"),
        where=raw.get("where"),
        json=raw.get("json") is True,
        capital=raw.get("capital") is True,
        each=raw.get("each", ""),
        of=(of,) if isinstance(of, str) else tuple(of),
        since=str(raw.get("since", "")),
        until=str(raw.get("until", "")),
        map=raw.get("map") is True,
        keyed=keyed,
        extra=raw.get("with"),
        alone=raw.get("alone") is True,
        otherwise=raw.get("else"),
        in_doubt=raw.get("in-doubt") is True,
        refers=raw.get("refers", ""),
        describe=raw.get("describe", ""),
        needed=raw.get("needed") is True,
        stops=tuple(raw.get("stops", ())),
        newer=tuple(raw.get("newer", {}).items()),
    )


def _literal(key: str) -> Plain:
    """A key of `values:` as the value it stands for, null where that is nothing; keys are text once encoded."""
    return {"true": True, "false": False, "null": None}.get(key, key)


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """VpcId, vpcId and DBName as Terraform writes them: vpc_id, db_name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@lru_cache(maxsize=4096)
def unsnake(name: str, names: str) -> str:
    """vpc_id as the maker's schema writes it: VpcId, or vpcId where names are camel."""
    words = [word[:1].upper() + word[1:] for word in name.split("_")]
    joined = "".join(words)
    return joined if names == "pascal" else joined[:1].lower() + joined[1:]
