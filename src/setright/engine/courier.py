"""Tells the channels of the configuration what happened: posts it, and sends what waits."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from setright.controls.chosen import Chosen
from setright.engine.channels import Event, Route, routes, sender
from setright.engine.configuration import Configuration
from setright.engine.decision import Weighed
from setright.engine.error import EngineError
from setright.engine.keys import public_pem, signing_key
from setright.engine.ledger import Ledger
from setright.engine.outbox import Delivered, deliver
from setright.engine.store import Seen, Store
from setright.engine.telling import Known, Looked, messages, of_findings, of_record, severity_of, tell_of_ledger
from setright.engine.times import now, stamp
from setright.integrations.error import IntegrationError
from setright.integrations.message import TEST, Message
from setright.model import Finding, Plan

FORESEEN = 1_000  # messages
KEPT = timedelta(days=180)  # what was sent


class Foreseen(NamedTuple):
    """What waits on a channel; `error` is why it could not be opened."""

    channel: str
    waiting: tuple[Message, ...]
    error: str = ""


class Courier:
    """The channels of one configuration. `owner` says whose a target is; `key` makes the fingerprints of secrets."""

    def __init__(self, configuration: Configuration, store: Store, ledger: Ledger, key: bytes, owner: Callable[[str], str]) -> None:
        self._configuration = configuration
        self._store = store
        self._ledger = ledger
        self._key = key
        self._owner = owner
        self._holder = f"{platform.node()}-{os.getpid()}"

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        return routes(self._configuration.integrations)

    def of_scan(
        self, found: Sequence[Finding], weighed: Mapping[str, Weighed], controls: Chosen
    ) -> Callable[[Seen], Sequence[Message]]:
        """What the store posts with a scan, in the same transaction."""
        looked = Looked(found, weighed, stamp(now()), controls.named, self._owner)

        def tell(seen: Seen) -> Sequence[Message]:
            return messages([*of_findings(looked, seen, self._key, self._store.finding)], self.routes) if self.routes else ()

        return tell

    def post(self, events: Sequence[Event]) -> int:
        """What no scan and no ledger tells of."""
        return self._store.post(messages(events, self.routes))

    def gather(self) -> int:
        """Posts what the ledger has recorded since the last time; how many messages that were."""
        if not self.routes:
            return 0
        name = sha256(public_pem(signing_key(self._ledger.path.parent).public_key())).hexdigest()[:16]
        beside = Known(self._plan, self._severity, self._owner, self._store.finding)
        return tell_of_ledger(self._store, self._ledger.path, name, self.routes, lambda record: of_record(record, beside))

    def send(self, only: Sequence[str] = ()) -> list[Delivered]:
        """Sends what waits, channel by channel. A channel that cannot be opened says why and does not stop the others."""
        self.gather()
        return [self._send(name) for name, route in self.routes.items() if not route.off and (not only or name in only)]

    def foresee(self, only: Sequence[str] = ()) -> list[Foreseen]:
        """What `send` would send, channel by channel, the first thousand messages of each. Nothing is sent."""
        self.gather()
        return [self._foresee(name) for name, route in self.routes.items() if not route.off and (not only or name in only)]

    def named(self, name: str) -> Route:
        """Raises EngineError for a channel that is not there."""
        if name not in self.routes:
            raise EngineError(f"no [integrations.{name}] in setright.toml; there are {', '.join(sorted(self.routes)) or 'none'}")
        return self.routes[name]

    def test(self, name: str) -> None:
        """Sends one harmless message past the outbox. Raises EngineError or IntegrationError with what came back."""
        self.named(name)
        at = stamp(now())
        body = {"text": "A test of this channel by setright; nothing happened, nothing is to be done."}
        test = Message(sha256(f"{name}{at}".encode()).hexdigest()[:24], name, "setright", TEST, at, body)
        sender(name, self._configuration.integrations[name]).send([test])

    def _send(self, name: str) -> Delivered:
        try:
            opened = sender(name, self._configuration.integrations[name])
            rest = timedelta(minutes=self.routes[name].every_min)
            told = deliver(self._store, name, opened, self._holder, rest=rest)
            if told.sent:
                self._store.forget_sent(name, now() - KEPT)
            return told
        except (EngineError, IntegrationError) as error:
            return Delivered(name, error=str(error))

    def _foresee(self, name: str) -> Foreseen:
        waiting = tuple(self._store.waiting(name, FORESEEN))
        try:
            sender(name, self._configuration.integrations[name])
        except (EngineError, IntegrationError) as error:
            return Foreseen(name, waiting, str(error))
        return Foreseen(name, waiting)

    def _finding(self, id_: str) -> Finding | None:
        known = self._store.finding(id_)
        return known.finding if known else None

    def _plan(self, plan_hash: str) -> Plan | None:
        """None: a plan that another store knows."""
        try:
            return self._store.plan(plan_hash)
        except EngineError:
            return None

    def _severity(self, plan: Plan) -> str:
        return severity_of([finding for id_ in plan.findings if (finding := self._finding(id_))])
