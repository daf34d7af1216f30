"""OpenVAS (Greenbone) report XML: results with their NVTs."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from setright.integrations.importers import Imported, of_score
from setright.integrations.importers.documents import child_text, descendants, local, xml_of


def read(data: bytes) -> list[Imported]:
    results = [each for each in descendants(xml_of(data), "result") if any(local(child) == "nvt" for child in each)]
    return [_of(each) for each in results if of_score(child_text(each, "severity"), "info") != "info"]


def _of(result: Xml.Element) -> Imported:
    nvt = next(each for each in result if local(each) == "nvt")
    host = next((each for each in result if local(each) == "host"), None)
    return Imported(
        "openvas",
        nvt.get("oid", ""),
        child_text(result, "name") or child_text(nvt, "name"),
        of_score(child_text(result, "severity")),
        (host.text or "").strip() if host is not None else "",
        resource=child_text(result, "port"),
        text=child_text(result, "description"),
        remedy=child_text(nvt, "solution"),
        others=tuple(each.get("id", "") for each in descendants(nvt, "ref") if each.get("type") == "cve"),
    )
