"""What happened, as messages for the channels that want it: findings that came and went, and what the ledger has recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from setright.engine.advice import flat, steps
from setright.engine.channels import Event, Route, wants
from setright.engine.decision import Weighed
from setright.engine.error import EngineError
from setright.engine.gathering import READ_BY_PEOPLE, gathered
from setright.engine.record import Record
from setright.engine.redact import redact_value
from setright.engine.store import Known as KnownFinding
from setright.engine.store import Seen, Store
from setright.integrations.message import Message
from setright.model import SEVERITIES, Control, Finding, Plain, Plan

CALLED = {  # the ledger's words, where they are others
    "exception": "exception.made",
    "exception ended": "exception.ended",
    "stop on": "switch.on",
    "stop off": "switch.off",
    "rollback asked": "run.rollback-asked",
    "ticket opened": "ticket.opened",
    "ticket closed": "ticket.closed",
    "ticket reopened": "ticket.reopened",
}
OF_A_PLAN = (
    "asked",
    "approved",
    "snapshot",
    "armed",
    "writing",
    "restoring",
    "verified",
    "unverified",
    "reverted",
    "refused",
    "hand",
)
OF_A_FINDING = ("control", "title", "severity", "target", "resource", "kind")
AT_ONCE = 1000  # records


class Looked(NamedTuple):
    """A scan: what of it counts, how it was weighed, when it was, and its controls (None: not one of them).

    Of what is knowingly left open nobody is told that it came, so `found` lacks it. `owner` says whose a target is.
    """

    found: Sequence[Finding]
    weighed: Mapping[str, Weighed]
    at: str
    control: Callable[[str], Control | None]
    owner: Callable[[str], str]


def of_findings(looked: Looked, seen: Seen, key: bytes, known: Callable[[str], KnownFinding | None]) -> Iterator[Event]:
    """What a scan changed: ``finding.opened``, ``finding.reopened``, ``finding.resolved``. `known` is what earlier ones kept."""
    by_id = {finding.id: finding for finding in looked.found}
    for word, ids in (("opened", seen.new), ("reopened", seen.reopened), ("resolved", seen.resolved)):
        for id_ in ids:
            kept = known(id_) if word != "opened" else None
            if finding := by_id.get(id_) or (kept.finding if kept and word == "resolved" else None):
                yield _of_finding(word, finding, looked, kept, key)


def _of_finding(word: str, finding: Finding, looked: Looked, kept: KnownFinding | None, key: bytes) -> Event:
    weighed, at, control = looked.weighed.get(finding.id), looked.at, looked.control(finding.control)
    told: dict[str, Plain] = {
        "finding": finding.id,
        "control": finding.control,
        "title": finding.title,
        "severity": finding.severity,
        "verdict": str(finding.verdict),
        "target": finding.target,
        "resource": finding.resource,
        "kind": finding.kind,
        "location": msgspec.to_builtins(finding.location),
        "frameworks": msgspec.to_builtins(finding.frameworks),
        "source": control.source if control else "",
        "first_seen_at": kept.first_seen_at if kept else at,
    }
    owner = weighed.owner.owner if weighed else (kept.owner if kept else "") or looked.owner(finding.target)
    lane = weighed.lane if weighed else kept.lane if kept else ""
    told |= {"lane": lane, "owner": owner or None}
    if weighed:
        told |= {"reason": weighed.reason, "risk": weighed.leaving.score}
    if control and word != "resolved":
        told |= {"happens": flat(control.why), "do": list(steps(control, lane, [finding.target]))}
    body = redact_value((), told, key)
    key_of = sha256(f"{finding.id} {word} {at}".encode()).hexdigest()[:24]
    return Event(key_of, f"finding.{word}", finding.id, at, body, finding.severity, owner, lane, finding.target)


class Known(NamedTuple):
    """Finds what is known beside a record: a plan by its hash, how grave its findings are, whose a target is, a finding."""

    plan: Callable[[str], Plan | None]
    severity: Callable[[Plan], str]
    owner: Callable[[str], str]
    finding: Callable[[str], KnownFinding | None]


def of_record(record: Record, beside: Known) -> Event:
    """What a record of the ledger says. What is known of its plan or its finding is told beside it."""
    body: dict[str, Plain] = {"actor": record.actor, "seq": record.seq}
    if isinstance(record.body, dict):
        body |= record.body
    known = beside.plan(str(body["plan"])) if "plan" in body else None
    event = CALLED.get(record.event) or (f"plan.{record.event}" if record.event in OF_A_PLAN else record.event.replace(" ", "-"))
    if known:
        body |= {"lane": known.lane, "controls": list(known.controls), "document": known.document, "findings": list(known.findings)}
    about = beside.finding(str(body["finding"])) if "finding" in body else None
    if about:
        body = {name: getattr(about.finding, name) for name in OF_A_FINDING} | {"owner": about.owner or None} | body
    item = next((str(body[name]) for name in ("plan", "finding", "run", "ticket") if name in body), "setright")
    target = known.target if known else str(body.get("target", ""))
    severity = beside.severity(known) if known else about.finding.severity if about else ""
    owner = about.owner if about else beside.owner(target) if target else ""
    lane = known.lane if known else about.lane if about else ""
    return Event(record.hash[:24], event, item, record.at, body, severity, owner, lane, target)


def messages(events: Sequence[Event], routes: Mapping[str, Route]) -> list[Message]:
    """Every event for each channel that wants it; where people read, gathered."""
    told: list[Message] = []
    for channel, route in routes.items():
        wanted = [event for event in events if wants(route, event)]
        if route.type in READ_BY_PEOPLE:
            wanted = gathered(wanted)
        told += [Message(event.key, channel, event.item, event.event, event.at, dict(event.body)) for event in wanted]
    return told


def tell_of_ledger(store: Store, path: Path, ledger: str, routes: Mapping[str, Route], event_of: Callable[[Record], Event]) -> int:
    """Posts what the ledger recorded since each channel was told last; a new channel is told of what comes from now on.

    `ledger` names the ledger: of several workers each has its own. How many messages that were.
    """
    return sum(_tell(store, path, ledger, name, route, event_of) for name, route in routes.items() if not route.off)


def _tell(store: Store, path: Path, ledger: str, name: str, route: Route, event_of: Callable[[Record], Event]) -> int:
    since = store.read_to(name, ledger)
    if since is None:
        return store.post_read([], name, ledger, path.stat().st_size if path.exists() else 0)
    number = 0
    rest = ledger_records(path, since)
    while batch := list(islice(rest, AT_ONCE)):
        told = messages([event_of(record) for record, _ in batch], {name: route})
        number += store.post_read(told, name, ledger, batch[-1][1])
    return number


def ledger_records(path: Path, since: int) -> Iterator[tuple[Record, int]]:
    """The ledger's records from that byte on, each with the byte behind it; from the start where the ledger is a new one.

    Raises EngineError where a line is no record.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        at = file.seek(since if since <= file.seek(0, 2) else 0)
        for line in file:
            at += len(line)
            if not line.endswith(b"\n"):
                return  # being written, or torn: the ledger mends it
            try:
                yield msgspec.json.decode(line, type=Record), at
            except msgspec.DecodeError as error:
                raise EngineError(f"{path}: byte {at - len(line)}: {error}; see `setright ledger verify`") from error


def severity_of(findings: Sequence[Finding]) -> str:
    """The gravest; empty where none is known."""
    return max((f.severity for f in findings), key=SEVERITIES.index, default="")
