"""How is software fetched here? `linux/package-sources:unsigned` or `:own-tls`. Evidence: lists of APT and repositories of DNF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

FILES = (
    Ask("file", "/etc/apt/sources.list"),
    Ask("file", "/etc/apt/sources.list.d/*.list"),
    Ask("file", "/etc/apt/sources.list.d/*.sources"),
    Ask("file", "/etc/yum.repos.d/*.repo"),
)
SIGNS = {
    "unsigned": re.compile(
        r"^[^#]*(?:\[[^\]]*(?:trusted|allow-insecure|allow-weak)=yes|^(?:trusted|allow-insecure): *yes|gpgcheck *= *0)", re.I
    ),
    "own-tls": re.compile(
        r"^[^#]*https://(?!(?:[\w.-]+\.)?(?:debian\.org|ubuntu\.com|centos\.org|fedoraproject\.org|rockylinux\.org)\b)", re.I
    ),
}


def asks(argument: str) -> Sequence[Ask]:
    return FILES


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a source is of that sort, and names its file."""
    if argument not in SIGNS:
        return Answer(None, f"which sort? write linux/package-sources:{' or :'.join(SIGNS)}")
    barred = evidence.barred(*FILES)
    if barred or not evidence.names(*FILES):
        return Answer(None, f"cannot be told: {barred or 'no list of sources is there'}", "sources of APT and DNF")
    files = [each.name for ask in FILES for each in evidence.all(ask) if _shows(argument, each.data or b"")]
    what = "a source that is not signed" if argument == "unsigned" else "a source over HTTPS that is not the distribution's"
    return Answer(bool(files), f"{some(files)} names {what}" if files else f"no list names {what}", "sources of APT and DNF")


def _shows(argument: str, data: bytes) -> bool:
    return any(SIGNS[argument].search(line) for line in data.decode(errors="replace").splitlines())
