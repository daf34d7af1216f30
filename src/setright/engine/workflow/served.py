"""The safe-change protocol as a durable workflow of plans that share each step (see `engine.served`)."""

from __future__ import annotations

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.workflow import protocol
from setright.engine.workflow.protocol import STOPPED, at, begun, desk
from setright.engine.workflow.together import end_all
from setright.model import Plain
from setright.surfaces.base import Fired, SurfaceError


def apply_served(run: str, hashes: list[str], stood: list[str]) -> list[list[Plain]]:
    """All of them, or none by this way: then each goes by the protocol of one, which says what is wrong."""
    kept: dict[str, list[str]] = {}
    late: dict[str, list[str]] = {}
    written: list[str] = []
    why, armed = "", False
    try:
        kept, health = begin_served(run, hashes)
        if kept:
            armed = arm_served(run, kept)
            validate_served(run, kept)
            written = [*kept]
            why, written = write_served(run, kept, armed)
            late = {} if why else reload_served(run, written)
            why = why or verify_served(run, kept, health)
        if armed and not why:
            confirm_served(run, [*kept])
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - as in `protocol`: whatever went wrong is recorded and undone
        why = str(error) or type(error).__name__
    ended = _back(run, kept, written, armed, why) if why else _kept(run, kept, late)
    ended |= {h: protocol.apply_plan(run, h, h in stood) for h in hashes if h not in ended}
    return [ended[plan_hash] for plan_hash in hashes]


def _kept(run: str, kept: dict[str, list[str]], late: dict[str, list[str]]) -> dict[str, list[Plain]]:
    """The ends of what is right; what a reload could not make hold is not verified."""
    waits = {plan_hash: why for plan_hash, why in late.items() if why}
    right = {plan_hash: addresses for plan_hash, addresses in kept.items() if plan_hash not in waits}
    ended = {each[0]: each for each in end_all(run, right)} if right else {}
    return ended | {h: protocol.end(run, h, "unverified", "; ".join(why), kept[h]) for h, why in waits.items()}


def _back(run: str, kept: dict[str, list[str]], written: list[str], armed: bool, why: str) -> dict[str, list[Plain]]:
    """Takes back what may be written, the last first, then the switch. Where not all came back, or the switch may yet put it back,
    nothing goes on: then these are the ends."""
    stands = [protocol.way_back(run, h, kept[h], armed, why) for h in reversed(written)]
    if all(outcome == "reverted" for _, outcome, _, _ in stands) and (not armed or switched_off(run, [*kept])):
        return {}
    ended = {h: protocol.refuse(run, h, kept[h], False, why) for h in kept if h not in written}
    return ended | {each[0]: protocol.end(run, *each) for each in stands}


@DBOS.step()
def begin_served(run: str, hashes: list[str]) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """Stale? Then the snapshots and health of those that go on together; none while the kill switch is on."""
    at("snapshot")
    if desk().stopped():
        return {}, {}
    batch = desk().served(run, hashes)
    kept = batch.snapshot()
    begun.update((run, plan_hash) for plan_hash in kept)
    protocol.record("snapshot", *({"run": run, "plan": plan_hash, "kept": each} for plan_hash, each in kept.items()))
    health = batch.health([*kept])
    for plan_hash, seen in health.items():
        if seen:
            protocol.note_health(run, plan_hash, seen)
    return kept, health


@DBOS.step()
def arm_served(run: str, kept: dict[str, list[str]]) -> bool:
    at("arm")
    armed = desk().served(run, [*kept]).arm(kept, protocol.ARMED_FOR_S)
    if armed:
        protocol.record("armed", *({"run": run, "plan": plan_hash, "within_s": protocol.ARMED_FOR_S} for plan_hash in kept))
    return armed


@DBOS.step()
def validate_served(run: str, kept: dict[str, list[str]]) -> None:
    at("validate")
    desk().served(run, [*kept]).validate(kept)


@DBOS.step()
def write_served(run: str, kept: dict[str, list[str]], armed: bool) -> tuple[str, list[str]]:
    """Why not all are written, or nothing; and those that may be. Repeated after a crash, it first sets the switch anew."""
    at("write")
    first = all((run, plan_hash) in begun for plan_hash in kept)
    if first and desk().stopped():
        return STOPPED, []
    protocol.before_writing(run, kept)
    batch = desk().served(run, [*kept])
    if armed and not first:
        batch.arm(kept, protocol.ARMED_FOR_S)
    batch.look([*kept])
    written = []
    for plan_hash, addresses in kept.items():
        why, untouched = batch.write(plan_hash, addresses, first)
        written += [] if untouched else [plan_hash]
        at("written")
        if why:
            return why, written if first else [*kept]
    return "", written


@DBOS.step()
def confirm_served(run: str, hashes: list[str]) -> None:
    at("confirm")
    protocol.again_if_cut(lambda: desk().served(run, hashes).confirm(hashes))


@DBOS.step()
def switched_off(run: str, hashes: list[str]) -> bool:
    """Whether the switch surely does nothing any more, be it that it has fired."""
    try:
        desk().served(run, hashes).confirm(hashes)
    except Fired:
        return True
    except SurfaceError:
        return False
    return True


@DBOS.step()
def reload_served(run: str, hashes: list[str]) -> dict[str, list[str]]:
    """What the reloads could not make hold."""
    at("reload")
    late = protocol.again_if_cut(lambda: desk().served(run, hashes).reload(hashes))
    at("reloaded")
    return late


@DBOS.step()
def verify_served(run: str, kept: dict[str, list[str]], health: dict[str, dict[str, str]]) -> str:
    """What is not as it must be."""
    at("verify")
    wrong = protocol.again_if_cut(lambda: desk().served(run, [*kept]).verify(kept, health))
    told = [{"run": run, "plan": h, "health": health.get(h, {}), "wrong": wrong.get(h, [])} for h in kept]
    protocol.record("checked", *told)
    return "; ".join(dict.fromkeys(each for some in wrong.values() for each in some))
