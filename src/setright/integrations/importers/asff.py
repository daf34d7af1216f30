"""AWS Security Finding Format 2018-10-08, as `aws securityhub get-findings` gives it, or a bare array."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_of

CLOSED = ("RESOLVED", "SUPPRESSED")


def read(data: bytes) -> list[Imported]:
    told = json_of(data)
    findings = told.get("Findings", [told]) if isinstance(told, dict) else told
    return [_of(finding) for finding in findings if _is_open(finding)]


def _is_open(finding: dict[str, Any]) -> bool:
    closed = finding.get("Workflow", {}).get("Status") in CLOSED or finding.get("RecordState") == "ARCHIVED"
    return not closed and finding.get("Compliance", {}).get("Status") not in ("PASSED", "NOT_AVAILABLE")


def _of(finding: dict[str, Any]) -> Imported:
    resource: dict[str, Any] = next(iter(finding.get("Resources") or ()), {})
    recommended = finding.get("Remediation", {}).get("Recommendation", {})
    compliance = finding.get("Compliance", {})
    control = compliance.get("SecurityControlId") or finding["GeneratorId"].rpartition("/")[2]
    return Imported(
        str(finding.get("ProductName") or "security hub").lower(),
        control,
        finding["Title"],
        severity(finding.get("Severity", {}).get("Label")),
        asset=f"AWS:{finding['AwsAccountId']}:{finding.get('Region', resource.get('Region', ''))}",
        resource=resource.get("Id", ""),
        text=finding.get("Description", ""),
        remedy=recommended.get("Text", ""),
        link=recommended.get("Url", ""),
        others=tuple(compliance.get("RelatedRequirements") or ()),
    )
