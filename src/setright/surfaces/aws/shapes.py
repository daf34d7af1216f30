"""Between an API's answers and requests and a kind's tree: pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from setright.model import Path, Plain, Tree
from setright.surfaces.aws.entry import Group
from setright.surfaces.aws.rules import ENDS, flat_rules

UNKNOWN = "$unknown"


def value_of(group: Group, answer: Plain) -> Plain:
    """What an answer says of a group; None where nothing is set."""
    found = reach(answer, tuple(group.at.split("/")) if group.at else ())
    if group.shape in ENDS:
        return flat_rules(found or [], group.shape)
    if group.shape == "json" and isinstance(found, str):
        found = json.loads(found)
    if isinstance(found, dict) and group.keep:
        found = {key: found[key] for key in group.keep if key in found}
    found = _mapped(
        _plain(found), lambda d: {group.names.get(k, k): v for k, v in d.items() if k not in group.drop or group.drop[k] != v}
    )
    return None if found in ({}, [], "") else found


def request_of(group: Group, value: Plain) -> dict[str, Plain]:
    """The arguments that set a group to a value."""
    value = json.dumps(value) if group.shape == "json" else group.needs | value if group.needs else value
    api_names = {ours: theirs for theirs, ours in group.names.items()}
    value = _mapped(value, lambda d: {api_names.get(k, k): v for k, v in d.items()})
    for key in reversed(group.into.split("/") if group.into else ()):
        value = {key: value}
    return dict(value)


def reach(tree: Plain, path: Path) -> Plain:
    """What stands at a path; None where nothing does."""
    for key in path:
        if isinstance(tree, dict):
            tree = tree.get(str(key))
        elif isinstance(tree, list) and isinstance(key, int) and key < len(tree):
            tree = tree[key]
        else:
            return None
    return tree


def put(tree: Tree, path: Path, value: Plain) -> None:
    """Sets what stands at a path of names, making mappings on the way."""
    for key in path[:-1]:
        tree = tree.setdefault(str(key), {})
    tree[str(path[-1])] = value


def normal(tree: Plain) -> Plain:
    """The tree without mappings and lists that hold nothing: what two equal states have in common."""
    if isinstance(tree, dict):
        kept = {key: normal(value) for key, value in tree.items()}
        return {key: value for key, value in kept.items() if value not in (None, {}, [])}
    return [normal(item) for item in tree] if isinstance(tree, list) else tree


def has_all(have: Plain, want: Plain) -> bool:
    """Whether all that is wanted is there; an API may fill in more."""
    if isinstance(want, dict):
        return isinstance(have, dict) and all(key in have and has_all(have[key], want[key]) for key in want)
    if isinstance(want, list):
        return isinstance(have, list) and len(have) == len(want) and all(has_all(h, w) for h, w in zip(have, want, strict=True))
    return bool(have == want)


def indented_json(tree: Tree) -> bytes:
    """Two spaces of indent; the keys in the order in which the binding names them."""
    return json.dumps(tree, indent=2, ensure_ascii=False).encode() + b"\n"


def pruned(tree: Tree, paths: Iterable[Path]) -> Tree:
    """A copy without what stands at these paths."""
    left: Tree = json.loads(json.dumps(tree))
    for path in paths:
        above = reach(left, path[:-1])
        if isinstance(above, dict):
            above.pop(str(path[-1]), None)
    return normal(left)  # type: ignore[no-any-return]


def _plain(value: Plain) -> Plain:
    return _mapped(value, dict, lambda leaf: leaf.isoformat() if isinstance(leaf, datetime) else leaf)


def _mapped(value: Plain, change: Callable[[Mapping[str, Plain]], Tree], leaf: Callable[[Plain], Plain] = lambda v: v) -> Plain:
    if isinstance(value, dict):
        return change({key: _mapped(inner, change, leaf) for key, inner in value.items()})
    return [_mapped(inner, change, leaf) for inner in value] if isinstance(value, list) else leaf(value)
