"""Holds one ticket for each fix and owner, and holds it to what our own looks see; people's word in it is heard and answered.

Whatever is sent is sent for a change, and once: the store keeps what each ticket was last told, comments bear marks, and a
create whose answer was lost is looked for before another is made.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from setright.controls.error import ControlError
from setright.engine.channels import Route, ticket_routes, ticket_system
from setright.engine.error import EngineError
from setright.engine.store import Fate, Foreign, KeptTicket, ToldFinding
from setright.engine.ticket_words import (
    Matter,
    Proof,
    Ready,
    came_back,
    draft,
    draft_of_theirs,
    fingerprint,
    key_of,
    matters,
    seen_gone,
    still_open,
)
from setright.engine.ticket_world import World
from setright.engine.times import moment, stamp
from setright.integrations.error import IntegrationError
from setright.integrations.message import Refused
from setright.integrations.rest import Limited
from setright.integrations.tickets import Gone, Said, Ticket, TicketDraft, TicketSystem, Written
from setright.model import Control, Plain

SETTLES = timedelta(minutes=15)  # a search engine that lags behind by more is broken
HELD = timedelta(minutes=5)  # a process that died on a channel is waited for so long


class Done(NamedTuple):
    """What was done about one ticket, or why nothing could be; in a dry run, what would be."""

    channel: str
    kept: KeptTicket
    did: tuple[str, ...]
    sent: tuple[Written, ...]
    error: str = ""


class Synced(NamedTuple):
    """One channel's tickets; `error` is why it ended early."""

    channel: str
    done: tuple[Done, ...]
    error: str = ""


def sync_tickets(world: World, only: Sequence[str] = (), *, dry: bool = False) -> list[Synced]:
    """Channel by channel; one that fails does not stop the others. `dry`: nothing is sent, and nothing is kept."""
    routes = ticket_routes(world.configuration.integrations)
    if unknown := [name for name in only if name not in routes]:
        raise EngineError(f"no ticket system [integrations.{unknown[0]}]; there are {', '.join(routes) or 'none'}")
    return [_synced(world, name, route, dry) for name, route in routes.items() if not route.off and (not only or name in only)]


def _synced(world: World, name: str, route: Route, dry: bool) -> Synced:
    done: list[Done] = []
    holder = f"{platform.node()}-{os.getpid()}"

    def hold() -> bool:
        return dry or world.store.take_channel(name, holder, world.clock(), world.clock() + HELD)

    try:
        system = ticket_system(name, world.configuration.integrations[name], dry)
        if not hold():
            return Synced(name, (), "another process is at it; run this again later")
        try:
            done.extend(_Channel(world, name, route, system, dry, hold).all())
        finally:
            if not dry:
                world.store.leave_channel(name)
    except (EngineError, IntegrationError) as error:
        return Synced(name, tuple(done), str(error))
    return Synced(name, tuple(done))


class _Channel:
    """One channel's work."""

    def __init__(self, world: World, name: str, route: Route, system: TicketSystem, dry: bool, hold: Callable[[], bool]) -> None:
        """`hold` says to other processes that this one is still at it."""
        self._world, self._name, self._system, self._dry, self._hold = world, name, system, dry, hold
        world.store.lapse(world.clock())
        items = [*world.store.items(), *world.others.items]
        counted = [item for item in items if item.id not in world.excepted]
        self._matters = matters(counted, route, world.configuration.fallback)
        self._counted = {item.id for matter in self._matters.values() for item in matter.items}

    def all(self) -> Iterator[Done]:
        """One after the other; what concerns one ticket alone does not stop the next."""
        kept = {ticket.matter: ticket for ticket in self._world.store.tickets(self._name)}
        read = self._read(kept)
        for id_ in [*kept, *(id_ for id_ in self._matters if id_ not in kept)]:
            before = len(self._system.written)
            ticket = kept.get(id_) or self._new(self._matters[id_])
            matter = self._matters.get(id_) or Matter(ticket.control, ticket.owner, ticket.organisation)
            work = _Work(self, ticket, matter)
            error = ""
            self._hold()
            try:
                work.do(read.get(id_))
            except Refused as refused:
                error = str(refused)
                work.keep(error=error)
            sent = tuple(self._system.written[before:])
            if work.did or error:
                yield Done(self._name, work.kept, tuple(work.did), sent, error)

    def _new(self, matter: Matter) -> KeptTicket:
        return KeptTicket(self._name, matter.id, matter.control, matter.owner, matter.organisation)

    def _read(self, kept: Mapping[str, KeptTicket]) -> dict[str, Ticket | Refused | None]:
        """The tickets about which there may be something to do, or why one is not told; None: it is there no more.

        Raises IntegrationError where none can be seen: that is a right we lost, and no reason to make them all anew.
        """
        read: dict[str, Ticket | Refused | None] = {}
        for id_, each in kept.items():
            if each.id and (each.state != "closed" or id_ in self._matters):
                self._hold()
                try:
                    read[id_] = self._system.get(each.id)
                except Gone:
                    read[id_] = None
                except Refused as refused:
                    read[id_] = refused
        if len(read) > 1 and not any(read.values()):
            raise IntegrationError(f"none of our {len(read)} tickets can be seen; check the rights of our account")
        return read

    @property
    def system(self) -> TicketSystem:
        return self._system

    @property
    def at(self) -> datetime:
        return self._world.clock()

    @property
    def ready(self) -> tuple[Ready, ...]:
        return self._world.ready

    def store(self, kept: KeptTicket) -> None:
        if not self._dry:
            self._world.store.keep_ticket(kept)

    def record(self, event: str, kept: KeptTicket, **told: Plain) -> None:
        """After it was done and kept: its name is known only then, and a ledger that is full makes nothing twice."""
        whose: dict[str, Plain] = {"control": kept.control, "owner": kept.owner, "organisation": kept.organisation}
        about: dict[str, Plain] = {"ticket": kept.name, "url": kept.url, "channel": kept.channel, **whose, **told}
        if not self._dry:
            self._world.record(event, {name: value for name, value in about.items() if value})

    def control(self, id_: str) -> Control | None:
        """None: one that the catalogue has no more."""
        try:
            return self._world.control(id_)
        except ControlError:
            return None

    def fates(self, ids: Sequence[str]) -> dict[str, Fate]:
        others = self._world.others.fates
        return self._world.store.fates(ids) | {id_: others[id_] for id_ in ids if id_ in others}

    def theirs(self, matter: str) -> Foreign | None:
        """The words of the scanner that a matter is of; None: it is one of ours."""
        return self._world.others.told.get(matter)

    def counts(self, id_: str) -> bool:
        """Whether some ticket speaks of it as open."""
        return id_ in self._counted

    def proofs(self, gone: Sequence[Fate]) -> list[Proof]:
        """For each that is gone the last run that put it right: one that ended after a scan had seen it for the last time."""
        store, found = self._world.store, dict[str, str]()
        for target in dict.fromkeys(fate.target for fate in gone):
            seen = {fate.id: fate.last_seen_at for fate in gone if fate.target == target}
            runs = store.verified_since(target, min(seen.values()))
            for (run, hash_, ended_at), plan in zip(runs, store.plans_of([each[1] for each in runs]), strict=True):
                if hits := [id_ for id_ in plan.findings if id_ in seen and seen[id_] <= ended_at]:
                    found.setdefault(hash_, run)
                    seen = {id_: at for id_, at in seen.items() if id_ not in hits}
        approvals = store.every_approval(list(found))
        return [Proof(found[plan.hash], plan, tuple(approvals[plan.hash])) for plan in store.plans_of(list(found))]


class _Work:
    """What is to be done about one ticket. `did` grows with it, and what is kept follows every step."""

    def __init__(self, channel: _Channel, kept: KeptTicket, matter: Matter) -> None:
        self.kept, self.did = kept, list[str]()
        self._channel, self._matter, self._system = channel, matter, channel.system

    def do(self, ticket: Ticket | Refused | None) -> None:
        """`ticket`: as it is now, where it was made. Raises Refused where its system would not tell it, or take something."""
        if isinstance(ticket, Refused):
            raise ticket
        if ticket:
            self.keep(name=ticket.name, url=ticket.url)  # it may have been moved to another project
        if not self.kept.id:
            if self._matter.items or self.kept.state == "making":
                self._make()
        elif ticket is None:
            if self.kept.state != "closed" or self._matter.items:
                self._follow("it is there no more")
        elif ticket.is_open:
            self._hold()
        else:
            self._closed(ticket)

    def keep(self, **changed: object) -> None:
        kept = replace(self.kept, **changed)
        if kept != self.kept:
            self.kept = replace(kept, changed_at=stamp(self._channel.at))
            self._channel.store(self.kept)

    # one that is not there yet

    def _make(self) -> None:
        """Looked for first: its create may have worked, or another store may have made it."""
        if found := self._system.find(key_of(self.kept)):
            self.did.append("found")
            there = {"id": found.id, "name": found.name, "url": found.url, "tried_at": "", "error": ""}
            self.keep(**there, state="open" if found.is_open else "closed")
            self.do(self._system.get(found.id))
        elif self.kept.tried_at and self._channel.at - moment(self.kept.tried_at) < SETTLES:
            self.did.append(f"waits: its create had no answer at {self.kept.tried_at[:16]}Z; it is looked for again")
        elif self._matter.items:
            self._create()
        else:
            self.keep(state="closed", tried_at="")

    def _create(self) -> None:
        """That it is begun is kept first: whatever happens then, nobody makes a second one blindly."""
        drafted = self._draft()
        self.keep(state="making", tried_at=stamp(self._channel.at))
        try:
            made = self._system.create(drafted)
        except (Limited, Refused):
            self.keep(tried_at="")  # an answer came: there is none
            raise
        self.did.append("created")
        told = {"told": fingerprint(drafted), "findings": {item.id: "open" for item in self._matter.items}}
        self.keep(id=made.id, name=made.name, url=made.url, state="open", tried_at="", error="", **told)
        self._channel.record("ticket opened", self.kept, findings=[item.id for item in self._matter.items])

    def _follow(self, why: str) -> None:
        """Another ticket in the place of one that cannot be used any more, once for what is open."""
        if not self._matter.items:
            self.keep(id="", state="closed", findings={})
        elif not self._is_answered():
            self.did.append(f"followed: {why}")
            self.keep(id="", number=self.kept.number + 1, state="making", findings={}, answered=self._answered(), tried_at="")
            self._make()
        else:
            self.keep(state="left")

    # one that is open

    def _hold(self) -> None:
        """Comments on what is gone, closes when all is, else renews the text where it says something else now."""
        states, gone = self._states()
        is_over = not {"open", "left"} & set(states.values())
        if is_over and self.kept.state == "closed":
            return  # somebody opened it again, for reasons of their own
        moved = [id_ for id_, state in states.items() if state == "moved" and self.kept.findings.get(id_) != "moved"]
        proofs = self._channel.proofs(gone)
        if gone or is_over:
            self._say(seen_gone(self.kept, gone, proofs, moved, closes=is_over), "commented")
        if is_over:
            self._unless_gone(lambda: self._system.close(self.kept.id, "gone" in states.values()), "closed")
            self._end("setright", gone, proofs, state="closed", findings=states, answered=(), error="")
            return
        self._renew(states)
        self.keep(state="open", findings=states, error="")

    # one that is closed

    def _closed(self, ticket: Ticket) -> None:
        states, gone = self._states()
        if not self._matter.items:
            self._accept(ticket, states, gone)
        elif self.kept.state == "closed":
            said = came_back(key_of(self.kept), self._matter)
            self._reopen(said, "came back", ticket.closed_by)
            if self.kept.id:
                self._renew(states)
                self.keep(state="open", findings=states, answered=(), error="")
        elif self._is_answered():
            self._end(ticket.closed_by, (), (), state="left", findings=states)
        else:
            self._answer(ticket, states)

    def _accept(self, ticket: Ticket, states: Mapping[str, str], gone: Sequence[Fate]) -> None:
        """People closed it, and were right, or somebody excepted what is left."""
        proofs = self._channel.proofs(gone)
        if gone:
            self._say(seen_gone(self.kept, gone, proofs, (), closes=False), "commented")
        state = "left" if "left" in states.values() else "closed"
        self._end(ticket.closed_by, gone, proofs, state=state, findings=states, error="")

    def _end(self, by: str, gone: Sequence[Fate], proofs: Sequence[Proof], **changed: object) -> None:
        """Kept, and recorded where it was open until now: who closed it, what was seen gone, and which runs had done it."""
        was_open = self.kept.state == "open"
        self.keep(**changed)
        if was_open:
            runs: list[Plain] = [*dict.fromkeys(proof.run for proof in proofs)]
            self._channel.record("ticket closed", self.kept, by=by, gone=[fate.id for fate in gone], runs=runs)

    def _answer(self, ticket: Ticket, states: Mapping[str, str]) -> None:
        """Only to what a look of ours saw after the ticket was closed: people close what they have just put right."""
        fates = self._channel.fates([item.id for item in self._matter.items])
        seen = [item for item in self._matter.items if fates[item.id].last_seen_at > ticket.closed_at]
        new = [item for item in seen if f"{item.id} {item.reopened_count}" not in self.kept.answered]
        if not new:
            targets = ", ".join(dict.fromkeys(item.target for item in self._matter.items if item not in seen))
            self.did.append(f"waits: {ticket.closed_by or 'somebody'} closed it; look again: setright scan {targets}")
            return
        self._reopen(still_open(key_of(self.kept), ticket, new), "answered", ticket.closed_by)
        if self.kept.id:
            self._renew(states)
            self.keep(state="open", findings=states, answered=self._answered(new), error="")

    def _reopen(self, said: Said, why: str, closed_by: str) -> None:
        try:
            self._system.reopen(self.kept.id)
        except Gone:
            self._follow("it cannot be opened again")
            return
        self._say(said, f"reopened: {why}")
        findings: list[Plain] = [item.id for item in self._matter.items]
        self._channel.record("ticket reopened", self.kept, why=why, closed_by=closed_by, findings=findings)

    # steps

    def _unless_gone(self, step: Callable[[], None], word: str) -> None:
        """A ticket that was deleted in between needs no closing."""
        try:
            step()
        except Gone:
            return
        self.did.append(word)

    def _say(self, said: Said, word: str) -> None:
        self._unless_gone(lambda: self._system.comment(self.kept.id, said), word)

    def _renew(self, states: Mapping[str, str]) -> None:
        drafted = self._draft(states)
        if fingerprint(drafted) != self.kept.told:
            self._unless_gone(lambda: self._system.update(self.kept.id, drafted), "updated")
            self.keep(told=fingerprint(drafted))

    def _draft(self, states: Mapping[str, str] | None = None) -> TicketDraft:
        values = list((states or {}).values())
        control = self._channel.control(self._matter.control)
        counts = values.count("left"), values.count("gone")
        if theirs := self._channel.theirs(self._matter.control):
            return draft_of_theirs(key_of(self.kept), self._matter, theirs, *counts)
        return draft(key_of(self.kept), self._matter, control, *counts, self._channel.ready)

    def _states(self) -> tuple[dict[str, str], list[Fate]]:
        """What is to be said of each finding now; and those that were seen gone since the ticket was last told."""
        here = {item.id for item in self._matter.items}
        others = [id_ for id_ in self.kept.findings if id_ not in here]
        fates = self._channel.fates(others)
        states = dict.fromkeys(here, "open") | {id_: self._state(id_, fates.get(id_)) for id_ in others}
        gone = [fates[id_] for id_ in others if states[id_] == "gone" and self.kept.findings[id_] != "gone" and id_ in fates]
        return dict(sorted(states.items())), gone

    def _state(self, id_: str, fate: Fate | None) -> str:
        if fate is None:
            return self.kept.findings[id_]
        if fate.resolved_at is not None:
            return "gone"
        return "moved" if self._channel.counts(id_) else "left"

    def _is_answered(self) -> bool:
        return set(self._matter.openings) <= set(self.kept.answered)

    def _answered(self, items: Sequence[ToldFinding] = ()) -> tuple[str, ...]:
        new = [f"{item.id} {item.reopened_count}" for item in items] or self._matter.openings
        return tuple(sorted({*self.kept.answered, *new}))
