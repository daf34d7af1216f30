"""XCCDF 1.1 and 1.2 results, bare or in an ARF report: what `oscap xccdf eval --results[-arf]` writes (csrc.nist.gov, SCAP 1.3)."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import child_text, descendants, xml_of

PREFIX = "xccdf_org.ssgproject.content_rule_"


def read(data: bytes) -> list[Imported]:
    root = xml_of(data)
    rules = {rule.get("id", ""): rule for rule in descendants(root, "Rule")}
    return [found for tests in descendants(root, "TestResult") for found in _of_tests(tests, rules)]


def _of_tests(tests: Xml.Element, rules: dict[str, Xml.Element]) -> list[Imported]:
    asset = child_text(tests, "target")
    failed = [each for each in descendants(tests, "rule-result") if child_text(each, "result") == "fail"]
    return [_of(each, rules.get(each.get("idref", "")), asset) for each in failed]


def _of(result: Xml.Element, rule: Xml.Element | None, asset: str) -> Imported:
    name = result.get("idref", "").removeprefix(PREFIX)
    if rule is None:
        return Imported("oscap", name, name.replace("_", " "), severity(result.get("severity")), asset)
    return Imported(
        "oscap",
        name,
        child_text(rule, "title"),
        severity(result.get("severity")),
        asset,
        text=child_text(rule, "description"),
        remedy=child_text(rule, "fixtext"),
        others=tuple("".join(each.itertext()) for each in descendants(rule, "reference")),
    )
