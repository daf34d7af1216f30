"""SARIF 2.1.0 (OASIS), as code scanning reads it: rules with help, results with stable fingerprints, fixes for source files."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from setright import __version__
from setright.cli.formats.sarif_fixes import Fixes
from setright.cli.formats.sarif_limits import LIMITS, Limits, limits_reached, results_told
from setright.cli.lines import from_here, sentence, unknown
from setright.cli.output import json_text
from setright.controls.page import page_of
from setright.engine.contract import Report
from setright.engine.redact import printable, redact_text
from setright.engine.scan import SOURCE_FAMILIES, Excepted, Found, finding_id
from setright.model import Control, Location, Plain, Verdict

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
SCORES = {"info": "0.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
BASES = {
    "SRCROOT": "The working directory, or the source tree where it lies outside of that.",
    "TARGET": "The root of the target's file system.",
}


def render(report: Report, limits: Limits = LIMITS) -> str:
    each = results_told(report, limits)
    controls = {found.control.id: found.control for found, _ in each}
    places = {control_id: number for number, control_id in enumerate(sorted(controls))}
    fixes = Fixes(report, _artifact)
    run = {
        "tool": {"driver": _driver([controls[i] for i in places])},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {name: {"description": {"text": text}} for name, text in BASES.items()},
        "invocations": [
            {"executionSuccessful": not report.unreached, "toolExecutionNotifications": _notifications(report, limits)}
        ],
        "results": [
            _result(found, places[found.control.id], report, left, fixes if number < limits.fixes else None)
            for number, (found, left) in enumerate(each)
        ],
    }
    return json_text({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]})


def _driver(controls: list[Control]) -> dict[str, Plain]:
    return {
        "name": "setright",
        "semanticVersion": __version__,
        "rules": [_rule(control) for control in controls],
    }


def _rule(control: Control) -> dict[str, Plain]:
    tags = ["security", *(f"{name}/{section}" for name, sections in control.frameworks.items() for section in sections)]
    return {
        "id": control.id,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": control.why},
        "help": {"text": f"{control.title}\n\n{control.why}", "markdown": page_of(control)},
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {"tags": tags, "precision": "very-high", "security-severity": SCORES[control.severity]},
        **({"helpUri": control.source} if control.source.startswith(("https://", "http://")) else {}),
    }


def _result(found: Found, rule: int, report: Report, left_open: Excepted | None, fixes: Fixes | None) -> dict[str, Plain]:
    finding = found.finding
    failed = finding.verdict is Verdict.FAIL
    suggested = fixes.of(found) if fixes and failed and not left_open and _in_source(found) else []
    return {
        "ruleId": finding.control,
        "ruleIndex": rule,
        "kind": "fail" if failed else "open",
        "level": LEVELS[finding.severity] if failed else "none",
        "message": {"text": _message(found, report.key)},
        "locations": [_location(found)],
        "partialFingerprints": {"setrightFinding/v1": _fingerprint(found)},
        "properties": {"resource": finding.resource, "kind": finding.kind, "target": finding.target},
        **({"fixes": suggested} if suggested else {}),
        **_suppressions(left_open, report),
    }


def _suppressions(left_open: Excepted | None, report: Report) -> dict[str, Plain]:
    """Section 3.35: viewers leave out, and count apart, what has one. A result without says so, where any has one."""
    if left_open is None:
        return {"suppressions": []} if report.excepted else {}
    reason = redact_text(left_open.reason, key=report.key)
    until = f" (until {left_open.until})" if left_open.until else ""
    kind = "inSource" if left_open.kind == "comment" else "external"
    return {"suppressions": [{"kind": kind, "status": "accepted", "justification": printable(reason + until)}]}


def _message(found: Found, key: bytes) -> str:
    why = unknown(found, key)
    said = f"cannot be told: {why}" if why else sentence(found, key)
    return f"{printable(found.finding.resource)}: {found.finding.title}. {said}"


def _fingerprint(found: Found) -> str:
    """The finding's id where the tree is named from here: the same in every checkout."""
    return finding_id(from_here(found.finding.target), found.control.id, found.slot, found.resource, found.items)


def _location(found: Found) -> dict[str, Plain]:
    finding = found.finding
    logical = {"name": finding.resource, "fullyQualifiedName": f"{finding.target}#{finding.resource}", "kind": "resource"}
    located: dict[str, Plain] = {"logicalLocations": [logical]}
    if artifact := _artifact(found, finding.location.path):
        located["physicalLocation"] = {"artifactLocation": artifact, **_region(finding.location)}
    return located


def _artifact(found: Found, locator: str) -> dict[str, str] | None:
    """A document as a URI below one of the bases; None for what is no file."""
    if _in_source(found):
        return {"uri": quote(_below_here(found.finding.target, locator)), "uriBaseId": "SRCROOT"}
    if locator.startswith("/"):
        return {"uri": quote(locator.lstrip("/")), "uriBaseId": "TARGET"}
    return None


def _below_here(target: str, locator: str) -> str:
    """The path as seen from the working directory, which is what code scanning resolves; else as the tree has it."""
    here = Path.cwd()
    tree = _tree(target, here)
    return os.path.relpath(tree / locator, here) if tree.is_relative_to(here) else locator


@lru_cache(maxsize=64)  # every finding of a tree asks
def _tree(target: str, here: Path) -> Path:
    tree = (here / target).resolve()
    return tree.parent if tree.is_file() else tree


def _region(location: Location) -> dict[str, Plain]:
    if location.line is None:
        return {}
    return {"region": {"startLine": location.line, "endLine": location.end_line or location.line}}


def _in_source(found: Found) -> bool:
    return found.slot[1] in SOURCE_FAMILIES


def _notifications(report: Report, limits: Limits) -> list[dict[str, Plain]]:
    said = [(result.target, result.error, "error") for result in report.unreached]
    for result in report.results:
        said += [(p.locator, p.why, "warning") for p in (result.scan.problems if result.scan else ())]
        said += [(n.locator, n.why, "note") for n in (result.scan.notices if result.scan else ())]
    said += [("setright", why, "warning") for why in limits_reached(report, limits)]
    return [{"level": level, "message": {"text": printable(f"{where}: {redact_text(why)}")}} for where, why, level in said]
