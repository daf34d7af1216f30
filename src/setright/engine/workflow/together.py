"""The safe-change protocol as a durable workflow of many plans (see `engine.batch`): one journalled step for all of them."""

from __future__ import annotations

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.workflow import protocol
from setright.engine.workflow.protocol import STOPPED, Outcome, at, begun, desk
from setright.model import Plain


def apply_together(run: str, hashes: list[str], stood: list[str]) -> list[list[Plain]]:
    """What is right after all are written ends here; each other plan goes on alone, by the protocol of one."""
    kept: dict[str, list[str]] = {}
    right: list[str] = []
    amiss: dict[str, list[Plain]] = {}
    written = False
    try:
        kept = begin_all(run, hashes)
        written = True
        amiss = write_all(run, kept)
        right = verify_all(run, [plan_hash for plan_hash in kept if plan_hash not in amiss])
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - as in `protocol`: whatever went wrong is recorded and undone
        amiss = {plan_hash: [str(error) or type(error).__name__, not written] for plan_hash in kept}
    ended = {h: _alone(run, h, kept.get(h), amiss.get(h), h in stood) for h in hashes if h not in right}
    latest = ended
    while right and any(outcome == "reverted" for _, outcome, _, _ in latest.values()):  # what is right may have leant on it
        still = _still_right(run, right)
        latest = {h: protocol.settle(run, h, kept[h], {}, False) for h in right if h not in still}
        ended |= latest
        right = still
    if right:
        ended |= {each[0]: each for each in end_all(run, {plan_hash: kept[plan_hash] for plan_hash in right})}
    return [ended[plan_hash] for plan_hash in hashes]


def _still_right(run: str, hashes: list[str]) -> list[str]:
    """Those of them that are right without what went back; none where nobody can tell of all at once."""
    try:
        return verify_all(run, hashes)
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001 - as above: the protocol of one says what is wrong
        return []


def _alone(run: str, plan_hash: str, kept: list[str] | None, amiss: list[Plain] | None, stood: bool) -> list[Plain]:
    """A plan that did not pass, or could not begin."""
    if kept is None:
        return protocol.apply_plan(run, plan_hash, stood)
    if amiss is None:
        return protocol.settle(run, plan_hash, kept, {}, False)
    why, untouched = amiss
    back = protocol.refuse if untouched else protocol.go_back
    return back(run, plan_hash, kept, False, why)


def rollback_all(run: str, batches: list[list[str]], why: str) -> list[list[Plain]]:
    """Batch after batch. What did not come back is tried again for as long as others do: a socket opens only where its service
    may start, and many a service starts only where its socket may."""
    ended: dict[str, list[Plain]] = {}
    left: dict[str, list[Plain]] = {}  # how those stand that are not back
    for batch in batches:
        ended |= _rollback_together(run, batch, why) if len(batch) > 1 else {}
        left |= _rollback_each(run, [h for h in batch if h not in ended], why, ended)
    known = 0
    while left and len(ended) > known:
        known = len(ended)
        left = _rollback_each(run, [*left], why, ended)
    ended |= {h: protocol.end(run, *each) for h, each in left.items()}
    return [ended[h] for batch in batches for h in batch]


def _rollback_each(run: str, hashes: list[str], why: str, ended: dict[str, list[Plain]]) -> dict[str, list[Plain]]:
    """One after another: what is back has `ended`, how the others stand is given."""
    stands: dict[str, list[Plain]] = {}
    for plan_hash in hashes:
        stands[plan_hash] = protocol.rollback_plan(run, plan_hash, why)
        if stands[plan_hash][1] == "reverted":
            ended[plan_hash] = protocol.end(run, *stands.pop(plan_hash))
    return stands


def _rollback_together(run: str, hashes: list[str], why: str) -> dict[str, list[Plain]]:
    """The prior states of applied plans, put back: those that are exactly as they were."""
    back: dict[str, list[str]] = {}
    try:
        back = restored_all(run, restore_all(run, hashes))
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001 - as above: the protocol of one says what is wrong
        back = {}
    return {each[0]: each for each in end_all(run, back, "reverted", why)} if back else {}


@DBOS.step()
def begin_all(run: str, hashes: list[str]) -> dict[str, list[str]]:
    """Stale? Then the snapshots. Gives those of the plans that go on together; none while the kill switch is on."""
    at("snapshot")
    if desk().stopped():
        return {}
    kept = desk().batch(run, hashes).snapshot()
    begun.update((run, plan_hash) for plan_hash in kept)
    protocol.record("snapshot", *({"run": run, "plan": plan_hash, "kept": each} for plan_hash, each in kept.items()))
    return kept


@DBOS.step()
def write_all(run: str, kept: dict[str, list[str]]) -> dict[str, list[Plain]]:
    """Of each plan that is not written: why, and whether it surely wrote nothing."""
    protocol.before_writing(run, kept)
    batch = desk().batch(run, list(kept))
    batch.look([plan_hash for plan_hash in kept if (run, plan_hash) in begun])
    amiss: dict[str, list[Plain]] = {}
    ready = frozenset() if desk().stopped() else batch.ready(kept)
    for plan_hash, addresses in kept.items():
        at("write")
        first = (run, plan_hash) in begun
        why, untouched = (STOPPED, True) if first and desk().stopped() else batch.write(plan_hash, addresses, first)
        at("written")
        if why:
            amiss[plan_hash] = [why, untouched and plan_hash not in ready]
    return amiss


@DBOS.step()
def verify_all(run: str, hashes: list[str]) -> list[str]:
    at("verify")
    right = protocol.again_if_cut(lambda: desk().batch(run, hashes).right(hashes))
    protocol.record("checked", *({"run": run, "plan": plan_hash, "wrong": []} for plan_hash in right))
    return right


@DBOS.step()
def restore_all(run: str, hashes: list[str]) -> dict[str, list[str]]:
    """The snapshots of those that were put back."""
    protocol.record("restoring", *({"run": run, "plan": plan_hash} for plan_hash in hashes))
    batch = desk().batch(run, hashes)
    kept: dict[str, list[str]] = {}
    known = {plan_hash: list(desk().kept(run, plan_hash)) for plan_hash in hashes}
    batch.ready_to_restore({plan_hash: addresses for plan_hash, addresses in known.items() if addresses})
    for plan_hash, addresses in known.items():
        at("restore")
        if addresses and not batch.restore(plan_hash, addresses):
            kept[plan_hash] = addresses
        at("restored")
    return kept


@DBOS.step()
def restored_all(run: str, kept: dict[str, list[str]]) -> dict[str, list[str]]:
    at("verify-restored")
    return {plan_hash: kept[plan_hash] for plan_hash in desk().batch(run, list(kept)).restored(kept)} if kept else {}


@DBOS.step()
def end_all(run: str, kept: dict[str, list[str]], outcome: str = "verified", why: str = "") -> list[list[Plain]]:
    """The outcomes, in the store and the ledger."""
    at("end")
    protocol.ended(run, *(Outcome(plan_hash, outcome, why, tuple(each)) for plan_hash, each in kept.items()))
    at("ended")
    return [[plan_hash, outcome, why, list(each)] for plan_hash, each in kept.items()]
