"""sudo's policy: the main file and what it includes, as one resource. Source: sudoers(5): the last Defaults counts.

    {"defaults": {"use_pty": true, ...}, "scopes": [{"of": ":deploy", ...}], "rules": [{"users": [...], "grant": "..."}]}

Its entry in a binding takes `main`, `new` (the drop-in for Defaults that nothing sets), `documents` and `lens`. The documents
/etc/shadow and /etc/group tell who has a password to give: a rule of somebody who has none is not made to ask for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree
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
    tree = {"defaults": defaults, **{key: [item for _, _, item in _items(layout, sources, key)] for key in ("scopes", "rules")}}
    return [Resource(kind, kind.rpartition("/")[2], tree, (main, ()))]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Each edit where it counts. Raises BindingError where somebody would be asked for a password they do not have."""
    return [_placed(layout, sources, each) for each in edits]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The Defaults that count, or the rule."""
    if path and path[0] == "defaults":
        found = [(locator, base) for locator, base, settings in _parts(layout, sources) if path[1:2] and path[1] in settings]
        return (found[-1][0], (*found[-1][1], *path[1:])) if found else resource.home
    items = _items(layout, sources, str(path[0])) if len(path) > 1 else []
    if items and isinstance(path[1], int) and path[1] < len(items):
        return items[path[1]][0], (path[0], items[path[1]][1], *path[2:])
    return resource.home


def _documents(layout: Layout, sources: Sources) -> list[Source]:
    """The main file, then what it includes, by name. Names with a dot, or a tilde at the end, are passed over in folders."""
    main = sources[str(layout["main"])]
    found = {main.locator: main}
    for pattern in main.tree.get("include", ()):
        folder = pattern.endswith("/")
        for name in sorted(sources):
            last = name.rpartition("/")[2]
            hidden = folder and ("." in last or last.endswith("~"))
            if sources[name].exists and not hidden and fits(name, f"{pattern}*" if folder else pattern):
                found.setdefault(name, sources[name])
    return list(found.values())


def _parts(layout: Layout, sources: Sources) -> list[Part]:
    """Defaults in reading order: the main file's above its first include, the included ones, those below."""
    main, *others = _documents(layout, sources)
    parts: list[Part] = [(main.locator, ("defaults",), main.tree["defaults"])]
    for each in others:
        parts += [(each.locator, (key,), each.tree[key]) for key in ("defaults", "late")]
    return [*parts, (main.locator, ("late",), main.tree["late"])]


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
