"""What is known of each finding before anything is planned: can it be put right, what may break, what hangs on it, who decides.

The facts of all findings are asked at once; everything else is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.source import LOCKED
from setright.controls.derive import NoRemedy, NoValue, derive
from setright.controls.fears import answer_of, costs, facts_of, part_places, teller_name
from setright.controls.judge import is_requirement_known
from setright.engine.learn import Approved
from setright.engine.scan import Found, Scan
from setright.engine.world import World
from setright.model import Answer, Belonging, Control, Either, Path, Teller, Verdict
from setright.policy.decide import Decision, Fear, decide
from setright.policy.estate import Subject
from setright.policy.exploit import Signal
from setright.policy.owners import Ownership
from setright.policy.risk import Past, Risk, of_changing, of_leaving
from setright.policy.ruling import Case
from setright.surfaces.base import Surface

ASK = Answer(None, "only its owner can tell")
BY_HAND = "by-hand"  # what a binding says of a kind that only people change there
Ruling = Callable[[Found, Decision, Case], Decision]


class Fix(NamedTuple):
    """A finding that can be planned, what it may break with the facts' answers, the risk of that, and its lane."""

    found: Found
    fears: tuple[Fear, ...]
    decision: Decision
    risk: Risk = Risk(0, "")


class About(NamedTuple):
    """What the organisation knows: whom a resource belongs to, how much hangs on it, and what its policy says. All pure."""

    subject: Callable[[Found], Subject]
    owner: Callable[[Found], Ownership]
    rule: Ruling
    past: Callable[[Found], Past]
    exploit: Callable[[Found], Signal]
    within: Callable[[World], About] | None = None  # the same, with what all documents of the target say together

    def seen(self, world: World) -> About:
        """With what the documents of a target say of each other."""
        return self.within(world) if self.within else self


class Weighed(NamedTuple):
    """A finding's lane with the reason, both risks, who answers for it, and what it is about."""

    lane: str
    reason: str
    leaving: Risk
    changing: Risk | None
    owner: Ownership
    subject: Subject


Fears = tuple[tuple[str, str, Answer], ...]  # sentence, who is asked, and the answer


def as_decided(found: Found, decision: Decision, case: Case) -> Decision:
    """No policy: what the facts say."""
    return decision


def nothing_past(found: Found) -> Past:
    """Nobody remembers anything."""
    return Past()


def not_listed(found: Found) -> Signal:
    """No list of what is attacked."""
    return Signal()


NOBODY = About(lambda found: Subject(()), lambda found: Ownership(), as_decided, nothing_past, not_listed)


def weigh(scan: Scan, surface: Surface, about: About, approved: Approved | None = None) -> dict[str, Weighed]:
    """By finding, for all that fail: what would be done about it, by whom, and what hangs on it."""
    about = about.seen(scan.world)
    fixable, hands = remedies(scan)
    ways: list[tuple[Found, Decision, Risk | None]] = [(f.found, f.decision, f.risk) for f in decided(fixable, surface, about)]
    for found, why in hands:
        back = approved.back(scan.target, found.control) if approved else ""
        ways.append((found, Decision("ask", back) if back else Decision("hand", why), None))
    return {found.finding.id: _weighed(found, decision, risk, about) for found, decision, risk in ways}


def _weighed(found: Found, decision: Decision, risk: Risk | None, about: About) -> Weighed:
    subject, exploit = about.subject(found), about.exploit(found)
    return Weighed(*decision, of_leaving(found.finding.severity, subject, *exploit), risk, about.owner(found), subject)


def belonging_of(found: Found, about: About) -> Belonging:
    """Who answers for a finding's resource and where that stands."""
    owner, subject = about.owner(found), about.subject(found)
    known = subject.environment, subject.importance, subject.exposure, subject.exposure_why
    return Belonging(owner.owner, owner.why if owner.owner else "", *known)


def remedies(scan: Scan) -> tuple[list[Found], list[tuple[Found, str]]]:
    """The failing findings that can be derived a fix, and those that cannot with the reason.

    One for which only the present values leave no fix may get one by what others write on its resource.
    """
    fixable: list[Found] = []
    hands: list[tuple[Found, str]] = []
    waiting: list[tuple[Found, str]] = []
    for found in scan.found:
        if found.finding.verdict is not Verdict.FAIL:
            continue
        try:
            derive(found.control, found.finding.mismatches, found.resource.tree)
            if found.control.secret and not found.control.fix:
                raise NoRemedy(found.control.by_hand or "its value is a secret, which no plan may hold")
            if by_hand := scan.world.bindings[found.slot].layouts[found.slot[1]].get(BY_HAND):
                raise NoRemedy(" ".join(str(by_hand).split()))
            if found.control.secret or any(each.value == LOCKED for each in found.control.fix):
                scan.world.edits(found.control, found.slot, found.resource, found.finding.mismatches)
            fixable.append(found)
        except NoValue as error:
            waiting.append((found, str(error)))
        except (NoRemedy, BindingError) as error:
            hands.append((found, str(error)))
    changing = {id(found.resource) for found in fixable}
    hands += [(found, why) for found, why in waiting if id(found.resource) not in changing]
    return [*fixable, *(found for found, _ in waiting if id(found.resource) in changing)], hands


def decided(fixable: Sequence[Found], surface: Surface, about: About = NOBODY) -> list[Fix]:
    """Each finding decided, over the answers to its fears' facts: all are asked at once."""
    doubts = _Doubts()
    asked = _asked(fixable, surface, doubts)
    return [_decided(found, doubts, asked[found.finding.id], about) for found in fixable]


def heard(hands: Sequence[Found], surface: Surface) -> dict[str, Fears]:
    """By finding that a person must put right, what may break; the target is asked where the control has steps for them."""
    doubts = _Doubts()
    asked = _asked([found for found in hands if found.control.by_hand], surface, doubts)

    def told(found: Found, teller: Teller) -> Answer:
        return doubts.told(teller, found, asked[found.finding.id]) if found.finding.id in asked else ASK

    return {f.finding.id: tuple((why, name, told(f, by)) for why, name, by in doubts.of(f.control).fears) for f in hands}


def _asked(these: Sequence[Found], surface: Surface, doubts: _Doubts) -> dict[str, dict[str, Answer]]:
    """By finding, the answers to its fears' facts."""
    asked = {found.finding.id: {fact: _question(fact, found) for fact in doubts.of(found.control).facts} for found in these}
    questions = sorted({question for facts in asked.values() for question in facts.values()} - {"ask"})
    answers = surface.ask(questions) if questions else {}
    return {each: {fact: answers.get(question, ASK) for fact, question in facts.items()} for each, facts in asked.items()}


class _Doubt(NamedTuple):
    """What a control's fix may break: each sentence with what tells of it and its name; the facts; whether it adds to the bill."""

    fears: tuple[tuple[str, str, Teller], ...]
    facts: tuple[str, ...]
    costs: bool


class _Way(NamedTuple):
    """What the answers to a control's fears mean, before policy has its word."""

    fears: tuple[Fear, ...]
    decision: Decision
    case: Case
    risk: Risk


class _Doubts:
    """What fixes may break, made ready once a control; what a resource says to the same lines is read once."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Control, _Doubt]] = {}  # by the id of the control that each holds
        self._alike: dict[str, Teller] = {}  # the first teller of those that say the same
        self._ways: dict[tuple[int, tuple[Answer, ...], Past, str], _Way] = {}
        self._told: dict[tuple[int, int, tuple[Path, ...]], tuple[Found, Answer]] = {}  # by the ids of the resource and the teller

    def of(self, control: Control) -> _Doubt:
        known = self._of.get(id(control))
        if known is None:
            fears = tuple((sentence, teller_name(teller), self._first(teller)) for sentence, teller in control.breaks_if.items())
            known = self._of[id(control)] = control, _Doubt(fears, tuple(facts_of(control)), costs(control))
        return known[1]

    def told(self, teller: Teller, found: Found, answers: Mapping[str, Answer]) -> Answer:
        """What the resource or a fact says to a teller."""
        if found.resource.known is not None and not _told(teller, found):
            return ASK
        places = part_places(found.resource, found.finding.mismatches)
        if not isinstance(teller, tuple):
            return answer_of(teller, found.resource, places, answers)
        at = id(found.resource), id(teller), places
        known = self._told.get(at)
        if known is None:
            known = self._told[at] = found, answer_of(teller, found.resource, places, answers)
        return known[1]

    def way(self, control: Control, told: tuple[Answer, ...], past: Past, deliberate: str) -> _Way:
        """What comes of the answers to a control's fears, in their order; the same answers are thought over once."""
        at = id(control), told, past, deliberate
        known = self._ways.get(at)
        if known is None:
            known = self._ways[at] = _way(control, self.of(control), told, past, deliberate)
        return known

    def _first(self, teller: Teller) -> Teller:
        return self._alike.setdefault(repr(teller), teller) if isinstance(teller, tuple) else teller


def _question(fact: str, found: Found) -> str:
    """The fact for this resource: ``aws/s3/is-website:{name}`` asks of the one by its name."""
    return fact.replace("{name}", found.resource.name)


def _decided(found: Found, doubts: _Doubts, answers: Mapping[str, Answer], about: About) -> Fix:
    already = _already(found)
    told = tuple(already or doubts.told(teller, found, answers) for _, _, teller in doubts.of(found.control).fears)
    way = doubts.way(found.control, told, about.past(found), found.resource.deliberate or _shared(found) or _partly(found))
    return Fix(found, way.fears, about.rule(found, way.decision, way.case), way.risk)


def _shared(found: Found) -> str:
    """Who else has a value that a fix would change; empty where nobody has."""
    changed = [mismatch.path for mismatch in found.finding.mismatches] if found.resource.shared else []
    return next((who for path in changed for at, who in found.resource.shared.items() if path[: len(at)] == at), "")


def _partly(found: Found) -> str:
    """Why a fix may be half of what belongs together; empty where all that is required was told."""
    untold = "" if found.control.fix else found.finding.why_unknown
    return f"does only part of what belongs together: {untold}" if untold else ""


def _way(control: Control, doubt: _Doubt, told: Sequence[Answer], past: Past, deliberate: str) -> _Way:
    fears = tuple((sentence, name, answer) for (sentence, name, _), answer in zip(doubt.fears, told, strict=True))
    risk = of_changing(fears, control.effect, past)
    breaks = control.effect.undo == "none" or any(answer.holds for answer in told)
    case = Case(control.id, control.kind, control.severity, breaks, risk.score, doubt.costs)
    return _Way(fears, decide(fears, control.effect, deliberate), case, risk)


def _told(teller: Teller, found: Found) -> bool:
    """Whether the lines that clear a fear speak of what is known of the resource; facts are asked in any case."""
    lines = teller.lines if isinstance(teller, Either) else () if isinstance(teller, str) else teller
    return all(is_requirement_known(found.resource, line) for line in lines)


def _already(found: Found) -> Answer | None:
    """Where all that is asked for holds while the target runs, and only is not written down: what lives with it goes on to."""
    effective = found.resource.effective
    if effective is None:
        return None
    paths = [mismatch.path for mismatch in found.finding.mismatches]
    if any(m.live or m.path[0] not in effective for m in found.finding.mismatches) or not paths:
        return None
    return Answer(
        False, f"it holds already, and is only written down: {', '.join(sorted({str(path[0]) for path in paths}))}", "running state"
    )
