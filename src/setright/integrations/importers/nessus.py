"""Nessus' own XML (.nessus, version 2): hosts and their items, compliance checks among them."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import child_text, descendants, xml_of

LEVELS = ("info", "low", "medium", "high", "critical")
PASSED = "PASSED"


def read(data: bytes) -> list[Imported]:
    return [
        _of(item, host.get("name", ""))
        for host in descendants(xml_of(data), "ReportHost")
        for item in descendants(host, "ReportItem")
        if item.get("severity") != "0" and child_text(item, "compliance-result") != PASSED
    ]


def _of(item: Xml.Element, host: str) -> Imported:
    port = f"{item.get('svc_name', '')} {item.get('port', '')}/{item.get('protocol', '')}"
    return Imported(
        "nessus",
        item.get("pluginID", ""),
        child_text(item, "compliance-check-name") or item.get("pluginName", ""),
        severity(LEVELS[min(int(item.get("severity", "2")), 4)]),
        host,
        resource=port if item.get("port", "0") != "0" else "",
        text=child_text(item, "synopsis") or child_text(item, "description"),
        remedy=child_text(item, "solution"),
        link=child_text(item, "see_also").partition(" ")[0],
        others=tuple("".join(each.itertext()) for each in descendants(item, "cve")),
    )
