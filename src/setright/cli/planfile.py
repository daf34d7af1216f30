"""A plan in a file: what people read, and beside it exactly what `apply` runs, held against each other when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from setright.cli.failure import Failure
from setright.engine.contract import SCHEMA, Report, joint_hash, plan_object, plans_object
from setright.engine.plan import plan_hash
from setright.model import Plain, Plan

READ = ("hash", "target", "document", "documents", "diff", "lane", "findings", "controls", "resources", "effect", "undo", "belongs")
LEAST = 8  # characters of a hash that name it


def saved(plans: Sequence[Plan], report: Report) -> dict[str, Plain]:
    """The object of a plan file: each plan also as `exact`, which alone is run."""
    told = plans_object(plans, report)
    told["plans"] = [item | {"exact": _as_json(plan)} for item, plan in zip(told["plans"], plans, strict=True)]
    return told


def load_plans(file: Path) -> list[Plan]:
    """The plans of a file. Raises Failure where it is not a plan file, or says other than what it would do."""
    try:
        held = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; `setright plan -o {file}` writes a plan file") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: not JSON ({error}); `setright plan -o FILE` writes a plan file") from error
    if not isinstance(held, dict) or held.get("schema") != SCHEMA or not isinstance(held.get("plans"), list):
        raise Failure(f"{file}: no plan file of {SCHEMA}; `setright plan -o FILE` writes one")
    plans = [_plan(file, number, item) for number, item in enumerate(held["plans"], 1)]
    if held.get("hash") != joint_hash(plans):
        raise Failure(f"{file}: its hash is not that of its plans; it was changed by hand. Plan again")
    return plans


def lapsed(plans: Sequence[Plan]) -> list[Plan]:
    """Those whose time is over."""
    now = datetime.now(UTC)
    return [plan for plan in plans if datetime.fromisoformat(plan.expires_at) < now]


def approved(plans: Sequence[Plan], hashes: Sequence[str]) -> set[str]:
    """The plans that the given hashes, or beginnings of them, approve. Raises Failure for one that names none or several."""
    all_of_them = joint_hash(plans)
    approved: set[str] = set()
    for begin in hashes:
        if len(begin) < LEAST:
            raise Failure(f"--approve {begin}: give at least {LEAST} characters of the hash")
        named = {h for h in (all_of_them, *(p.hash for p in plans)) if h.startswith(begin.lower())}
        if len(named) != 1:
            raise Failure(f"--approve {begin}: {'several plans begin so' if named else 'no plan here has that hash'}")
        approved |= {p.hash for p in plans} if all_of_them in named else named
    return approved


def _plan(file: Path, number: int, item: Plain) -> Plan:
    try:
        exact = item["exact"]
        plan = msgspec.convert(exact, Plan)
    except (TypeError, KeyError, msgspec.ValidationError) as error:
        raise Failure(f"{file}: plan {number} cannot be run: {error}; plan again") from error
    if _as_json(plan) != exact:
        raise Failure(f"{file}: plan {number} has fields that this version does not know; plan again")
    said = plan_object(plan)
    if plan_hash(plan) != plan.hash or any(item.get(name) != said[name] for name in READ):
        raise Failure(f"{file}: plan {number} is not what its hash says; it was changed by hand. Plan again")
    return plan


def _as_json(plan: Plan) -> Plain:
    return msgspec.json.decode(msgspec.json.encode(plan))
