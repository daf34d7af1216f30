"""A report as OSCAL: assessment results, and the plan of action and milestones. Source: NIST, pages.nist.gov/OSCAL, 1.2.

OSCAL knows "satisfied" and "not satisfied" alone: what is unknown or left open is not satisfied, with the reason "other"; what
is not tested is no finding, and its section is not among those reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID, uuid5

from setright import __version__
from setright.engine.error import EngineError
from setright.engine.report.model import (
    EXCEPTED,
    FAIL,
    PASS,
    UNKNOWN,
    UNTESTED,
    ControlResult,
    Report,
    ReportedFinding,
    SectionResult,
)
from setright.engine.times import stamp
from setright.model import Plain

VERSION = "1.2.1"
OURS = UUID("6f3f3a0e-5d0c-4a4e-9a1f-6d1f9c1a7b52")
NAMESPACE = "https://setright.dev/ns/oscal"
STATUS = {
    PASS: ("satisfied", "pass"),
    FAIL: ("not-satisfied", "fail"),
    UNKNOWN: ("not-satisfied", "other"),
    EXCEPTED: ("not-satisfied", "other"),
}
Place = tuple[str, str]  # control, target


class Trouble(NamedTuple):
    """What is open of a control on a target: how many fail, by when the first is due, and what exceptions say."""

    failed: int = 0
    due_at: str = ""
    left: tuple[ReportedFinding, ...] = ()


def results(report: Report) -> dict[str, Plain]:
    """An assessment-results document."""
    parts, troubles = report.parts(), _troubles(report)
    tested = [section for section in report.sections if section.state != UNTESTED]
    plan = _id("plan", report.framework.id)
    result = {
        "uuid": _id("result", report.framework.id, stamp(report.made_at)),
        "title": report.framework.title,
        "description": f"What the looks of the last {report.within_days} days and all open findings say, section by section.",
        "start": min((part.at for part in parts if part.at), default=stamp(report.made_at)),
        "end": stamp(report.made_at),
        "local-definitions": {"inventory-items": _inventory(parts), "assessment-assets": _assets()},
        "reviewed-controls": {"control-selections": [_selection(tested)]},
        "observations": [_observation(report, part) for part in parts],
        "risks": [_risk(report, place, trouble) for place, trouble in sorted(troubles.items())],
        "findings": _findings(tested, parts, troubles),
    }
    back = {"resources": [{"uuid": plan, "title": "Plan", "description": "The checks of the catalogue, on every target."}]}
    body = {
        "uuid": _id("results", report.framework.id, stamp(report.made_at)),
        "metadata": _metadata(report, "Assessment results"),
        "import-ap": {"href": f"#{plan}"},
        "results": [_full(result)],
        "back-matter": back,
    }
    return {"assessment-results": body}


def plan_of_action(report: Report) -> dict[str, Plain]:
    """A POA&M document: an item for each control and target that is not right. Raises EngineError where nothing is open."""
    troubles = _troubles(report)
    if not troubles:
        raise EngineError("nothing is open, so there is no plan of action; `--format oscal-ar` says what holds")
    parts = [part for part in report.parts() if (part.control, part.target) in troubles]
    body = {
        "uuid": _id("poam", report.framework.id, stamp(report.made_at)),
        "metadata": _metadata(report, "Plan of action and milestones"),
        "system-id": {"identifier-type": NAMESPACE, "id": " ".join(report.scope.values()) or "everything"},
        "local-definitions": {"inventory-items": _inventory(parts)},
        "observations": [_observation(report, part) for part in parts],
        "risks": [_risk(report, place, trouble) for place, trouble in sorted(troubles.items())],
        "poam-items": [_poam_item(report, place, trouble) for place, trouble in sorted(troubles.items())],
    }
    return {"plan-of-action-and-milestones": body}


def token(section: str) -> str:
    """A section's id as OSCAL writes ids: ac-2, ac-2.1, a.5.15, s-164.312-b."""
    plain = re.sub(r"[^\w.\-]+", "-", re.sub(r"\((\d+)\)$", r".\1", section)).strip("-").lower()
    return plain if re.match(r"[^\W\d]", plain) else f"s-{plain}"


def _metadata(report: Report, what: str) -> dict[str, Plain]:
    return {
        "title": f"{what}: {report.framework.title}",
        "last-modified": stamp(report.made_at),
        "version": stamp(report.made_at)[:10],
        "oscal-version": VERSION,
        "props": [_prop("tool", f"setright {__version__}"), *(_prop(name, said) for name, said in report.scope.items())],
    }


def _assets() -> dict[str, Plain]:
    tool = _id("tool")
    component = {
        "uuid": tool,
        "type": "software",
        "title": f"setright {__version__}",
        "description": "Reads configuration and judges it.",
        "status": {"state": "operational"},
    }
    return {
        "components": [component],
        "assessment-platforms": [{"uuid": _id("platform"), "uses-components": [{"component-uuid": tool}]}],
    }


def _selection(sections: Iterable[SectionResult]) -> dict[str, Plain]:
    chosen = [{"control-id": token(section.id)} for section in sections]
    return {"include-controls": chosen} if chosen else {"description": "Nothing was tested."}


def _inventory(parts: Iterable[ControlResult]) -> list[Plain]:
    return [{"uuid": _id("target", url), "description": _line(url)} for url in sorted({part.target for part in parts})]


def _observation(report: Report, part: ControlResult) -> dict[str, Plain]:
    title, _ = report.titles.get(part.control, (part.control, ""))
    counts = part.counts
    said = f"held {counts.passed}, failed {counts.failed}, left open {counts.excepted}, unknown {counts.unknown}"
    hidden = f", unread documents {counts.unseen}" if counts.unseen else ""
    return {
        "uuid": _id("observation", part.control, part.target),
        "title": _line(title),
        "description": f"{part.control} on {_line(part.target)}: {said}{hidden}.",
        "props": [_prop("check", part.control)],
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": _id("target", part.target), "type": "inventory-item"}],
        "collected": part.at or stamp(report.made_at),
    }


def _risk(report: Report, place: Place, trouble: Trouble) -> dict[str, Plain]:
    title, severity = report.titles.get(place[0], (place[0], ""))
    risk: dict[str, Plain] = {
        "uuid": _id("risk", *place),
        "title": f"Not so: {_line(title)}",
        "description": f"{place[0]} on {_line(place[1])}.",
        "statement": _statement(trouble),
        "props": [_prop("severity", severity or "unknown")],
        "status": "open" if trouble.failed else "deviation-approved",
    }
    if trouble.due_at:
        risk |= {"deadline": trouble.due_at, "remediations": [_remediation(place, trouble)]}
    return risk


def _statement(trouble: Trouble) -> str:
    said = [f"{trouble.failed} resources are not as they should be."] if trouble.failed else []
    for item in trouble.left:
        until = f" until {item.until[:10]}" if item.until else ""
        by = f", {item.approver}" if item.approver else ""
        said.append(f"{item.resource} is left open{until} ({item.left_open}{by}): {item.why or 'no reason is kept'}.")
    return _line(" ".join(said))


def _remediation(place: Place, trouble: Trouble) -> dict[str, Plain]:
    milestone = {
        "uuid": _id("milestone", *place),
        "type": "milestone",
        "title": "Put right",
        "timing": {"on-date": {"date": trouble.due_at}},
    }
    return {
        "uuid": _id("remediation", *place),
        "lifecycle": "planned",
        "title": "Put it right",
        "description": f"setright plan {_line(place[1])} --control {place[0]}",
        "tasks": [milestone],
    }


def _findings(sections: Iterable[SectionResult], parts: Iterable[ControlResult], troubles: dict[Place, Trouble]) -> list[Plain]:
    of_control: dict[str, list[ControlResult]] = {}
    for part in parts:
        of_control.setdefault(part.control, []).append(part)
    return [_finding(section, [p for c in section.controls for p in of_control.get(c, ())], troubles) for section in sections]


def _finding(section: SectionResult, parts: list[ControlResult], troubles: dict[Place, Trouble]) -> dict[str, Plain]:
    state, reason = STATUS[section.state]
    status = {"state": state, "reason": reason} | ({"remarks": section.state} if reason == "other" else {})
    at_risk = [(part.control, part.target) for part in parts if (part.control, part.target) in troubles]
    return _full(
        {
            "uuid": _id("finding", section.id),
            "title": _line(f"{section.id} {section.about}"),
            "description": f"{section.state}: {len(section.controls)} checks bear on it.",
            "props": [_prop("label", section.id)],
            "target": {"type": "objective-id", "target-id": token(section.id), "status": status},
            "related-observations": [{"observation-uuid": _id("observation", part.control, part.target)} for part in parts],
            "related-risks": [{"risk-uuid": _id("risk", *place)} for place in at_risk],
        }
    )


def _poam_item(report: Report, place: Place, trouble: Trouble) -> dict[str, Plain]:
    title, _ = report.titles.get(place[0], (place[0], ""))
    return {
        "uuid": _id("poam-item", *place),
        "title": _line(title),
        "description": f"{place[0]} on {_line(place[1])}. {_statement(trouble)}",
        "related-observations": [{"observation-uuid": _id("observation", *place)}],
        "related-risks": [{"risk-uuid": _id("risk", *place)}],
    }


def _troubles(report: Report) -> dict[Place, Trouble]:
    found: dict[Place, Trouble] = {}
    for item in report.items(FAIL):
        known = found.get((item.control, item.target), Trouble())
        due = min(filter(None, (known.due_at, item.due_at)), default="")
        found[item.control, item.target] = known._replace(failed=known.failed + 1, due_at=due)
    for item in report.items(EXCEPTED):
        known = found.get((item.control, item.target), Trouble())
        found[item.control, item.target] = known._replace(left=(*known.left, item))
    return found


def _prop(name: str, value: str) -> dict[str, Plain]:
    return {"name": name, "ns": NAMESPACE, "value": _line(value)}


def _full(told: dict[str, Plain]) -> dict[str, Plain]:
    """Without empty lists, of which OSCAL knows none."""
    kept = {name: _full(value) if isinstance(value, dict) else value for name, value in told.items()}
    return {name: value for name, value in kept.items() if value not in ([], {})}


def _line(text: str) -> str:
    """One line of text that is not empty, as OSCAL's strings are."""
    return " ".join(text.split()) or "-"


def _id(*names: str) -> str:
    """The same for the same thing in every report (RFC 9562, version 5)."""
    return str(uuid5(OURS, "\0".join(names)))
