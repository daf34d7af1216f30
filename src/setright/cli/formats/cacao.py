"""Plans as a CACAO 2.0 playbook (docs.oasis-open.org/cacao) for a SOAR: decide, apply exactly those, look again, else go back.

The same plans give the same playbook: the identifiers' random bits come from the plans' hash. Its steps call the commands or
the API.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from setright.engine.contract import joint_hash
from setright.engine.redact import redact_text
from setright.engine.times import moment, now
from setright.model import Plain, Plan

EXPLAINED = 20  # plans whose reasons stand in the step where somebody decides
WAIT_S = 600  # for a call of the API to end
APPLY, LOOK, BACK = "configure-systems", "scan-vulnerabilities", "revert-system"  # activities of the specification's vocabulary
HOST, PORT, TOKEN = "__setright_host__", "__setright_port__", "__setright_token__"
Step = tuple[str, dict[str, Plain]]


class Means(NamedTuple):
    """How steps are carried out: what a step is for (`APPLY` ...) -> its command; by which agent; and what goes with that."""

    commands: Mapping[str, dict[str, Plain]]
    agent: str
    definition: dict[str, Plain]
    step: dict[str, Plain]
    playbook: dict[str, Plain]


def by_command(plans: Sequence[Plan], file: str) -> Means:
    """By the program, on the host where the plan is kept in `file`."""
    able = _able(plans)
    yes = f" --approve {joint_hash(plans)}" if any(plan.lane == "ask" for plan in able) else ""
    targets = " ".join(shlex.quote(target) for target in _targets(able))
    commands = {
        APPLY: f"setright apply {shlex.quote(file)}{yes} --yes",
        LOOK: f"setright scan {targets} {' '.join(f'--control {control}' for control in _controls(able))}",
        BACK: f"setright rollback {' '.join(f'--plan {plan.hash}' for plan in able)}",
    }
    definition: dict[str, Plain] = {
        "type": "linux",
        "name": "The host that setright runs on",
        "address": {"dname": ["localhost"]},
    }
    agent = _id("linux", joint_hash(plans), "agent")
    return Means({what: {"type": "bash", "command": words} for what, words in commands.items()}, agent, definition, {}, {})


def by_api(plans: Sequence[Plan], url: str) -> Means:
    """By the API of `setright serve` at `url` (empty: the SOAR says where), with a token that the SOAR holds."""
    whole, able = joint_hash(plans), _able(plans)
    hashes = [plan.hash for plan in able]
    bodies: dict[str, tuple[str, dict[str, Plain]]] = {
        APPLY: ("/runs", {"plans": hashes, "strict": True}),
        LOOK: ("/scans", {"targets": _targets(able), "controls": _controls(able), "fail_on": "any"}),
        BACK: ("/rollbacks", {"plans": hashes, "strict": True}),
    }
    secret = _id("oauth2", whole, "token")
    definition: dict[str, Plain] = {
        "type": "http-api",
        "name": "setright serve",
        "address": {"dname": [f"{HOST}:value"]},
        "port": f"{PORT}:value",
        "authentication_info": secret,
    }
    believed = {"type": "oauth2", "name": "A token of `setright tokens new`", "oauth_header": "Bearer", "token": f"{TOKEN}:value"}
    more = {"authentication_info_definitions": {secret: believed}, "playbook_variables": _variables(url)}
    commands = {what: _call(path, body, f"{whole[:32]}-{what}") for what, (path, body) in bodies.items()}
    step: dict[str, Plain] = {"in_args": [HOST, PORT, TOKEN], "timeout": (WAIT_S + 60) * 1000}
    return Means(commands, _id("http-api", whole, "agent"), definition, step, more)


def _call(path: str, body: Plain, key: str) -> dict[str, Plain]:
    """The same key each time: a step that is tried again does not do it again."""
    headers = {"Content-Type": ["application/json"], "Idempotency-Key": [key], "Prefer": [f"wait={WAIT_S}"]}
    content = msgspec.json.encode(body).decode()
    return {"type": "http-api", "command": f"POST /api/v1{path} HTTP/1.1", "headers": headers, "content": content}


def _variables(url: str) -> dict[str, Plain]:
    place = urlsplit(url)
    port = str(place.port or (80 if place.scheme == "http" else 443))
    known = {HOST: (place.hostname or "", "Where `setright serve` is reached"), PORT: (port, "Its port")}
    said: dict[str, Plain] = {
        name: {"type": "string", "description": about, "external": True, **({"value": value} if value else {})}
        for name, (value, about) in known.items()
    }
    return said | {TOKEN: {"type": "string", "description": "A token that may scan, apply and roll back", "external": True}}


def playbook(plans: Sequence[Plan], way: Means) -> dict[str, Plain]:
    """The playbook that runs these plans in that way, and what only a person can do."""
    whole = joint_hash(plans)
    person, start, end = (_id(sort, whole, name) for sort, name in (("individual", "person"), ("start", "start"), ("end", "end")))
    hand = [_by_hand(whole, plan, person) for plan in plans if plan.lane == "hand"]
    steps = [*_asking(whole, plans, person), *(_running(whole, way, person) if _able(plans) else ()), *hand]
    main = [(name, step) for name, step in steps if "on_success" not in step]
    workflow: dict[str, Plain] = {start: {"type": "start", "name": "Start", "on_completion": main[0][0] if main else end}}
    following = dict(zip((name for name, _ in main), [*(name for name, _ in main[1:]), end], strict=True))
    for name, step in steps:
        workflow[name] = {"on_failure": end, **({"on_success": following[name]} if name in following else {}), **step}
        workflow[name] |= {key: end for key in ("on_success", "on_failure") if workflow[name][key] is None}
    workflow[end] = {"type": "end", "name": "End"}
    activities = [what for what in (APPLY, LOOK, BACK) if _able(plans)]
    return _about(plans, whole, activities) | {
        **way.playbook,
        "workflow_start": start,
        "workflow": workflow,
        "agent_definitions": {
            way.agent: way.definition,
            person: {"type": "individual", "name": "Whoever owns what is changed"},
        },
    }


def _about(plans: Sequence[Plan], whole: str, activities: Sequence[str]) -> dict[str, Plain]:
    at = _moment(min((plan.made_at for plan in plans), default=""))
    ends = [plan.expires_at for plan in plans if plan.expires_at]
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": _id("playbook", whole, "playbook"),
        "name": f"Put right {len({plan.target for plan in plans})} targets by plan {whole[:12]}",
        "description": "Runs exactly the plans that setright made, verifies each, and takes back by itself what does not hold.",
        **({"playbook_types": ["remediation"], "playbook_activities": list(activities)} if activities else {}),
        "created_by": _id("identity", whole, "setright"),
        "created": at,
        "modified": at,
        **({"valid_until": _moment(min(ends))} if ends else {}),  # no longer than the first of its plans holds
        "labels": ["setright"],
    }


def _asking(whole: str, plans: Sequence[Plan], person: str) -> Iterator[Step]:
    if asked := [plan for plan in plans if plan.lane == "ask"]:
        lines = [f"{plan.document} on {plan.target}: {redact_text(plan.reason)}" for plan in asked[:EXPLAINED]]
        more = [f"... and {len(asked) - EXPLAINED} more"] if len(asked) > EXPLAINED else []
        yield _manual(whole, "decide", "Decide", "\n".join(["Go on only where the owners of these agree.", *lines, *more]), person)


def _running(whole: str, way: Means, person: str) -> Iterator[Step]:
    """What is applied and does not hold afterwards is taken back; where even that fails, a person looks."""
    step = _doing(whole, way)
    back, (see, looking) = step(BACK, "Go back"), _manual(whole, "see", "Look at what came of it", "setright runs list", person)
    yield step(APPLY, "Apply the plan", on_failure=see)
    yield step(LOOK, "Look again", on_failure=back[0])
    yield back[0], back[1] | {"on_success": None, "on_failure": see}
    yield see, looking | {"on_success": None, "on_failure": None}


def _doing(whole: str, way: Means) -> Callable[..., Step]:
    def step(what: str, name: str, **then: Plain) -> Step:
        commands = [way.commands[what] | {"playbook_activity": what}]
        made = {"type": "action", "name": name, "commands": commands, "agent": way.agent, **way.step, **then}
        return _id("action", whole, what), made

    return step


def _by_hand(whole: str, plan: Plan, person: str) -> Step:
    words = f"{', '.join(plan.resources)} on {plan.target}: {redact_text(plan.reason)}"
    return _manual(whole, plan.hash, f"By hand: {', '.join(plan.controls)}", words, person)


def _manual(whole: str, key: str, name: str, words: str, person: str) -> Step:
    command = {"type": "manual", "command": words}
    return _id("action", whole, key), {"type": "action", "name": name, "commands": [command], "agent": person}


def _able(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in plans if plan.lane in ("auto", "ask")]


def _targets(plans: Sequence[Plan]) -> list[str]:
    return list(dict.fromkeys(plan.target for plan in plans))


def _controls(plans: Sequence[Plan]) -> list[str]:
    return sorted({each for plan in plans for each in plan.controls})


def _moment(at: str) -> str:
    """To the millisecond, as the specification wants it."""
    when = moment(at) if at else now()
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def _id(sort: str, *words: str) -> str:
    return f"{sort}--{UUID(bytes=sha256(' '.join([sort, *words]).encode()).digest()[:16], version=4)}"
