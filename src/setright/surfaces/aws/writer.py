"""One resource brought from one state to another, only by the groups that differ."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from setright.model import Path, Plain, Tree
from setright.surfaces.aws import rules
from setright.surfaces.aws.account import Account, ApiError
from setright.surfaces.aws.documents import Gathered, read_resource
from setright.surfaces.aws.entry import Group, with_place
from setright.surfaces.aws.shapes import UNKNOWN, has_all, normal, pruned, reach, request_of
from setright.surfaces.base import Moved, Rejected, SurfaceError

SETTLE_S = 30.0
FIRST_LOOK_S = 0.1
DRY = "DryRunOperation"  # the code by which EC2 says that the call would have worked


class Shift(NamedTuple):
    """One group's value before and after; None is absent."""

    path: Path
    group: Group
    before: Plain
    after: Plain


def touched(known: Gathered, *trees: Tree) -> Gathered:
    """The resource with every group that these trees speak of."""
    spoken = {path for path in known.entry.groups if any(reach(tree, path) is not None for tree in trees)}
    return known._replace(groups=tuple(p for p in known.entry.groups if p in spoken or p in known.groups))


def shifts(known: Gathered, before: Tree, after: Tree) -> list[Shift]:
    """What differs, group by group. Raises SurfaceError for what no call can change."""
    pairs = [(path, normal(reach(before, path)), normal(reach(after, path))) for path in known.groups]
    differing = [Shift(path, known.entry.groups[path], *_told(was), *_told(want)) for path, was, want in pairs if was != want]
    for shift in differing:
        if not shift.group.writable:
            raise SurfaceError(f"{known.locator}: {_name(shift.path)} can be read and not written here; change it by hand")
    paths = [shift.path for shift in differing]
    if pruned(before, paths) != pruned(after, paths):
        raise SurfaceError(f"{known.locator}: the change goes beyond what the binding can write; change it by hand")
    return differing


async def write_differences(account: Account, known: Gathered, before: Tree, after: Tree, meta: Mapping[str, Plain] | None) -> None:
    """Writes what differs, group by group, and waits until reading shows it. `meta` is what `keep` noted, going back.

    Nothing locks a resource: between the comparison and the write lies one round trip in which somebody else's
    change to the same group would be lost; to other groups, and to other rules of a security group, it would not.
    A group that already is as asked stays: what was cut short goes on where it ended. On the way back, other groups
    may have moved since (some never go back to absent): they do not keep these from their prior state.
    If a group is refused, those written are put back. Raises Moved, or SurfaceError with what now holds.
    """
    differing = shifts(known, before, after)
    paths = [shift.path for shift in differing]
    reached = _reached(differing, after)
    now = normal(await read_resource(account, known, None) or {})
    left = [_from_now(shift, now) for shift in differing if reach(now, shift.path) != normal(reach(reached, shift.path))]
    if not all(_ours(shift, was) for shift, was in left) or (meta is None and pruned(now, paths) != pruned(before, paths)):
        raise Moved(f"{known.locator}: is not what the change was planned on; somebody changed it. Plan again")
    await _all(account, known, [shift for shift, _ in left], meta or {})
    await _settle(account, known, reached, paths)
    _say_if_not_exact(known, differing)


async def rehearse(account: Account, known: Gathered, before: Tree, after: Tree) -> None:
    """Asks EC2 whether it would take the change (`DryRun`). Raises Rejected with what it said."""
    for shift in shifts(known, before, after):
        if shift.group.shape not in rules.ENDS:
            continue
        for step in await _rule_steps(account, known, shift, {}):
            try:
                await account.call(step.op, known.place.region, DryRun=True, **step.arguments)
            except ApiError as error:
                if error.code != DRY:
                    raise Rejected(f"{known.locator}: {error}") from error


async def rule_tags(account: Account, known: Gathered) -> dict[str, Plain]:
    """The tags of each rule that has some, by identity: no part of the tree, and lost with the rule."""
    return {rules.identity(rules.of_id(rule)): rule["Tags"] for rule in await _rules(account, known) if rule.get("Tags")}


def _from_now(shift: Shift, now: Tree) -> tuple[Shift, Plain]:
    """The rest of a shift from where it stands now, and what it was planned on."""
    return shift._replace(before=_told(reach(now, shift.path))[0]), shift.before


def _ours(left: Shift, was: Plain) -> bool:
    """Whether a group is as planned, or a list of rules on its way to what is asked, since each is written by itself."""
    if left.before == was or left.group.shape not in rules.ENDS:
        return bool(left.before == was)
    old, now, new = ({rules.identity(rule): rule for rule in some or ()} for some in (was, left.before, left.after))
    return old.keys() & new.keys() <= now.keys() and all(rule in (old.get(key), new.get(key)) for key, rule in now.items())


async def _all(account: Account, known: Gathered, differing: list[Shift], meta: Mapping[str, Plain]) -> None:
    """In the binding's order; what is refused is tried again after the rest, since one setting may forbid another.

    (S3 takes no access list while ownership is enforced, and no public policy while those are blocked.)
    What has no exact way back is only tried when nothing else is left to be refused.
    """
    done: list[Shift] = []
    left = sorted(differing, key=_for_good)
    while left:
        refused: dict[Path, SurfaceError] = {}
        for shift in left:
            try:
                if refused and _for_good(shift):
                    raise SurfaceError("not tried, since it has no exact way back")
                await _set(account, known, shift, meta)
                done.append(shift)
            except SurfaceError as error:
                refused[shift.path] = error
        if len(refused) == len(left):
            said = "; ".join(f"{_name(path)}: {error}" for path, error in refused.items())
            back = await _put_back(account, known, done)
            raise SurfaceError(f"{known.locator}: {said}{back}") from next(iter(refused.values()))
        left = [shift for shift in left if shift.path in refused]


async def _set(account: Account, known: Gathered, shift: Shift, meta: Mapping[str, Plain]) -> None:
    group, region = shift.group, known.place.region
    one = with_place(known.entry.one, known.place)
    if group.shape in rules.ENDS:
        for step in await _rule_steps(account, known, shift, meta.get("rule-tags", {})):
            await _tolerantly(account, region, step)
    elif group.on:
        await account.call(group.on if shift.after else group.off, region, **one)
    elif shift.after is not None:
        await account.call(group.write, region, **one, **request_of(group, shift.after))
    elif group.delete:
        await account.call(group.delete, region, **one, **group.delete_with)
    elif group.nearest is not None:
        await account.call(group.write, region, **one, **request_of(group, group.nearest))
    else:
        raise SurfaceError("nothing can make this absent again; change it by hand")


async def _tolerantly(account: Account, region: str, step: rules.Step) -> None:
    try:
        await account.call(step.op, region, **step.arguments)
    except ApiError as error:
        if error.code != step.tolerates:
            raise


async def _rule_steps(account: Account, known: Gathered, shift: Shift, tags: Plain) -> list[rules.Step]:
    egress = shift.group.shape == "egress"
    ids = {
        rules.identity(rules.of_id(rule)): rule["SecurityGroupRuleId"]
        for rule in await _rules(account, known)
        if rule["IsEgress"] is egress
    }
    have, want = shift.before or [], shift.after or []
    try:
        return rules.rule_steps(shift.group.shape.capitalize(), known.place.id, ids, have, want, tags)
    except KeyError as error:
        raise Moved(f"{known.locator}: a rule is not there any more: {error}. Plan again") from error


async def _rules(account: Account, known: Gathered) -> list[Mapping[str, Plain]]:
    ours = [{"Name": "group-id", "Values": [known.place.id]}]
    pages = await account.pages("ec2:DescribeSecurityGroupRules", known.place.region, Filters=ours)
    return [rule for page in pages for rule in page["SecurityGroupRules"]]


async def _put_back(account: Account, known: Gathered, done: list[Shift]) -> str:
    """What became of the groups that were written before the refusal, in words."""
    said = ""
    for shift in reversed(done):
        try:
            await _set(account, known, shift._replace(before=shift.after, after=shift.before), {})
            said += f"; {_name(shift.path)} was put back"
        except SurfaceError as error:
            said += f"; {_name(shift.path)} IS WRITTEN and could not be put back: {error}"
    return said or "; nothing was written"


async def _settle(account: Account, known: Gathered, want: Tree, paths: list[Path]) -> None:
    """AWS shows a change to readers a while after it took it: looks again until it does."""
    pause_s, waited_s = FIRST_LOOK_S, 0.0
    while True:
        now = normal(await read_resource(account, known, None) or {})
        late = [path for path in paths if not _shows(reach(now, path), reach(want, path))]
        if not late:
            return
        if waited_s >= SETTLE_S:
            names = ", ".join(map(_name, late))
            raise SurfaceError(f"{known.locator}: {names}: taken by AWS, and not to be seen after {SETTLE_S:.0f} s; scan again")
        await asyncio.sleep(pause_s)
        waited_s, pause_s = waited_s + pause_s, pause_s * 2


def _shows(have: Plain, want: Plain) -> bool:
    return have is None if want is None else has_all(have, want)


def _reached(differing: list[Shift], after: Tree) -> Tree:
    """The state that comes of asking for `after`: where nothing goes back to absent, what comes closest."""
    return after | {str(shift.path[0]): shift.group.nearest for shift in differing if _falls_short(shift)}


def _for_good(shift: Shift) -> bool:
    return shift.before is None and shift.group.nearest is not None


def _falls_short(shift: Shift) -> bool:
    return shift.after is None and shift.group.nearest is not None


def _say_if_not_exact(known: Gathered, differing: list[Shift]) -> None:
    """A way back that is not exact is an error, after all that can be done is done."""
    for shift in filter(_falls_short, differing):
        raise SurfaceError(
            f"{known.locator}: {_name(shift.path)} cannot be absent again; it now is {shift.group.nearest}, the nearest there is. "
            "All else is as asked"
        )


def _told(value: Plain) -> tuple[Plain]:
    if isinstance(value, dict) and UNKNOWN in value:
        raise SurfaceError(f"a value that could not be read is not written: {value[UNKNOWN]}")
    return (value if value not in ({}, []) else None,)


def _name(path: Path) -> str:
    return "/".join(map(str, path))
