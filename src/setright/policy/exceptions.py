"""A finding knowingly left open: by whom, why, and until when. Pure: the caller says what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from setright.policy.estate import Person, Subject


class ExceptionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an exception must keep to; 0 and empty: nothing. `role` is what its approver must have.

    `in_repositories`: whether those that a repository carries are honoured; None: where no role is demanded.
    """

    longest_days: int = 0
    role: str = ""
    needs_compensating: bool = False
    in_repositories: bool | None = None
    warn_days: int = 14  # before it ends, scans say so; as long after, that it has


class FindingException(msgspec.Struct, frozen=True):
    """One finding's exception; times bear a zone. `compensating` names what protects in the meantime.

    `owner` and `exposure` are the target's when it was made: an exception is for these circumstances.
    """

    finding: str
    reason: str
    approver: str
    until: datetime
    made_at: datetime
    compensating: str = ""
    owner: str = ""
    exposure: str = ""

    def holds(self, now: datetime) -> bool:
        """From the moment it was made to just before it ends."""
        return self.made_at <= now < self.until

    def void(self, subject: Subject) -> str:
        """Why it is of no force any more, though its time is not over; empty where the circumstances are the same."""
        if self.owner and subject.owner != self.owner:
            return f"the owner was {self.owner}, and is {subject.owner or 'nobody known'} now"
        if self.exposure and subject.exposure != self.exposure:
            return f"the exposure was {self.exposure}, and is {subject.exposure or 'not declared'} now"
        return ""


def latest(exceptions: Iterable[FindingException], now: datetime) -> dict[str, FindingException]:
    """By finding, the exception that was made last; it may be over. Who makes another means it instead of the one before."""
    return {e.finding: e for e in sorted(exceptions, key=lambda e: e.made_at) if e.made_at <= now}


def why_refused(rules: ExceptionRules, made: FindingException, people: Sequence[Person]) -> str:
    """What an exception does not keep to, with what to do; empty where it may be made."""
    longest = timedelta(days=rules.longest_days)
    if rules.longest_days and made.until - made.made_at > longest:
        return f"an exception lasts {rules.longest_days} days at most; end it by {made.made_at + longest:%Y-%m-%d}"
    roles = next((person.roles for person in people if person.is_called(made.approver)), ())
    if rules.role and rules.role not in roles:
        return f"{made.approver} does not have the role {rules.role}; name an approver who has"
    if rules.needs_compensating and not made.compensating:
        return "an exception names what protects in the meantime; give --compensating"
    return ""
