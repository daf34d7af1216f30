"""What an answer does, whichever way it came: yes, not now, not ours; and the run that may follow."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from setright.app import App
from setright.engine.asking import Question
from setright.engine.bounce import bounce
from setright.engine.error import EngineError
from setright.engine.naming import called
from setright.engine.remind import Waiting, own_link, post_reminders
from setright.engine.times import now
from setright.model import Plan
from setright.web.pages import View

LOG = logging.getLogger("setright.serve")
RUN = "from setright.cli import main; main(prog_name='setright')"
LONGEST_REASON = 300
NOT_YET = "Nothing is asked yet"


class Told(NamedTuple):
    """What came of an answer, for whoever gave it. `taken`: it was recorded; `since` is what became of the plan, `anew` where
    it is asked again, and what to call that."""

    title: str
    text: str
    taken: bool
    since: tuple[str, ...] = ()
    anew: tuple[tuple[str, str], ...] = ()


class AnswerRunner:
    """Runs what has all its approvals in a process of its own, one at a time; `words` are those of the command line after it."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [sys.executable, "-c", RUN, "apply", "--approved", "--yes", "--quiet", "--format", "json", *words]
        self._wanted = threading.Event()
        threading.Thread(target=self._serve, name="runner", daemon=True).start()

    def wanted(self) -> None:
        self._wanted.set()

    def _serve(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            ran = subprocess.run(self._words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            LOG.info("apply --approved ended with %s %s", ran.returncode, ran.stderr.strip()[-500:])


class Answers:
    """Answers to what one app asks. `runner` None: somebody else runs what is approved."""

    def __init__(self, app: App, runner: AnswerRunner | None) -> None:
        self.app = app
        self._runner = runner

    @property
    def runs(self) -> bool:
        return self._runner is not None

    def approve(self, token: str, person: str = "", via: str = "link") -> Told:
        try:
            lacks = self.app.asking.approve(token, person, via)
        except EngineError as error:
            return self._not_taken(token, Told("Nothing was approved", str(error), False))
        if lacks:
            return Told("Approved", f"Your yes is recorded. The plan still {lacks}.", True)
        if self._runner:
            self._runner.wanted()
            return Told("Approved", "Your yes is recorded, and the plan runs now; the ledger says what comes of it.", True)
        return Told("Approved", "Your yes is recorded; the plan runs with the next `setright apply --approved`.", True)

    def later(self, token: str, reason: str, person: str = "", via: str = "link") -> Told:
        try:
            self.app.asking.decline(token, reason[:LONGEST_REASON], person, via)
        except EngineError as error:
            return self._not_taken(token, Told("Nothing was recorded", str(error), False))
        return Told("Not now", "That is recorded; nothing runs. The findings stay open and are asked about again.", True)

    def theirs(self, token: str, why: tuple[str, str], person: str = "", via: str = "link") -> Told:
        """`why`: the reason, and whom they name instead, empty for the next who is known."""
        reason, to = why[0][:LONGEST_REASON] or "not ours", why[1]
        try:
            asked = self.app.asking.read(token, person)
            if asked.refused or not asked.person:
                raise EngineError(asked.refused or "nobody known by name answered")
            owners = self._passed_on(asked.plan.findings, reason, asked.person, to)
            self.app.asking.decline(token, f"not ours: {reason}", person, via)
        except EngineError as error:
            return self._not_taken(token, Told("Nothing was recorded", str(error), False))
        return Told("Not ours", f"That is recorded; {', '.join(owners)} is asked instead, and the plan does not run.", True)

    def _passed_on(self, findings: Sequence[str], reason: str, by: str, to: str) -> list[str]:
        app = self.app
        passed = [bounce(app.configuration, app.store, app.ledger, each, (reason, by, to)) for each in findings]
        return sorted({each.now.owner for each in passed})

    def view(self, token: str) -> View | Told:
        """What the page behind a link shows, or why nothing is asked. Raises EngineError for a token that is none."""
        return self._view(self.app.asking.read(token))

    def seen(self, word: str) -> View | Told:
        """What the page behind a ticket's link shows, or why nothing is asked. Raises EngineError for a word that is none."""
        return self._view(self.app.asking.seen(word))

    def invite(self, word: str, name: str) -> Told:
        """Sends somebody who may agree a link of their own, to the address that is declared for them."""
        app = self.app
        asked = app.asking.seen(word)
        if asked.refused:
            return self._refused(asked)
        may = [person.name for person in app.consent.may_approve(asked.plan)]
        if name not in may:
            return Told("No letter was sent", f"{name or 'Nobody'} may not approve this; {', '.join(may) or 'nobody'} may.", False)
        titles = tuple(app.catalogue.control(each).title for each in asked.plan.controls)
        lacks = app.consent.lacking([asked.plan])[asked.plan.hash]
        waiting = Waiting(asked.plan, titles, (name,), lacks, called(asked.plan.target, app.configuration.targets))
        letter = own_link(waiting, app.asking.address(asked.plan, name), now())
        _, unreached = post_reminders(app.configuration, app.store, app.courier.routes, [letter], now())
        if unreached:
            return Told("No letter was sent", f"No e-mail address of {name} is declared, or there is no channel for mail.", False)
        problems = app.finish()
        return Told(
            "Sent", f"A link of your own is on its way to {name}.{' It waits for the mail server.' if problems else ''}", True
        )

    def _refused(self, asked: Question) -> Told:
        asking = self.app.asking
        if asked.refused == asking.early(asked.plan):
            return Told(NOT_YET, asked.refused, False)
        since = asking.since(asked.plan) if asked.used else ()
        return Told("Nothing is asked any more", asked.refused, False, since, asking.anew(asked.plan))

    def _not_taken(self, token: str, told: Told) -> Told:
        """With what became of the plan, where the answer came too late: a button pressed twice is told what the first did."""
        asked = self.app.asking.read(token)
        return self._refused(asked) if asked.used else told

    def _view(self, asked: Question) -> View | Told:
        app = self.app
        if asked.refused:
            return self._refused(asked)
        plan, hash_ = asked.plan, asked.plan.hash
        return View(
            plan=plan,
            target=called(plan.target, app.configuration.targets),
            controls=[app.catalogue.control(each) for each in plan.controls],
            person=asked.person,
            asked_by=app.store.asked_by([hash_]).get(hash_, ""),
            given=[(each.by, each.at) for each in app.store.approvals([hash_])[hash_]],
            may=[person.name for person in app.consent.may_approve(plan)],
            lacks=app.consent.lacking([plan])[hash_],
            risk=list(self._risks(plan)),
            owners=[owner.name for owner in app.configuration.owners],
            runs=self.runs,
        )

    def _risks(self, plan: Plan) -> Iterator[tuple[str, int, str]]:
        for finding in plan.findings:
            known, standing = self.app.store.finding(finding), self.app.store.standing(finding)
            if known and standing:
                yield known.finding.control, standing.risk, standing.risk_why
