"""OCSF Compliance Findings (2003) and Detection Findings (2004), as an array or a line each: Prowler 4 and later, and others."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_objects

CLASSES = (2003, 2004)
CLOSED = ("resolved", "suppressed")
PASSED = ("pass", "passed")


def read(data: bytes) -> list[Imported]:
    return [_of(event) for event in json_objects(data) if event.get("class_uid") in CLASSES and _is_open(event)]


def _is_open(event: dict[str, Any]) -> bool:
    verdict = str(event.get("status_code") or event.get("compliance", {}).get("status") or "").lower()
    return verdict not in PASSED and str(event.get("status", "")).lower() not in CLOSED


def _of(event: dict[str, Any]) -> Imported:
    information = event["finding_info"]
    product = event["metadata"]["product"]
    resource: dict[str, Any] = next(iter(event.get("resources") or ()), {})
    remediation = event.get("remediation") or {}
    compliance = event.get("compliance") or {}
    return Imported(
        str(product.get("name", "ocsf")).lower(),
        str(
            event["metadata"].get("event_code")
            or compliance.get("control")
            or information.get("analytic", {}).get("uid")
            or information["uid"]
        ),
        information["title"],
        severity(event.get("severity")),
        asset=_asset(event, resource),
        resource=str(resource.get("uid") or resource.get("name") or ""),
        text=str(event.get("status_detail") or event.get("message") or ""),
        remedy=str(remediation.get("desc") or ""),
        link=next(iter(remediation.get("references") or ()), ""),
        others=tuple(map(str, compliance.get("requirements") or ())),
    )


def _asset(event: dict[str, Any], resource: dict[str, Any]) -> str:
    cloud = event.get("cloud") or {}
    account = (cloud.get("account") or {}).get("uid", "")
    region = cloud.get("region") or resource.get("region", "")
    return ":".join(filter(None, (str(cloud.get("provider", "")), str(account), str(region))))
