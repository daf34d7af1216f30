"""OCSF 1.8, class Compliance Finding (2003), one event a finding, as a JSON array. Source: schema.ocsf.io."""

from __future__ import annotations

import time

from setright import __version__
from setright.cli.output import json_text
from setright.controls.words import mismatch_in_words
from setright.engine.contract import Report, finding_object
from setright.engine.redact import redact_text
from setright.engine.scan import Found
from setright.model import Plain, Verdict

CLASS_UID, CREATE = 2003, 1
SEVERITY_IDS = {"info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High")}
CRITICAL = (5, "Critical")
STATUS_IDS = {Verdict.FAIL: (3, "Fail"), Verdict.UNKNOWN: (0, "Unknown"), Verdict.PASS: (1, "Pass")}


def render(report: Report) -> str:
    now_ms = time.time_ns() // 1_000_000
    return json_text([_event(found, report.key, now_ms) for found in report.found])


def _event(found: Found, key: bytes, now_ms: int) -> dict[str, Plain]:
    severity_id, severity = SEVERITY_IDS.get(found.finding.severity, CRITICAL)
    return {
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS_UID,
        "class_name": "Compliance Finding",
        "type_uid": CLASS_UID * 100 + CREATE,
        "type_name": "Compliance Finding: Create",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "time": now_ms,
        "message": found.finding.title,
        "metadata": {
            "version": "1.8.0",
            "product": {"name": "setright", "vendor_name": "setright", "version": __version__},
            "event_code": found.control.id,
        },
        "finding_info": _information(found, now_ms),
        "compliance": _compliance(found),
        "resources": [_resource(found)],
        "remediation": {"desc": _remedy(found), "references": [found.control.source]},
        "unmapped": finding_object(found, key),
    }


def _information(found: Found, now_ms: int) -> dict[str, Plain]:
    return {
        "uid": found.finding.id,
        "title": found.finding.title,
        "desc": found.control.why,
        "created_time": now_ms,
        "analytic": {"uid": found.control.id, "name": found.control.title, "type_id": 1, "type": "Rule"},
    }


def _compliance(found: Found) -> dict[str, Plain]:
    status_id, status = STATUS_IDS[found.finding.verdict]
    frameworks = found.finding.frameworks
    return {
        "control": found.control.id,
        "desc": found.control.title,
        "standards": list(frameworks) or ["setright"],
        "requirements": [f"{name} {section}" for name, sections in frameworks.items() for section in sections],
        "status_id": status_id,
        "status": status,
        **({"status_details": [redact_text(found.finding.why_unknown)]} if found.finding.why_unknown else {}),
    }


def _resource(found: Found) -> dict[str, Plain]:
    finding = found.finding
    return {"uid": f"{finding.target}#{finding.resource}", "name": finding.resource, "type": finding.kind}


def _remedy(found: Found) -> str:
    if found.control.by_hand:
        return found.control.by_hand.strip()
    wanted = [f"{line.path}: {line.want}" for line in map(mismatch_in_words, found.finding.mismatches)]
    return "; ".join(wanted) or found.control.title
