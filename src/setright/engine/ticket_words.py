"""What tickets say: which findings make one, its text, and its comments. Pure; the same state gives the same words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from setright.controls.words import brief
from setright.engine.advice import Advice, by_lane, general
from setright.engine.channels import Event, Route, wants
from setright.engine.redact import printable, redact_text
from setright.engine.store import Approval, Fate, Foreign, KeptTicket, ToldFinding
from setright.engine.ticket_others import is_of_control, witness
from setright.integrations.tickets import Anchor, Block, BulletList, Code, Paragraph, Said, Ticket, TicketDraft
from setright.model import SEVERITIES, Control, Plan

LISTED = 50  # findings of one ticket; the rest is counted
TARGETS = 5  # with a command of their own
DIFFS = 5  # of one comment
DIFF_CHARACTERS = 6_000
OURS = "This text is kept by setright, which closes the ticket when its own look sees all of it gone."


class Matter(NamedTuple):
    """One fix and one owner: a control, owner and organisation, with what is open of it now."""

    control: str
    owner: str
    organisation: str
    items: tuple[ToldFinding, ...] = ()

    @property
    def id(self) -> str:
        return sha256("\0".join(self[:3]).encode()).hexdigest()[:24]

    @property
    def openings(self) -> tuple[str, ...]:
        """What is open, and for the how manieth time."""
        return tuple(f"{item.id} {item.reopened_count}" for item in self.items)


class Proof(NamedTuple):
    """A plan that a run of ours carried out and verified, and who agreed to it."""

    run: str
    plan: Plan
    approvals: tuple[Approval, ...]


class Ready(NamedTuple):
    """A plan that waits for a yes: what it lacks, and where it is seen and answered; empty: nobody could open it."""

    plan: Plan
    lacks: str
    address: str


def matters(items: Iterable[ToldFinding], route: Route, fallback: str) -> dict[str, Matter]:
    """By id, of what the channel wants."""
    groups: dict[tuple[str, str, str], list[ToldFinding]] = defaultdict(list)
    every = msgspec.structs.replace(route, events=("*",))
    for item in items:
        owner = item.owner or fallback
        if wants(every, Event("", "finding.opened", item.id, "", {}, item.severity, owner, item.lane, item.target)):
            groups[item.control, owner, item.organisations[0] if item.organisations else ""].append(item)
    made = (Matter(*group, tuple(sorted(of, key=_place))) for group, of in groups.items())
    return {matter.id: matter for matter in made}


def key_of(kept: KeptTicket) -> str:
    """What a ticket is found by."""
    return f"setright-{kept.matter}" + (f"-{kept.number}" if kept.number > 1 else "")


def draft(key: str, matter: Matter, control: Control | None, left: int, gone: int, ready: Sequence[Ready] = ()) -> TicketDraft:
    """The ticket's text; `left` are open too, but excepted, unknown or not counted here, `gone` those put right so far.

    `ready` are plans that wait; those for what this ticket speaks of are shown with their diff and the way to answer.
    """
    items = matter.items
    worst = max((item.severity for item in items), key=SEVERITIES.index, default="info")
    title = control.title if control else (items[0].title if items else matter.control)
    counts = [f"{len(items)} open"] + ([f"{left} left as they are"] if left else []) + ([f"{gone} put right"] if gone else [])
    facts = f"Severity {worst}. {', '.join(counts)}. Owner: {matter.owner or 'nobody known'}. Control: {matter.control}."
    advice = general(control) if control else None
    body: list[Block] = [Paragraph(advice.happens)] if advice else []
    body.append(Paragraph(facts))
    if items:
        body += _advised(advice, by_lane(control, ((item.lane, item.target) for item in items))) if advice and control else []
        fixes = [] if control else [f"setright fix {target} --control {matter.control}" for target in _targets(items)]
        body.append(Code("\n".join([*fixes, *_ways_out(items[0].id)])))
    body += _waiting([each for each in ready if {item.id for item in items} & set(each.plan.findings)])
    body.append(Paragraph(OURS))
    if items:
        body += [Paragraph("Open:"), BulletList(_places(items))]  # last: it may be cut
    whose = f" ({matter.owner})" if matter.owner else ""
    return TicketDraft(key, matter.owner, f"Put right: {title}{whose}", tuple(body), worst)


def draft_of_theirs(key: str, matter: Matter, told: Foreign, left: int, gone: int) -> TicketDraft:
    """The text of a ticket for what another scanner sees and no control of ours speaks of: its words, and what to do by hand."""
    items = matter.items
    counts = [f"{len(items)} open"] + ([f"{left} left as they are"] if left else []) + ([f"{gone} gone"] if gone else [])
    facts = (
        f"Severity {told.severity}. {', '.join(counts)}. Owner: {matter.owner or 'nobody known'}. {told.tool}'s rule {told.rule}."
    )
    words = redact_text(told.text.strip())
    body: list[Block] = [Paragraph(words)] if words and words != told.title else []
    body.append(Paragraph(facts))
    body += [Paragraph("What to do:"), BulletList(_listed(_sentences(told.remedy)))] if told.remedy.strip() else []
    body += [Paragraph(f"More: {told.link}")] if told.link else []
    body.append(
        Paragraph(f"No control of setright speaks of it: it closes this ticket when {told.tool} reports none of it any more.")
    )
    body += [Paragraph("Open:"), BulletList(_places(items))] if items else []
    whose = f" ({matter.owner})" if matter.owner else ""
    severity = max((item.severity for item in items), key=SEVERITIES.index, default="info")
    return TicketDraft(key, matter.owner, f"Put right by hand: {redact_text(told.title)}{whose}", tuple(body), severity)


def _sentences(remedy: str) -> list[str]:
    return [line.strip(" -*\t") for line in redact_text(remedy).splitlines() if line.strip(" -*\t")]


def _targets(items: Sequence[ToldFinding]) -> list[str]:
    return list(dict.fromkeys(item.target for item in items))[:TARGETS]


def _advised(advice: Advice, steps: tuple[str, ...]) -> list[Block]:
    """What to do, step by step, and what the fix may break."""
    body: list[Block] = [Paragraph("What to do:"), BulletList(steps)] if steps else []
    body += [Paragraph("What it may break:"), BulletList(advice.fears)] if advice.fears else []
    body += [Paragraph(f"Meanwhile: {advice.meanwhile}")] if advice.meanwhile else []
    return [*body, Paragraph(f"More: {advice.links[0]}")]


def fingerprint(drafted: TicketDraft) -> str:
    return sha256(msgspec.json.encode([drafted.title, drafted.body, drafted.severity])).hexdigest()[:24]


def seen_gone(kept: KeptTicket, gone: Sequence[Fate], proofs: Sequence[Proof], moved: Sequence[str], *, closes: bool) -> Said:
    """The evidence: what our own look sees no more, or the scanner that it is of, and which runs of ours did it."""
    key, sees = key_of(kept), _beginning(witness(kept.control))
    body: list[Block] = [Paragraph("Nothing of it is left here: setright closes this ticket.")] if closes else []
    if gone:
        places = [f"{_words(fate)}, seen gone {_when(fate.resolved_at)}" for fate in gone]
        body += [Paragraph(f"{sees} {len(gone)} of it no more:"), BulletList(_listed(places))]
    proven = {finding for proof in proofs for finding in proof.plan.findings}
    for proof in proofs[:DIFFS]:
        body += _proof(proof)
    if len(proofs) > DIFFS:
        body.append(Paragraph(f"... and {len(proofs) - DIFFS} more changes; `setright runs list` has them."))
    if others := [fate for fate in gone if fate.id not in proven]:
        body.append(Paragraph(f"{len(others)} of them were put right by no run of ours."))
    if moved:
        body.append(Paragraph(f"{len(moved)} belong to somebody else now, in a ticket of their own."))
    about = sorted(f"{fate.id} {fate.reopened_count}" for fate in gone)
    return Said(_mark(key, "gone", *about, "moved", *moved), tuple(body))


def came_back(key: str, matter: Matter) -> Said:
    """What is open again in a ticket that we had closed."""
    return Said(
        _mark(key, "back", *matter.openings),
        (Paragraph(f"It is back: {witness(matter.control)} {len(matter.items)} of it."), BulletList(_places(matter.items))),
    )


def still_open(key: str, ticket: Ticket, items: Sequence[ToldFinding]) -> Said:
    """The one answer to people who closed a ticket while our own look, later than that, still sees what it speaks of."""
    closed = f"{ticket.closed_by or 'Somebody'} closed this" + (f" ({ticket.closed_as})" if ticket.closed_as else "")
    body: tuple[Block, ...] = (
        Paragraph(f"{closed}, and after that {witness(items[0].control)} {len(items)} of it still:"),
        BulletList(_places(items)),
        *([Code("\n".join(_ways_out(items[0].id)))] if is_of_control(items[0].control) else []),
        Paragraph("It is reopened this once; closed again, it stays closed."),
    )
    return Said(_mark(key, "still", *(f"{item.id} {item.reopened_count}" for item in items)), body)


def _beginning(words: str) -> str:
    return words[:1].upper() + words[1:]


def _places(items: Sequence[ToldFinding]) -> tuple[str, ...]:
    return _listed([_words(item) for item in items])


def _words(finding: ToldFinding | Fate) -> str:
    return f"{printable(finding.resource)} on {finding.target} (finding {finding.id})"


def _ways_out(finding: str) -> list[str]:
    return [
        f"setright owners bounce {finding} --reason '...'             # not yours",
        f"setright except {finding} --reason '...' --until 30d        # it must stay",
    ]


def _proof(proof: Proof) -> list[Block]:
    plan = proof.plan
    who = ", ".join(f"{given.by} ({_when(given.at)})" for given in proof.approvals)
    agreed = f"approved by {who}" if who else f"allowed by policy (lane {plan.lane})"
    said = f"Run {proof.run}, plan {plan.hash[:12]}: {printable(plan.document)} on {plan.target}, verified; {agreed}."
    return [Paragraph(said), *_diff(plan)]


def _waiting(ready: Sequence[Ready]) -> list[Block]:
    body: list[Block] = []
    for plan, lacks, address in ready[:DIFFS]:
        reason = brief(plan.reason)
        body.append(Paragraph(f"A change is ready: {printable(plan.document)} on {plan.target}. {_beginning(reason)}."))
        body += _diff(plan)
        body.append(Paragraph(f"It {lacks}." if lacks else "It has every yes it needs, and runs next."))
        body += [Anchor("See all of it, and answer", address)] if address else []
    if len(ready) > DIFFS:
        body.append(Paragraph(f"... and {len(ready) - DIFFS} more changes; `setright approve` lists them."))
    return body


def _diff(plan: Plan) -> list[Block]:
    diff = "\n".join(change.diff.rstrip("\n") for change in plan.changes if change.diff)
    cut = f"{diff[:DIFF_CHARACTERS]}\n... cut" if len(diff) > DIFF_CHARACTERS else diff
    return [Code(cut)] if cut else []


def _listed(lines: Sequence[str]) -> tuple[str, ...]:
    more = (f"... and {len(lines) - LISTED} more",) if len(lines) > LISTED else ()
    return (*lines[:LISTED], *more)


def _place(item: ToldFinding) -> tuple[str, str, str]:
    return item.target, item.resource, item.id


def _when(at: str | None) -> str:
    return f"{at[:16].replace('T', ' ')}Z" if at else ""


def _mark(*words: str) -> str:
    """No sign of it is markup anywhere."""
    return f"(setright {sha256(chr(0).join(words).encode()).hexdigest()[:16]})"
