"""Patches laid over objects, and where what a patch says stands: strategic merge patches and lists of JSON operations.

What is taken out of a list of mappings is left there, and what is put into its middle is put behind it, since judgements go by
places; nothing is told by number of such a list from then on. A patch that cannot be followed is None.

Kubernetes API conventions, strategic merge patch; RFC 6902; RFC 6901.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree
from setright.trees import as_list

KEYS = {
    **dict.fromkeys(("containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets"), "name"),
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
BY_PLACE = ("containers", "initContainers", "ephemeralContainers")
UNKNOWN = "$deleteFromPrimitiveList/"  # which kubectl knows and kustomize does not
ASIDE = ("/metadata/", "/spec/replicas", "/spec/template/metadata/", "/data/", "/spec/jobTemplate/metadata/", "/spec/strategy")


class Renumbered(list[Plain]):
    """A list whose items have other numbers in what is really made."""


def patched(base: Tree, patch: Plain) -> tuple[Tree, tuple[Path, ...]] | None:
    """The object with the patch, and the paths in it that the patch says."""
    if isinstance(patch, list):
        return _operated(base, patch)
    if _is_unknown(patch):
        return None
    said = tuple(_said(base, {key: patch[key] for key in patch if key not in ("apiVersion", "kind", "metadata")}, ()))
    return _merged(base, patch), said


def said_alone(patch: Tree) -> tuple[Path, ...]:
    """The paths that a patch says, whatever it is laid over."""
    told = {key: patch[key] for key in patch if key not in ("apiVersion", "kind", "metadata")}
    return () if is_removal(patch) else tuple(_said(told, told, ()))


def _is_unknown(patch: Plain) -> bool:
    if isinstance(patch, dict):
        return any(key.startswith(UNKNOWN) or _is_unknown(value) for key, value in patch.items())
    return isinstance(patch, list) and any(map(_is_unknown, patch))


def is_removal(patch: Plain) -> bool:
    """Whether a patch takes away all that it names."""
    return isinstance(patch, dict) and patch.get("$patch") == "delete"


def plain_lists(tree: Plain) -> Plain:
    """The tree with nothing but plain lists."""
    if isinstance(tree, dict):
        return {key: plain_lists(value) for key, value in tree.items()}
    return [plain_lists(each) for each in tree] if isinstance(tree, list) else tree


def in_patch(patch: Plain, whole: Tree, wanted: Edit) -> Edit:
    """An edit on the whole object, as one on the patch. Raises BindingError where the patch does not say what is to change."""
    if isinstance(patch, list):
        return _in_operations(patch, whole, wanted)
    path: list[str | int] = []
    node, there = patch, whole
    for i, key in enumerate(wanted.path):
        inner = look_up(there, (key,))
        if isinstance(key, int) and path and path[-1] in KEYS:
            if not isinstance(node, list) and inner is None and i == len(wanted.path) - 1:
                return Edit(tuple(path), [wanted.value])
            key = _index(as_list(node), there, key, str(path[-1]), wanted)
        path.append(key)
        node, there = look_up(node, (key,)), inner
    return Edit(tuple(path), wanted.value, wanted.remove)


def _index(patch: list[Plain], whole: Plain, at: int, name: str, wanted: Edit) -> int:
    """Where the item that stands at `at` in the whole stands in the patch; behind all for a new one."""
    if not isinstance(whole, list) or at >= len(whole):
        return len(patch)
    by = KEYS[name]
    found = [i for i, each in enumerate(patch) if isinstance(each, dict) and each.get(by) == whole[at].get(by)]
    if not found:
        raise BindingError(f"{'/'.join(map(str, wanted.path))}: the patch does not speak of it; write it where it is right")
    return found[0]


def _merged(base: Plain, patch: Plain, name: str = "") -> Plain:
    if isinstance(patch, dict):
        own = base if isinstance(base, dict) and patch.get("$patch") != "replace" else {}
        told = {key: value for key, value in patch.items() if not key.startswith("$")}
        new = {key: _merged(own.get(key), value, key) for key, value in told.items() if value is not None and not is_removal(value)}
        return {**{key: value for key, value in own.items() if key not in told}, **new}
    if _is_whole(patch):
        return [_merged(None, each) for each in patch if each != {"$patch": "replace"}]
    if not _is_joined(base, patch, name):
        return patch
    by, items, is_same = KEYS[name], [*base], base.__class__ is list
    for each in patch:
        at = _at(items, each, by)
        is_same = is_same and is_removal(each) == (at == len(items))  # what is new comes before the others
        if not is_removal(each):
            items[at:] = [_merged(items[at], each), *items[at + 1 :]] if at < len(items) else [_merged(None, each)]
    return items if is_same else Renumbered(items)


def _said(base: Plain, patch: Plain, path: Path) -> Iterator[Path]:
    """The paths of all values that a patch says, as they stand in what comes of it."""
    if isinstance(patch, dict) and (not path or "$patch" not in patch):
        for key, value in patch.items():
            if not key.startswith("$"):
                yield from _said(look_up(base, (key,)), value, (*path, key))
    elif path and not _is_whole(patch) and _is_joined(base, patch, str(path[-1])):
        items = [*base]
        for each in patch:
            at = _at(items, each, KEYS[str(path[-1])])
            if is_removal(each):
                continue
            if at == len(items):
                items.append(each)
                yield (*path, at)
            else:
                yield from _said(items[at], {key: each[key] for key in each if key != KEYS[str(path[-1])]}, (*path, at))
    else:
        yield path


def _is_whole(patch: Plain) -> bool:
    """Whether a patch says that its list is there instead of the other."""
    return isinstance(patch, list) and {"$patch": "replace"} in patch


def _is_joined(base: Plain, patch: Plain, name: str) -> bool:
    return name in KEYS and all(isinstance(each, list) and all(isinstance(i, dict) for i in each) for each in (base, patch))


def _at(items: Sequence[Tree], item: Tree, by: str) -> int:
    return next((i for i, each in enumerate(items) if each.get(by) == item.get(by)), len(items))


def _operated(base: Tree, operations: Sequence[Plain]) -> tuple[Tree, tuple[Path, ...]] | None:
    whole: Plain = base
    said: list[Path] = []
    for each in operations:
        if not isinstance(each, dict) or each.get("op") == "test":
            continue
        done = _done(whole, each)
        if done is not None:
            whole, own = done
            said += own
        elif not all(str(each[key]).startswith(ASIDE) for key in ("path", "from") if key in each):
            return None
    return whole, tuple(said)


def _done(whole: Plain, operation: Tree) -> tuple[Plain, list[Path]] | None:
    """What one operation makes, and the paths that it says; None where it cannot be followed."""
    name = operation.get("op")
    if name in ("move", "copy"):
        source = _path(whole, {**operation, "path": operation.get("from")})
        value = look_up(whole, source) if source else None
        if value is None:
            return None
        taken = _done(whole, {"op": "remove", "path": operation["from"]}) if name == "move" else (whole, [])
        put = _done(taken[0], {**operation, "op": "add", "value": value}) if taken else None
        return (put[0], [*taken[1], *put[1]]) if taken and put else None
    path = _path(whole, operation)
    if not path or name not in ("add", "replace", "remove"):
        return None
    items = look_up(whole, path[:-1])
    if name != "replace" and isinstance(items, list) and any(isinstance(each, dict) for each in items) and path[-1] != len(items):
        if name == "remove":
            return _replaced(whole, path[:-1], Renumbered(items)), []
        whole, path = _replaced(whole, path[:-1], Renumbered(items)), (*path[:-1], len(items))
    changed = _changed(whole, path, operation)
    at = path[:-1] if isinstance(items, list) and not any(isinstance(each, dict) for each in items) and items else path
    return None if changed is None else (changed, [at])


def _replaced(tree: Plain, path: Path, value: Plain) -> Plain:
    return _changed(tree, path, {"op": "add", "value": value})


def _path(whole: Plain, operation: Tree) -> Path | None:
    """A JSON pointer as a path into what is there; `-` is behind the last item."""
    pointer = operation.get("path")
    if "op" not in operation or not isinstance(pointer, str) or not pointer.startswith("/"):
        return None
    path: list[str | int] = []
    for word in pointer[1:].split("/"):
        key = word.replace("~1", "/").replace("~0", "~")
        if isinstance(here := look_up(whole, tuple(path)), list):
            if key != "-" and (not key.isdecimal() or isinstance(here, Renumbered)):
                return None
            path.append(len(here) if key == "-" else int(key))
        else:
            path.append(key)
    return tuple(path)


def _changed(tree: Plain, path: Path, operation: Tree) -> Plain:
    """The tree with an operation done at a path; None where that is not there."""
    key, rest = path[0], path[1:]
    if isinstance(tree, list) and isinstance(key, int):
        return _changed_list(tree, key, rest, operation)
    if not isinstance(tree, dict) or (key not in tree and (rest or operation["op"] != "add")):
        return None
    if not rest and operation["op"] == "remove":
        return {name: value for name, value in tree.items() if name != key}
    inner = _changed(tree[key], rest, operation) if rest else operation.get("value")
    return None if inner is None else {**tree, str(key): inner}


def _changed_list(items: list[Plain], at: int, rest: Path, operation: Tree) -> Plain:
    if rest:
        inner = [_changed(items[at], rest, operation)] if at < len(items) else [None]
    else:
        inner = [] if operation["op"] == "remove" else [operation.get("value")]
    after = items[at:] if operation["op"] == "add" and not rest else items[at + 1 :]
    if inner == [None] or at > len(items) or (at == len(items) and operation["op"] != "add"):
        return None
    return items.__class__([*items[:at], *inner, *after])


def _in_operations(operations: Sequence[Plain], whole: Tree, wanted: Edit) -> Edit:
    """The edit within the value of the last operation that says what it changes."""
    for i in range(len(operations) - 1, -1, -1):
        if (path := _path(whole, operations[i])) is None or operations[i].get("op") not in ("add", "replace"):
            continue
        pointer = str(operations[i]["path"])
        if pointer.endswith("/-"):
            path = (*path[:-1], int(path[-1]) - [each.get("path") for each in operations[i:]].count(pointer))
        if wanted.path[: len(path)] == path:
            rest = wanted.path[len(path) :]
            if wanted.remove and not rest:
                break
            return Edit((i, "value", *rest), wanted.value, wanted.remove)
    raise BindingError(f"{'/'.join(map(str, wanted.path))}: no operation of the patch says just that; change the patch by hand")
