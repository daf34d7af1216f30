"""The pages as HTML: one plan with all that its approver should know, and plain words for everything else. Pure.

All text is escaped where it enters; nothing is loaded from elsewhere, and no script runs (the policy is in `server`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from setright.controls.page import effect, standing_of
from setright.controls.words import brief
from setright.engine.redact import printable, redact_text
from setright.model import Control, Plan

SIGNS = {True: ("holds", "✗", "holds here"), None: ("open", "?", "not known"), False: ("cleared", "✓", "ruled out")}
DIFF_LINES = 400


class View(NamedTuple):
    """A plan and what is known beside it. `target` is what people call it, `lacks` whose yes the plan still needs, `owners` who
    else may be named."""

    plan: Plan
    target: str
    controls: Sequence[Control]
    person: str
    asked_by: str
    given: Sequence[tuple[str, str]]
    may: Sequence[str]
    lacks: str
    risk: Sequence[tuple[str, int, str]]
    owners: Sequence[str]
    runs: bool


def plan_page(view: View, action: str, form_key: str) -> str:
    """The page behind a signed link. Opening it decides nothing: mail scanners open links, too."""
    return _page_of(view, _form(view, action, form_key))


def seen_page(view: View, action: str, form_key: str) -> str:
    """The page behind a ticket's link: the same for everybody, so that nobody answers here, but asks for their own link."""
    return _page_of(view, _invitation(view, action, form_key))


def _page_of(view: View, form: str) -> str:
    plan = view.plan
    head = f"<p class=lead><span class='lane {escape(plan.lane)}'>{escape(plan.lane)}</span> {_text(brief(plan.reason))}</p>"
    parts = [
        head,
        _section("Puts right", _count(plan) + _controls(view)),
        _section("What may break", _fears(plan)),
        _section("The change", _diff(plan)),
        _section("Effect and way back", f"<p>{_text(effect(plan.effect))}</p>"),
        _section("Whose it is, and where", _whose(plan)),
        _section("Who decides", _who(view)),
        form,
    ]
    return page(printable(plan.document), f"on {printable(view.target)}", "".join(parts))


def told_page(title: str, text: str, tone: str = "", since: Sequence[str] = (), anew: Sequence[tuple[str, str]] = ()) -> str:
    """One sentence of what came of it, what became of the plan since, and where it is asked anew (a path of ours, and a name)."""
    more = "".join(f"<p>{_text(each)}</p>" for each in since)
    again = "".join(f"<li><a href='{escape(place)}'>{_text(called)}</a></li>" for place, called in anew)
    asked = f"<section><h2>Asked anew</h2><p>A newer plan waits; ask there for a link of your own.</p><ul>{again}</ul></section>"
    return page(title, "", f"<div class='told {escape(tone)}'><p>{_text(text)}</p>{more}</div>{asked if again else ''}")


def page(title: str, about: str, inner: str) -> str:
    below = f"<p class=about>{escape(about)}</p>" if about else ""
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<meta name=robots content=noindex><title>{escape(title)} · setright</title><link rel=stylesheet href=/style.css></head>"
        f"<body><header><span class=brand>setright</span></header><main><h1>{escape(title)}</h1>{below}{inner}</main></body></html>"
    )


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inner}</section>" if inner else ""


def _controls(view: View) -> str:
    risks = {control: (score, why) for control, score, why in view.risk}
    rows = []
    for control in view.controls:
        score, why = risks.get(control.id, (None, ""))
        risk = f"<span class=risk title='{escape(why)}'>risk of leaving it {score} of 100</span>" if score is not None else ""
        rows.append(
            f"<li><span class='severity {escape(control.severity)}'>{escape(control.severity)}</span> "
            f"<strong>{_text(control.title)}</strong> {risk}<p>{_text(control.why)}</p><code>{escape(control.id)}</code></li>"
        )
    return f"<ul class=controls>{''.join(rows)}</ul>"


def _count(plan: Plan) -> str:
    """How often, where the list of controls does not show it: to agree to one database is not to agree to two hundred."""
    return f"<p class=count>{len(plan.findings)} findings in this document</p>" if len(plan.findings) > 1 else ""


def _fears(plan: Plan) -> str:
    if not plan.breaks_if:
        return "<p>Nothing is known that a correct setup would lose by it.</p>"
    ordered = sorted(plan.breaks_if, key=lambda fear: (True, None, False).index(fear[2].holds))
    rows = []
    for sentence, _, answer in ordered:
        css, sign, word = SIGNS[answer.holds]
        source = f" <span class=source>{_text(answer.source)}</span>" if answer.source else ""
        rows.append(
            f"<li class={css}><span class=sign aria-hidden=true>{sign}</span><div><strong>{_text(sentence)}</strong>"
            f"<p>{word}: {_text(answer.text)}{source}</p></div></li>"
        )
    return f"<ul class=fears>{''.join(rows)}</ul>"


def _diff(plan: Plan) -> str:
    lines = [line for change in plan.changes for line in change.diff.splitlines()]
    if not lines:
        return "<p>No document changes: the running state only is put right.</p>"
    more = f"<p>... and {len(lines) - DIFF_LINES} more lines</p>" if len(lines) > DIFF_LINES else ""
    shown = "".join(_line(line) for line in lines[:DIFF_LINES])
    return f"<pre class=diff tabindex=0 role=region aria-label='The change'>{shown}</pre>{more}"


def _line(line: str) -> str:
    css = "file" if line.startswith(("---", "+++")) else {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")
    return f"<span class={css}>{escape(printable(line))}\n</span>"


def _whose(plan: Plan) -> str:
    """Who answers for what it changes, and where that stands."""
    rows = []
    for each in plan.belongs:
        why = f" <span class=source>{_text(each.owner_why)}</span>" if each.owner_why else ""
        place = standing_of(each)
        rows.append(f"<dt>stands in</dt><dd>{_text(place)}</dd>" if place else "")
        rows.append(f"<dt>owner</dt><dd>{_text(each.owner or 'nobody known')}{why}</dd>")
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def _who(view: View) -> str:
    facts = {
        "asked by": view.asked_by or "nobody by name",
        "still lacks": view.lacks or "nothing",
        "agreed so far": ", ".join(f"{by} ({at[:16]}Z)" for by, at in view.given) or "nobody",
        "may agree": ", ".join(view.may) or "nobody known by name",
        "holds until": f"{view.plan.expires_at[:16]}Z" if view.plan.expires_at else "",
        "plan": view.plan.hash,
    }
    return f"<dl>{_facts({name: value for name, value in facts.items() if value})}</dl>"


def _facts(facts: Mapping[str, str]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())


def _form(view: View, action: str, form_key: str) -> str:
    """The yes and the no are two forms: Enter in a field presses the first button of its own, which must never be the yes."""
    then = "It then runs at once." if view.runs else "It then runs with the next <code>setright apply --approved</code>."
    options = "".join(f"<option>{escape(name)}</option>" for name in view.owners)
    start = _form_start(action, form_key)
    return (
        f"<div class=answer>{start}<p>You answer as <strong>{escape(view.person)}</strong>, once, for exactly this plan. "
        f"{then} If anything it touches moves first, nothing happens.</p>"
        "<div class=buttons><button class=yes name=answer value=approve>Approve</button></div></form>"
        f"<details><summary>Not now, or not ours</summary>{start}"
        "<label>Why <textarea name=reason rows=2 maxlength=300 autocomplete=off></textarea></label>"
        f"<label>Whose it is <select name=to><option value=''>the next who is known</option>{options}</select></label>"
        "<div class=buttons><button name=answer value=later>Not now</button>"
        "<button name=answer value=theirs>Not ours</button></div></form></details></div>"
    )


def _form_start(action: str, form_key: str) -> str:
    return f"<form method=post action='{escape(action)}'><input type=hidden name=key value='{escape(form_key)}'>"


def _invitation(view: View, action: str, form_key: str) -> str:
    if not view.may:
        return "<div class=told><p>Nobody who may agree is known by name here.</p></div>"
    options = "".join(f"<option>{escape(name)}</option>" for name in view.may)
    return (
        f"{_form_start(action, form_key)}"
        "<p>Who reads a ticket is not known here. Say who you are, and a letter brings you a link of your own, to answer with.</p>"
        f"<label>You are <select name=person>{options}</select></label>"
        "<div class=buttons><button class=yes>Send me my link</button></div></form>"
    )


def _text(text: str) -> str:
    return escape(printable(redact_text(" ".join(text.split()))))


STYLE = """\
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --back: #f4f6f8;
  --accent: #0b5cad; --bad: #b42318; --warn: #8a5a00; --good: #177345; --added: #e5f6ec; --removed: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #333d4b; --paper: #171d26; --back: #10151c;
  --accent: #7ab8ff; --bad: #ff8f85; --warn: #f2bd5b; --good: #6fd39b; --added: #12301f; --removed: #3b1a18; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
header { padding: .9rem 1.5rem; border-bottom: 1px solid var(--line); background: var(--paper); }
.brand { font-weight: 700; letter-spacing: .01em; color: var(--accent); }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
.about { color: var(--soft); margin: .2rem 0 1.2rem; overflow-wrap: anywhere; }
.lead { font-size: 1.05rem; margin-bottom: 1.2rem; }
h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 0 0 .6rem; }
section, main > form, .answer, .told { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.3rem; margin: 0 0 1rem; }
.told { border-left: 5px solid var(--accent); } .told.bad { border-left-color: var(--bad); }
h1 + .told { margin-top: 1.2rem; }
.told.good { border-left-color: var(--good); }
p { margin: .3rem 0; } ul { list-style: none; margin: 0; padding: 0; } li + li { margin-top: .8rem; }
code, pre, dd { font-family: ui-monospace, monospace; font-size: .86rem; overflow-wrap: anywhere; }
form code { white-space: nowrap; } .count { margin-bottom: .8rem; }
.controls code { color: var(--soft); } .controls p { color: var(--soft); }
.severity, .lane { display: inline-block; border-radius: 5px; padding: 0 .5em; font-size: .8rem; font-weight: 600;
  border: 1px solid currentColor; vertical-align: .08em; }
.critical, .high { color: var(--bad); } .medium, .ask { color: var(--warn); } .low, .info, .auto { color: var(--good); }
.risk { color: var(--soft); font-size: .86rem; }
.fears li { display: flex; gap: .7rem; } .fears p { color: var(--soft); }
.sign { font-weight: 700; width: 1.6rem; height: 1.6rem; flex: none; border-radius: 50%; text-align: center;
  border: 1.5px solid currentColor; line-height: 1.45rem; }
.holds .sign { color: var(--bad); } .open .sign { color: var(--warn); } .cleared .sign { color: var(--good); }
.source { opacity: .8; } .source::before { content: "("; } .source::after { content: ")"; }
.diff { margin: 0; padding: .8rem 0; border-radius: 6px; border: 1px solid var(--line); overflow-x: auto; line-height: 1.45; }
.diff span { display: block; padding: 0 1rem; min-width: max-content; }
.added { background: var(--added); color: var(--good); } .removed { background: var(--removed); color: var(--bad); }
.file, .place { color: var(--soft); }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .35rem 1rem; margin: 0; } dt { color: var(--soft); } dd { margin: 0; }
.buttons { display: flex; gap: .7rem; margin-top: 1rem; }
button { font: inherit; font-weight: 600; padding: .6rem 1.4rem; border-radius: 8px; border: 1px solid var(--line);
  background: var(--back); color: var(--ink); cursor: pointer; }
button.yes { background: #0b5cad; border-color: #0b5cad; color: #fff; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
details { margin-top: 1rem; } summary { color: var(--soft); cursor: pointer; }
label { display: block; margin-top: .7rem; color: var(--soft); }
input, select, textarea { font: inherit; width: 100%; padding: .45rem .6rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--back); color: var(--ink); }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } main { padding: 1.2rem .8rem 3rem; } }
"""
