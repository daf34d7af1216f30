"""Markdown, for pull requests and reports: the counts, then a table a resource, the worst first, as many as a comment takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from setright.cli.groups import LEFT, ResourceGroup, grouped, to_put_right
from setright.cli.lines import from_here, location_text, pairs, unknown
from setright.engine.contract import Report, notices, summary
from setright.engine.redact import printable, redact_text
from setright.engine.scan import Found
from setright.model import Plain, Verdict

ROOM = 60_000  # characters; a comment on GitHub takes 65,536
ROWS = 50  # of what is no finding


def render(report: Report) -> str:
    return within_room(report, ROOM)


def within_room(report: Report, room: int | None) -> str:
    """The worst resources that fit into so many characters, and what else there is to say; None: all of them."""
    groups = [_group(group, report.key) for group in grouped(report.found)]
    parts = ["# Findings", _counts(summary(report)), *_beside(report, room)]
    shown_of = _fitting(groups, None if room is None else room - sum(map(len, parts)))
    more = [_more(report, shown_of, len(groups))] if shown_of < len(groups) else []
    return "\n\n".join([*parts[:2], *groups[:shown_of], *more, *parts[2:]]) + "\n"


def _fitting(groups: Sequence[str], room: int | None) -> int:
    """How many of them, at least one."""
    sizes = accumulate(len(group) + 2 for group in groups)
    return len(groups) if room is None else max(1, sum(1 for size in sizes if size <= room))


def _more(report: Report, shown_of: int, groups: int) -> str:
    left = sum(len(group.found) for group in grouped(report.found)[shown_of:])
    return f"... and {left} more findings on {groups - shown_of} more resources; `--all-findings` shows them"


def _beside(report: Report, room: int | None) -> list[str]:
    """What was left open, what is to be looked at, and what could not be read."""
    parts = []
    if report.excepted:
        parts += ["## Left open", _rows(_left_open(report), room, 2)]
    if lines := notices(report):
        parts += ["## To look at", _rows([f"- {_inline(n['locator'])}: {_cell(n['why'])}" for n in lines], room)]
    if told := _unread(report):
        parts += ["## Could not be read", _rows(told, room)]
    return parts


def _rows(rows: list[str], room: int | None, heads: int = 0) -> str:
    kept = rows if room is None else rows[: heads + ROWS]
    more = [f"\n... and {len(rows) - len(kept)} more; `--all-findings` shows them"] if len(kept) < len(rows) else []
    return "\n".join([*kept, *more])


def _group(group: ResourceGroup, key: bytes) -> str:
    where = "" if group.document == group.resource else f" in {_inline(group.document)}"
    on = "" if from_here(group.target) == "." else f" on {_inline(from_here(group.target))}"
    return f"## {_inline(group.resource)}{where}{on}\n\n{_table(group.found, key)}"


def _counts(told: dict[str, Plain]) -> str:
    severities = ", ".join(f"{count} {name}" for name, count in told["severities"].items() if count)
    wrong = f"**{told['failed']} wrong**: {severities}" if severities else "nothing wrong" if told["passed"] else "nothing judged"
    unread = told["problems"] + told["unreached"]
    others = [("unknown", told["unknown"]), ("right", told["passed"]), ("could not be read", unread)]
    others += [(sentence, told[name]) for name, sentence in LEFT.items()]
    counts = [wrong, *(f"{count} {what}" for what, count in others if count)]
    ways = to_put_right(told)
    return " · ".join(counts) + (f"\n\nTo put right: {' · '.join(ways)}" if ways else "")


def _table(group: list[Found], key: bytes) -> str:
    rows = ["| severity | finding | is | wanted | where |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*rows, *(_row(found, key) for found in group)])


def _left_open(report: Report) -> list[str]:
    rows = ["| resource | finding | why | until | where |", "| --- | --- | --- | --- | --- |"]
    for each in report.excepted:
        why = _cell(f"{each.kind}: {redact_text(each.reason, key=report.key)}")
        title = f"{_cell(each.finding.title)}<br>{_inline(each.finding.control)}"
        where = _cell(location_text(each.finding.location))
        rows.append(f"| {_inline(each.finding.resource)} | {title} | {why} | {_cell(each.until)} | {where} |")
    return rows


def _row(found: Found, key: bytes) -> str:
    finding = found.finding
    severity = finding.severity if finding.verdict is Verdict.FAIL else "unknown"
    told = pairs(found, key)
    is_ = "<br>".join(_cell(f"{p.path}: {p.have}") for p in told) or _cell(unknown(found, key))
    wanted = "<br>".join(_cell(p.want) for p in told)
    title = f"{_cell(finding.title)}<br>{_inline(finding.control)}"
    return f"| {severity} | {title} | {is_} | {wanted} | {_cell(location_text(finding.location))} |"


def _unread(report: Report) -> list[str]:
    told = [(from_here(result.target), result.error) for result in report.unreached]
    for result in report.results:
        on = "" if from_here(result.target) == "." else f"{from_here(result.target)}: "
        told += [(f"{on}{p.locator}", p.why) for p in (result.scan.problems if result.scan else ())]
    return [f"- {_inline(where)}: {_cell(redact_text(why))}" for where, why in told]


def _inline(text: str) -> str:
    """Text as code, on one line whatever it holds: a heading or a cell would end with its line."""
    flat = " ".join(printable(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    pad = " " if flat[:1] == "`" or flat[-1:] == "`" else ""
    return f"{fence}{pad}{flat}{pad}{fence}".replace("|", "\\|")


def _cell(text: str) -> str:
    """Text that Markdown shows as it is."""
    flat = " ".join(printable(text).split())
    for sign in "\\`*_|[]":
        flat = flat.replace(sign, f"\\{sign}")
    return flat.replace("<", "&lt;").replace(">", "&gt;")
