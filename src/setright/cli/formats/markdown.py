"""Markdown, for pull requests and reports: the counts, then a table a resource."""

from __future__ import annotations

import re
from itertools import groupby

from setright.cli.lines import from_here, pairs, spot, unknown
from setright.engine.contract import Report, notices, summary
from setright.engine.redact import redact_text, shown
from setright.engine.scan import Found
from setright.model import Plain, Verdict


def render(report: Report) -> str:
    parts = ["# Findings", _counts(summary(report))]
    by_place = sorted(report.found, key=_place)
    for (target, resource), group in groupby(by_place, key=_place):
        parts += [f"## {_inline(resource)} in {_inline(from_here(target))}", _table(list(group), report.key)]
    if report.excepted:
        parts += ["## Left open", _left_open(report)]
    if lines := notices(report):
        parts += ["## To look at", "\n".join(f"- {_inline(n['locator'])}: {_cell(n['why'])}" for n in lines)]
    if told := _unread(report):
        parts += ["## Could not be read", "\n".join(told)]
    return "\n\n".join(parts) + "\n"


def _place(found: Found) -> tuple[str, str]:
    return found.finding.target, found.finding.resource


def _counts(told: dict[str, Plain]) -> str:
    severities = ", ".join(f"{count} {name}" for name, count in told["severities"].items() if count)
    failed = f"{told['failed']} failed ({severities})" if severities else "0 failed"
    unread = told["problems"] + told["unreached"]
    left = [f"{told[name]} {name}" for name in ("excepted", "suppressed", "adopted") if told[name]]
    return ", ".join([failed, f"{told['unknown']} unknown", f"{told['passed']} passed", f"{unread} could not be read", *left]) + "."


def _table(group: list[Found], key: bytes) -> str:
    rows = ["| severity | finding | is | wanted | where |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*rows, *(_row(found, key) for found in group)])


def _left_open(report: Report) -> str:
    rows = ["| resource | finding | why | until | where |", "| --- | --- | --- | --- | --- |"]
    for each in report.excepted:
        why = _cell(f"{each.kind}: {redact_text(each.reason, key=report.key)}")
        title = f"{_cell(each.finding.title)}<br>{_inline(each.finding.control)}"
        rows.append(
            f"| {_inline(each.finding.resource)} | {title} | {why} | {_cell(each.until)} | {_cell(spot(each.finding.location))} |"
        )
    return "\n".join(rows)


def _row(found: Found, key: bytes) -> str:
    finding = found.finding
    severity = finding.severity if finding.verdict is Verdict.FAIL else "unknown"
    told = pairs(found, key)
    is_ = "<br>".join(_cell(f"{p.path}: {p.have}") for p in told) or _cell(unknown(found, key))
    wanted = "<br>".join(_cell(p.want) for p in told)
    title = f"{_cell(finding.title)}<br>{_inline(finding.control)}"
    return f"| {severity} | {title} | {is_} | {wanted} | {_cell(spot(finding.location))} |"


def _unread(report: Report) -> list[str]:
    told = [(from_here(result.target), result.error) for result in report.unreached]
    for result in report.results:
        told += [(f"{from_here(result.target)}: {p.locator}", p.why) for p in (result.scan.problems if result.scan else ())]
    return [f"- {_inline(where)}: {_cell(redact_text(why))}" for where, why in told]


def _inline(text: str) -> str:
    """Text as code, on one line whatever it holds: a heading or a cell would end with its line."""
    flat = " ".join(shown(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    pad = " " if flat[:1] == "`" or flat[-1:] == "`" else ""
    return f"{fence}{pad}{flat}{pad}{fence}".replace("|", "\\|")


def _cell(text: str) -> str:
    """Text that Markdown shows as it is."""
    flat = " ".join(shown(text).split())
    for sign in "\\`*_|[]":
        flat = flat.replace(sign, f"\\{sign}")
    return flat.replace("<", "&lt;").replace(">", "&gt;")
