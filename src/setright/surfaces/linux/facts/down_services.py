"""Which services start with the host, are down just now, and listen on nobody knows what. Source: systemctl(1), their settings."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import down
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

SOURCE = "systemctl show"


def asks(argument: str) -> Sequence[Ask]:
    return down.ASKS


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there is one: start it, so that what it listens on shows, or disable it."""
    if not evidence.ran(down.DOWN) or evidence.failed(down.DOWN):
        return Answer(None, "no systemd runs there that could tell", SOURCE)
    services = down.dark(evidence)
    if services:
        return Answer(True, f"{some(services)}: down though started with the host; start it, or disable it", SOURCE)
    return Answer(False, "of each service that starts with the host and is down it is known what it listens on", SOURCE)
