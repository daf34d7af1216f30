"""One call done, for its actor and by the same ways as the commands: within policy, approvals, freezes and the kill switch.

What takes long runs as a process of its own (`main`), as runs do that people approved: a crash of one does not touch the other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from setright.app import App, ScanOptions
from setright.controls.error import ControlError
from setright.engine import contract, excepting
from setright.engine.configuration import load_configuration
from setright.engine.error import EngineError
from setright.engine.redact import redact_text, without_password
from setright.engine.runs import last_by, to_undo
from setright.engine.store import BearerToken, Call
from setright.engine.times import now
from setright.model import SEVERITIES, Plain, Verdict
from setright.model import Plan as Kept
from setright.policy.estate import Person
from setright.policy.exceptions import why_refused
from setright.surfaces.base import SurfaceError
from setright.web.api import shapes
from setright.web.api.problems import NotDone

Answer = dict[str, Plain]


def main(words: Sequence[str] = sys.argv[1:]) -> None:
    """Does the call of that id; the second word is the configuration, where one is named."""
    configuration = load_configuration(Path(words[1]) if len(words) > 1 else None)
    asker = App(configuration)
    call = asker.store.call(words[0])
    if call is None:
        raise SystemExit(f"{words[0]} is no call of ours")
    app = App(configuration, actor=call.actor)
    end_call(app, call)
    app.finish()


def end_call(app: App, call: Call) -> Call:
    """The call as it ended, which is written down."""
    try:
        asked = msgspec.json.decode(call.body, type=shapes.BY_ACTION[call.action].takes)
        status, answer = 200, msgspec.json.encode(perform(app, call.token, call.action, asked))
    except NotDone as error:
        status, answer = error.status, msgspec.json.encode(error.problem)
    except (EngineError, ControlError, SurfaceError) as error:
        problem = NotDone("refused", redact_text(str(error))).problem
        status, answer = problem.status, msgspec.json.encode(problem)
    app.ledger.append("call ended", {"call": call.id, "action": call.action, "status": status})
    app.store.end_call(call.id, status, answer.decode(), now())
    return app.store.call(call.id) or call


def perform(app: App, token: str, action: str, asked: shapes.Asked) -> Answer:
    """What the command of that name says with --format json. Raises Refused, EngineError, ControlError or SurfaceError."""
    kept = app.store.api_token(token)
    if kept is None:
        raise NotDone("not-allowed", "the token of this call is not there any more")
    return PERFORMERS[action](app, kept, asked)


def permitted(app: App, token: BearerToken, named: Sequence[str]) -> list[str]:
    """URLs of declared targets that the token may touch. Raises Refused for any other: an API names no new ones."""
    urls = app.targets(named)
    for url in urls:
        _permit(app, token, url)
    return urls


def _permit(app: App, token: BearerToken, url: str) -> None:
    names = [target.name for target in app.configuration.targets if without_password(target.url) == url]
    if not names:
        raise NotDone("not-allowed", f"{url} is no target of setright.toml; declare it there first")
    if token.targets and not any(fnmatchcase(word, glob) for word in (url, *names) for glob in token.targets):
        raise NotDone("not-allowed", f"this token is for {', '.join(token.targets)}, not for {names[0]}")


def perform_scan(app: App, token: BearerToken, asked: shapes.ScanRequest) -> Answer:
    urls = permitted(app, token, asked.targets)
    report = contract.Report(tuple(app.scan(urls, _ask(asked))), app.fingerprint_key)
    answer = contract.scan_object(report)
    if asked.fail_on == "never":
        return answer
    if report.unreached:
        raise NotDone("unreached", "; ".join(f"{each.target}: {redact_text(each.error)}" for each in report.unreached), answer)
    least = 0 if asked.fail_on == "any" else SEVERITIES.index(asked.fail_on)
    if left := [f for f in report.found if SEVERITIES.index(f.finding.severity) >= least]:
        failed = sum(f.finding.verdict is Verdict.FAIL for f in left)
        raise NotDone("findings", f"{failed} findings are open, {len(left) - failed} could not be told", answer)
    return answer


def perform_plan(app: App, token: BearerToken, asked: shapes.PlanRequest) -> Answer:
    report = contract.Report(tuple(app.plan(permitted(app, token, asked.targets), _ask(asked))), app.fingerprint_key)
    plans = [plan for result in report.results for plan in result.plans]  # type: ignore[attr-defined]
    app.store.keep_plans(plans, token.actor)
    app.store.asked_also([plan.hash for plan in plans], token.actor)
    return contract.plans_object(plans, report)


def perform_approve(app: App, token: BearerToken, asked: shapes.ApproveRequest) -> Answer:
    """All of them, or, where one cannot be agreed to, none."""
    plans = _plans(app, token, asked.plans)
    person = _person(app, token.actor)
    askers = app.store.everybody_who_asked([plan.hash for plan in plans])
    for each in plans:
        if own := next((by for by in askers[each.hash] if by == token.actor or person.is_called(by)), ""):
            raise NotDone("own-request", f"{own} asked for {each.hash[:12]}; somebody else must agree to it")
        if not any(may.name == person.name for may in app.consent.may_approve(each)):
            raise NotDone("refused", f"{each.hash[:12]} needs no yes of {person.name}: {_lacks(app, each) or 'it lacks nothing'}")
        if why := app.asking.hindered(each):
            raise NotDone("refused", f"{each.hash[:12]}: {why}")
    if not asked.dry_run:
        for each in plans:
            app.asking.approve(app.asking.token(each, person.name), via="api")
    told = [{"hash": each.hash, "target": each.target, "lane": each.lane, "lacks": _lacks(app, each)} for each in plans]
    return {"schema": contract.SCHEMA, "dry_run": asked.dry_run, "plans": told}


def perform_apply(app: App, token: BearerToken, asked: shapes.ApplyRequest) -> Answer:
    plans = _plans(app, token, asked.plans)
    if asked.dry_run:
        return _foreseen(app, plans)
    for each in plans:
        if app.store.plan_state(each.hash).state != "made":
            raise NotDone("refused", f"{each.hash[:12]} is {app.store.plan_state(each.hash).state}; plan again")
    run = app.apply(plans, lambda _: False, lambda *_: None)
    return _as_asked(contract.run_object(run.id, run.plans), "verified", asked.strict)


def perform_rollback(app: App, token: BearerToken, asked: shapes.RollbackRequest) -> Answer:
    run = _run(app, asked)
    undone = to_undo(app.store.run(run).plans, app.store.plan)
    for each in undone:
        _permit(app, token, each.target)
    if asked.dry_run:
        plans = [contract.plan_object(each) | {"outcome": None, "why": "would be taken back"} for each in undone]
        return {"schema": contract.SCHEMA, "run": None, "of": run, "dry_run": True, "plans": plans}
    done = app.rollback(run, lambda *_: None)
    return _as_asked(contract.run_object(done.id, done.plans) | {"of": run}, "reverted", asked.strict)


def leave_open(app: App, token: BearerToken, asked: shapes.ExceptRequest) -> Answer:
    known = app.store.finding(asked.finding)
    if known is None:
        raise NotDone("not-found", f"{asked.finding} is no finding that was kept; scan first")
    _permit(app, token, known.finding.target)
    said = {"reason": asked.reason, "until": asked.until, "compensating": asked.compensating}
    made = excepting.exception_of(asked.finding, token.actor, app.circumstances(asked.finding), now(), **said)
    if not asked.dry_run:
        excepting.keep(made, app.configuration, app.store, app.ledger)
    elif why := why_refused(app.configuration.policy.exceptions, made, app.configuration.people):
        raise NotDone("refused", why)
    return {"schema": contract.SCHEMA, "dry_run": asked.dry_run, "exceptions": [dict(excepting.exception_told(made))]}


PERFORMERS: Mapping[str, Callable[[App, BearerToken, Any], Answer]] = {
    "scan": perform_scan,
    "plan": perform_plan,
    "approve": perform_approve,
    "apply": perform_apply,
    "rollback": perform_rollback,
    "except": leave_open,
}


def plan_told(app: App, token: BearerToken, hash_: str) -> Answer:
    """A plan as it was shown, how far it has come, and whose yes it lacks."""
    (found,) = _plans(app, token, [hash_])
    state = app.store.plan_state(found.hash).state
    asked_by = app.store.asked_by([found.hash]).get(found.hash, "")
    about = {"state": state, "asked_by": asked_by, "lacks": _lacks(app, found)}
    return {"schema": contract.SCHEMA, **contract.plan_object(found), **about}


def _plans(app: App, token: BearerToken, hashes: Sequence[str]) -> list[Kept]:
    try:
        found = list({kept.hash: kept for kept in map(app.store.plan, hashes)}.values())
    except EngineError as error:
        raise NotDone("not-found", str(error)) from error
    for each in found:
        _permit(app, token, each.target)
    return found


def _foreseen(app: App, plans: Sequence[Kept]) -> Answer:
    """What `perform_apply` would say now: of what would run, nothing."""
    left = app.foreseen(plans)
    rows: list[Plain] = []
    for each in plans:
        state = app.store.plan_state(each.hash).state
        outcome, why = left.get(each.hash, ("", ""))
        why = why or (f"is {state}; plan again" if state != "made" else app.asking.hindered(each))
        rows.append(contract.plan_object(each) | {"outcome": outcome or ("refused" if why else None), "why": why or "would run"})
    return {"schema": contract.SCHEMA, "run": None, "dry_run": True, "plans": rows}


def _as_asked(told: Answer, wanted: str, is_strict: bool) -> Answer:
    others = [plan for plan in told["plans"] if plan["outcome"] != wanted]
    if is_strict and (others or not told["plans"]):
        why = "; ".join(f"{plan['hash'][:12]} {plan['outcome']}: {plan['why']}" for plan in others[:5])
        raise NotDone("not-as-asked", why or "nothing was there to be done", told)
    return told


def _run(app: App, asked: shapes.RollbackRequest) -> str:
    if bool(asked.run) == bool(asked.plans):
        raise NotDone("malformed", "name either a run or plans")
    if asked.run:
        return asked.run
    return last_by(app.store.runs(), [plan.hash for plan in map(app.store.plan, asked.plans)])


def _person(app: App, actor: str) -> Person:
    person = next((each for each in app.configuration.people if each.is_called(actor)), None)
    if person is None:
        raise NotDone("not-allowed", f"{actor} is nobody of [[people]] in setright.toml; only those can agree by the API")
    return person


def _lacks(app: App, of: Kept) -> str:
    return app.consent.lacking([of])[of.hash]


def _ask(asked: shapes.ScanRequest | shapes.PlanRequest) -> ScanOptions:
    return ScanOptions(asked.baseline, asked.controls, asked.min_severity)
