"""Findings, grouped by resource, the worst first; then what could not be read, and the counts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from rich.console import Console
from rich.text import Text

from setright.cli.groups import LEFT, ResourceGroup, grouped, to_put_right
from setright.cli.lines import compacted, from_here, location_text, pairs, unknown
from setright.cli.screens.styles import SEVERITY, ends, heading, indented, print_line
from setright.controls.words import WordedMismatch
from setright.engine.contract import Report, notices, problems, summary
from setright.engine.redact import one_line, printable, redact_text
from setright.engine.scan import Excepted, Found
from setright.model import Plain, Verdict

RESOURCES = 50  # shown unless all are asked for
FINDINGS = 100  # after which no further resource is begun
NOTHING = "Nothing here is of a kind that the controls asked for speak of; `setright controls list` shows what there is"
PROBLEMS = 10
LEFT_OPEN = 10
MISMATCHES = 4  # of one finding
MARGIN = 12


def draw(console: Console, report: Report, everything: bool = False) -> None:
    """The whole screen."""
    groups = grouped(report.found)
    first = groups if everything else groups[: _fitting(groups)]
    several = len(report.results) > 1
    for group in first:
        draw_group(console, group, report.key, several)
    _left_out(console, groups[len(first) :])
    draw_left_open(console, report, everything)
    draw_unread(console, report, everything)
    draw_counts(console, report)


def _fitting(groups: Sequence[ResourceGroup]) -> int:
    """How many of the worst resources are shown: few enough to be read."""
    before = accumulate((len(group.found) for group in groups[:RESOURCES]), initial=0)
    return sum(1 for count in before if count < FINDINGS)


def draw_left_open(console: Console, report: Report, everything: bool = False) -> None:
    """What is knowingly left open, with the reason; then what is wrong with the comments and lists that say so."""
    if report.excepted:
        heading(console, "Left open")
        for each in report.excepted if everything else report.excepted[:LEFT_OPEN]:
            _left_open(console, each)
        if len(report.excepted) > LEFT_OPEN and not everything:
            indented(console, Text(f"... and {len(report.excepted) - LEFT_OPEN} more; --all-findings shows them", "dim"), 2)
    if told := notices(report):
        heading(console, "To look at")
        for notice in told:
            indented(console, Text.assemble((printable(notice["locator"]), "magenta"), "  ", printable(notice["why"])), 2)


def _left_open(console: Console, each: Excepted) -> None:
    finding = each.finding
    until = f", until {printable(each.until)}" if each.until else ""
    title = Text.assemble("  ", (printable(finding.resource), "bold"), f"  {finding.title}")
    ends(console, title, Text(finding.control, "dim"), 4)
    why = f"{each.kind}: {printable(redact_text(each.reason))}{until}"
    indented(console, Text.assemble((printable(location_text(finding.location)), "dim"), "  ", (why, "italic")), 4)


def draw_unread(console: Console, report: Report, everything: bool = False) -> None:
    """Targets and documents that could not be read: never dropped, only shortened."""
    told = [(from_here(r.target), r.error.removeprefix(f"{r.target}: ")) for r in report.unreached]
    told += [(problem["locator"], problem["why"].removeprefix(f"{problem['locator']}: ")) for problem in problems(report)]
    if not told:
        return
    heading(console, "Could not be read")
    for where, why in told if everything else told[:PROBLEMS]:
        indented(console, Text.assemble((printable(where), "magenta"), "  ", one_line(why)), 2)
    if len(told) > PROBLEMS and not everything:
        indented(console, Text(f"... and {len(told) - PROBLEMS} more; --all-findings shows them", "dim"), 2)


def draw_counts(console: Console, report: Report) -> None:
    """``3 wrong: 1 high, 2 medium · 1 unknown · 44 right · 2 could not be read``."""
    told = summary(report)
    parts = [_wrong(told), Text(f"{told['passed']} right", "green")]
    if told["unknown"]:
        parts.insert(1, Text(f"{told['unknown']} unknown", SEVERITY["unknown"]))
    if unread := told["problems"] + told["unreached"]:
        parts.append(Text(f"{unread} could not be read", SEVERITY["unknown"]))
    for name, sentence in LEFT.items():
        if told[name]:
            parts.append(Text(f"{told[name]} {sentence}", "dim"))
    console.print()
    console.print(Text(" · ", "dim").join(parts))
    if not unread and not any(told[count] for count in ("failed", "passed", "unknown", *LEFT)):
        console.print(Text(NOTHING, "dim"))
        for host in dict.fromkeys(host for each in report.results if (host := _host_at(each.target))):
            console.print(Text(f"A host's settings are read, and judged together, by: setright scan {host}", "dim"))
    if ways := to_put_right(told):
        console.print(Text("To put right: ", "dim") + Text(" · ", "dim").join(Text(way, "dim") for way in ways))


def _host_at(target: str) -> str:
    """The host whose root or settings a folder is; empty for any other."""
    if target == "/" or (target + "/").startswith("/etc/"):
        return "host:local"
    return f"root:{from_here(target)}" if Path(target, "etc/passwd").is_file() else ""


def _wrong(told: dict[str, Plain]) -> Text:
    if not told["failed"] and not told["passed"] and not told["unknown"]:
        return Text("nothing judged", SEVERITY["unknown"])
    if not told["failed"]:
        return Text("nothing wrong", "bold green")
    counts = [Text(f"{count} {name}", SEVERITY[name]) for name, count in told["severities"].items() if count]
    return Text.assemble((f"{told['failed']} wrong", "bold"), ": ", Text(", ").join(counts))


def draw_group(console: Console, group: ResourceGroup, key: bytes, several: bool) -> None:
    """A resource and its findings; `several` targets: each says which."""
    name, document = printable(group.resource), printable(group.document)
    title = Text(name, "bold", overflow="fold")
    if document != name:
        title.append(f"  {document}", "dim not bold")
    if several:
        title.append(f"  on {from_here(group.target)}", "dim not bold")
    print_line(console, Text())
    print_line(console, title)
    for found in group.found:
        _finding(console, found, key, document)


def _finding(console: Console, found: Found, key: bytes, document: str) -> None:
    finding = found.finding
    failed = finding.verdict is Verdict.FAIL
    word = finding.severity if failed else "unknown"
    title = Text.assemble((f"  {word:<{MARGIN - 2}}", SEVERITY[word]), finding.title)
    ends(console, title, Text(finding.control, "dim"), MARGIN)
    line, elsewhere = _place(location_text(finding.location), document)
    lines = [_line(p) for p in compacted(pairs(found, key))] if failed else [Text(unknown(found, key), SEVERITY["unknown"])]
    if elsewhere or not lines:
        lines.insert(0, Text(elsewhere, "dim"))
    for number, text in enumerate(lines[:MISMATCHES]):
        indented(console, text, MARGIN, "" if number else Text(line, "dim"))
    if len(lines) > MISMATCHES:
        indented(console, Text(f"... and {len(lines) - MISMATCHES} more values", "dim"), MARGIN)


def _place(place: str, document: str) -> tuple[str, str]:
    """The line where it is in the heading's document; else the whole place."""
    if place == document:
        return "", ""
    if place.startswith(f"{document}:"):
        return f"  line {place.removeprefix(f'{document}:')}", ""
    return "", f"in {place}"


def _line(line: WordedMismatch) -> Text:
    text = Text(f"{line.path}  ", "dim") if line.path else Text()
    text.append(line.have, "red")
    return text.append(" → ", "dim").append(line.want, "green") if line.want else text


def _left_out(console: Console, groups: Sequence[ResourceGroup]) -> None:
    if groups:
        count = sum(len(group.found) for group in groups)
        console.print()
        console.print(Text(f"... and {count} more findings on {len(groups)} more resources; --all-findings shows them", "dim"))
