"""JSON and XML that come from elsewhere, read without trust: no entities, no documents of any size, errors with their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as Xml

import msgspec

from setright.integrations.error import IntegrationError

MAX_SIZE_BYTES = 512 << 20


def json_of(data: bytes) -> Any:
    """Raises IntegrationError on what is no JSON."""
    _fits(data)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise IntegrationError(f"not JSON: {error}; is the file whole?") from error


def json_objects(data: bytes) -> list[Any]:
    """A JSON array, or one JSON object a line."""
    if data.lstrip()[:1] == b"[":
        rows = json_of(data)
        return list(rows)
    _fits(data)
    return [json_of(line) for line in data.splitlines() if line.strip()]


def xml_of(data: bytes) -> Xml.Element:
    """Raises IntegrationError on what is no XML, and on entities of its own: they may unfold without end."""
    _fits(data)
    if b"<!ENTITY" in data:
        raise IntegrationError("the XML declares entities, which results of scanners do not; it is not read")
    try:
        return Xml.fromstring(data)  # noqa: S314 - no entities, see above
    except (Xml.ParseError, RecursionError, ValueError) as error:
        raise IntegrationError(f"not XML: {error}; is the file whole?") from error


def descendants(element: Xml.Element, name: str) -> Iterator[Xml.Element]:
    """All below it with that name, in whatever namespace."""
    return (each for each in element.iter() if local(each) == name)


def local(element: Xml.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def child_text(element: Xml.Element, name: str) -> str:
    """The text of the first child of that name, in whatever namespace, in one line; empty where there is none."""
    child = next((each for each in element if local(each) == name), None)
    return " ".join("".join(child.itertext()).split()) if child is not None else ""


def _fits(data: bytes) -> None:
    if len(data) > MAX_SIZE_BYTES:
        raise IntegrationError(f"{len(data) >> 20} MiB of results; at most {MAX_SIZE_BYTES >> 20} are read: split the file")
