"""sudo's policy: the main file and what it includes, as one resource. Source: sudoers(5): the last Defaults counts.

    {"defaults": {"use_pty": true, ...}, "scopes": [{"of": ":deploy", ...}], "rules": [{"users": [...], "grant": "..."}],
     "commands": [{"users": ["ops"], "command": "/usr/bin/vi", "rule": 0}], "kept": ["LANG"]}

Its entry in a binding takes `main`, `new` (the drop-in for Defaults that nothing sets), `documents` and `lens`. The documents
/etc/shadow and /etc/group tell who has a password to give: a rule of somebody who has none is not made to ask for one. What is
included from elsewhere counts where it was read; where it was not, nothing can be told but what is wrong in the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._sudo_aliases import all_aliases, granted
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]
Part = tuple[str, Path, Tree]  # document, where in it, Defaults


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource; none where sudo is not there."""
    main = str(layout["main"])
    if main not in sources or not sources[main].exists:
        return []
    defaults: Tree = {}
    for _, _, settings in _parts(layout, sources):
        defaults |= settings
    tree: Tree = {"defaults": defaults}
    tree |= {key: [item for _, _, item in _items(layout, sources, key)] for key in ("scopes", "rules", "kept")}
    tree["commands"] = granted(tree["rules"], all_aliases([each.tree for each in _documents(layout, sources)]))
    if untold := _untold(layout, sources):
        tree = {"defaults": untold} | {key: [*tree[key], untold] for key in ("scopes", "rules", "kept", "commands")}
    return [Resource(kind, kind.rpartition("/")[2], tree, (main, ()))]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Each edit where it counts. Raises BindingError where somebody would be asked for a password they do not have, and for
    files that visudo does not check before they count."""
    made = [_placed(layout, sources, each) for each in edits]
    for locator, _ in made:
        if not any(fits(locator, str(pattern)) for pattern in layout["documents"]):
            raise BindingError(f"{locator}: is included from elsewhere; change it with `visudo -f {locator}`")
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The Defaults that count, or the rule."""
    if path and path[0] == "defaults":
        found = [(locator, base) for locator, base, settings in _parts(layout, sources) if path[1:2] and path[1] in settings]
        return (found[-1][0], (*found[-1][1], *path[1:])) if found else resource.home
    if len(path) > 1 and path[0] == "commands":
        entry = resource.tree["commands"][path[1]] if isinstance(path[1], int) else None
        path = ("rules", entry["rule"]) if isinstance(entry, dict) else ()
    items = _items(layout, sources, str(path[0])) if len(path) > 1 else []
    if items and isinstance(path[1], int) and path[1] < len(items):
        return items[path[1]][0], (path[0], items[path[1]][1], *path[2:])
    return resource.home


def _read(layout: Layout, sources: Sources) -> Iterator[tuple[Source, int]]:
    """The documents as sudo reads them: each before its first include (0) and behind each of them (1, 2...)."""
    yield from _from(sources[str(layout["main"])], sources, ())


def _from(source: Source, sources: Sources, above: tuple[str, ...]) -> Iterator[tuple[Source, int]]:
    yield source, 0
    for number, named in enumerate(source.tree.get("include", ()), 1):
        for each in _named_by(source, named, sources):
            if each.locator not in (*above, source.locator):
                yield from _from(each, sources, (*above, source.locator))
        yield source, number


def _named_by(source: Source, named: str, sources: Sources) -> list[Source]:
    """What an include reads. Names with a dot, or a tilde at the end, are passed over in folders."""
    path = _full(source, named)
    if not path.endswith("/"):
        return [sources[path]] if path in sources and sources[path].exists else []
    names = [name for name in sorted(sources) if name.rpartition("/")[0] == path[:-1] and sources[name].exists]
    return [sources[name] for name in names if not (name.endswith(("/", "~")) or "." in name.rpartition("/")[2])]


def _full(source: Source, named: str) -> str:
    """A path without a slash at its head is one beside the document that names it."""
    path = re.sub(r"\\(.)", r"\1", named)
    return path if path.startswith("/") else f"{source.locator.rpartition('/')[0]}/{path}"


def _documents(layout: Layout, sources: Sources) -> list[Source]:
    return [source for source, number in _read(layout, sources) if number == 0]


def _untold(layout: Layout, sources: Sources) -> Unknown | None:
    """What an include names and nobody has read: what it says may change everything else."""
    for source in _documents(layout, sources):
        for named in source.tree.get("include", ()):
            path = _full(source, named)
            if path not in sources and f"{path.rpartition('/')[0]}/*" not in layout["documents"]:
                return Unknown(f"in {path}, which {source.locator} includes and which was not read")
    return None


def _parts(layout: Layout, sources: Sources) -> list[Part]:
    """Defaults in reading order: those above a document's first include, the included ones, those below."""
    return [part for source, number in _read(layout, sources) if (part := _part(source, number))[2]]


def _part(source: Source, number: int) -> Part:
    if number == 0:
        return source.locator, ("defaults",), source.tree["defaults"]
    behind = source.tree.get("behind", {})
    return source.locator, ("late",), {k: v for k, v in source.tree["late"].items() if behind.get(k, 1) == number}


def _items(layout: Layout, sources: Sources, key: str) -> list[tuple[str, int, Plain]]:
    """Rules or scopes of all documents: document, index there, item."""
    return [(d.locator, i, item) for d in _documents(layout, sources) for i, item in enumerate(d.tree.get(key, ()))]


def _placed(layout: Layout, sources: Sources, edit: Edit) -> tuple[str, Edit]:
    key = str(edit.path[0])
    if key == "defaults":
        return _default(layout, sources, edit)
    items = _items(layout, sources, key)
    if len(edit.path) != 3 or not isinstance(edit.path[1], int) or edit.path[1] >= len(items):
        raise BindingError(f"{key}: only what rules and scopes say can be changed, not which there are")
    locator, index, item = items[edit.path[1]]
    if key == "rules" and edit.path[2] == "nopasswd" and edit.remove:
        _refuse_who_has_none(item, sources)
    return locator, Edit((key, index, edit.path[2]), edit.value, edit.remove)


def _default(layout: Layout, sources: Sources, edit: Edit) -> tuple[str, Edit]:
    name = edit.path[1]
    mine = [(locator, base) for locator, base, settings in _parts(layout, sources) if name in settings]
    if mine and not (edit.remove and len(mine) > 1):
        return mine[-1][0], Edit((*mine[-1][1], name), edit.value, edit.remove)
    if edit.remove:
        raise BindingError(f"defaults/{name}: several files set it; take it out of {', '.join(m[0] for m in mine)}")
    folder = f"{str(layout['new']).rpartition('/')[0]}/"
    included = folder in sources[str(layout["main"])].tree.get("include", ())
    return str(layout["new"] if included else layout["main"]), edit


def _refuse_who_has_none(rule: Plain, sources: Sources) -> None:
    shadow = sources.get("/etc/shadow")
    if shadow is None or not shadow.exists:
        return
    able = {row["name"] for row in shadow.tree["records"] if row.get("state") == "set"}
    named = {name for user in rule["users"] for name in _named(user, sources)}
    if lost := sorted(named - able):
        raise BindingError(f"{', '.join(lost[:4])} would have to give sudo a password and has none; set one first (passwd)")


def _named(user: str, sources: Sources) -> list[str]:
    """The accounts that a word of a rule means: a group's members, else the name itself."""
    group = sources.get("/etc/group")
    if not user.startswith("%"):
        return [user]
    rows = group.tree["records"] if group is not None and group.exists else []
    return [name for row in rows if row["name"] == user[1:] for name in row.get("members", ())]
