"""SARIF 2.1.0 (OASIS): what zizmor, hadolint, Trivy, Checkov and many more write."""

from __future__ import annotations

from typing import Any

from setright.integrations.importers import Imported, of_score, severity
from setright.integrations.importers.documents import json_of

OPEN = ("fail", "open", "review", "")


def read(data: bytes) -> list[Imported]:
    return [found for run in json_of(data)["runs"] for found in _of_run(run)]


def _of_run(run: dict[str, Any]) -> list[Imported]:
    driver = run["tool"]["driver"]
    rules = {rule["id"]: rule for rule in driver.get("rules", ())}
    results = run.get("results") or ()
    return [_of(result, driver, rules) for result in results if result.get("kind", "fail") in OPEN and not _suppressed(result)]


def _of(result: dict[str, Any], driver: dict[str, Any], rules: dict[str, Any]) -> Imported:
    rule_id = result.get("ruleId") or driver["rules"][result["ruleIndex"]]["id"]
    rule = rules.get(rule_id, {})
    first: dict[str, Any] = next(iter(result.get("locations", ())), {})
    place = first.get("physicalLocation", {})
    return Imported(
        driver["name"].lower(),
        rule_id,
        _said(rule.get("shortDescription")) or rule.get("name") or _said(result.get("message")) or rule_id,
        _severity(result, rule),
        path=place.get("artifactLocation", {}).get("uri", "").removeprefix("file://").removeprefix("./"),
        line=place.get("region", {}).get("startLine"),
        text=_said(result.get("message")),
        remedy=_said(rule.get("help")),
        link=rule.get("helpUri", ""),
    )


def _severity(result: dict[str, Any], rule: dict[str, Any]) -> str:
    """The score that code scanning goes by, else the level."""
    for properties in (result.get("properties", {}), rule.get("properties", {})):
        if score := properties.get("security-severity"):
            return of_score(score)
    return severity(result.get("level") or rule.get("defaultConfiguration", {}).get("level"))


def _suppressed(result: dict[str, Any]) -> bool:
    return any(each.get("status", "accepted") == "accepted" for each in result.get("suppressions") or ())


def _said(message: dict[str, Any] | None) -> str:
    return " ".join((message or {}).get("text", "").split())
