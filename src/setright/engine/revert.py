"""What came to a target since its state was approved, taken back: plans that put the approved documents in their place again.

A list's documents get the bytes that were kept, or go where they were not there. A program lends no rights any more, a unit
does not start, a member leaves the group. Whoever did it may have had a reason, so each plan asks, and says who and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.view import Layout, steps_of
from setright.controls.baselines import Learned
from setright.engine.decision import ASK, About
from setright.engine.diffs import unified_diff
from setright.engine.error import EngineError
from setright.engine.learn import ITEMS, Approved, list_of, places
from setright.engine.scan import Found
from setright.engine.tied import fix_groups
from setright.lenses import LensError, get, put
from setright.model import SEVERITIES, Answer, Document, Edit, Effect, Plain, Plan, Planned, Steps, Tree, digest
from setright.patterns import fits
from setright.policy.decide import Decision
from setright.policy.ruling import Case
from setright.surfaces.base import Surface
from setright.trees import as_list

FIRST = ("services",)  # before the files of their units go
LOADED = {"state:packet-rules": ("firewalld-reload", "ufw-reload")}  # what a document loads itself, and more than its files say
HARMLESS = frozenset({"jobs", "setuid"})  # what goes back of these cannot be what we come in by
LENSES = {"/etc/group": "group", "/etc/gshadow": "gshadow"}
LAST_CHANGE = "linux/changed-last"  # by document: when it was, and by whom
LENDS = 0o6000
Documents = Mapping[str, Document]
Hands = Sequence[tuple[Found, str]]  # what a person must do, and why


class Taking(NamedTuple):
    """What is needed to plan the way back: the target, what was approved, the key for diffs, policy, and parameters."""

    surface: Surface
    approved: Approved
    key: bytes
    about: About
    params: Mapping[str, Plain]


class Reverts(NamedTuple):
    """Plans that take drift back, and what is left to a person."""

    plans: list[Plan]
    left: list[tuple[Found, str]]


class _Wish(NamedTuple):
    """What a document is to become: by edits on its tree, or (None) as it was kept at this address; gone where it has none."""

    locator: str
    edits: Callable[[Tree], list[Edit]] | None = None
    address: str = ""


class _Back(NamedTuple):
    """A finding with what takes it back. `why` tells what of it is left to a person; empty: nothing."""

    found: Found
    changes: tuple[Planned, ...]
    why: str


def reverts(hands: Hands, target: str, taking: Taking) -> Reverts:
    """Plans for what was approved of the target before. Raises SurfaceError where it cannot be looked at."""
    state = taking.approved.of(target)
    mine = [(found, why) for found, why in hands if list_of(found.control)] if state else []
    if not mine or state is None:
        return Reverts([], [*hands])
    wishes = {found.finding.id: _wishes(found, state) for found, _ in mine}
    now = taking.surface.again(sorted({wish.locator for some in wishes.values() for wish in some}))
    backs = {found.finding.id: _back(found, why, wishes[found.finding.id], (now, taking)) for found, why in mine}
    left = [(f, backs[f.finding.id].why if f.finding.id in backs else why) for f, why in hands]
    able = sorted((b for b in backs.values() if b.changes), key=lambda b: list_of(b.found.control) not in FIRST)
    told = _last_changes(able, now, taking.surface)
    groups = fix_groups({b.found.finding.id: {c.locator for c in b.changes} for b in able})
    return Reverts([_plan([backs[i] for i in ids], told, taking) for _, ids in groups], [each for each in left if each[1]])


def _wishes(found: Found, state: Learned) -> list[_Wish]:
    """Of every document behind the finding's list, and of what its new items are about."""
    name = list_of(found.control)
    kept = state.kept.get(name, {})
    behind = [_Wish(at, address=kept.get(at, "")) for at in sorted({*kept, *places(found.resource, name)} if kept else ())]
    return [*behind, *(wish for item, approved in _new(found) for wish in _of_item(name, item, approved))]


def _new(found: Found) -> Iterator[tuple[str, list[str]]]:
    """Each item that nobody approved, with all that somebody did."""
    for mismatch in found.finding.mismatches:
        if mismatch.op == "subset-of":
            yield from ((str(item), mismatch.want) for item in as_list(mismatch.have) if item not in mismatch.want)


def _of_item(name: str, item: str, approved: list[str]) -> list[_Wish]:
    if name == "setuid":
        return [_Wish(f"stat:{item}", lambda tree: _set(tree, mode=f"{int(str(tree['mode']), 8) & ~LENDS:04o}"))]
    if name == "services":
        return [_Wish(f"unit:{item}", _stopped)]
    if name == "members":
        group, _, member = item.partition(":")
        return [_Wish(file, lambda tree: _without(tree, group, member)) for file in LENSES]
    return _owned(item, approved) if name == "files" else []


def _owned(item: str, approved: list[str]) -> list[_Wish]:
    """A file gets the owner and the mode that were approved."""
    path = item.rsplit(" ", 3)[0]
    before = next((each.rsplit(" ", 3)[1:3] for each in approved if each.rsplit(" ", 3)[0] == path), None)
    if before is None:
        return []
    owner, _, group = before[0].partition(":")
    return [_Wish(f"stat:{path}", lambda tree: _set(tree, owner=owner, group=group, mode=before[1]))]


def _set(tree: Tree, **values: str) -> list[Edit]:
    return [Edit((name,), value) for name, value in values.items() if tree.get(name) != value]


def _stopped(tree: Tree) -> list[Edit]:
    return _set(tree, enabled="disabled", **({"active": "inactive"} if tree.get("active") == "active" else {}))


def _without(tree: Tree, group: str, member: str) -> list[Edit]:
    """The group's record without the member."""
    for number, record in enumerate(tree.get("records", ())):
        members = record.get("members", [])
        if record["name"] == group and member in members:
            rest = [each for each in members if each != member]
            return [Edit(("records", number, "members"), rest, remove=not rest)]
    return []


def _back(found: Found, why: str, wishes: Sequence[_Wish], at: tuple[Documents, Taking]) -> _Back:
    """What can be taken back of a finding; `why` is for what cannot."""
    now, taking = at
    try:
        made = [_planned(locator, [w for w in wishes if w.locator == locator], now[locator], taking) for locator in _order(wishes)]
    except (EngineError, LensError) as error:
        return _Back(found, (), f"{why} What was approved cannot be put back: {error}")
    changes = tuple(each for each in made if each)
    return _Back(found, changes, "" if changes and _is_whole(found, {c.locator for c in changes}) else why)


def _order(wishes: Sequence[_Wish]) -> list[str]:
    """Files first, then what is so of them, then what runs."""
    return sorted({wish.locator for wish in wishes}, key=lambda at: (not at.startswith("/"), at.startswith("state:"), at))


def _is_whole(found: Found, changed: set[str]) -> bool:
    """Whether each new item is about a document that changes. Of a list with documents of its own, all of them go back."""
    name = list_of(found.control)
    if name in ITEMS:
        return all(changed & {wish.locator for wish in _of_item(name, item, [])} for item, _ in _new(found))
    paths = {item.rsplit(" ", 3)[0] for item, _ in _new(found)} if name == "files" else set[str]()
    return all(changed & {path, f"stat:{path}"} for path in paths)


def _planned(locator: str, wishes: Sequence[_Wish], document: Document, taking: Taking) -> Planned | None:
    """The change of one document; None where it is as it should be, or there is none to change."""
    lens = LENSES.get(locator) or document.lens or ("text" if locator.startswith("/") else "json")
    kept = next((wish.address for wish in wishes if wish.edits is None), None)
    rounds: list[tuple[Edit, ...]] = []
    if kept is not None:
        after = taking.approved.snapshot(kept).data if kept else None
    elif document.data is None:
        return None
    else:
        after = document.data
        for wish in wishes:
            if wish.edits and (edits := wish.edits(get(lens, after))):
                rounds.append(tuple(edits))
                after = put(lens, after, edits)
    if digest(after) == document.digest:
        return None
    diff = unified_diff(document.data, after, locator, taking.key)
    return Planned(locator, lens, document.digest, digest(after), tuple(rounds), diff, kept or "")


def _last_changes(backs: Sequence[_Back], now: Documents, surface: Surface) -> dict[str, Answer]:
    """Who changed what, and when: of each document that is there, and of each list."""
    paths = {change.locator.removeprefix("stat:") for b in backs for change in b.changes if now[change.locator].data is not None}
    facts = {f"{LAST_CHANGE}:{path}" for path in paths if path.startswith("/")}
    lists = {str(teller) for b in backs for teller in b.found.control.breaks_if.values() if str(teller).startswith(LAST_CHANGE)}
    return surface.ask(sorted(facts | lists)) if backs else {}


def _plan(backs: Sequence[_Back], told: Mapping[str, Answer], taking: Taking) -> Plan:
    first = backs[0].found
    changes = {change.locator: change for b in backs for change in b.changes}
    fears = tuple(dict.fromkeys(fear for b in backs for fear in _fears(b, told)))
    decision = _decision(backs, fears, taking)
    return Plan(
        target=first.finding.target,
        family=first.slot[1],
        document=next(iter(changes)),
        changes=tuple(changes.values()),
        findings=tuple(b.found.finding.id for b in backs if not b.why),
        controls=tuple(b.found.control.id for b in backs),
        resources=tuple(dict.fromkeys(b.found.resource.name for b in backs)),
        lane=decision.lane,
        reason=decision.reason,
        breaks_if=fears,
        effect=Effect("reload" if any(b.found.control.effect.restart == "reload" for b in backs) else "none"),
        steps=_steps([*changes], first.slot[1], taking.approved, not {list_of(b.found.control) for b in backs} <= HARMLESS),
        params={name: taking.params[name] for b in backs for name in b.found.control.params if name in taking.params},
    )


def _fears(back: _Back, told: Mapping[str, Answer]) -> Iterator[tuple[str, str, Answer]]:
    """What the control fears, answered for each document by who changed it when; for the list where that cannot be told."""
    facts = [f"{LAST_CHANGE}:{change.locator.removeprefix('stat:')}" for change in back.changes]
    known = [fact for fact in dict.fromkeys(facts) if fact in told and told[fact].source]
    for sentence, teller in back.found.control.breaks_if.items():
        yield from ((sentence, fact, told.get(fact, ASK)) for fact in known or [str(teller)])


def _decision(backs: Sequence[_Back], fears: Sequence[tuple[str, str, Answer]], taking: Taking) -> Decision:
    """A person decides, unless policy says something stricter."""
    since = "; ".join(dict.fromkeys(answer.text for _, _, answer in fears if answer.source))
    found = max((b.found for b in backs), key=lambda found: SEVERITIES.index(found.finding.severity))
    reason = f"{taking.approved.back(found.finding.target, found.control)}; somebody may need what came since: {since}"
    case = Case(found.control.id, found.control.kind, found.control.severity, breaks=True)
    return taking.about.rule(found, Decision("ask", reason.removesuffix(": ")), case)


def _steps(locators: Sequence[str], family: str, approved: Approved, arm: bool) -> Steps:
    """The steps of every kind that a document is of."""
    layouts = [binding.layouts[family] for binding in approved.bindings.values() if family in binding.layouts]
    layouts = [layout for layout in layouts if any(_is_of(layout, locator) for locator in locators)]

    def named(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step for layout in layouts for step in steps_of(layout, name)))

    loaded = {step for locator in locators for step in LOADED.get(locator, ())}
    reload = tuple(step for step in named("reload") if step not in loaded)
    return Steps(named("validate"), reload, named("probe"), named("next-start"), arm)


def _is_of(layout: Layout, locator: str) -> bool:
    globs = (*as_list(layout.get("documents")), *as_list(layout.get("kept")))
    return locator.startswith("/") and any(str(glob).startswith("/") and fits(locator, str(glob)) for glob in globs)
