from datetime import UTC, datetime, timedelta

import pytest

from setright.policy.decide import Decision
from setright.policy.estate import Subject
from setright.policy.rules import Freeze, Policy, Rule, Window
from setright.policy.ruling import Case, is_open, ruled

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
ASK = Decision("ask", "may break something")
WEB = Subject(("web-1", "ssh://web-1"), "production", "team-web", ("payments", "acme"), "high", "internet", ("pci",))


def told(*rules, decision=ASK, breaks=False, windows=None, control="linux/sshd/root-login", freezes=(), risk=30):
    case = Case(control, "linux/sshd", "high", breaks, risk)
    return ruled(Policy(rules, windows or {}, freezes), WEB, case, decision, NOW)


def test_without_a_rule_the_facts_decide():
    assert told() == ASK
    assert told(Rule(lane="auto", targets=("db-*",))) == ASK


def test_the_first_rule_that_speaks_of_a_plan_decides():
    assert told(Rule(lane="hand", environments=("test",)), Rule(lane="auto", tags=("pci",)), Rule(lane="hand")).lane == "auto"


def test_no_rule_lets_run_what_evidence_says_breaks():
    assert told(Rule(lane="auto"), breaks=True) == ASK


@pytest.mark.parametrize(
    ("given", "costs", "rules", "lane"),
    [
        ("agreed", True, (), "auto"),
        ("ask", True, (), "ask"),
        ("ask", False, (), "auto"),
        ("ask", True, (Rule(lane="auto", lanes=("ask",)),), "auto"),
    ],
)
def test_a_small_cost_is_asked_for_where_policy_wants_it(given, costs, rules, lane):
    case = Case("aws/ec2/flow-logs", "aws/ec2/vpc", "low", costs=costs)
    decision = Decision("auto", "changes nothing for a correct setup")
    assert ruled(Policy(rules, small_costs=given), WEB, case, decision, NOW).lane == lane


def test_a_rule_may_speak_of_some_controls_only():
    assert told(Rule(lane="hand", controls=("aws/*",))) == ASK
    assert told(Rule(lane="hand", controls=("linux/sshd/*",))).lane == "hand"


@pytest.mark.parametrize(("start", "until", "lane"), [("11:00", "13:00", "ask"), ("22:00", "04:00", "hold")])
def test_a_plan_on_hold_waits_for_its_window(start, until, lane):
    windows = {"night": Window(start=start, until=until)}
    assert told(Rule(lane="hold", window="night"), windows=windows).lane == lane


@pytest.mark.parametrize(
    ("hour", "day", "is_so"),
    [(23, 4, True), (3, 5, True), (3, 4, False), (5, 5, False), (21, 4, False)],
)
def test_a_window_past_midnight_counts_from_the_day_it_starts_on(hour, day, is_so):
    window = Window(days=("wed",), start="22:00", until="04:00")
    assert is_open(window, datetime(2026, 3, day, hour, 0, tzinfo=UTC)) is is_so


@pytest.mark.parametrize(
    ("rule", "speaks"),
    [
        ({"organisations": ("acme",)}, True),  # of those below it too
        ({"organisations": ("other",)}, False),
        ({"kinds": ("linux/*",), "severities": ("high",)}, True),
        ({"severities": ("low",)}, False),
        ({"lanes": ("ask",), "exposures": ("internet",), "importances": ("high",)}, True),
        ({"lanes": ("auto",)}, False),
        ({"change_risk_at_most": 30}, True),
        ({"change_risk_at_most": 29}, False),
    ],
)
def test_a_rule_speaks_of_what_it_names(rule, speaks):
    assert (told(Rule(lane="auto", **rule)).lane == "auto") is speaks


@pytest.mark.parametrize(
    ("freeze", "lane"),
    [
        ({}, "hold"),
        ({"organisations": ("acme",)}, "hold"),
        ({"environments": ("test",)}, "ask"),
        ({"start": NOW + timedelta(seconds=1)}, "ask"),
        ({"until": NOW}, "ask"),
    ],
)
def test_a_freeze_goes_before_every_rule(freeze, lane):
    span = {"start": NOW - timedelta(days=1), "until": NOW + timedelta(days=1), "reason": "year's end"}
    decision = told(Rule(lane="auto", lanes=("hold",)), freezes=(Freeze(**span | freeze),))
    assert decision.lane == lane
    assert ("year's end" in decision.reason) is (lane == "hold")


def test_what_only_a_person_can_do_stays_with_a_person():
    assert told(Rule(lane="auto"), decision=Decision("hand", "a value is missing")) == Decision("hand", "a value is missing")
