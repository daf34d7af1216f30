from datetime import UTC, datetime

import pytest

from setright.policy.decide import Decision
from setright.policy.rules import Policy, Rule, Window
from setright.policy.ruling import Subject, is_open, ruled

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
ASK = Decision("ask", "may break something")
WEB = Subject(("web-1", "ssh://web-1"), "production", "team-web", ("pci",))


def told(*rules, decision=ASK, breaks=False, windows=None, control="linux/sshd/root-login"):
    return ruled(Policy(rules, windows or {}), WEB, control, decision, breaks, NOW)


def test_without_a_rule_the_facts_decide():
    assert told() == ASK
    assert told(Rule("auto", targets=("db-*",))) == ASK


def test_the_first_rule_that_speaks_of_a_plan_decides():
    assert told(Rule("hand", environments=("test",)), Rule("auto", tags=("pci",)), Rule("hand")).lane == "auto"


def test_no_rule_lets_run_what_evidence_says_breaks():
    assert told(Rule("auto"), breaks=True) == ASK


def test_a_rule_may_speak_of_some_controls_only():
    assert told(Rule("hand", controls=("aws/*",))) == ASK
    assert told(Rule("hand", controls=("linux/sshd/*",))).lane == "hand"


@pytest.mark.parametrize(("start", "until", "lane"), [("11:00", "13:00", "ask"), ("22:00", "04:00", "hold")])
def test_a_plan_on_hold_waits_for_its_window(start, until, lane):
    windows = {"night": Window(start=start, until=until)}
    assert told(Rule("hold", window="night"), windows=windows).lane == lane


@pytest.mark.parametrize(
    ("hour", "day", "is_so"),
    [(23, 4, True), (3, 5, True), (3, 4, False), (5, 5, False), (21, 4, False)],
)
def test_a_window_past_midnight_counts_from_the_day_it_starts_on(hour, day, is_so):
    window = Window(days=("wed",), start="22:00", until="04:00")
    assert is_open(window, datetime(2026, 3, day, hour, 0, tzinfo=UTC)) is is_so
