"""Nuclei's JSON (`nuclei -jsonl` or `-json-export`)."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_objects


def read(data: bytes) -> list[Imported]:
    return [_of(each) for each in json_objects(data)]


def _of(each: dict[str, Any]) -> Imported:
    information = each["info"]
    known = information.get("classification") or {}
    return Imported(
        "nuclei",
        each["template-id"],
        information["name"],
        severity(information.get("severity")),
        asset=each.get("host", ""),
        resource=each.get("matched-at", ""),
        text=information.get("description") or "",
        remedy=information.get("remediation") or "",
        link=next(iter(information.get("reference") or ()), ""),
        others=tuple(known.get("cve-id") or ()) + tuple(known.get("cwe-id") or ()),
    )
