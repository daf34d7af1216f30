"""A Terraform module is a directory: its blocks, what its variables and locals hold, and who else sets them.

developer.hashicorp.com/terraform/language (modules, values/variables, values/locals).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_networks as networks
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._terraform_choices import either
from setright.bindings.layouts._terraform_deployments import makes_roles, with_roles
from setright.bindings.layouts._terraform_each import in_all, with_instances
from setright.bindings.layouts._terraform_evaluate import choice, filled
from setright.bindings.layouts._terraform_managed import managed_alias
from setright.bindings.layouts._terraform_types import conformed, declared
from setright.bindings.layouts._terraform_values import MISSING, is_known, mentions
from setright.bindings.source import Source
from setright.model import Path, Plain, Tree, Unknown
from setright.trees import same

NAMED_VALUE = re.compile(r'(?:"\$\{\s*)?(var|local)\.([A-Za-z_][\w-]*)(?:\s*\}")?')
FROM_ELSEWHERE = re.compile(r"\b(?:module|var|data)\.")
REGISTRY = re.compile(r"(?:registry\.(?:terraform\.io|opentofu\.org)/)?([\w-]+/[\w-]+/[\w-]+(?://[\w./-]+)?)")
REPOSITORY = re.compile(
    r"(?:git::)?(?:https://|ssh://)?(?:git@)?github\.com[/:]([\w-]+)/terraform-([a-z]+)-([\w-]+?)(?:\.git)?(//[\w./-]+)?(?:\?.*)?"
)
OPENING = re.compile(r"google_storage_\w+_(?:iam|acl|access_control)|azurerm_storage_container")  # what lets somebody into a bucket
NESTING, CALLS = 8, 16  # locals of locals; more than call a directory for one purpose


class Block(NamedTuple):
    """One resource block and where it stands."""

    locator: str
    path: Path
    body: Tree

    @property
    def type(self) -> str:
        if self.path[0] == "module":
            return f"module.{registry_name(self.body.get('source'))}"
        return str(self.path[1]) if self.path[0] == "resource" else f"{self.path[0]}.{self.path[1]}"

    @property
    def address(self) -> str:
        return f"module.{self.path[1]}" if self.path[0] == "module" else f"{self.type}.{self.path[2]}"


Call = tuple[str, str, Path, Tree]  # the directory that calls, and the block in it


class _Told(NamedTuple):
    """What directories tell each other: providers asked for, whom they let into buckets, which make roles, who is in networks."""

    providers: tuple[tuple[str, Plain, Plain], ...] = ()
    policies: tuple[tuple[str, Plain], ...] = ()
    grants: tuple[tuple[str, Plain], ...] = ()
    with_roles: frozenset[str] = frozenset()
    tenants: tuple[tuple[str, str], ...] = ()


class Module:
    """The files of one directory; `overridden` are variables that a caller or a tfvars file sets, `tree` all directories."""

    def __init__(
        self, folder: str, sources: Mapping[str, Source], overridden: frozenset[str], tree: Mapping[str, Module] | None = None
    ) -> None:
        self.folder = folder
        self.tree = tree if tree is not None else {folder: self}
        self.sources = sources
        self.overridden = overridden
        self._holding: dict[str, list[Source]] = {}  # by type, the files that have blocks of it
        for source in sources.values():
            for kind in _blocks(source):
                self._holding.setdefault(kind, []).append(source)
        self.types = frozenset(self._holding)
        self.told = _Told()  # what the whole tree tells its modules
        self.calls: tuple[Call, ...] = ()  # who calls it
        self._given: dict[str, Plain] = {}  # what they give its variables, where that is known
        self._by_type: dict[str, list[Block]] = {}
        self._at: dict[tuple[str, Path], Block] = {}
        self.notes: dict[str, Plain] = {}  # what is told of the module once for all its blocks, by names of their own

    def resources(self, kind: str) -> list[Block]:
        """The resource blocks of a type, data blocks of data.TYPE, or calls of module.SOURCE, without those counted to none."""
        if kind not in self._by_type:
            made = (block for block in self._written(kind) if not same(self.resolved(block.body.get("count")), 0))
            self._by_type[kind] = [block._replace(body=with_instances(self, block.body)) for block in made]
            self._at |= {(block.locator, block.path): block for block in self._by_type[kind]}
        return self._by_type[kind]

    def joins(self, tree: Mapping[str, Module], told: _Told, calls: tuple[Call, ...]) -> None:
        """The module in a tree, with who calls it there."""
        if self.told != told:
            self.notes.clear()
        self.tree, self.told, self.calls = tree, told, calls

    def hears(self) -> None:
        """What was noted of the module goes where others give it something else than they did."""
        given = {name: self._told_by_others(name, 0) for name in sorted(self.overridden)}
        if given != self._given:
            self.notes.clear()
            self._by_type.clear()
        self._given = given

    @cached_property
    def open_policies(self) -> list[Plain]:
        """The policies set on buckets which the module got from elsewhere."""
        ties = ((self.resolved(each.body.get("bucket")), each) for each in self.resources("aws_s3_bucket_policy"))
        return [each.body.get("policy") for tie, each in ties if isinstance(tie, Unknown) and FROM_ELSEWHERE.search(tie.text)]

    def resource_at(self, locator: str, path: Path, kind: str = "") -> Block | None:
        """The one block of `resources` that stands there; without its type only where that was asked for before."""
        self.resources(kind)
        return self._at.get((locator, path))

    def resolved(self, value: Plain, depth: int = 0) -> Plain:
        """The value with variables and locals of literal value filled in, all the way down."""
        if isinstance(value, list):
            return [self.resolved(item, depth) for item in value]
        if isinstance(value, dict):
            return {key: self.resolved(item, depth) for key, item in value.items()}
        if not isinstance(value, Unknown) or value.keys or depth > NESTING:
            return value
        if (place := self.definition(value)) is not None:
            return self.resolved(place[2], depth + 1)
        further = partial(self.resolved, depth=depth + 1)
        if (named := NAMED_VALUE.fullmatch(value.text)) and named[1] == "var" and named[2] in self.overridden:
            found = self._told_by_others(named[2], depth + 1)
        else:
            found = filled(value.text, further)
        if found is not MISSING:
            return further(found)
        return managed_alias(value.text, self._written, further) or either(value, further)

    def _written(self, kind: str, name: str = "") -> Iterator[Block]:
        there = (block for source in self._holding.get(kind, ()) for block in _blocks(source)[kind])
        return (block for block in there if not name or block.path[2] == name)

    def chosen(self, value: Plain, depth: int = 0) -> Plain:
        """The value resolved, of a choice what it comes to by itself: what a module makes as it is, not what it may make."""
        value = self.resolved(value)
        if not isinstance(value, Unknown) or value.keys or depth > NESTING:
            return in_all(value) if isinstance(value, Unknown) and value.keys else value
        found = choice(value.text, lambda part: self.chosen(part, depth + 1))
        return value if found is MISSING else found

    def _told_by_others(self, name: str, depth: int) -> Plain:
        """The value that all who set a variable agree on; MISSING where they do not, or one of them cannot be told."""
        sets = list(self._setters(name))
        told: list[Plain] = []
        for module, _, _, raw in sets[: CALLS + 1] if len(sets) <= CALLS else ():
            value = conformed(declared(self.sources, name), module.resolved(raw, depth))
            if not is_known(value) or (told and not same(told[0], value)):
                return MISSING
            told.append(value)
        return told[0] if told else MISSING

    def _setters(self, name: str) -> Iterator[tuple[Module, str, Path, Plain]]:
        """Where a variable gets its value, and of which module: tfvars files, calls, and its default where one is silent."""
        files = [(at, source.tree[name]) for at, source in self.sources.items() if _is_given(at) and name in source.tree]
        yield from ((self, at, (name,), raw) for at, raw in files)
        silent = not files and not self.calls
        for folder, locator, path, body in self.calls:
            if name in body:
                yield self.tree[folder], locator, (*path, name), body[name]
            silent = silent or name not in body
        if silent:
            yield from ((self, at, path, raw) for at, path, raw in self._defaults.get(name, ()))

    def definition(self, value: Unknown) -> tuple[str, Path, Plain] | None:
        """Where the one variable or local that a value names is given its value here; None where that is not told."""
        named = NAMED_VALUE.fullmatch(value.text)
        if named is None:
            return None
        found = (self._defaults if named[1] == "var" else self._local_values).get(named[2], [])
        if len(found) != 1 or (named[1] == "var" and named[2] in self.overridden):
            return None
        return found[0]

    @cached_property
    def _defaults(self) -> dict[str, list[tuple[str, Path, Plain]]]:
        """By variable, where it has a default."""
        found: dict[str, list[tuple[str, Path, Plain]]] = {}
        for locator, source in self.sources.items():
            for name, blocks in _mapping(source.tree.get("variable")).items():
                for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
                    if "default" in body:
                        value = conformed(body.get("type"), body["default"])
                        found.setdefault(name, []).append((locator, ("variable", name, index, "default"), value))
        return found

    @cached_property
    def _local_values(self) -> dict[str, list[tuple[str, Path, Plain]]]:
        """By local, where it is given its value."""
        found: dict[str, list[tuple[str, Path, Plain]]] = {}
        for locator, source in self.sources.items():
            blocks = source.tree.get("locals", ())
            for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
                for name, value in _mapping(body).items():
                    found.setdefault(name, []).append((locator, ("locals", index, name), value))
        return found

    def editable(self, value: Unknown, where: str) -> tuple[str, Path]:
        """Where a value is to be changed that stands behind a variable or local which nothing else uses. Raises BindingError."""
        named = NAMED_VALUE.fullmatch(value.text)
        setters = list(self._setters(named[2])) if named and named[1] == "var" and named[2] in self.overridden else []
        if named and len(setters) == 1 and self._uses(named[0]) == 1:
            module, locator, path, there = setters[0]
        else:
            module, (locator, path, there) = self, self.behind(value, where)
        if isinstance(there, Unknown):
            return module.editable(there, f"{locator}: {value.text}")
        return locator, path

    def _uses(self, shown: str) -> int:
        named = re.compile(rf"\b{re.escape(shown)}\b")
        return sum(mentions(source.tree, named) for source in self.sources.values())

    def behind(self, value: Unknown, where: str) -> tuple[str, Path, Plain]:
        """The value of a variable or local which nothing else uses, and where it stands. Raises BindingError."""
        place, named = self.definition(value), NAMED_VALUE.fullmatch(value.text)
        if place is None or named is None:
            raise BindingError(f"{where} is {value.text}; change it where that is set")
        shown = f"{named[1]}.{named[2]}"
        if (uses := self._uses(shown)) != 1:
            raise BindingError(f"{where} is {shown}, which is used {uses} times in {self.folder or 'this module'}; decide there")
        return place


def _blocks(source: Source) -> dict[str, list[Block]]:
    """The resource and data blocks of a file by their type, and the calls of modules by their source."""
    if "blocks" not in source.notes:
        found: dict[str, list[Block]] = {}
        for sort, prefix in (("resource", ""), ("data", "data.")):
            for own, named in _mapping(source.tree.get(sort)).items():
                for name, bodies in _mapping(named).items():
                    blocks = enumerate(bodies) if isinstance(bodies, list) else ()
                    found.setdefault(prefix + own, []).extend(Block(source.locator, (sort, own, name, n), b) for n, b in blocks)
        for name, bodies in _mapping(source.tree.get("module")).items():
            for n, body in enumerate(bodies if isinstance(bodies, list) else ()):
                found.setdefault(f"module.{registry_name(body.get('source'))}", []).append(
                    Block(source.locator, ("module", name, n), body)
                )
        source.notes["blocks"] = found
    by_type: dict[str, list[Block]] = source.notes["blocks"]
    return by_type


def registry_name(source: Plain) -> str:
    """A module's source as the registry names it, NAMESPACE/NAME/PROVIDER, be it taken from there or from its repository."""
    text = str(source)
    if of_registry := REGISTRY.fullmatch(text):
        return of_registry[1]
    if of_repository := REPOSITORY.fullmatch(text):
        namespace, provider, name, below = of_repository.groups()
        return f"{namespace}/{name}/{provider}{below or ''}"
    return text


def _mapping(value: Plain) -> Tree:
    return value if isinstance(value, dict) else {}


_LAST: list[tuple[Mapping[str, Source], int, dict[str, Module]]] = []  # the sources seen last: many kinds ask for the same


def modules(sources: Mapping[str, Source]) -> dict[str, Module]:
    """Every directory with Terraform files, by its path (the root of the tree is empty)."""
    last = _LAST[0] if _LAST else None  # another thread may put its own there meanwhile
    if last is None or last[0] is not sources or last[1] != len(sources):
        _LAST[:] = [last := (sources, len(sources), _modules(sources))]
    return last[2]


def _modules(sources: Mapping[str, Source]) -> dict[str, Module]:
    written: dict[str, dict[str, Source]] = {}
    for locator in sorted(sources):
        source = sources[locator]
        if source.exists and (source.lens == "hcl" or locator.endswith(syntax.SUFFIXES)):
            written.setdefault(posixpath.dirname(locator), {})[locator] = source
    folders = {folder: {locator: _native(source) for locator, source in mine.items()} for folder, mine in written.items()}
    called: dict[str, set[str]] = {}
    for folder, mine in folders.items():
        for target, body in _called(folder, mine).items():
            called.setdefault(target, set()).update(body)
    tree: dict[str, Module] = {}
    for folder, mine in folders.items():
        tree[folder] = _module(folder, mine, frozenset(called.get(folder, ())) | _given(mine))
    told = _told(tree)
    calls = _by_target(folders)
    for folder, module in tree.items():
        module.joins(tree, told, calls.get(folder, ()))
    for module in tree.values():
        module.hears()
    return tree


def _by_target(folders: Mapping[str, Mapping[str, Source]]) -> dict[str, tuple[Call, ...]]:
    """Who calls each directory of the tree."""
    found: dict[str, tuple[Call, ...]] = {}
    for folder, mine in folders.items():
        for source in mine.values():
            for block in (block for blocks in _blocks(source).values() for block in blocks if block.path[0] == "module"):
                if (target := _target(folder, block.body)) is not None:
                    found[target] = (*found.get(target, ()), (folder, block.locator, block.path, block.body))
    return found


def _target(folder: str, call: Tree) -> str | None:
    """The directory of the tree that a call is of."""
    place = call.get("source")
    if not isinstance(place, str) or not place.startswith("."):
        return None
    target = posixpath.normpath(posixpath.join(folder, place)).removeprefix("./")
    return "" if target == "." else target


def _native(source: Source) -> Source:
    if not source.locator.endswith(syntax.SUFFIXES[0]):
        return source
    if "native" not in source.notes:
        source.notes["native"] = syntax.native(source)
    native: Source = source.notes["native"]
    return native


def _module(folder: str, sources: Mapping[str, Source], overridden: frozenset[str]) -> Module:
    """The module made last of the very same files, else a new one: a fix changes few directories of a tree."""
    notes = next(iter(sources.values())).notes
    last: Module | None = notes.get("module")
    if last is None or last.overridden != overridden or not _are_same(last.sources, sources):
        notes["module"] = last = Module(folder, sources, overridden)
    return last


def _are_same(one: Mapping[str, Source], other: Mapping[str, Source]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one.values(), other.values(), strict=True))


def _told(tree: Mapping[str, Module]) -> _Told:
    sources = (source for module in tree.values() for source in module.sources.values())
    said = ((source.locator, source.tree.get("terraform"), source.tree.get("provider")) for source in sources)
    policies = ((folder, module.open_policies) for folder, module in tree.items() if "aws_s3_bucket_policy" in module.types)
    makers = {folder for folder, module in tree.items() if makes_roles(module.types)}
    calls = {folder: set(_called(folder, module.sources)) for folder, module in tree.items()} if makers else {}
    opening = ((folder, module, kind) for folder, module in tree.items() for kind in module.types if OPENING.match(kind))
    return _Told(
        tuple(each for each in said if each[1:] != (None, None)),
        tuple((folder, each) for folder, each in policies if each),
        tuple((folder, each.body) for folder, module, kind in opening for each in module.resources(kind)),
        with_roles(calls, makers),
        _tenants(tree) if any("aws_vpc" in module.types for module in tree.values()) else (),
    )


def _tenants(tree: Mapping[str, Module]) -> tuple[tuple[str, str], ...]:
    """Who may be in the default groups of each directory's networks."""
    calls: list[networks.Call] = []
    directories: dict[str, networks.Directory] = {}
    for folder, module in tree.items():
        there = [block for source in module.sources.values() for blocks in _blocks(source).values() for block in blocks]
        made = [block for block in there if not same(block.body.get("count"), 0)]
        calls += [(folder, str(each.path[1]), _target(folder, each.body), each.body) for each in made if each.path[0] == "module"]
        lone = networks.groupless((each.type, each.address, each.body) for each in made if each.type in networks.GROUPS)
        directories[folder] = networks.Directory(tuple(source.tree for source in module.sources.values()), module.types, lone)
    return networks.tenants(directories, calls)


def _calls(sources: Mapping[str, Source]) -> Iterator[Tree]:
    for source in sources.values():
        named = source.tree.get("module", {})
        for blocks in named.values() if isinstance(named, dict) else ():
            yield from blocks if isinstance(blocks, list) else ()


def _called(folder: str, sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """The directories of the tree that one calls, and the variables that it gives each."""
    found: dict[str, set[str]] = {}
    for body in _calls(sources):
        if (target := _target(folder, body)) is not None:
            found.setdefault(target, set()).update(body)
    return found


def _given(sources: Mapping[str, Source]) -> frozenset[str]:
    """The variables that tfvars files set."""
    return frozenset(name for locator, source in sources.items() if _is_given(locator) for name in source.tree)


def _is_given(locator: str) -> bool:
    return locator.endswith((".tfvars", ".tfvars.json"))
