"""How many log in over SSH within one second? MaxStartups turns the rest away. Evidence: the logs of sshd, 30 days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

MANY = 8  # of the ten that a strict setting lets in


def asks(argument: str) -> Sequence[Ask]:
    return logins.ASKS


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where it was near ten; else it tells as far as the logs reach back."""
    stamps = [match[0] for line in _lines(evidence) if (match := logins.STAMP.match(line)) and logins.LOGIN.search(line)]
    most = max(Counter(stamp[:19] for stamp in stamps).values(), default=0)
    if most >= MANY:
        return Answer(True, f"{most} logged in within one second", "logs of sshd")
    reach = logins.answer(evidence, "login", methods=("nothing of that name",))
    text = f"at most {most} logged in within one second; {reach.text.partition('; ')[2] or reach.text}"
    return Answer(False if reach.holds is False else None, text, reach.source)


def _lines(evidence: Evidence) -> list[str]:
    return [line for ask in (*logins.LOGS, logins.JOURNAL) for line in evidence.lines(ask)]
