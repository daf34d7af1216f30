"""Promises of a choice among services: what is installed is turned on, else the package named brings one, where it would run."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import choice
from setright.bindings.source import Source
from setright.model import Edit, Plain, Resource

LAYOUT = {
    "documents": [
        "unit:chrony.service",
        "unit:systemd-timesyncd.service",
        "unit:systemd-journald.service",
        "package:systemd-timesyncd",
    ],
    "prefer": ["chrony.service", "systemd-timesyncd.service"],
    "marker": "systemd-journald.service",
    "install": {"package": "systemd-timesyncd", "unit": "systemd-timesyncd.service"},
}
THERE = {"package": "systemd-timesyncd", "manager": "dpkg", "installed": False, "can": ["install", "remove"]}


def sources(package: dict[str, Plain], *units: str, masked: str = "") -> dict[str, Source]:
    off = {"unit": "", "enabled": "disabled", "active": "inactive"}
    trees = {f"unit:{unit}": off | {"unit": unit} | ({"enabled": "masked"} if unit == masked else {}) for unit in units}
    trees |= {"unit:systemd-journald.service": {"enabled": "static", "active": "active"}, "package:systemd-timesyncd": package}
    return {locator: Source(locator, "json", tree) for locator, tree in trees.items()}


def edits(given: dict[str, Source]) -> list[tuple[str, Edit]]:
    (resource,) = choice.view("linux/time-sync", LAYOUT, given)
    assert isinstance(resource, Resource) and resource.tree == {"none": True}
    return choice.edit(LAYOUT, resource, [Edit(("none",), remove=True)], [], given)


def test_one_that_is_installed_is_preferred_to_one_that_is_not() -> None:
    assert {locator for locator, _ in edits(sources(THERE, "chrony.service"))} == {"unit:chrony.service"}


def test_what_somebody_masked_is_passed_over() -> None:
    both = sources(THERE, "chrony.service", "systemd-timesyncd.service", masked="chrony.service")
    assert {locator for locator, _ in edits(both)} == {"unit:systemd-timesyncd.service"}
    with pytest.raises(BindingError, match=r"chrony.service was masked by somebody"):
        edits(sources(THERE, "chrony.service", masked="chrony.service"))


def test_where_none_is_the_package_named_is_installed_and_then_one_is_chosen() -> None:
    assert edits(sources(THERE)) == [("package:systemd-timesyncd", Edit(("installed",), True))]
    (resource,) = choice.view("linux/time-sync", LAYOUT, sources(THERE | {"installed": True}))
    assert resource.tree == {"chosen": "systemd-timesyncd.service"}


@pytest.mark.parametrize("but", [{"contained": True}, {"can": ["remove"]}, {"manager": "rpm"}])
def test_nothing_is_installed_where_it_cannot_be_had_or_would_not_run(but: dict[str, Plain]) -> None:
    with pytest.raises(BindingError, match="install the first that suits"):
        edits(sources(THERE | but))
