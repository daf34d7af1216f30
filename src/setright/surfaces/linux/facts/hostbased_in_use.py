"""Does any host log in here on its own word? sshd(8): host-based logins need one of these files."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

TRUST = (
    Ask("list", "/etc/hosts.equiv"),
    Ask("list", "/etc/ssh/shosts.equiv"),
    Ask("list", "/home/*/.[rs]hosts"),
    Ask("list", "/root/.[rs]hosts"),
)


def asks(argument: str) -> Sequence[Ask]:
    return (*TRUST, *logins.ASKS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Without a file that trusts hosts it cannot work; with one the logs may prove it, never disprove it."""
    trusted, barred = evidence.names(*TRUST), evidence.barred(*TRUST)
    if barred:
        return Answer(None, f"cannot be told: {barred}")
    if not trusted:
        return Answer(
            False, "no host-based login can work: no file names a trusted host", "hosts.equiv, shosts.equiv, .shosts, .rhosts"
        )
    seen = logins.answer(evidence, "host-based login", methods=("hostbased",))
    return seen if seen.holds is not False else Answer(None, f"{seen.text}, yet hosts are trusted in {some(trusted)}", seen.source)
