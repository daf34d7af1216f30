"""An exception holds for its finding, from when it was made until its end, to the second."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from setright.policy.estate import Person, Subject
from setright.policy.exceptions import ExceptionRules, FindingException, latest, why_refused

MADE = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
END = datetime(2026, 2, 1, 0, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def exception(finding="f1", until=END, made_at=MADE):
    return FindingException(finding, "a legacy client needs it", "ann", until, made_at)


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (MADE - SECOND, False),
        (MADE, True),
        (END - SECOND, True),
        (END - timedelta(microseconds=1), True),
        (END, False),
        (END + SECOND, False),
    ],
)
def test_an_exception_ends_to_the_second(now, holds):
    assert exception().holds(now) is holds
    assert any(each.holds(now) for each in latest([exception()], now).values()) is holds


def test_an_end_in_another_zone_is_the_same_moment():
    east = timezone(timedelta(hours=2))
    shifted = exception(until=datetime(2026, 2, 1, 2, 0, 0, tzinfo=east))
    assert shifted.holds(END - SECOND) and not shifted.holds(END)


def test_an_exception_speaks_of_its_own_finding_only():
    assert "f2" not in latest([exception("f1")], MADE)


def test_of_one_finding_the_exception_made_last_counts():
    """However long an earlier one would have held: it may be void, or have been meant to be shortened."""
    shorter = exception(until=END - SECOND, made_at=MADE + SECOND)
    assert latest([shorter, exception()], MADE + SECOND) == {"f1": shorter}
    assert latest([shorter, exception()], MADE) == {"f1": exception()}
    assert latest([exception()], MADE - SECOND) == {}


@pytest.mark.parametrize(
    ("owner", "exposure", "words"),
    [
        ("web", "internal", ""),
        ("data", "internal", "the owner was web, and is data now"),
        ("web", "internet", "exposure was internal"),
    ],
)
def test_an_exception_is_for_its_circumstances(owner, exposure, words):
    made = FindingException("f1", "r", "ann", END, MADE, owner="web", exposure="internal")
    said = made.void(Subject(("t",), owner=owner, exposure=exposure))
    assert words in said and bool(said) is bool(words)
    assert exception().void(Subject(("t",), owner=owner)) == ""  # nothing was known when it was made


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (ExceptionRules(), ""),
        (ExceptionRules(longest_days=30), ""),
        (ExceptionRules(longest_days=29), "end it by 2026-01-31"),
        (ExceptionRules(role="board"), ""),
        (ExceptionRules(role="risk"), "ann does not have the role risk"),
        (ExceptionRules(needs_compensating=True), "--compensating"),
    ],
)
def test_an_exception_keeps_to_the_rules(rules, words):
    said = why_refused(rules, exception(), (Person("Ann", "ann", roles=("board",)),))
    assert words in said and bool(said) is bool(words)
