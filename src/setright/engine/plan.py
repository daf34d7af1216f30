"""Findings in, plans out: each the exact change of one document (or of several that belong together), with its lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec

from setright.bindings.view import locate, steps_of
from setright.engine.compose import Composed, Tried, compose
from setright.engine.decision import NOBODY, About, Fears, Fix, belonging_of, decided, heard, remedies
from setright.engine.diffs import unified_diff
from setright.engine.learn import Approved
from setright.engine.redact import OF_THIS_PROCESS
from setright.engine.revert import Taking, reverts
from setright.engine.scan import Found, Scan, come_to_light, wants
from setright.engine.tied import fix_groups
from setright.engine.world import World
from setright.model import LANES, Belonging, Effect, Plain, Plan, Planned, Problem, Steps, Verdict, digest
from setright.surfaces.base import Surface

MAX_FOLLOWED = 3
LIFE = timedelta(hours=24)
MANAGED = "linux/managed-by"
CLOSING = "closing"  # what a binding calls the document that goes last: nothing loads after it, or it shuts what others left
TOGETHER = (".service", ".socket", ".timer", ".path", ".automount")  # units that start each other, by their name
RESTARTS = ("none", "reload", "service", "host", "replace")
DISRUPTIONS = ("low", "medium", "high")


InWords = Callable[[str, bytes | None, bytes | None], tuple[bytes, bytes] | None]  # a change as people read it, before and after


class Plans(NamedTuple):
    """The plans of one target in the order they must run, and the world once all have."""

    plans: tuple[Plan, ...]
    world: World


class PlanOptions(NamedTuple):
    """How to plan. `together` merges what needs asking into the change that does not (the caller takes the decision).

    `about` is what the organisation knows and lays down. `key` makes the fingerprints of secrets in diffs, so that one
    state directory shows one secret alike.
    """

    together: bool = False
    key: bytes = OF_THIS_PROCESS
    params: Mapping[str, Plain] = {}
    now: datetime | None = None
    about: About = NOBODY
    life: timedelta = LIFE
    approved: Approved | None = None  # what drift may go back to


def plan(scan: Scan, surface: Surface, options: PlanOptions = PlanOptions()) -> Plans:  # noqa: B008 - immutable
    """Plans for every failing finding, `auto` first, `ask` on top of them, `hand` last."""
    options = options._replace(about=options.about.seen(scan.world))
    fixable, hands = remedies(scan)
    world, made = scan.world, list[Plan]()
    in_words: InWords = getattr(surface, "in_words", _in_no_words)
    for group in _groups(decided(fixable, surface, options.about), options.together):
        group, composed = _followed(scan, surface, world, group, options)
        made += _plans(scan, world, composed, group, options, in_words)
        hands += [(f.found, composed.refused[f.found.finding.id]) for f in group if f.found.finding.id in composed.refused]
        world = composed.world
    if options.approved:
        back = reverts(hands, scan.target, Taking(surface, options.approved, options.key, options.about, options.params))
        made, hands = made + back.plans, back.left
    fears = heard([found for found, _ in hands], surface)
    made += [by_hand(scan, found, why, fears[found.finding.id]) for found, why in hands]
    at = options.now or datetime.now(UTC)
    return Plans(tuple(_sealed(p, at + options.life, at) for p in made), world)


def made_elsewhere(scan: Scan, surface: Surface) -> Scan:
    """With a notice where something else writes a host's configuration: put right here alone, it comes back from there."""
    if not any(found.slot[1] == "linux" and found.finding.verdict is Verdict.FAIL for found in scan.found):
        return scan
    answer = surface.ask([MANAGED])[MANAGED]
    return scan._replace(notices=(*scan.notices, Problem(scan.target, answer.text))) if answer.holds else scan


def _followed(scan: Scan, surface: Surface, world: World, group: list[Fix], options: PlanOptions) -> tuple[list[Fix], Composed]:
    """The group's fixes, and those that they bring to light: a pod that leaves the host's network needs a policy."""
    tried = Tried(world)
    composed = compose(world, [f.found for f in group], scan.controls, tried)
    lane = _lane(group[0], options.together)
    for _ in range(MAX_FOLLOWED):
        mine = {f.found.finding.id for f in group}
        new = [f for f in come_to_light(scan, composed.world) if f.finding.id not in mine]
        fixable, _ = remedies(scan._replace(found=tuple(new)))
        followers = [f for f in decided(fixable, surface, options.about) if _lane(f, options.together) == lane]
        if not followers:
            break
        group = [*group, *followers]
        composed = compose(world, [f.found for f in group], scan.controls, tried)
    return group, composed


def _groups(fixes: Sequence[Fix], together: bool) -> list[list[Fix]]:
    """What is planned on top of what: `auto`, then what may break something, then what evidence says will.

    The last stand alone even when the caller takes every decision, so that a refusal there costs nothing else.
    """
    groups: dict[tuple[bool, str], list[Fix]] = {}
    for fix in fixes:
        groups.setdefault(_lane(fix, together), []).append(fix)
    return [groups[key] for key in sorted(groups, key=lambda key: (key[0], LANES.index(key[1])))]


def _lane(fix: Fix, together: bool) -> tuple[bool, str]:
    """Whether evidence says it breaks, and the lane it is planned in."""
    sure = any(answer.holds for _, _, answer in fix.fears)
    return sure, "auto" if together and fix.decision.lane == "ask" else fix.decision.lane


def plan_hash(plan: Plan) -> str:
    """SHA-256 over all that an approver sees; not over when it was made, until when it holds, and how it is known whose it is."""
    belongs = tuple(msgspec.structs.replace(each, owner_why="", exposure_why="") for each in plan.belongs)
    bare = msgspec.structs.replace(plan, hash="", made_at="", expires_at="", belongs=belongs)
    return sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


def _plans(
    scan: Scan, before: World, composed: Composed, group: Sequence[Fix], options: PlanOptions, in_words: InWords
) -> list[Plan]:
    """One plan for each set of documents that some fix ties together."""
    done = {f.found.finding.id: f for f in group if f.found.finding.id not in composed.refused}
    made = []
    homes = {i: {_home(before, composed, fix.found)} for i, fix in done.items() if not composed.touched.get(i)}
    closing = {before.bindings[fix.found.slot].layouts[fix.found.slot[1]].get(CLOSING) for fix in done.values()}
    groups = fix_groups(_with_units({i: composed.touched.get(i) or homes[i] for i in done}))
    for locators, ids in sorted(groups, key=lambda group: not closing.isdisjoint(group[0])):
        changes = tuple(
            _planned(before, composed, locator, options.key, in_words)
            for locator in sorted(locators, key=_files_first)
            if locator in composed.edits
        )
        made.append(_plan(scan, before, changes, [done[i] for i in ids], options))
    return made


def _home(before: World, composed: Composed, found: Found) -> str:
    """The document of a fix without edits: that in which another fix wrote what it wants, or its resource's, which only reloads."""
    home = found.resource.home[0]
    path = found.finding.mismatches[0].path
    locator, _ = locate(before.bindings[found.slot], found.slot[1], found.resource, path, before.sources)
    return locator if home not in composed.edits and locator in composed.edits else home


def _with_units(touched: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """A service and what starts it are one change: most stop together, and neither may start alone; systemd.socket(5)."""
    return {
        i: set(locators) | {each.rpartition(".")[0] for each in locators if each.startswith("unit:") and each.endswith(TOGETHER)}
        for i, locators in touched.items()
    }


def _in_no_words(locator: str, before: bytes | None, after: bytes | None) -> None:
    """What a surface says whose documents are read by people as they are."""


def _files_first(locator: str) -> tuple[bool, str]:
    return not locator.startswith("/") and ":" in locator, locator


def _plan(scan: Scan, before: World, changes: tuple[Planned, ...], fixes: Sequence[Fix], options: PlanOptions) -> Plan:
    lane = max((f.decision.lane for f in fixes), key=LANES.index)
    reasons = dict.fromkeys(f.decision.reason for f in fixes if f.decision.lane == lane)
    return Plan(
        target=scan.target,
        family=fixes[0].found.slot[1],
        document=changes[0].locator if changes else fixes[0].found.resource.home[0],
        changes=changes,
        findings=tuple(f.found.finding.id for f in fixes),
        controls=tuple(dict.fromkeys(f.found.control.id for f in fixes)),
        resources=tuple(dict.fromkeys(f.found.resource.name for f in fixes)),
        lane=lane,
        reason="; ".join(reasons),
        breaks_if=tuple(dict.fromkeys(fear for f in fixes for fear in f.fears)),
        effect=_worst([f.found.control.effect for f in fixes]),
        belongs=_belongs(fixes, options.about),
        steps=_steps(before, fixes),
        params={name: options.params[name] for f in fixes for name in f.found.control.params if name in options.params},
        keys=_keys(scan, fixes),
    )


def _planned(before: World, composed: Composed, locator: str, key: bytes, in_words: InWords) -> Planned:
    old = before.documents.get(locator)
    new = composed.world.documents[locator]
    was = old.data if old else None
    diff = unified_diff(*(in_words(locator, was, new.data) or (was, new.data)), locator, key)
    return Planned(locator, new.lens, digest(was), new.digest, tuple(composed.edits[locator]), diff)


def _keys(scan: Scan, fixes: Sequence[Fix]) -> dict[str, tuple[str, ...]]:
    """What the scan asked of the kinds whose documents hold only what was asked for."""
    kinds = {fix.found.slot[0] for fix in fixes}
    bindings = {slot: each for slot, each in scan.world.bindings.items() if slot[0] in kinds}
    partial = {slot: each for slot, each in bindings.items() if each.layouts[slot[1]].get("partial")}
    return {want.kind: want.keys for want in wants(partial, scan.controls)} if partial else {}


def _belongs(fixes: Sequence[Fix], about: About) -> tuple[Belonging, ...]:
    """What is known of the resources, once each; those in production first."""
    told = dict.fromkeys(belonging_of(fix.found, about) for fix in fixes)
    return tuple(sorted((each for each in told if each != Belonging()), key=lambda each: each.environment != "production"))


def _worst(effects: Sequence[Effect]) -> Effect:
    return Effect(
        max((e.restart for e in effects), key=RESTARTS.index),
        max((e.disruption for e in effects), key=DISRUPTIONS.index),
        "none" if any(e.undo == "none" for e in effects) else "exact",
    )


def _steps(world: World, fixes: Sequence[Fix]) -> Steps:
    """The steps of every binding that the fixes go through."""
    layouts = [world.bindings[slot].layouts[slot[1]] for slot in dict.fromkeys(f.found.slot for f in fixes)]

    def named(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step for layout in layouts for step in steps_of(layout, name)))

    arm = any(layout.get("cuts-us-off") for layout in layouts)
    return Steps(named("validate"), named("reload"), named("probe"), named("next-start"), arm)


def by_hand(scan: Scan, found: Found, why: str, fears: Fears = ()) -> Plan:
    """What a person must do, as a plan that changes nothing."""
    path = found.finding.mismatches[0].path
    locator, _ = locate(scan.world.bindings[found.slot], found.slot[1], found.resource, path, scan.world.sources)
    return Plan(
        target=scan.target,
        family=found.slot[1],
        document=locator,
        changes=(),
        findings=(found.finding.id,),
        controls=(found.control.id,),
        resources=(found.resource.name,),
        lane="hand",
        reason=why,
        breaks_if=fears,
        effect=found.control.effect,
    )


def _sealed(plan: Plan, until: datetime, at: datetime) -> Plan:
    return msgspec.structs.replace(
        plan, hash=plan_hash(plan), made_at=at.isoformat(timespec="seconds"), expires_at=until.isoformat(timespec="seconds")
    )
