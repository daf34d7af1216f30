"""A Terraform module is a directory: its blocks, what its variables and locals hold, and who else sets them.

developer.hashicorp.com/terraform/language (modules, values/variables, values/locals).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._terraform_deployments import makes_roles, with_roles
from setright.bindings.source import Source
from setright.bindings.trees import same
from setright.model import Path, Plain, Tree, Unknown

NAMED_VALUE = re.compile(r'(?:"\$\{\s*)?(var|local)\.([A-Za-z_][\w-]*)(?:\s*\}")?')
FROM_ELSEWHERE = re.compile(r"\b(?:module|var|data)\.")
REGISTRY = re.compile(r"(?:registry\.(?:terraform\.io|opentofu\.org)/)?([\w-]+/[\w-]+/[\w-]+(?://[\w./-]+)?)")
REPOSITORY = re.compile(
    r"(?:git::)?(?:https://|ssh://)?(?:git@)?github\.com[/:]([\w-]+)/terraform-([a-z]+)-([\w-]+?)(?:\.git)?(//[\w./-]+)?(?:\?.*)?"
)
OPENING = re.compile(r"google_storage_\w+_(?:iam|acl|access_control)|azurerm_storage_container")  # what lets somebody into a bucket
NESTING = 8  # locals of locals


class Block(NamedTuple):
    """One resource block and where it stands."""

    locator: str
    path: Path
    body: Tree

    @property
    def type(self) -> str:
        if self.path[0] == "module":
            return f"module.{called(self.body.get('source'))}"
        return str(self.path[1]) if self.path[0] == "resource" else f"{self.path[0]}.{self.path[1]}"

    @property
    def address(self) -> str:
        return f"module.{self.path[1]}" if self.path[0] == "module" else f"{self.type}.{self.path[2]}"


class _Told(NamedTuple):
    """What directories tell each other: the providers they ask for, whom they let into buckets of others, which make roles."""

    providers: tuple[tuple[str, Plain, Plain], ...] = ()
    policies: tuple[tuple[str, Plain], ...] = ()
    grants: tuple[tuple[str, Plain], ...] = ()
    with_roles: frozenset[str] = frozenset()


class Module:
    """The files of one directory; `overridden` are variables that a caller or a tfvars file sets, `tree` all directories."""

    def __init__(
        self, folder: str, sources: Mapping[str, Source], overridden: frozenset[str], tree: Mapping[str, Module] | None = None
    ) -> None:
        self.folder = folder
        self.tree = tree if tree is not None else {folder: self}
        self.sources = sources
        self.overridden = overridden
        self.types = frozenset(kind for source in sources.values() for kind in _blocks(source))
        self.told = _Told()  # what the whole tree tells its modules
        self._by_type: dict[str, list[Block]] = {}
        self._at: dict[tuple[str, Path], Block] = {}
        self.notes: dict[str, Plain] = {}  # what is told of the module once for all its blocks, by names of their own

    def resources(self, kind: str) -> list[Block]:
        """The resource blocks of a type, data blocks of data.TYPE, or calls of module.SOURCE, without those counted to none."""
        if kind not in self._by_type:
            blocks = [block for source in self.sources.values() for block in _blocks(source).get(kind, ())]
            self._by_type[kind] = [block for block in blocks if not same(self.resolved(block.body.get("count")), 0)]
            self._at |= {(block.locator, block.path): block for block in self._by_type[kind]}
        return self._by_type[kind]

    def joins(self, tree: Mapping[str, Module], told: _Told) -> None:
        """The module in a tree; what was noted of it goes where other directories say something else than they did."""
        if self.told != told:
            self.notes.clear()
        self.tree, self.told = tree, told

    @cached_property
    def open_policies(self) -> list[Plain]:
        """The policies set on buckets which the module got from elsewhere."""
        ties = ((self.resolved(each.body.get("bucket")), each) for each in self.resources("aws_s3_bucket_policy"))
        return [each.body.get("policy") for tie, each in ties if isinstance(tie, Unknown) and FROM_ELSEWHERE.search(tie.text)]

    def resource_at(self, locator: str, path: Path, kind: str) -> Block | None:
        """The one block of `resources` that stands there."""
        self.resources(kind)
        return self._at.get((locator, path))

    def resolved(self, value: Plain, depth: int = 0) -> Plain:
        """The value with variables and locals of literal value filled in, all the way down."""
        if isinstance(value, list):
            return [self.resolved(item, depth) for item in value]
        if isinstance(value, dict):
            return {key: self.resolved(item, depth) for key, item in value.items()}
        if not isinstance(value, Unknown) or depth > NESTING:
            return value
        place = self.definition(value)
        return value if place is None else self.resolved(place[2], depth + 1)

    def definition(self, value: Unknown) -> tuple[str, Path, Plain] | None:
        """Where the one variable or local that a value names is given its value here; None where that is not told."""
        named = NAMED_VALUE.fullmatch(value.text)
        if named is None:
            return None
        found = list(self._variables(named[2]) if named[1] == "var" else self._locals(named[2]))
        if len(found) != 1 or (named[1] == "var" and named[2] in self.overridden):
            return None
        return found[0]

    def _variables(self, name: str) -> Iterator[tuple[str, Path, Plain]]:
        for locator, source in self.sources.items():
            variables = source.tree.get("variable", {})
            blocks = variables.get(name, ()) if isinstance(variables, dict) else ()
            for index, body in enumerate(blocks):
                if "default" in body:
                    yield locator, ("variable", name, index, "default"), body["default"]

    def _locals(self, name: str) -> Iterator[tuple[str, Path, Plain]]:
        for locator, source in self.sources.items():
            blocks = source.tree.get("locals", ())
            for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
                if name in body:
                    yield locator, ("locals", index, name), body[name]

    def editable(self, value: Unknown, where: str) -> tuple[str, Path]:
        """Where a value is to be changed that stands behind a variable or local which nothing else uses. Raises BindingError."""
        locator, path, there = self.behind(value, where)
        if isinstance(there, Unknown):
            return self.editable(there, f"{locator}: {value.text}")
        return locator, path

    def behind(self, value: Unknown, where: str) -> tuple[str, Path, Plain]:
        """The value of a variable or local which nothing else uses, and where it stands. Raises BindingError."""
        place = self.definition(value)
        named = NAMED_VALUE.fullmatch(value.text)
        if place is None or named is None:
            raise BindingError(f"{where} is {value.text}; change it where that is set")
        shown = f"{named[1]}.{named[2]}"
        uses = sum(mentions(source.tree, re.compile(rf"\b{re.escape(shown)}\b")) for source in self.sources.values())
        if uses != 1:
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
                found.setdefault(f"module.{called(body.get('source'))}", []).append(
                    Block(source.locator, ("module", name, n), body)
                )
        source.notes["blocks"] = found
    by_type: dict[str, list[Block]] = source.notes["blocks"]
    return by_type


def called(source: Plain) -> str:
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
    for module in tree.values():
        module.joins(tree, told)
    return tree


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
    )


def _calls(sources: Mapping[str, Source]) -> Iterator[Tree]:
    for source in sources.values():
        named = source.tree.get("module", {})
        for blocks in named.values() if isinstance(named, dict) else ():
            yield from blocks if isinstance(blocks, list) else ()


def _called(folder: str, sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """The directories of the tree that one calls, and the variables that it gives each."""
    found: dict[str, set[str]] = {}
    for body in _calls(sources):
        place = body.get("source")
        if isinstance(place, str) and place.startswith("."):
            target = posixpath.normpath(posixpath.join(folder, place)).removeprefix("./")
            found.setdefault("" if target == "." else target, set()).update(body)
    return found


def _given(sources: Mapping[str, Source]) -> frozenset[str]:
    """The variables that tfvars files set."""
    return frozenset(
        name for locator, source in sources.items() if locator.endswith((".tfvars", ".tfvars.json")) for name in source.tree
    )


def mentions(value: Plain, pattern: re.Pattern[str]) -> int:
    """How often the expressions in a value name what the pattern finds."""
    if isinstance(value, Unknown):
        return len(pattern.findall(value.text))
    if isinstance(value, dict):
        return sum(mentions(item, pattern) for item in value.values())
    return sum(mentions(item, pattern) for item in value) if isinstance(value, list) else 0
