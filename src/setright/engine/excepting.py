"""An exception made as policy wants it, whoever asks for it and by which way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from setright.engine.configuration import Configuration
from setright.engine.error import EngineError
from setright.engine.ledger import Ledger
from setright.engine.store import Store
from setright.engine.times import stamp
from setright.policy.estate import Subject
from setright.policy.exceptions import FindingException, why_refused


def exception_of(finding: str, approver: str, subject: Subject, at: datetime, **said: str) -> FindingException:
    """What somebody says of a finding (`reason`, `until`, `compensating`). Raises EngineError for an end that is none."""
    end = end_of(said["until"], at)
    compensating = said.get("compensating", "")
    return FindingException(finding, said["reason"], approver, end, at, compensating, subject.owner, subject.exposure)


def keep(made: FindingException, configuration: Configuration, store: Store, ledger: Ledger) -> None:
    """Records it. Raises EngineError where policy does not allow it."""
    if why := why_refused(configuration.policy.exceptions, made, configuration.people):
        raise EngineError(why)
    ledger.append("exception", exception_told(made))
    store.add_exception(made)


def end_of(text: str, at: datetime) -> datetime:
    """The moment an exception ends: the end of that day (UTC), or so many days from now."""
    try:
        if text.endswith("d"):
            until = at + timedelta(days=int(text[:-1]))
        else:
            until = datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)  # all of that day
    except (ValueError, OverflowError) as error:
        raise EngineError(f"{text!r} is no end; give a date as 2026-12-31, or days as 30d") from error
    if until <= at:
        raise EngineError(f"{text} is over already")
    return until


def exception_told(made: FindingException) -> dict[str, str]:
    return {
        "finding": made.finding,
        "reason": made.reason,
        "approver": made.approver,
        "until": stamp(made.until),
        "made_at": stamp(made.made_at),
        "compensating": made.compensating,
        "owner": made.owner,
        "exposure": made.exposure,
    }
