"""The words of a pull request, for a reviewer with one minute: what, where and what it may break first, all else folded. Pure.

Everything that comes from the sources or from content is made harmless: no mention of people, no markup, no quick action
(a line that begins with ``/`` is a command to GitLab).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from setright.controls.page import effect, standing_of
from setright.engine.propose import Draft, PlannedCommit
from setright.engine.redact import one_line
from setright.engine.scan import Found
from setright.model import Answer, Control, Plan, Planned

LONGEST = 60_000  # characters; GitHub takes 65,536
ROWS = 100
NAMED = 3  # files that one fear is about, places of one control
MARK = re.compile(r"<!-- setright:([0-9a-f]{16}) -->")
MARKUP = re.compile(r"([\\`*_\[\]<>|~#!])")
NUL = "\u200b"  # keeps @name and #1 from being links
SIGNS = {True: "❌ holds here", None: "❓ not known", False: "✅ ruled out"}


Placed = tuple[str, Found]  # path and line from the repository's root, finding
Fear = tuple[str, str, Answer]  # sentence, what tells, answer


class Words(NamedTuple):
    """A title and a Markdown description."""

    title: str
    body: str


def words(drafts: Sequence[Draft], pages: str = "") -> Words:
    """`pages` is the address of a documentation site with a page a control; empty: the makers' own documentation is linked."""
    found = [each for draft in drafts for each in draft.found]
    parts = [
        _summary(drafts, found),
        _table([(draft.inside + _where(f), f) for draft in drafts for f in draft.found], pages),
        *_fears(drafts),
        *_belongings(drafts),
        *_left(drafts),
        _folded("Why, control by control", _why(found, pages)),
        _folded("How this was checked", _checked(drafts)),
        _folded("Plans", _plans(drafts)),
        "**Undo:** revert this merge; every commit can be reverted on its own, in reverse order."
        if _exact(drafts)
        else "**Undo:** reverting brings the source back, but applying one of these cannot be undone (see the effects).",
        f"<!-- setright:{mark(drafts)} -->",
    ]
    body = "\n\n".join(part for part in parts if part)
    diffs = _folded("Changes", _diffs(drafts))
    return Words(_title(found), _fitted(body, diffs))


def mark(drafts: Sequence[Draft]) -> str:
    """Says which findings are put right, wherever their lines have moved to: 16 hex digits."""
    told = sorted(f"{f.control.id}\0{f.resource.name}\0{draft.inside}{f.resource.home[0]}" for draft in drafts for f in draft.found)
    return sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mark_of(body: str) -> str:
    """The mark in a description; empty where it has none."""
    match = MARK.search(body)
    return match[1] if match else ""


def branch_of(asked: Iterable[str]) -> str:
    """``setright/1a2b3c4d``: one standing branch for what is asked again and again."""
    return f"setright/{sha256(chr(0).join(asked).encode()).hexdigest()[:8]}"


def message(step: PlannedCommit, draft: Draft) -> str:
    """A step's commit message, with its plans' hashes as trailers."""
    ids = {finding for plan in step.plans for finding in plan.findings}
    found = [f for f in draft.found if f.finding.id in ids]
    controls = list({f.control.id: f.control for f in found}.values())
    title = one_line(controls[0].title) if len(controls) == 1 else f"Put {_count(len(found), 'setting')} right in {_files(step)}"
    places = [f"- {one_line(f.finding.resource)} in {one_line(draft.inside + _where(f))}" for f in found]
    body = [*_reasons(controls), "", *places[:ROWS]]
    trailers = [f"Setright-Control: {c.id}" for c in controls] + [f"Setright-Plan: {plan.hash}" for plan in step.plans]
    return "\n".join([title, "", *body, "", *trailers, ""])


def _reasons(controls: Sequence[Control]) -> list[str]:
    if len(controls) == 1:
        return [one_line(controls[0].why)]
    return [f"- {one_line(c.title)}" for c in controls]


def _files(step: PlannedCommit) -> str:
    names = [change.locator for change in step.changes]
    return one_line(names[0]) if len(names) == 1 else f"{len(names)} files"


def _title(found: Sequence[Found]) -> str:
    controls = {f.control.id: f.control for f in found}
    files = {f.finding.location.path for f in found}
    if len(controls) == 1:
        return _inline(next(iter(controls.values())).title, plain=True)
    return f"Put {_count(len(found), 'setting')} right in {_count(len(files), 'file')}"


def _summary(drafts: Sequence[Draft], found: Sequence[Found]) -> str:
    files = sum(len(draft.files) for draft in drafts)
    asking = any(plan.lane == "ask" for draft in drafts for plan in draft.plans)
    told = [
        f"Puts **{_count(len(found), 'setting')}** right in **{_count(files, 'file')}**.",
        "All were judged again on the result, and nothing that was right became wrong.",
        "Some may break what depends on it: **approving this is the decision.**" if asking else "All clear by evidence.",
    ]
    return " ".join(told)


def _table(found: Sequence[Placed], pages: str) -> str:
    """A row a control, with the first places."""
    by_control: dict[str, list[Placed]] = {}
    for each in found:
        by_control.setdefault(each[1].control.id, []).append(each)
    rows = [
        f"| {_link(f.control, pages)} | {f.finding.severity} | {_places(of)} |" for of in by_control.values() for _, f in of[:1]
    ]
    more = f"\n\n... and {_count(len(rows) - ROWS, 'more control')}." if len(rows) > ROWS else ""
    return "\n".join(["| right after this | severity | where |", "| --- | --- | --- |", *rows[:ROWS]]) + more


def _places(found: Sequence[Placed]) -> str:
    named = found[:NAMED]
    told = [
        _code(at) if at.startswith(f"{f.finding.resource}:") else f"{_code(f.finding.resource)} in {_code(at)}" for at, f in named
    ]
    return "<br>".join([*told, *([f"and {len(found) - NAMED} more"] if len(found) > NAMED else [])])


def _fears(drafts: Sequence[Draft]) -> Iterator[str]:
    """What may break, and where: what a person must look at stands open, the sure first; what evidence rules out is folded."""
    answered: dict[Fear, list[str]] = {}
    for draft in drafts:
        for plan in draft.plans:
            for fear in plan.breaks_if:
                answered.setdefault(fear, []).append(draft.inside + plan.document)
    several = len({place for places in answered.values() for place in places}) > 1
    told = {fear: _fear(*fear) + (_among(places) if several else "") for fear, places in answered.items()}
    open_ = sorted((fear for fear in answered if fear[2].holds is not False), key=lambda fear: not fear[2].holds)
    if open_:
        yield "### Before you approve\n\nThis may break something if:\n\n" + "\n".join(
            f"- [ ] {told[fear]}" for fear in open_[:ROWS]
        )
    ruled_out = [told[fear] for fear in answered if fear[2].holds is False]
    if ruled_out:
        yield _folded(f"What it cannot break here ({len(ruled_out)})", "\n".join(f"- {each}" for each in ruled_out[:ROWS]))
    if not answered:
        yield "**May break:** nothing in a correct setup."


def _belongings(drafts: Sequence[Draft]) -> Iterator[str]:
    """Where what is changed stands, and whose it is."""
    known = list(dict.fromkeys(each for draft in drafts for plan in draft.plans for each in plan.belongs))
    owners = {each.owner: each.owner_why for each in known if each.owner}
    told = {
        "Stands in": [_inline(where) for where in dict.fromkeys(map(standing_of, known)) if where],
        "Owner": [f"{_code(owner)} ({_code(why)})" for owner, why in owners.items()],
    }
    for label, each in told.items():
        if each:
            more = f"; and {len(each) - NAMED} more" if len(each) > NAMED else ""
            yield f"**{label}:** {'; '.join(each[:NAMED])}{more}."


def _among(places: Sequence[str]) -> str:
    """Of which files something is said."""
    names = list(dict.fromkeys(places))
    return f"; in {', '.join(map(_code, names[:NAMED]))}" + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _fear(sentence: str, fact: str, answer: Answer) -> str:
    source = f" ({_code(answer.source)})" if answer.source else ""
    asked = f", asked by {_code(fact)}" if answer.source else ""  # what the files tell was asked of nobody
    return f"{_inline(sentence)}: {SIGNS[answer.holds]}: {_inline(answer.text)}{source}{asked}"


def _left(drafts: Sequence[Draft]) -> Iterator[str]:
    """What is not in here, as a checklist."""
    hands = [(draft.inside, plan) for draft in drafts for plan in draft.hands]
    if hands:
        yield _folded(f"Left for a person ({len(hands)})", _checklist(hands))
    waiting = [(draft.inside, plan) for draft in drafts for plan in draft.waiting]
    if waiting:
        yield _folded(
            f"Left out: waits for a decision ({len(waiting)}); `setright fix --pr --all` takes it in", _checklist(waiting)
        )

    revealed = [(draft.inside + _where(f), f) for draft in drafts for f in draft.revealed]
    if revealed:
        lines = "\n".join(
            f"- [ ] {_inline(f.control.title)}: {_code(f.finding.resource)} in {_code(at)}" for at, f in revealed[:ROWS]
        )
        yield _folded(f"Can be asked only after this ({len(revealed)})", lines)


def _checklist(plans: Sequence[tuple[str, Plan]]) -> str:
    lines = [
        f"- [ ] {_code(p.controls[0])} {_code(p.resources[0])} in {_code(inside + p.document)}: {_inline(p.reason)}"
        for inside, p in plans[:ROWS]
    ]
    return "\n".join(lines + ([f"- ... and {len(plans) - ROWS} more"] if len(plans) > ROWS else []))


def _why(found: Sequence[Found], pages: str) -> str:
    controls = {f.control.id: f.control for f in found}.values()
    return "\n\n".join(
        f"**{_link(c, pages)}** ({_code(c.id)})\n\n> {_inline(c.why)}\n\nEffect: {effect(c.effect)}" for c in controls
    )


def _checked(drafts: Sequence[Draft]) -> str:
    lenses = sorted({change.lens for draft in drafts for step in draft.steps for change in step.changes})
    controls = len({id_ for draft in drafts for id_ in draft.scan.controls.ids})
    lines = [
        f"Every file was read again by its parser ({', '.join(lenses)}), and says what was meant and nothing else new.",
        f"{_count(controls, 'control')} were judged again on the committed files: what is listed holds, what held before holds.",
        "Not checked: a plan or deployment by the tool that reads these files. That is for this repository's CI.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _plans(drafts: Sequence[Draft]) -> str:
    rows = [f"| {_code(p.hash)} | {p.lane} | {_code(draft.inside + p.document)} |" for draft in drafts for p in draft.plans[:ROWS]]
    return "\n".join(["| plan | lane | file |", "| --- | --- | --- |", *rows])


def _diffs(drafts: Sequence[Draft]) -> str:
    diff = "".join(_rooted(change, draft.inside) for draft in drafts for plan in draft.plans for change in plan.changes)
    ticks = max((len(run) for run in re.findall("`+", diff)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}diff\n{diff}{fence}"


def _rooted(change: Planned, inside: str) -> str:
    """The diff with the file's path from the repository's root."""
    head = f"--- {change.locator}\n+++ {change.locator}\n"
    path = inside + change.locator
    return change.diff.replace(head, f"--- {path}\n+++ {path}\n", 1)


def _fitted(body: str, diffs: str) -> str:
    """The description within what a forge takes: the diffs go first, since the forge shows them anyway."""
    if len(body) + len(diffs) < LONGEST:
        return f"{body}\n\n{diffs}\n"
    if len(body) < LONGEST:
        return body + "\n"
    ending = body[body.rindex("\n\n**Undo:**") :]
    return (
        body[: LONGEST - len(ending)].rpartition("\n")[0]
        + "\n\n... cut here: too long for one description.</details>"
        + ending
        + "\n"
    )


def _exact(drafts: Sequence[Draft]) -> bool:
    return all(plan.effect.undo == "exact" for draft in drafts for plan in draft.plans)


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _link(control: Control, pages: str) -> str:
    page = f"{pages.rstrip('/')}/controls/{control.id}/" if pages else control.source
    title = _inline(control.title)
    return f"[{title}](<{page}>)" if page.startswith(("https://", "http://")) and not set(page) & set("<>\n ") else title


def _where(found: Found) -> str:
    place = found.finding.location
    return place.path if place.line is None else f"{place.path}:{place.line}"


def _code(text: str) -> str:
    """A code span of one line; bars would end a table's cell."""
    flat = one_line(text).replace("`", "'").replace("|", "\\|")
    return f"`{flat}`" if flat else ""


def _inline(text: str, plain: bool = False) -> str:
    """One line of text that is text only. `plain` for titles, which are not Markdown."""
    flat = one_line(text).replace("@", f"@{NUL}")
    return flat if plain else MARKUP.sub(r"\\\1", flat)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
