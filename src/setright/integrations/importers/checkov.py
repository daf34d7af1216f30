"""Checkov's own JSON (`checkov -o json`), of one framework or several."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_of


def read(data: bytes) -> list[Imported]:
    told = json_of(data)
    reports = told if isinstance(told, list) else [told]
    return [_of(check) for report in reports for check in report.get("results", {}).get("failed_checks", ())]


def _of(check: dict[str, Any]) -> Imported:
    return Imported(
        "checkov",
        check["check_id"],
        check["check_name"],
        severity(check.get("severity")),
        path=check["file_path"].lstrip("/"),
        line=next(iter(check.get("file_line_range") or ()), None),
        resource=check.get("resource") or "",
        remedy=check.get("guideline") or "",
        link=check.get("guideline") or "",
    )
