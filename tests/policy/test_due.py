"""A finding is due so many days after it was first seen."""

from datetime import UTC, datetime, timedelta

from setright.policy.due import due_at, overdue_before

SEEN = datetime(2026, 1, 2, tzinfo=UTC)
DAYS = {"high": 30}


def test_what_is_overdue_is_what_was_due_before_now():
    due = due_at(SEEN, "high", DAYS)
    assert due == SEEN + timedelta(days=30)
    second = timedelta(seconds=1)
    assert overdue_before(DAYS, due + second)["high"] > SEEN
    assert not overdue_before(DAYS, due)["high"] > SEEN


def test_without_a_word_on_its_severity_nothing_is_due():
    assert due_at(SEEN, "low", DAYS) is None
    assert "low" not in overdue_before(DAYS, SEEN)
