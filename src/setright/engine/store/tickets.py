"""Which tickets of other systems are ours, what each was last told, and what became of the findings it speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from setright.engine.store.database import Database, inserted, stored_json
from setright.engine.store.plans import among

FATES = """SELECT id, target, resource, last_seen_at, resolved_at, reopened_count FROM findings
    WHERE id IN"""
RUNS = """SELECT runs.id, run_plans.hash, COALESCE(runs.ended_at, :still) AS ended_at
    FROM run_plans JOIN runs ON runs.id = run_plans.run JOIN plans ON plans.hash = run_plans.hash
    WHERE run_plans.outcome = 'verified' AND runs.kind = 'apply' AND plans.target = :target
    AND COALESCE(runs.ended_at, :still) >= :since ORDER BY runs.started_at DESC, run_plans.hash LIMIT 500"""
STILL_RUNNING = "9999"


class KeptTicket(msgspec.Struct, frozen=True):
    """A ticket of ours. `state`: making (its create was begun), open, closed (by us), left (people closed it, and were answered).

    `matter` is a control, owner and organisation; `number` counts its tickets: one that is there no more is followed by the
    next. `findings` are those it speaks of, with what was last said of each: open, left, gone, moved. `told` is the fingerprint
    of its text; `answered` what was open when people who had closed it were answered.
    """

    channel: str
    matter: str
    control: str
    owner: str
    organisation: str
    number: int = 1
    id: str = ""
    name: str = ""
    url: str = ""
    state: str = "making"
    findings: Mapping[str, str] = {}
    told: str = ""
    answered: tuple[str, ...] = ()
    tried_at: str = ""
    changed_at: str = ""
    error: str = ""


class Fate(msgspec.Struct, frozen=True):
    """What became of a finding. `resolved_at` None: our last look still saw it."""

    id: str
    target: str
    resource: str
    last_seen_at: str
    resolved_at: str | None
    reopened_count: int


class Tickets(Database):
    """The tickets' part of the store."""

    def tickets(self, channel: str | None = None) -> list[KeptTicket]:
        """All of them, or those of a channel."""
        only = "" if channel is None else "WHERE channel = :channel"
        query = f"SELECT * FROM tickets {only} ORDER BY channel, control, owner, organisation"  # noqa: S608 - names of ours
        with self.reading() as connection:
            rows = connection.rows(query, {"channel": channel})
        told = ("findings", "answered")
        return [msgspec.convert(row | {n: msgspec.json.decode(row[n]) for n in told}, KeptTicket) for row in rows]

    def keep_ticket(self, ticket: KeptTicket) -> None:
        row = msgspec.to_builtins(ticket) | {"findings": stored_json(ticket.findings), "answered": stored_json(ticket.answered)}
        renewed = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("channel", "matter"))
        with self.writing() as connection:
            connection.change(inserted("tickets", row, f"ON CONFLICT (channel, matter) DO UPDATE SET {renewed}"), row)

    def fates(self, findings: Sequence[str]) -> dict[str, Fate]:
        """By id; a finding that the store does not know is not there."""
        with self.reading() as connection:
            rows = [row for names, values in among(findings) for row in connection.rows(f"{FATES} {names}", values)]
        return {row["id"]: Fate(**row) for row in rows}

    def verified_since(self, target: str, since: str) -> list[tuple[str, str, str]]:
        """Run, plan and the run's end of what was put right and verified on a target, the newest first."""
        given = {"target": target, "since": since, "still": STILL_RUNNING}
        with self.reading() as connection:
            return [(row["id"], row["hash"], row["ended_at"]) for row in connection.rows(RUNS, given)]
