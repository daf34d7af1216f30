"""Letters go over the channels that reach their people, and are switched like all else that is told."""

from datetime import UTC, datetime

import pytest

from setright.engine.channels import MODULES, Route
from setright.engine.configuration import parse_configuration
from setright.engine.letters import Letter, addressed

ESTATE = parse_configuration("""
[[owners]]
name = "web"
contact = "web@example.com"
channel = "#web"
[[owners]]
name = "db"
contact = "db@example.com"
""")
AT = datetime(2026, 1, 2, tzinfo=UTC)
DUE = Letter("k", "message.overdue", "linux/x", ("web",), "Overdue", ("words",), severity="medium")


def told(letter, **route):
    return {sort for sort in MODULES if addressed(ESTATE, {"it": Route(sort, **route)}, [letter], AT)}


def test_people_get_their_letters_whatever_events_says_and_machines_what_they_ask_for():
    assert told(DUE, events=("message.*",)) == set(MODULES)
    assert told(DUE) == {"mail", "slack"}


@pytest.mark.parametrize("route", [{"severities": ("high",)}, {"owners": ("db",)}, {"off": True}])
def test_every_channel_is_switched_by_severity_and_owner(route):
    assert told(DUE, events=("message.*",), **route) == set()


@pytest.mark.parametrize("letter", [DUE._replace(to=("boss@example.com",)), DUE._replace(to=("web", "db"))])
def test_a_letter_of_which_nobody_says_whose_matter_it_is_is_kept_from_nobody(letter):
    assert told(letter, events=("message.*",), owners=("db",)) == set(MODULES)


def test_a_letter_for_one_sort_of_channel_goes_over_no_other():
    assert told(DUE._replace(channel="mail"), events=("message.*",)) == {"mail"}
