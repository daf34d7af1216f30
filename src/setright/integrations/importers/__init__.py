"""Other scanners' results as findings of theirs: one format a module, each `read(data) -> list[Imported]`; content tells which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import msgspec

from setright.integrations.error import IntegrationError

FORMATS = {  # name -> a word in the first bytes that no other format has there
    "sarif": b'"runs"',
    "ocsf": b'"class_uid"',
    "asff": b'"SchemaVersion": "2018-10-08"',
    "checkov": b'"check_type"',
    "trivy": b'"ArtifactName"',
    "kubescape": b'"summaryDetails"',
    "zizmor": b'"determinations"',
    "hadolint": b'"code"',
    "nuclei": b'"template-id"',
    "xccdf": b"xccdf",
    "nessus": b"<NessusClientData_v2",
    "openvas": b"<report",
    "lynis": b"lynis_version=",
}
BEGINS = {"xccdf": b"<", "nessus": b"<", "openvas": b"<", "lynis": b"#lr"}  # the others are JSON; a text may speak of any
SCANNERS = {  # format -> whose it is, where it is one scanner's alone
    "checkov": "checkov",
    "trivy": "trivy",
    "zizmor": "zizmor",
    "hadolint": "hadolint",
    "kubescape": "kubescape",
    "nuclei": "nuclei",
    "lynis": "lynis",
    "xccdf": "oscap",
}
SEVERITIES = {
    "critical": "critical",
    "very high": "critical",
    "high": "high",
    "error": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "low": "low",
    "note": "low",
    "style": "low",
    "minor": "low",
    "info": "info",
    "informational": "info",
    "none": "info",
}


class UnknownFormat(IntegrationError):
    """It may be anything, and need not be broken."""


class Imported(msgspec.Struct, frozen=True):
    """What another scanner found. `rule` is its own id; `others` are ids of other catalogues that it names for it.

    `path` and `line` are where, in a tree of sources; `asset` is the host, account or image; `resource` the thing there.
    """

    tool: str
    rule: str
    title: str
    severity: str = "medium"
    asset: str = ""
    path: str = ""
    line: int | None = None
    resource: str = ""
    text: str = ""
    remedy: str = ""
    link: str = ""
    others: tuple[str, ...] = ()


def read(data: bytes, name: str = "") -> list[Imported]:
    """What a file says is wrong. Without a format's name it is told by its content. Raises IntegrationError."""
    chosen = name or detect(data)
    if chosen not in FORMATS:
        raise IntegrationError(f"no format {chosen!r}; there are {', '.join(FORMATS)}, csv")
    module: Any = import_module(f"setright.integrations.importers.{chosen}")
    reader: Callable[[bytes], list[Imported]] = module.read
    try:
        return reader(data)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise IntegrationError(
            f"the {chosen} results have not the shape of their format ({type(error).__name__}: {error})"
        ) from error


def detect(data: bytes, name: str = "") -> str:
    """The format's name; of an empty list, which some write where nothing is wrong, the file's `name` tells it.

    Raises UnknownFormat.
    """
    compact, begins = data.replace(b'": ', b'":'), data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    for chosen, word in FORMATS.items():
        if word.replace(b'": ', b'":') in compact and begins in BEGINS.get(chosen, b"{["):
            return chosen
    if data.split() in ([b"[]"], [b"[", b"]"]) and name in FORMATS:
        return name
    raise UnknownFormat(f"this is no result that we can read; there are {', '.join(FORMATS)}; csv needs --map")


def severity(word: object) -> str:
    """Any scanner's word for how grave a thing is, as one of ours; medium for a word that is none."""
    return SEVERITIES.get(str(word or "").strip().lower(), "medium")


def of_score(score: object, otherwise: str = "medium") -> str:
    """From 0.0 to 10.0, as CVSS has it."""
    try:
        number = float(str(score))
    except ValueError:
        return otherwise
    limits: Sequence[tuple[float, str]] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
    return next((name for least, name in limits if number >= least), "info")
