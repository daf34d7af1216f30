"""zizmor's own JSON (`zizmor --format json`)."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_of


def read(data: bytes) -> list[Imported]:
    return [_of(finding) for finding in json_of(data) if not finding.get("ignored")]


def _of(finding: dict[str, Any]) -> Imported:
    where = next((each for each in finding["locations"] if each["symbolic"].get("kind") == "Primary"), finding["locations"][0])
    key = where["symbolic"]["key"].get("Local", {})
    return Imported(
        "zizmor",
        f"zizmor/{finding['ident']}",
        finding["desc"],
        severity(finding["determinations"]["severity"]),
        path=str(key.get("verbatim_path") or key.get("given_path", "")).removeprefix("./"),
        line=where["concrete"]["location"]["start_point"]["row"] + 1,
        text=where["symbolic"].get("annotation", ""),
        link=finding.get("url", ""),
    )
