"""Trivy's own JSON (`trivy config -f json`): misconfigurations. Vulnerable packages are items of their own."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_of


def read(data: bytes) -> list[Imported]:
    told = json_of(data)
    results = told.get("Results") or ()
    wrong = [
        _of(each, result) for result in results for each in result.get("Misconfigurations") or () if each.get("Status") != "PASS"
    ]
    old = [_vulnerable(each, result, told) for result in results for each in result.get("Vulnerabilities") or ()]
    return wrong + old


def _of(each: dict[str, Any], result: dict[str, Any]) -> Imported:
    cause = each.get("CauseMetadata", {})
    return Imported(
        "trivy",
        each["ID"],
        each["Title"],
        severity(each.get("Severity")),
        path=result["Target"],
        line=cause.get("StartLine"),
        resource=cause.get("Resource", ""),
        text=each.get("Message", ""),
        remedy=each.get("Resolution", ""),
        link=each.get("PrimaryURL", ""),
        others=tuple(filter(None, (each.get("AVDID"),))),
    )


def _vulnerable(each: dict[str, Any], result: dict[str, Any], told: dict[str, Any]) -> Imported:
    fixed = each.get("FixedVersion", "")
    return Imported(
        "trivy",
        each["VulnerabilityID"],
        each.get("Title") or each["VulnerabilityID"],
        severity(each.get("Severity")),
        asset=told.get("ArtifactName", ""),
        path=result.get("Target", ""),
        resource=f"{each.get('PkgName', '')} {each.get('InstalledVersion', '')}".strip(),
        remedy=f"update {each.get('PkgName', 'it')} to {fixed}" if fixed else "",
        link=each.get("PrimaryURL", ""),
    )
