"""Asks people for their yes and takes their answer: by signed link, or by a chat whose signature says who they are.

Not being able to ask, or to tell whether a plan still holds, means that nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from setright.engine import links
from setright.engine.configuration import Configuration
from setright.engine.error import EngineError
from setright.engine.keys import secret_key
from setright.engine.stop import why_stopped
from setright.engine.times import moment, now
from setright.model import Plan
from setright.policy.estate import Person
from setright.surfaces.base import SurfaceError

if TYPE_CHECKING:
    from setright.engine.consent import Consent
    from setright.engine.desk import RunDesk
    from setright.engine.ledger import Ledger
    from setright.engine.store import Store

OVER = {"running": "it runs just now", "lapsed": "it has lapsed"}


class Question(NamedTuple):
    """A token's plan and person, and why no answer is taken any more; empty: one is. `used`: it was answered before."""

    plan: Plan
    person: str
    refused: str
    used: bool = False


class Asking:
    """One state directory's questions. `target`: why nothing runs on one, and a desk that can look at it."""

    def __init__(
        self,
        configuration: Configuration,
        state: Path,
        store: Store,
        consent: Consent,
        ledger: Ledger,
        target: tuple[Callable[[str], str], Callable[[], RunDesk]],
    ) -> None:
        self._configuration = configuration
        self._state = state
        self._store = store
        self._consent = consent
        self._ledger = ledger
        self._frozen, self._desk = target
        self.key = secret_key(state, "links")

    def token(self, plan: Plan, person: str) -> str:
        """For one person, or (empty) for a channel that tells us who answers."""
        life = timedelta(hours=self._configuration.serve.link_h)
        return links.token(links.link_to(plan, person, now(), life), self.key)

    def address(self, plan: Plan, person: str) -> str:
        """The link for a message. Raises EngineError where nobody could open it."""
        return f"{self._place()}/approve/{self.token(plan, person)}"

    def page(self, plan: Plan) -> str:
        """The link for a ticket, which many read: it shows the plan, and sends those who may agree a link of their own.

        Raises EngineError where nobody could open it.
        """
        return f"{self._place()}/plans/{links.plan_word(plan.hash, self.key)}"

    def seen(self, word: str) -> Question:
        """The plan that a ticket's link shows, and why no answer is taken any more. Raises EngineError for none of ours."""
        plan = self._store.plan_state(links.read_plan_word(word, self.key))
        return Question(plan.plan, "", self._settled(plan.state) or self.hindered(plan.plan))

    def read(self, token: str, person: str = "") -> Question:
        """What is asked, and whether it still is. `person` is who a channel says is answering.

        Raises EngineError for a token that is none of ours.
        """
        link = links.read_link(token, self.key)
        plan = self._store.plan_state(link.plan)
        who = link.person or person
        used = self._store.spent(link.id)
        refused = f"this link works once; {used}" if used else self._over(link)
        return Question(plan.plan, who, refused or self._settled(plan.state) or self.hindered(plan.plan), bool(used))

    def approve(self, token: str, person: str = "", via: str = "link") -> str:
        """Records the yes; what the plan still lacks, empty where it may run. Raises EngineError where it is not taken."""
        asked = self._taken(token, person, "approved")
        self._consent.give([asked.plan], by=asked.person, via=via)
        return self._consent.lacking([asked.plan])[asked.plan.hash]

    def decline(self, token: str, reason: str, person: str = "", via: str = "link") -> Plan:
        """Records a no: it changes nothing but that this person is not asked again by this link. Raises EngineError."""
        asked = self._taken(token, person, "declined")
        told = {"plan": asked.plan.hash, "target": asked.plan.target, "by": asked.person, "via": via, "reason": reason}
        self._ledger.append("declined", told)
        return asked.plan

    def _taken(self, token: str, person: str, what: str) -> Question:
        """The question, used up by this answer. Raises EngineError where it is none, or no longer one, or not for this person."""
        asked = self.read(token, person)
        if asked.refused:
            raise EngineError(asked.refused)
        may = self._consent.may_approve(asked.plan)
        if what == "approved" and not any(each.is_called(asked.person) for each in may):
            raise EngineError(f"{asked.person or 'somebody unknown'} may not approve this; {self._whose(may)}")
        link = links.read_link(token, self.key)
        id_ = f"{link.id} {asked.person}" if not link.person else link.id
        if not self._store.spend(id_, asked.person, f"{what} {asked.plan.hash[:12]}", now()):
            raise EngineError(f"this was answered before: {self._store.spent(id_)}")
        return asked

    def _place(self) -> str:
        if not self._configuration.serve.url:
            raise EngineError('nobody could open the link; say where `setright serve` is reached: [serve] url = "https://..."')
        return self._configuration.serve.url.rstrip("/")

    def _over(self, link: links.Link) -> str:
        if now() >= moment(link.until):
            return f"this link held until {link.until[:16]}Z; ask for the plan again (`setright plan --ask`)"
        return ""

    def _settled(self, state: str) -> str:
        return "" if state == "made" else f"nothing is asked any more: {OVER.get(state, f'the plan has run and is {state}')}"

    def since(self, plan: Plan) -> tuple[str, ...]:
        """What became of a plan that an answer was given to, or is no longer taken for."""
        state = self._store.plan_state(plan.hash).state
        if state != "made":
            return (f"It {OVER.get(state, f'has run and is {state}').removeprefix('it ')}.",)
        hindered, lacks = self.hindered(plan), self._consent.lacking([plan])[plan.hash]
        told = f"The plan still {lacks}." if lacks else "The plan has all the approvals that it needs, and has not run yet."
        return (told, f"It would not run now: {hindered}.") if hindered else (told,)

    def anew(self, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Newer plans that ask for what it asked for: where each is shown (below our URL), and what to call it."""
        findings = set(plan.findings)
        newer = [
            each.plan
            for each in self._store.plans("made", plan.target)
            if each.plan.hash != plan.hash and each.plan.made_at >= plan.made_at and findings & set(each.plan.findings)
        ]
        asked = [each for each in newer if each.lane == plan.lane and not self.hindered(each)]
        return tuple((f"/plans/{links.plan_word(e.hash, self.key)}", f"{e.document}, planned {e.made_at[:16]}Z") for e in asked[:3])

    def hindered(self, plan: Plan) -> str:
        """Why a plan would not run, or would not be what was shown."""
        if plan.expires_at and now() >= moment(plan.expires_at):
            return f"the plan held until {plan.expires_at[:16]}Z; plan again"
        if why := why_stopped(self._state, self._store):
            return f"the kill switch is on since {why}"
        return self._frozen(plan.target) or self._moved(plan)

    def early(self, plan: Plan) -> str:
        """What has to run before; empty where nothing has. It does not look whether the document is that far already."""
        if (first := self._consent.first(plan)) is None:
            return ""
        whose = "nobody needs to be asked about it" if first.lane == "auto" else f"it is of lane {first.lane}"
        return (
            f"it goes on from another change of {first.document} that has not run yet ({first.hash[:12]}; {whose}). "
            f"Once `setright fix` has made that one, this can be answered"
        )

    def _moved(self, plan: Plan) -> str:
        """Whether a document is no longer the one that the plan was made on; not being able to look counts as if it were."""
        from setright.engine.change import Lapsed

        try:
            with closing(self._desk()) as desk:
                desk.execution("asked", plan.hash).prior()
        except Lapsed as error:
            return self.early(plan) or f"{error}; it is asked anew then"
        except SurfaceError as error:
            return f"the target cannot be looked at now, so nothing is decided: {error}"
        return ""

    def _whose(self, may: Sequence[Person]) -> str:
        return f"ask {', '.join(each.name for each in may)}" if may else "nobody known by name may"
