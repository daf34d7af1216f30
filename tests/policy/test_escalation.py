"""Whoever answers hears of a finding in time, then those above; nobody at night, and nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from setright.policy.escalation import Escalation, Reached, RiskDue, Rung, days_given, may_tell, reached, told_to
from setright.policy.rules import Window

DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = Escalation()


@pytest.mark.parametrize(
    ("days", "rung"),
    [
        (-30, None),
        (-7, Reached("before 7", "owner", -7)),
        (-3, Reached("before 7", "owner", -3)),
        (-1, Reached("before 1", "owner", -1)),
        (0, Reached("late 0", "owner", 0)),
        (6, Reached("late 0", "owner", 6)),
        (7, Reached("late 7", "lead", 7)),
        (400, Reached("late 14", "role:ciso", 400)),
    ],
)
def test_a_finding_stands_on_one_rung(days, rung):
    assert reached(RULES, DUE, DUE + timedelta(days=days)) == rung


def test_a_ladder_may_begin_later_and_reminders_may_be_none():
    rules = Escalation(remind_days=(), ladder=(Rung(3, "lead"),))
    assert reached(rules, DUE, DUE - timedelta(hours=1)) is None
    assert reached(rules, DUE, DUE + timedelta(days=2)) is None
    assert reached(rules, DUE, DUE + timedelta(days=3)) == Reached("late 3", "lead", 3)


def test_risk_gives_the_days_before_severity_does():
    rules = Escalation(due=(RiskDue(80, 3), RiskDue(50, 14)))
    by_severity = {"high": 30}
    assert days_given(rules, 90, "high", by_severity) == 3
    assert days_given(rules, 60, "high", by_severity) == 14
    assert days_given(rules, 10, "high", by_severity) == 30
    assert days_given(rules, None, "high", by_severity) == 30
    assert days_given(rules, 10, "low", by_severity) is None


@pytest.mark.parametrize(
    ("at", "zone", "may"),
    [
        ("2026-03-02T09:00:00+00:00", "", True),  # a Monday
        ("2026-03-02T07:59:00+00:00", "", False),
        ("2026-03-02T18:00:00+00:00", "", False),
        ("2026-03-01T12:00:00+00:00", "", False),  # a Sunday
        ("2026-03-02T07:30:00+00:00", "Europe/Berlin", True),
        ("2026-03-02T09:00:00+00:00", "America/New_York", False),
        ("2026-03-01T23:30:00+00:00", "Asia/Tokyo", True),  # Monday morning there
    ],
)
def test_nobody_is_told_at_night_or_on_a_sunday_of_theirs(at, zone, may):
    assert may_tell(RULES, zone, datetime.fromisoformat(at)) is may


def test_the_zone_of_the_rules_holds_where_an_owner_names_none():
    rules = Escalation(hours=Window(("mon",), "08:00", "18:00", "Asia/Tokyo"))
    assert may_tell(rules, "", datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert not may_tell(rules, "UTC", datetime(2026, 3, 1, 23, 30, tzinfo=UTC))


def test_each_rung_names_its_people():
    people = [("Ann", ("ciso",)), ("Bob", ("board",))]
    assert told_to("owner", "web", "lead@x", people) == ("web",)
    assert told_to("lead", "web", "lead@x", people) == ("lead@x",)
    assert told_to("lead", "web", "", people) == ("web",)
    assert told_to("role:ciso", "web", "lead@x", people) == ("Ann",)
    assert told_to("role:nobody", "web", "lead@x", people) == ("lead@x",)  # somebody hears it all the same
