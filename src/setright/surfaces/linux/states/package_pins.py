"""Pins that change where packages may come from: apt_preferences(5), P >= 1000 goes back to older versions, P < 0 never installs.

    {"downgrades": ["/etc/apt/preferences.d/a: origin apt.example.org 1001"],
     "held-back": ["/etc/apt/preferences: release l=Debian-Security -1"]}

`downgrades` are pins of every package; `held-back` those that keep the release's security updates away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

ASKS = (Ask("file", "/etc/apt/preferences"), Ask("file", "/etc/apt/preferences.d/*"))
SECURITY = re.compile(r"(?i)-security\b|l=[^,]*security|security\.(?:debian|ubuntu)\.")
ROW = re.compile(r"([A-Za-z-]+):\s*(.*)")
READ = re.compile(r"(?:.*/preferences|[^.]*|.*\.pref)$")
OF_ALL = ("*", "/./", "/.*/")
BACK, NEVER = 1000, 0


def tell(evidence: Evidence) -> Tree:
    found: dict[str, list[Plain]] = {}
    for reply in (reply for ask in ASKS for reply in evidence.all(ask) if READ.match(reply.name.rpartition("/")[2])):
        for stanza in _stanzas((reply.data or b"").decode(errors="replace")):
            if sort := _sort(stanza):
                found.setdefault(sort, []).append(f"{reply.name}: {stanza['pin']} {stanza['pin-priority']}")
    why = evidence.barred(*ASKS)
    return {"of": "apt"} | ({sort: Unknown(why) for sort in ("downgrades", "held-back")} if why else {}) | found


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """The fields of each by their names in small letters, those with a number for a priority."""
    for part in re.split(r"\n\s*\n", text):
        rows = (ROW.match(line) for line in part.splitlines() if not line.startswith("#"))
        fields = {row[1].lower(): row[2].strip() for row in rows if row}
        if {"package", "pin"} <= fields.keys() and re.fullmatch(r"-?\d+", fields.get("pin-priority", "")):
            yield fields


def _sort(stanza: dict[str, str]) -> str:
    """What is wrong with it; nothing where nothing is."""
    priority = int(stanza["pin-priority"])
    if stanza["package"] in OF_ALL and priority >= BACK and not SECURITY.search(stanza["pin"]):
        return "downgrades"
    return "held-back" if priority < NEVER and SECURITY.search(stanza["pin"]) else ""
