"""Patches laid over objects, and where what a patch says stands: strategic merge patches and lists of JSON operations.

A patch that asks for more than is known here (`$patch`, containers that move in their list, copies) is None: it is taken for none.

Kubernetes API conventions, strategic merge patch; RFC 6902; RFC 6901.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import listed
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree

KEYS = {
    **dict.fromkeys(("containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets"), "name"),
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
BY_PLACE = ("containers", "initContainers", "ephemeralContainers")
GONE = ("$patch", "$deleteFromPrimitiveList")


def patched(base: Tree, patch: Plain) -> tuple[Tree, tuple[Path, ...]] | None:
    """The object with the patch, and the paths in it that the patch says."""
    if isinstance(patch, list):
        return _operated(base, patch)
    if _is_told_otherwise(patch):
        return None
    said = tuple(_said(base, {key: patch[key] for key in patch if key not in ("apiVersion", "kind", "metadata")}, ()))
    return _merged(base, patch), said


def said_alone(patch: Tree) -> tuple[Path, ...]:
    """The paths that a patch says, whatever it is laid over."""
    told = {key: patch[key] for key in patch if key not in ("apiVersion", "kind", "metadata")}
    return () if _is_told_otherwise(patch) else tuple(_said(told, told, ()))


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
            key = _index(listed(node), there, key, str(path[-1]), wanted)
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
    if isinstance(base, dict) and isinstance(patch, dict):
        told = {key: value for key, value in patch.items() if not key.startswith("$")}
        new = {key: _merged(base.get(key), value, key) for key, value in told.items() if value is not None}
        return {**{key: value for key, value in base.items() if key not in told}, **new}
    if isinstance(patch, dict):
        return {key: _merged(None, value, key) for key, value in patch.items() if value is not None and not key.startswith("$")}
    if not _is_joined(base, patch, name):
        return patch
    by, items = KEYS[name], [*base]
    for each in patch:
        at = _at(items, each, by)
        items[at:] = [_merged(items[at], each), *items[at + 1 :]] if at < len(items) else [each]
    return items


def _said(base: Plain, patch: Plain, path: Path) -> Iterator[Path]:
    """The paths of all values that a patch says, as they stand in what comes of it."""
    if isinstance(patch, dict):
        for key, value in patch.items():
            if not key.startswith("$"):
                yield from _said(look_up(base, (key,)), value, (*path, key))
    elif path and _is_joined(base, patch, str(path[-1])):
        items = [*base]
        for each in patch:
            at = _at(items, each, KEYS[str(path[-1])])
            if at == len(items):
                items.append(each)
                yield (*path, at)
            else:
                yield from _said(items[at], {key: each[key] for key in each if key != KEYS[str(path[-1])]}, (*path, at))
    else:
        yield path


def _is_joined(base: Plain, patch: Plain, name: str) -> bool:
    return name in KEYS and all(isinstance(each, list) and all(isinstance(i, dict) for i in each) for each in (base, patch))


def _at(items: Sequence[Tree], item: Tree, by: str) -> int:
    return next((i for i, each in enumerate(items) if each.get(by) == item.get(by)), len(items))


def _is_told_otherwise(patch: Plain) -> bool:
    if isinstance(patch, dict):
        return any(key.startswith(GONE) or _is_told_otherwise(value) for key, value in patch.items())
    return isinstance(patch, list) and any(map(_is_told_otherwise, patch))


def _operated(base: Tree, operations: Sequence[Plain]) -> tuple[Tree, tuple[Path, ...]] | None:
    whole: Plain = base
    said: list[Path] = []
    for each in operations:
        path = _path(whole, each) if isinstance(each, dict) else None
        if path is None or (moves := each["op"]) not in ("add", "replace", "remove", "test"):
            return None
        if moves == "test":
            continue
        if not path or _moves_others(whole, path, moves):
            return None
        changed = _changed(whole, path, each)
        if changed is None:
            return None
        whole = changed
        said.append(path)
    return whole, tuple(said)


def _path(whole: Plain, operation: Tree) -> Path | None:
    """A JSON pointer as a path into what is there; `-` is behind the last item."""
    pointer = operation.get("path")
    if "op" not in operation or not isinstance(pointer, str) or not pointer.startswith("/"):
        return None
    path: list[str | int] = []
    for word in pointer[1:].split("/"):
        key = word.replace("~1", "/").replace("~0", "~")
        if isinstance(here := look_up(whole, tuple(path)), list):
            if key != "-" and not key.isdecimal():
                return None
            path.append(len(here) if key == "-" else int(key))
        else:
            path.append(key)
    return tuple(path)


def _moves_others(whole: Plain, path: Path, operation: str) -> bool:
    """Whether items of a list get other numbers."""
    items = look_up(whole, path[:-1])
    return isinstance(items, list) and operation != "replace" and path[-1] != len(items)


def _changed(tree: Plain, path: Path, operation: Tree) -> Plain:
    key, rest = path[0], path[1:]
    if isinstance(tree, list) and isinstance(key, int) and key <= len(tree):
        inner = _changed(tree[key], rest, operation) if rest and key < len(tree) else operation.get("value")
        return None if inner is None else [*tree[:key], inner, *tree[key + 1 :]]
    if not isinstance(tree, dict) or (key not in tree and (rest or operation["op"] != "add")):
        return None
    if not rest and operation["op"] == "remove":
        return {name: value for name, value in tree.items() if name != key}
    inner = _changed(tree[key], rest, operation) if rest else operation.get("value")
    return None if inner is None else {**tree, str(key): inner}


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
