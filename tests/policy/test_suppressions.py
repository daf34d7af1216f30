"""What a comment says, and whether it is honoured."""

from datetime import date

import pytest

from setright.policy.suppressions import Suppression, parse_suppression, why_not_honoured

DAY = date(2027, 1, 31)


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("setright:ignore a/b: why", Suppression(("a/b",), "why")),
        ("setright:ignore a/b until 2027-01-31: why: really", Suppression(("a/b",), "why: really", DAY)),
        ("setright:ignore a/b, c/d   e/f: why", Suppression(("a/b", "c/d", "e/f"), "why")),
        ("see setright:ignore a/b: why", None),
        ("checkov:skip=CKV_AWS_21: why", None),
        ("trivy:ignore:AVD-AWS-0090", None),
    ],
)
def test_a_comment_is_read_as_written(comment, said):
    assert parse_suppression(comment) == said


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("setright:ignore a/b", "gives no reason"),
        ("setright:ignore a/b:  ", "gives no reason"),
        ("setright:ignore: why", "names no control"),
        ("setright: ignore a/b: why", "begins with 'setright: ignore'"),
        ("setright-ignore a/b: why", "begins with 'setright-ignore'"),
        ("setright:ignore a/b until soon: why", "give one day"),
        ("setright:ignore a/b until: why", "give one day"),
        ("setright:ignore a/b until 2027-02-30: why", "give one day"),
        ("setright:ignore a/b until 2027-01-31 c/d: why", "give one day"),
        ("setright:ignore a/b until=2027-01-31: why", "until=2027-01-31: give one day as `until 2027-01-31`"),
    ],
)
def test_what_is_wrong_is_not_honoured_and_says_why(comment, why):
    assert why in why_not_honoured(parse_suppression(comment), DAY)


def test_it_holds_through_its_last_day():
    said = parse_suppression("setright:ignore a/b until 2027-01-31: why")
    assert why_not_honoured(said, DAY) == ""
    assert "ended on 2027-01-31" in why_not_honoured(said, date(2027, 2, 1))
