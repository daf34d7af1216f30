"""Configuration files of one program: many documents, one resource, and a rule for which value of a key counts.

Its entry in a binding takes `documents`, `lens` and

    main        the document that new keys go to, and that must exist for the program to be there
    elsewhere   where other distributions have `main`; there it is the only document, without drop-ins
    some        true: where none of the documents is there, the program is not either
    needs       documents of which one must exist for the program to be there; they hold no keys themselves
    new         the drop-in for new keys instead, and for those that only vendor files set
    vendor      path prefixes of files that are not ours to edit
    order       listed, by-name or included: see `setright.bindings.precedence`
    wins        first or last: which of several values counts
    disputed    keys of which releases differ in which of several values counts: unknown where they differ
    gather      list keys whose values add up over all documents
    scopes      the key of conditional blocks, each a resource of its own over what holds everywhere
    leads       list keys that name further files or folders -> a list key of what may stand there: unknown where it was not read
    running     the document of values that hold now, written live; what it lacks does not exist on this host
    effective   the document of what the program itself says, read-only
    globs       true: a key with wildcards sets what no document names (sysctl.d(5))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import ConditionalPart, Layout, Segment, Sources, scopes, segments, sorts_as
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource named as the kind ends, and one for each conditional block; none where the program is not there."""
    layout = _here(layout, sources)
    main = layout.get("main")
    if not _is_there(layout, sources):
        return []
    name = kind.rpartition("/")[2]
    effective = _effective(layout, sources)
    tree = _merged(layout, segments(layout, sources), effective)
    tree = _led_elsewhere(layout, tree) | tree
    known = tuple({**tree, **effective}) if effective and layout.get("running") else None
    seen = [Resource(kind, name, tree, (str(main or layout["new"]), ()), effective, only=known)]
    for scope in scopes(layout, sources):
        seen.append(_conditional(layout, seen, scope))
    return seen


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Each edit where it will count. Raises BindingError where no document of ours can win.

    A running value that no document sets is written down too, or it would be back after the next start.
    """
    layout = _here(layout, sources)
    running = sources.get(str(layout.get("running")))
    if running is None or not running.exists:
        return [pair for each in edits for pair in _placed(layout, resource, each, sources)]
    unsaid = [each for each in live if each not in edits and not _places(layout, resource, each.path, sources)]
    made = [pair for each in [*edits, *unsaid] for pair in _placed(layout, resource, each, sources)]
    return made + [(running.locator, Edit(each.path, str(each.value))) for each in live if not each.remove]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """Where the value that counts stands; for a value that is nowhere, where a new one would go."""
    places = _places(_here(layout, sources), resource, path, sources)
    if not places:
        return resource.home[0], (*resource.home[1], *path)
    return places[-1].locator, (*places[-1].base, *path)


def _here(layout: Layout, sources: Sources) -> Layout:
    """The entry as it holds on this host."""
    usual, other = sources.get(str(layout.get("main"))), sources.get(str(layout.get("elsewhere")))
    if other is None or not other.exists or (usual is not None and usual.exists):
        return layout
    return {key: value for key, value in layout.items() if key != "new"} | {"main": other.locator, "documents": [other.locator]}


def _is_there(layout: Layout, sources: Sources) -> bool:
    """Whether the host has the program at all."""
    needs = layout.get("needs", [layout["main"]] if layout.get("main") else ())
    if needs and not any(name in sources and sources[name].exists for name in needs):
        return False
    return not layout.get("some") or bool(segments(layout, sources))


def _conditional(layout: Layout, seen: Sequence[Resource], scope: ConditionalPart) -> Resource:
    whole = seen[0]
    own = _merged(layout, scope.segments, None)
    named = f"{layout['scopes']} {scope.criteria}"
    name = f"{whole.name} {named}"
    twins = sum(each.name.partition(" (")[0] == name for each in seen)
    return Resource(
        whole.kind,
        f"{name} ({twins + 1})" if twins else name,
        {**whole.tree, **own},
        (scope.locator, scope.base),
        deliberate=f"the block `{named}` sets it",
        only=tuple(own),
    )


def _effective(layout: Layout, sources: Sources) -> Tree | None:
    source = sources.get(layout.get("running") or layout.get("effective") or "")
    return source.tree if source and source.exists else None


def _merged(layout: Layout, parts: Sequence[Segment], effective: Tree | None) -> Tree:
    tree: Tree = {}
    for part in parts:
        for path, value in _leaves(part.tree):
            _merge(layout, tree, path, value)
    for key, value in (effective or {}).items():
        if key not in tree and layout.get("globs") and (pattern := _pattern(tree, key)):
            tree[key] = tree[pattern]
        elif isinstance(tree.get(key), Unknown) and layout.get("effective"):
            tree[key] = value  # the program reads the same files and can tell
    return tree


def _led_elsewhere(layout: Layout, tree: Tree) -> Tree:
    """What may stand where nobody looked."""
    read = [str(pattern) for pattern in layout.get("documents", ())]
    told: Tree = {}
    for key, led in layout.get("leads", {}).items():
        for place in map(str, tree.get(key, ())):
            if not any(fits(place, pattern) or place.rstrip("/") == pattern.rpartition("/")[0] for pattern in read):
                told[led] = Unknown(f"in {place}, which was not read")
    return told


def _merge(layout: Layout, tree: Tree, path: Path, value: Plain) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(str(key), {})
    last = str(path[-1])
    if last in layout.get("gather", ()):
        tree[last] = [*tree.get(last, ()), *value]
    elif last in layout.get("disputed", ()) and tree.get(last, value) != value:
        tree[last] = Unknown(f"{last} is set more than once, and releases differ in which counts")
    elif last not in tree or layout.get("wins") == "last":
        tree[last] = value


def _leaves(tree: Tree, base: Path = ()) -> Iterator[tuple[Path, Plain]]:
    """Every value that is no mapping, with its path."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*base, key))
        else:
            yield (*base, key), value


def _pattern(tree: Tree, key: str) -> str | None:
    """The last key with wildcards that sets this one, unless a line spares it."""
    if f"-{key}" in tree:
        return None
    return next((glob for glob in reversed(tree) if "*" in glob and _fits(key, glob)), None)


def _fits(key: str, glob: str) -> bool:
    names, globs = key.split("."), glob.split(".")
    return len(names) == len(globs) and all(map(fits, names, globs))


def _places(layout: Layout, resource: Resource, path: Path, sources: Sources) -> list[Segment]:
    """The segments that set the path, the one that counts last: a block's own, else those that hold everywhere."""
    own = [s for s in scopes(layout, sources) if (s.locator, s.base) == resource.home]
    for parts in (*(s.segments for s in own), segments(layout, sources)):
        found = [part for part in parts if any(leaf == path[: len(leaf)] for leaf, _ in _leaves(part.tree))]
        if found:
            return found if layout.get("wins") == "last" else found[::-1]
    return []


def _placed(layout: Layout, resource: Resource, edit: Edit, sources: Sources) -> list[tuple[str, Edit]]:
    places = _places(layout, resource, edit.path, sources)
    ours = [place for place in places if not _is_vendor(layout, place.locator)]
    if edit.path[0] in layout.get("gather", ()) and len(places) > 1:
        return _spread(edit, places[::-1] if layout.get("wins") != "last" else places)
    if edit.remove:
        if len(ours) < len(places):
            raise BindingError(f"{_shown(edit.path)}: a vendor file sets it, and removing a line of ours does not undo that")
        return [_at(place, edit) for place in ours]
    if ours and ours[-1] is places[-1]:
        return [_at(places[-1], edit)]
    return [(_new_home(layout, edit.path, places, sources), edit)]


def _at(place: Segment, edit: Edit) -> tuple[str, Edit]:
    return place.locator, Edit((*place.base, *edit.path), edit.value, edit.remove)


def _is_vendor(layout: Layout, locator: str) -> bool:
    return any(locator.startswith(f"{prefix}/") for prefix in layout.get("vendor", ()))


def _new_home(layout: Layout, path: Path, places: Sequence[Segment], sources: Sources) -> str:
    """The first of `new:`, `main:` and our other documents that comes out above the vendor's value."""
    own = [d.locator for d in segments(layout, sources) if not _is_vendor(layout, d.locator)]
    for locator in [each for each in (layout.get("new"), layout.get("main"), *own) if each]:
        if not places or _beats(layout, locator, places[-1].locator):
            return str(locator)
    raise BindingError(f"{_shown(path)}: {places[-1].locator} sets it, and no file of ours is read where it would win over that")


def _beats(layout: Layout, locator: str, other: str) -> bool:
    if layout.get("order") != "by-name":
        return False
    mine, theirs = sorts_as(layout, locator), sorts_as(layout, other)
    return mine > theirs if layout.get("wins") == "last" else mine < theirs


def _spread(edit: Edit, places: Sequence[Segment]) -> list[tuple[str, Edit]]:
    """A list that several places add up to, made the list wanted: each keeps what stays, new items go to the last."""
    key = str(edit.path[0])
    left = _whole(edit, [item for place in places for item in place.tree[key]])
    made = []
    for place in places:
        keep = []
        for item in place.tree[key]:
            if item in left:
                keep.append(item)
                left.remove(item)
        if place is places[-1]:
            keep += left
        if keep != place.tree[key]:
            made.append(_at(place, Edit((key,), keep or None, not keep)))
    return made


def _whole(edit: Edit, have: list[Plain]) -> list[Plain]:
    """The list after the edit, which may be one of an item."""
    if len(edit.path) == 1:
        return [] if edit.remove else list(edit.value)
    index = int(edit.path[1])
    return [*have[:index], *([] if edit.remove else [edit.value]), *have[index + 1 :]]


def _shown(path: Path) -> str:
    return "/".join(map(str, path))
