"""Plans as a CACAO 2.0 playbook (docs.oasis-open.org/cacao) for a SOAR: decide, apply exactly that plan, look again, do the rest.

The same plans give the same playbook: the identifiers' random bits come from the plans' hash.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from hashlib import sha256
from uuid import UUID

from setright.engine.contract import joint_hash
from setright.engine.redact import redact_text
from setright.engine.times import moment, now
from setright.model import Plain, Plan

EXPLAINED = 20  # plans whose reasons stand in the step where somebody decides
Step = tuple[str, dict[str, Plain]]


def playbook(plans: Sequence[Plan], file: str) -> dict[str, Plain]:
    """The playbook that runs the plan kept in `file`, and what only a person can do."""
    whole = joint_hash(plans)
    agent, person = _id("linux", whole, "agent"), _id("individual", whole, "person")
    steps = [*_steps(plans, file, whole, agent, person)]
    start, end = _id("start", whole, "start"), _id("end", whole, "end")
    names = [name for name, _ in steps]
    workflow: dict[str, Plain] = {start: {"type": "start", "name": "Start", "on_completion": names[0] if names else end}}
    for (name, step), following in zip(steps, [*names[1:], end], strict=True):
        workflow[name] = step | {"on_success": following, "on_failure": end}
    workflow[end] = {"type": "end", "name": "End"}
    at = _moment(min((plan.made_at for plan in plans), default=""))
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": _id("playbook", whole, "playbook"),
        "name": f"Put right {len({plan.target for plan in plans})} targets by plan {whole[:12]}",
        "description": "Runs exactly the plans that setright made, verifies each, and takes back by itself what does not hold.",
        "playbook_types": ["remediation"],
        "playbook_activities": ["configure-systems", "scan-vulnerabilities"],
        "created_by": _id("identity", whole, "setright"),
        "created": at,
        "modified": at,
        **_until(plans),
        "labels": ["setright"],
        "workflow_start": start,
        "workflow": workflow,
        "agent_definitions": {
            agent: {"type": "linux", "name": "The host that setright runs on", "address": {"dname": ["localhost"]}},
            person: {"type": "individual", "name": "Whoever owns what is changed"},
        },
    }


def _steps(plans: Sequence[Plan], file: str, whole: str, agent: str, person: str) -> Iterator[Step]:
    """In order; each is told what to do next by whoever joins them."""
    able = [plan for plan in plans if plan.lane in ("auto", "ask")]
    asked = [plan for plan in able if plan.lane == "ask"]
    if asked:
        yield _manual(whole, "decide", "Decide", _question(asked), person)
    if able:
        yes = f" --approve {whole}" if asked else ""
        yield _shell(whole, "apply", "Apply the plan", f"setright apply {shlex.quote(file)}{yes} --yes", "configure-systems", agent)
        targets = " ".join(shlex.quote(target) for target in dict.fromkeys(plan.target for plan in able))
        controls = " ".join(f"--control {control}" for control in sorted({each for plan in able for each in plan.controls}))
        yield _shell(whole, "look", "Look again", f"setright scan {targets} {controls}", "scan-vulnerabilities", agent)
    for plan in plans:
        if plan.lane == "hand":
            words = f"{', '.join(plan.resources)} on {plan.target}: {redact_text(plan.reason)}"
            yield _manual(whole, plan.hash, f"By hand: {', '.join(plan.controls)}", words, person)


def _question(asked: Sequence[Plan]) -> str:
    lines = [f"{plan.document} on {plan.target}: {redact_text(plan.reason)}" for plan in asked[:EXPLAINED]]
    more = [f"... and {len(asked) - EXPLAINED} more"] if len(asked) > EXPLAINED else []
    return "\n".join(["Go on only where the owners of these agree.", *lines, *more])


def _manual(whole: str, key: str, name: str, words: str, person: str) -> Step:
    command = {"type": "manual", "command": words}
    return _id("action", whole, key), {"type": "action", "name": name, "commands": [command], "agent": person}


def _shell(whole: str, key: str, name: str, words: str, activity: str, agent: str) -> Step:
    command = {"type": "bash", "command": words, "playbook_activity": activity}
    return _id("action", whole, key), {"type": "action", "name": name, "commands": [command], "agent": agent}


def _until(plans: Sequence[Plan]) -> dict[str, Plain]:
    """No longer than the first of its plans holds."""
    ends = [plan.expires_at for plan in plans if plan.expires_at]
    return {"valid_until": _moment(min(ends))} if ends else {}


def _moment(at: str) -> str:
    """To the millisecond, as the specification wants it."""
    when = moment(at) if at else now()
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def _id(sort: str, *words: str) -> str:
    return f"{sort}--{UUID(bytes=sha256(' '.join([sort, *words]).encode()).digest()[:16], version=4)}"
