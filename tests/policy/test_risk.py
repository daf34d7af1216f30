"""Risk is a sum that can be followed by hand."""

import pytest

from setright.model import Answer, Effect
from setright.policy.estate import Subject
from setright.policy.risk import Past, of_changing, of_leaving


def fear(holds):
    return ("somebody uses it", "t/used", Answer(holds, "seen"))


@pytest.mark.parametrize(
    ("severity", "exposure", "importance", "exploit", "score"),
    [
        ("critical", "internet", "critical", "", 100),
        ("critical", "internet", "critical", "exploited", 100),
        ("high", "internet", "critical", "", 70),
        ("high", "isolated", "low", "", 10),
        ("medium", "", "", "", 24),
        ("medium", "", "", "likely", 30),
        ("info", "isolated", "low", "", 1),
    ],
)
def test_leaving_is_severity_by_exposure_by_importance_by_exploit(severity, exposure, importance, exploit, score):
    risk = of_leaving(severity, Subject(("t",), exposure=exposure, importance=importance), exploit)
    assert risk.score == score
    assert severity in risk.why and (exposure or "not declared") in risk.why


def test_a_change_that_nothing_speaks_against_has_no_risk():
    assert of_changing([fear(False)], Effect()) == (0, "nothing stands against it")


@pytest.mark.parametrize(
    ("fears", "effect", "past", "score"),
    [
        ([fear(None)], Effect(), Past(), 15),
        ([fear(None)] * 9, Effect(), Past(), 45),
        ([fear(True)], Effect(), Past(), 50),
        ([], Effect("reload", "medium"), Past(), 15),
        ([], Effect("replace", "high", "none"), Past(), 100),
        ([], Effect(), Past(dependants=3, reverts=2), 26),
        ([], Effect(), Past(dependants=300, reverts=20), 50),
    ],
)
def test_changing_adds_up_what_stands_against_it(fears, effect, past, score):
    risk = of_changing(fears, effect, past)
    assert risk.score == score and "+" in risk.why
