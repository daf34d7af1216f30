"""What people should hear now: what is due and overdue, exceptions that end, plans that wait for a yes.

Each is told once: what was told is kept with the letters in one transaction. What falls into somebody's night waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from setright.controls.page import standing_of
from setright.engine.advice import by_lane, general
from setright.engine.channels import Route
from setright.engine.configuration import Configuration
from setright.engine.letters import ENDED, Button, Letter, LetterTable, addressed, key_of
from setright.engine.naming import called
from setright.engine.store import Known as KnownFinding
from setright.engine.store import Store, ToldFinding
from setright.engine.times import moment
from setright.model import SEVERITIES, Control, Plan
from setright.policy.escalation import Reached, days_given, may_tell, reached, told_to
from setright.policy.exceptions import FindingException, latest
from setright.policy.owners import Owner

OVERDUE = "message.overdue"
Mark = tuple[str, int, str]  # finding, how often it had come back, and what was told of it
OVER = "over"  # the mark that the end of what was late was told
TOLD_FOR = timedelta(days=30)  # after an exception ended so long ago nobody is told any more


class Reminder(NamedTuple):
    """A letter, and what it tells of."""

    letter: Letter
    marks: tuple[Mark, ...]


class Now(NamedTuple):
    """What is to be told now; how many findings wait for somebody's working hours, and how many belong to nobody."""

    reminders: tuple[Reminder, ...]
    held: int
    unowned: tuple[str, ...]
    ended: tuple[str, ...]  # findings whose exception is over


class People(NamedTuple):
    """What a configuration says of whom to tell, and what was told before."""

    configuration: Configuration
    marks: frozenset[Mark]
    at: datetime

    def owner(self, name: str) -> Owner | None:
        return next((each for each in self.configuration.owners if each.is_called(name)), None)

    def fresh(self, mark: Mark) -> bool:
        return mark not in self.marks


def what_is_due(
    configuration: Configuration, store: Store, control: Callable[[str], Control], excepted: frozenset[str], at: datetime
) -> Now:
    """All of it, apart from the plans that wait, which `asking_letters` tells of. `excepted` is what is left open now."""
    store.lapse(at)
    people = People(configuration, frozenset(store.reminded()), at)
    items = store.items()
    made = latest(store.exceptions(), at)
    groups: dict[tuple[str, str, Reached], list[ToldFinding]] = defaultdict(list)
    held, unowned = 0, set[str]()
    for item in items:
        rung = None if item.id in excepted else _rung(people, item)
        owner = item.owner or configuration.fallback
        if item.id not in excepted and not owner:
            unowned.add(item.id)
        if rung is None or not people.fresh((item.id, item.reopened_count, rung.name)):
            continue
        known = people.owner(owner)
        if may_tell(configuration.escalation, known.zone if known else "", at):
            groups[owner, item.control, rung._replace(days=0)].append(item)
        else:
            held += 1
    due = [_of_group(people, *group, mine, control(group[1])) for group, mine in groups.items()]
    ends = list(_of_exceptions(people, made.values(), {item.id: item for item in items}))
    ended = tuple(each.marks[0][0] for each in ends if each.marks[0][2].startswith("exception over"))
    over = _over(people, store, {(item.id, item.reopened_count) for item in items if item.id not in excepted})
    return Now((*due, *ends, *over), held, tuple(sorted(unowned)), ended)


def finding_due_at(configuration: Configuration, item: ToldFinding) -> datetime | None:
    """None: nothing is laid down for it."""
    days = days_given(configuration.escalation, item.risk, item.severity, configuration.policy.due)
    return None if days is None else moment(item.first_seen_at) + timedelta(days=days)


def post_reminders(
    configuration: Configuration, store: Store, routes: Mapping[str, Route], told: Iterable[Reminder], at: datetime
) -> tuple[int, list[Letter]]:
    """Posts letters and notes what they tell of, both or neither. How many messages were new, and the letters that reach nobody."""
    number, unreached = 0, list[Letter]()
    for letter, marks in told:
        messages = addressed(configuration, routes, [letter], at)
        if messages or letter.event == OVERDUE + ENDED:  # an end concerns only who had heard of the beginning
            number += store.remind(messages, marks, at)
        else:
            unreached.append(letter)
    return number, unreached


class Waiting(NamedTuple):
    """A plan that waits: what it puts right, who may agree, what it lacks, and what its target is called."""

    plan: Plan
    titles: tuple[str, ...]
    may: tuple[str, ...]
    lacks: str
    target: str

    @property
    def where(self) -> str:
        return f"{self.plan.document} on {self.target}"


class Asking(NamedTuple):
    """How a link to answer is made: the token of a plan for a person (empty: for whoever the chat knows), and its address."""

    token: Callable[[Plan, str], str]
    address: Callable[[Plan, str], str]


def asking_letters(
    plans: Sequence[Waiting], routes: Mapping[str, Route], asking: Asking, marks: Collection[Mark]
) -> Iterator[Reminder]:
    """One letter for each who may agree by e-mail, with a link for each plan they were not asked about yet; where there is a
    chat for it, a message with buttons for each plan."""
    people = dict.fromkeys(person for waiting in plans for person in waiting.may)
    for person in people:
        mine = [each for each in plans if person in each.may and (each.plan.hash, 0, f"asked {person}") not in marks]
        if mine:
            yield _by_letter(person, mine, asking)
    if any(route.type == "slack" and not route.off for route in routes.values()):
        yield from (_by_chat(each, asking) for each in plans)


def own_link(waiting: Waiting, address: str, at: datetime) -> Reminder:
    """The letter to somebody who asks for a link of their own: once in ten minutes, however often they ask."""
    plan, person = waiting.plan, waiting.may[0]
    where = waiting.where
    key = key_of("own link", person, plan.hash, f"{at:%Y-%m-%d %H:%M}"[:-1])
    links = ((address, f"See and answer: {where}"),)
    said = _said_of(waiting)
    return Reminder(
        Letter(key, "message.approval", plan.hash, (person,), f"Your link: {where}", said, links=links, channel="mail"), ()
    )


def _by_letter(person: str, mine: Sequence[Waiting], asking: Asking) -> Reminder:
    said = tuple(words for each in mine for words in _said_of(each))
    several = f"{len(mine)} changes"
    what = mine[0].where if len(mine) == 1 else several
    links = tuple((asking.address(each.plan, person), f"See and answer: {each.where}") for each in mine)
    key = key_of("ask", person, *sorted(each.plan.hash for each in mine))
    item = mine[0].plan.hash if len(mine) == 1 else key
    letter = Letter(key, "message.approval", item, (person,), f"Your yes is asked: {what}", said, links=links, channel="mail")
    return Reminder(letter, tuple((each.plan.hash, 0, f"asked {person}") for each in mine))


def _by_chat(waiting: Waiting, asking: Asking) -> Reminder:
    plan = waiting.plan
    table = LetterTable(("change",), tuple((line,) for change in plan.changes for line in change.diff.splitlines()[2:12]))
    subject = f"Your yes is asked: {waiting.where}"
    buttons, key = _buttons(asking.token(plan, "")), key_of("ask", plan.hash)
    letter = Letter(key, "message.approval", plan.hash, (), subject, _said_of(waiting), table, buttons=buttons, channel="slack")
    return Reminder(letter, ((plan.hash, 0, "asked in chat"),))


def _said_of(waiting: Waiting) -> tuple[str, ...]:
    plan = waiting.plan
    places = dict.fromkeys(where for each in plan.belongs if (where := standing_of(each)))
    owners = dict.fromkeys(each.owner for each in plan.belongs if each.owner)
    return (
        f"{waiting.where}. It puts right: {'; '.join(waiting.titles)}.",
        f"It {plan.reason}." if plan.reason.startswith("may break") else f"Why it is asked: {plan.reason}.",
        *([f"It stands in {'; '.join(places)}."] if places else []),
        *([f"Whose it is: {', '.join(owners)}."] if owners else []),
        f"It {waiting.lacks}.",
    )


def _buttons(value: str) -> tuple[Button, ...]:
    """`value` is a token that names nobody: the chat tells who presses."""
    said = (("Approve", "approve", "primary"), ("Not now", "later", ""), ("Not ours", "theirs", ""))
    return tuple(Button(words, action, value, style) for words, action, style in said)


def _rung(people: People, item: ToldFinding) -> Reached | None:
    due = finding_due_at(people.configuration, item)
    return reached(people.configuration.escalation, due, people.at) if due else None


def _of_group(
    people: People, owner: str, control_id: str, rung: Reached, items: Sequence[ToldFinding], control: Control
) -> Reminder:
    """One fix and one owner: all findings that stand on the same rung."""
    configuration = people.configuration
    known = people.owner(owner)
    roles = [(person.name, person.roles) for person in configuration.people]
    lead = (known.lead if known else "") or _lead(configuration, items[0])
    to = told_to(rung.tell, owner, lead, roles)
    first = min(due for item in items if (due := finding_due_at(configuration, item)))
    worst = max(items, key=lambda item: (item.risk or 0, SEVERITIES.index(item.severity)))
    where = f"{len(items)} resources" if len(items) > 1 else items[0].resource
    when = f"since {first:%Y-%m-%d}" if rung.name.startswith("late") else f"on {first:%Y-%m-%d}"
    subject = f"{'Overdue' if rung.name.startswith('late') else 'Due soon'}: {control.title} ({where})"
    whose = f"{owner or 'Nobody'} answers for it." if to != (owner,) else "It is yours, as far as is known."
    advice = general(control)
    steps = by_lane(control, ((item.lane, item.target) for item in items))
    fears = (f"It may break something if {'; '.join(advice.fears)}.",) if advice.fears else ()
    said = (
        advice.happens,
        f"Due {when}; severity {worst.severity}{'' if worst.risk is None else f', risk of leaving it {worst.risk}'}. {whose}",
        *(("What to do:", *(f"{n}. {step}" for n, step in enumerate(steps, 1))) if steps else ()),
        *fears,
        f"Not yours: setright owners bounce {worst.id} --reason '...'",
        f"It must stay: setright except {worst.id} --reason '...' --until 30d",
    )
    rows = tuple((item.resource, called(item.target, configuration.targets), item.id) for item in items)
    marks = tuple((item.id, item.reopened_count, rung.name) for item in items)
    key = key_of("due", control_id, rung.name, *to, *(f"{id_} {opening}" for id_, opening, _ in sorted(marks)))
    event = OVERDUE if rung.name.startswith("late") else "message.reminder"
    table = LetterTable(("what", "where", "finding"), rows)
    return Reminder(Letter(key, event, control_id, to, subject, said, table, severity=worst.severity), marks)


def _lead(configuration: Configuration, item: ToldFinding) -> str:
    leads = {each.name: each.lead for each in configuration.organisations}
    return next((leads[name] for name in item.organisations if leads.get(name)), "")


def _over(people: People, store: Store, open_now: Collection[tuple[str, int]]) -> Iterator[Reminder]:
    """What was late and is so no more, one end for each beginning: a pager keeps its alert open until then."""
    late = {(finding, opening) for finding, opening, rung in people.marks if rung.startswith("late")}
    groups: dict[str, list[tuple[KnownFinding, int]]] = defaultdict(list)
    for id_, opening in sorted(late):
        if people.fresh((id_, opening, OVER)) and (known := store.finding(id_)):
            groups[known.finding.control].append((known, opening))
    for control, told in groups.items():
        marks = tuple((known.finding.id, opening, OVER) for known, opening in told)
        if not any((id_, opening) in open_now for id_, opening, _ in marks):
            worst = max((known.finding.severity for known, _ in told), key=SEVERITIES.index)
            said = (f"Nothing of it is late any more: {told[0][0].finding.title}.",)
            letter = Letter(key_of(OVER, *map(str, marks)), OVERDUE + ENDED, control, (), "Not late any more", said, severity=worst)
            yield Reminder(letter, marks)


def _of_exceptions(people: People, made: Iterable[FindingException], items: Mapping[str, ToldFinding]) -> Iterator[Reminder]:
    near = timedelta(days=people.configuration.policy.exceptions.warn_days)
    for each in made:
        item = items.get(each.finding)
        if item is None:
            continue  # it was put right meanwhile
        day = f"{each.until:%Y-%m-%d}"
        if each.holds(people.at) and each.until - people.at < near:
            mark, words = f"exception ends {day}", f"The exception for {item.resource} ends on {day}"
        elif people.at - TOLD_FOR < each.until <= people.at:
            mark, words = f"exception over {day}", f"The exception for {item.resource} ended on {day}: the finding is open again"
        else:
            continue
        if people.fresh((each.finding, 0, mark)):
            yield _of_exception(each, item, mark, words)


def _of_exception(made: FindingException, item: ToldFinding, mark: str, words: str) -> Reminder:
    said = (
        f"{words}. {item.title} ({item.severity}), on {item.target}.",
        f"It was left open by {made.approver}: {made.reason}." + (f" Meanwhile: {made.compensating}." if made.compensating else ""),
        f"How to put it right: setright plan {item.target} --control {item.control}",
        f"Make another: setright except {item.id}",
    )
    to = tuple(dict.fromkeys(name for name in (item.owner, made.approver) if name))
    letter = Letter(key_of(mark, made.finding), "message.exception", item.id, to, words, said, severity=item.severity)
    return Reminder(letter, ((made.finding, 0, mark),))
