"""One control, to be read from top to bottom: what, why, what may break, how it looks before and after."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from setright.cli.screens.styles import SEVERITY, diff_lines, heading, indented
from setright.cli.screens.tables import table
from setright.controls.fears import told_by
from setright.controls.page import effect, fix_diff
from setright.controls.paths import show
from setright.controls.words import requirement, value_in_words, want_in_words
from setright.model import Control, Example

EXAMPLES = 2  # as a diff; the reference page has all


def draw(console: Console, control: Control) -> None:
    console.print(Text(control.title, "bold"))
    line = Text.assemble((control.severity, SEVERITY[control.severity]), "  ", control.id, (f"  kind {control.kind}", "dim"))
    console.print(line)
    console.print()
    console.print(Text(control.why))
    _right(console, control)
    _break(console, control)
    if control.by_hand:
        heading(console, "By hand")
        _lines(console, control.by_hand.strip().splitlines())
    _examples(console, [e for e in control.examples if e.bad is not None and e.fixed is not None])
    if control.frameworks:
        heading(console, "Frameworks")
        _lines(console, (f"{name}: {', '.join(ids)}" for name, ids in control.frameworks.items()))
    heading(console, "Source")
    _lines(console, [control.source])


def _right(console: Console, control: Control) -> None:
    heading(console, "What right looks like")
    if control.where:
        indented(console, Text(f"where {' and '.join(requirement(r) for r in control.where)}", "dim"), 2)
    rows = [
        (show(r.path), want_in_words(r.op, r.want), "nothing holds" if r.default is None else value_in_words(r.default))
        for r in control.require
    ]
    if rows:
        console.print(table(("  setting", "must be", "when absent"), [(f"  {path}", *rest) for path, *rest in rows]))
    if control.check:
        indented(console, Text(control.check.strip()), 2)


def _break(console: Console, control: Control) -> None:
    heading(console, "What putting it right may break")
    if not control.breaks_if:
        indented(console, Text("Nothing, where the setup is correct."), 2)
    for sentence, teller in control.breaks_if.items():
        indented(console, Text.assemble(f"{sentence}  ", (told_by(teller), "dim")), 2)
    indented(console, Text(effect(control.effect), "dim"), 2)


def _examples(console: Console, examples: list[Example]) -> None:
    for example in examples[:EXAMPLES]:
        heading(console, f"Put right{f' ({example.family})' if example.family else ''}")
        for line in diff_lines(fix_diff(example.bad, example.fixed)):
            indented(console, line, 2)


def _lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        indented(console, Text(line.strip()), 2)
