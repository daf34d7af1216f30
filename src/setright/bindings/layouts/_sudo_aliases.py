"""The commands of sudo's rules as they hold, with aliases put for what they stand for. Pure. Source: sudoers(5).

[{"users": ["ops", "ALL"], "command": "/usr/bin/vi", "noexec": True, "setenv": True, "negated": True, "rule": 0}]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from setright.model import Plain, Tree

Aliases = Mapping[str, Mapping[str, Sequence[Plain]]]


def granted(rules: Sequence[Tree], aliases: Aliases) -> list[Plain]:
    """One entry a command of each rule, in their order; `rule` is the number of the rule."""
    return [
        {"users": list(_users(rule["users"], aliases.get("User", {}), ())), **command, "rule": number}
        for number, rule in enumerate(rules)
        for each in rule.get("commands", ())
        for command in _commands(each, aliases.get("Cmnd", {}), ())
    ]


def all_aliases(trees: Sequence[Tree]) -> dict[str, dict[str, Sequence[Plain]]]:
    """The aliases of all documents."""
    found: dict[str, dict[str, Sequence[Plain]]] = {}
    for tree in trees:
        for sort, named in tree.get("aliases", {}).items():
            found.setdefault(sort, {}).update(named)
    return found


def _users(words: Sequence[Plain], named: Mapping[str, Sequence[Plain]], above: tuple[str, ...]) -> Iterator[str]:
    for word in map(str, words):
        name = word.lstrip("!")
        turned = (len(word) - len(name)) % 2 == 1
        if name in named and name not in above:
            for each in _users(named[name], named, (*above, name)):
                yield _turned(each) if turned else each
        else:
            yield f"!{name}" if turned else name


def _turned(word: str) -> str:
    return word[1:] if word.startswith("!") else f"!{word}"


def _commands(command: Tree, named: Mapping[str, Sequence[Plain]], above: tuple[str, ...]) -> Iterator[Tree]:
    """Tags of the rule hold for what an alias stands for; a forbidden alias forbids its commands, and allows what it forbids."""
    name = str(command["command"])
    if name not in named or name in above:
        yield command
        return
    tags = {key: value for key, value in command.items() if key not in ("command", "negated")}
    for each in named[name]:
        for inner in _commands(each, named, (*above, name)):
            negated = bool(inner.get("negated")) != bool(command.get("negated"))
            yield {"command": inner["command"], **tags, **({"negated": True} if negated else {})}
