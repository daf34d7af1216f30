"""Kubescape's JSON, version 2 (`kubescape scan --format json --format-version v2`)."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, of_score
from setright.integrations.importers.documents import json_of


def read(data: bytes) -> list[Imported]:
    told = json_of(data)
    controls = told["summaryDetails"].get("controls", {})
    objects = {each["resourceID"]: each for each in told.get("resources") or ()}
    return [
        _of(result["resourceID"], check, controls.get(check["controlID"], {}), objects.get(result["resourceID"], {}))
        for result in told.get("results") or ()
        for check in result.get("controls") or ()
        if _state(check) == "failed"
    ]


def _state(check: dict[str, Any]) -> str:
    status = check.get("status", "")
    return str(status.get("status", "") if isinstance(status, dict) else status)


def _of(resource_id: str, check: dict[str, Any], control: dict[str, Any], found: dict[str, Any]) -> Imported:
    source = found.get("source") or {}
    return Imported(
        "kubescape",
        check["controlID"],
        check.get("name") or control.get("name", check["controlID"]),
        of_score(control.get("scoreFactor")),
        path=source.get("relativePath", ""),
        resource=resource_id,
        link=f"https://hub.armosec.io/docs/{check['controlID'].lower()}",
    )
