"""Configurations of directives in nested blocks (nginx, Apache, Dovecot), and of directives alone (Postfix).

What holds everywhere is one resource; each block that sets something of the kind is another, which answers for what it sets itself.

Its entry in a binding takes `lens`, `documents` and

    main        the document that the program begins with; without it the program is not there
    elsewhere   where other distributions have it
    directory   what relative includes start from; a mapping of `main`s to folders where it differs
    includes    the directives that include documents
    through     blocks that what stands in them holds beyond: one with ``!`` before its argument is passed over
    apart       blocks that take nothing from what holds everywhere
    home        the block of `main` that new directives go to
    keys        the directives of the kind, each with the form of its arguments, see `_directive_forms`
    names       by block the directives that name it: the first that stands there; others are named by their arguments
    tls         by directive the argument that has TLS spoken there
    of-tls      keys that count only where TLS is spoken
    effective   the document of what the program itself says: it tells the defaults of this release
    besides     documents that the program reads besides `main`, whose blocks answer for what they set
    entails     by key the keys that a block answers for, too, where it sets that one
    variables   what variables begin with: a value that has one is what the program itself says, or cannot be told
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import dirname, join

import msgspec

from setright.bindings.error import BindingError
from setright.bindings.layouts import _directive_forms as forms
from setright.bindings.source import WILD, Source
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits

ARGS = "()"
DEEPEST = 16  # includes inside each other
Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]


class Place(msgspec.Struct, frozen=True):
    """Where a directive stands, and its arguments."""

    locator: str
    path: Path
    words: tuple[str, ...]


class ResolvedBlock(msgspec.Struct):
    """A block with all that is included into it; `unread` are documents that it includes and that were not looked at."""

    name: str
    locator: str
    base: Path
    own: dict[str, Place] = msgspec.field(default_factory=dict)
    inner: list[ResolvedBlock] = msgspec.field(default_factory=list)
    unread: list[str] = msgspec.field(default_factory=list)
    tls: bool = False
    apart: bool = False


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """The resource of what holds everywhere comes first, named as the kind ends."""
    whole = _whole(kind, layout, sources)
    if whole is None:
        return []
    told = sources.get(layout.get("effective", ""))
    tree = {key: [*words] for key, words in (told.tree if told and told.exists else {}).items()}
    return list(_told_apart(_resources(kind, layout, whole, _values(layout, {key: tuple(tree[key]) for key in tree}), True)))


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Each edit where the directive stands that counts. Raises BindingError where that is gone."""
    return [_placed(layout, resource, each, sources) for each in edits]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    scope = _scope(layout, resource, sources)
    place = scope.own.get(str(path[0])) if scope and path else None
    if place is None:
        return resource.home[0], (*resource.home[1], *path[:1])
    return place.locator, place.path


def _told_apart(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The second of one name is called so: one host is often served by two blocks."""
    seen: dict[str, int] = {}
    for each in resources:
        seen[each.name] = seen.get(each.name, 0) + 1
        yield each if seen[each.name] == 1 else msgspec.structs.replace(each, name=f"{each.name} ({seen[each.name]})")


def _whole(kind: str, layout: Layout, sources: Sources) -> ResolvedBlock | None:
    """All that the program reads, from its first document on."""
    mains = [layout["main"], *([layout["elsewhere"]] if "elsewhere" in layout else [])]
    main = next((name for name in mains if name in sources and sources[name].exists), None)
    if main is None:
        return None
    home = tuple(layout.get("home", ()))
    whole = ResolvedBlock(kind.rpartition("/")[2], main, home)
    folder = layout.get("directory", dirname(main))
    known = (layout, sources, folder if isinstance(folder, str) else folder[main])
    for name in (main, *(name for name in layout.get("besides", ()) if name in sources and sources[name].exists)):
        _fill(whole, known, (name, ()), sources[name].tree, 0)
    return whole


def _fill(scope: ResolvedBlock, known: tuple[Layout, Sources, str], at: tuple[str, Path], tree: Tree, depth: int) -> None:
    """What stands in a block or document, into its scope."""
    layout, locator, base = known[0], *at
    for key, value in tree.items():
        name = key.partition(" ")[0]
        if key == ARGS:
            continue
        if isinstance(value, dict):
            inside = (locator, (*base, key))
            if name not in layout.get("through", ()):
                inner = ResolvedBlock(_named(layout, scope, name, value), *inside, apart=name in layout.get("apart", ()))
                _fill(inner, known, inside, value, depth)
                scope.inner.append(inner)
            elif not str(next(iter(value[ARGS]), "")).startswith("!"):
                _fill(scope, known, inside, value, depth)
        elif name in layout.get("includes", ()) and depth < DEEPEST:
            for source in _included(known, value, scope):
                _fill(scope, known, (source.locator, ()), source.tree, depth + 1)
        else:
            _take(layout, scope, name, Place(locator, (*base, key), tuple(value)))


def _take(layout: Layout, scope: ResolvedBlock, name: str, place: Place) -> None:
    if name in layout["keys"]:
        scope.own[name] = place
    asked = layout.get("tls", {}).get(name)
    if asked is not None and asked in [word.lower() for word in place.words]:
        scope.tls = True


def _named(layout: Layout, scope: ResolvedBlock, name: str, tree: Tree) -> str:
    told = next((tree[key][:1] for key in layout.get("names", {}).get(name, ()) if tree.get(key)), tree[ARGS])
    return " ".join((scope.name, name, *told))


def _included(known: tuple[Layout, Sources, str], patterns: list[str], scope: ResolvedBlock) -> Iterator[Source]:
    """The documents that an include names; what no pattern of the binding covers was not looked at."""
    layout, sources, folder = known
    for pattern in patterns:
        whole = join(folder, pattern)
        found = [sources[name] for name in sorted(sources) if _matches(name, whole) and sources[name].exists]
        yield from found
        if not found and not any(fits(whole, each) for each in layout["documents"]) and not whole.endswith((".types", "_params")):
            scope.unread.append(whole)


def _matches(locator: str, pattern: str) -> bool:
    return locator == pattern or (
        WILD.search(pattern) is not None and locator.count("/") == pattern.count("/") and fits(locator, pattern)
    )


def _resources(kind: str, layout: Layout, scope: ResolvedBlock, above: Tree, everywhere: bool) -> Iterator[Resource]:
    own = _values(layout, {key: place.words for key, place in scope.own.items()})
    own |= _unsaid(layout, scope, above if everywhere else {})
    barred = {key: Unknown(f"what {scope.unread[0]} says, which was not read") for key in layout["keys"]} if scope.unread else {}
    tree = {**above, **{key: why for key, why in barred.items() if key not in above}, **own}
    idle = [key for key in layout.get("of-tls", ()) if not _reaches_tls(scope, key)]
    mine = [*own, *(each for key in own for each in layout.get("entails", {}).get(key, ()))]
    answers = tuple(dict.fromkeys(key for key in (layout["keys"] if everywhere else mine) if key not in idle))
    if answers or everywhere:
        yield Resource(kind, scope.name, tree, (scope.locator, scope.base), only=answers)
    for inner in scope.inner:
        yield from _resources(kind, layout, inner, tree, False)


def _unsaid(layout: Layout, scope: ResolvedBlock, told: Tree) -> Tree:
    """The values that have variables: as the program itself says, where it does."""
    said = {key: " ".join(place.words) for key, place in scope.own.items()} if "variables" in layout else {}
    return {key: told.get(key, Unknown(f"what {words} stands for")) for key, words in said.items() if layout["variables"] in words}


def _reaches_tls(scope: ResolvedBlock, key: str) -> bool:
    """Whether TLS is spoken by what a scope says, there or in a block that does not say otherwise."""
    return scope.tls or any(key not in inner.own and not inner.apart and _reaches_tls(inner, key) for inner in scope.inner)


def _values(layout: Layout, words: Mapping[str, tuple[str, ...]]) -> Tree:
    return {key: forms.read_form(layout["keys"][key], said) for key, said in words.items() if key in layout["keys"]}


def _scope(layout: Layout, resource: Resource, sources: Sources) -> ResolvedBlock | None:
    whole = _whole(resource.kind, layout, sources)
    left = [whole] if whole else []
    while left:
        scope = left.pop()
        if (scope.locator, scope.base) == resource.home:
            return scope
        left += scope.inner
    return None


def _placed(layout: Layout, resource: Resource, edit: Edit, sources: Sources) -> tuple[str, Edit]:
    scope, key = _scope(layout, resource, sources), str(edit.path[0])
    if scope is None:
        raise BindingError(f"{resource.home[0]}: {resource.name} is not there any more; scan again")
    if len(edit.path) > 2 or key not in layout["keys"]:
        raise BindingError(f"{'/'.join(map(str, edit.path))}: no directive says that")
    place = scope.own.get(key)
    if edit.remove:
        if place is None:
            raise BindingError(f"{key}: no directive of {resource.name} sets it")
        return place.locator, Edit(place.path, remove=True)
    before, form = place.words if place else _told(layout, key, sources), layout["keys"][key]
    value = edit.value if len(edit.path) == 1 else {**forms.read_form(form, before), str(edit.path[1]): edit.value}
    words = forms.written(form, value, before)
    return (place.locator, Edit(place.path, words)) if place else (scope.locator, Edit((*scope.base, key), words))


def _told(layout: Layout, key: str, sources: Sources) -> tuple[str, ...]:
    """The program's own default, which a new directive is written after."""
    told = sources.get(layout.get("effective", ""))
    return tuple(told.tree.get(key, ())) if told and told.exists else ()
