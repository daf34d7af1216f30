"""A plan runs when enough of the right people have agreed, recently, and not only whoever asked for it."""

from datetime import UTC, datetime, timedelta

import pytest

from setright.policy.approvals import Given, Need, missing
from setright.policy.estate import Person

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = (Person("Ann", "ann", roles=("board",)), Person("Bob", "bob", roles=("board",)), Person("Cat", "cat"))


def lacks(need, *by, asked_by="ann", at=NOW - HOUR):
    return missing(need, [Given(name, at) for name in by], asked_by, PEOPLE, NOW)


@pytest.mark.parametrize(
    ("need", "by", "enough"),
    [
        (Need(), ("ann",), True),
        (Need(), (), False),
        (Need(needs=2), ("ann", "ann", "Ann"), False),  # one person, however they are called
        (Need(needs=2), ("ann", "cat"), True),
        (Need(four_eyes=True), ("ann",), False),
        (Need(four_eyes=True), ("Ann",), False),
        (Need(four_eyes=True), ("cat",), True),
        (Need(role="board"), ("cat", "stranger"), False),
        (Need(role="board", four_eyes=True), ("ann", "cat"), False),
        (Need(role="board", four_eyes=True), ("bob",), True),
    ],
)
def test_enough_of_the_right_people(need, by, enough):
    assert (lacks(need, *by) == "") is enough


@pytest.mark.parametrize(("age_h", "enough"), [(23, True), (24, False), (-1, False)])
def test_a_yes_holds_for_its_time(age_h, enough):
    assert (lacks(Need(valid_h=24), "bob", at=NOW - age_h * HOUR) == "") is enough


def test_what_lacks_is_said_in_words():
    said = lacks(Need(needs=2, role="board", four_eyes=True), "bob")
    assert said == (
        "needs 2 approvals of role board, other than Ann, who asked for it; has Bob; only Bob can agree:"
        " give the role to more [[people]]"
    )
    assert lacks(Need(needs=2, role="board"), "bob") == "needs 2 approvals of role board; has Bob"
    assert lacks(Need(role="security")) == "needs 1 approval of role security; nobody can agree: give the role to more [[people]]"
