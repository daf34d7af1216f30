"""Fewer words for people: of one scan, one message for each fix and owner, and one more for all that is beyond ten. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256

from setright.engine.channels import Event
from setright.model import SEVERITIES

READ_BY_PEOPLE = ("apprise", "mail", "slack")  # types of channels; machines are told of each finding by itself
AT_MOST = 10  # messages of one scan with a fix of their own
NAMED = 5  # resources


def gathered(events: Sequence[Event]) -> list[Event]:
    """The gravest first; what is about no finding stays as it is, at the end."""
    groups: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    others: list[Event] = []
    for event in events:
        if event.event.startswith("finding."):
            groups[event.event, str(event.body.get("control")), event.owner].append(event)
        else:
            others.append(event)
    ranked = sorted(groups.values(), key=lambda group: -_rank(group))
    rest = ranked[AT_MOST:]
    return [*map(_of_fix, ranked[:AT_MOST]), *([_of_rest(rest)] if rest else []), *others]


def _of_fix(group: list[Event]) -> Event:
    """One event is told as it is."""
    if len(group) == 1:
        return group[0]
    first = max(group, key=lambda event: _rank([event]))
    control = str(first.body.get("control"))
    lane, target = _same(event.lane for event in group), _same(event.target for event in group)
    told = {
        "title": f"{first.body.get('title')}: {len(group)} resources",
        "control": control,
        "severity": first.severity,
        "owner": first.owner or None,
        "target": _named(event.target for event in group),
        "resource": _named(str(event.body.get("resource")) for event in group),
        "count": len(group),
        **{name: first.body[name] for name in ("happens", "source") if first.body.get(name)},
        "do": [*(first.body.get("do") or ()), *(["Do so for each of the targets."] if lane and not target else [])],
    }
    return Event(_key(group), first.event, control, first.at, told, first.severity, first.owner, lane, target)


def _of_rest(groups: Sequence[list[Event]]) -> Event:
    """A digest: how much there is besides, and where it is listed."""
    every = [event for group in groups for event in group]
    gravest = max(every, key=lambda event: _rank([event]))
    told = {
        "title": f"{len(every)} more findings of {len(groups)} fixes; `setright findings` lists them",
        "severity": gravest.severity,
        "owner": _named(event.owner for event in every) or None,
        "target": _named(event.target for event in every),
        "count": len(every),
    }
    event = _same(event.event for event in every) or "finding.digest"
    owner, target = _same(event.owner for event in every), _same(event.target for event in every)
    return Event(_key(every), event, "setright", gravest.at, told, gravest.severity, owner, "", target)


def _rank(group: Sequence[Event]) -> int:
    return max(SEVERITIES.index(event.severity) if event.severity in SEVERITIES else -1 for event in group)


def _key(events: Iterable[Event]) -> str:
    return sha256("\0".join(event.key for event in events).encode()).hexdigest()[:24]


def _same(words: Iterable[str]) -> str:
    """The one word that they all are; empty where they differ."""
    different = set(words)
    return different.pop() if len(different) == 1 else ""


def _named(words: Iterable[str]) -> str:
    """The first few, each once, and how many there are besides."""
    names = list(dict.fromkeys(word for word in words if word))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
