"""Dependabot's lists of packages."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import dependabot
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Resource

FILE = ".github/dependabot.yml"
PIP, NPM = "{package-ecosystem: pip, directory: /a}", "{package-ecosystem: npm, directories: [/b, /c], open-pull-requests-limit: 0}"
TWO = f"updates:\n- {PIP}\n- {NPM}\n"


def seen(text: str, name: str = FILE) -> list[Resource]:
    return dependabot.view("actions/dependabot", {}, {name: Source(name, "yaml", get("yaml", text.encode()))})


def test_each_entry_is_one_that_brings_versions_or_mends_holes() -> None:
    assert [(each.name, each.tree["versions"]) for each in seen(TWO)] == [("pip /a", True), ("npm /b /c", False)]
    assert seen(TWO)[1].home == (FILE, ("documents", 0, "updates", 1))


@pytest.mark.parametrize(
    ("text", "name"), [("updates: soon\n", FILE), ("updates: [1]\n", FILE), (TWO, "other.yml"), ("a: b\n", FILE)]
)
def test_what_is_no_list_of_it_is_left_alone(text: str, name: str) -> None:
    assert seen(text, name) == []


def test_what_is_only_told_is_refused() -> None:
    given = {FILE: Source(FILE, "yaml", get("yaml", TWO.encode()))}
    with pytest.raises(BindingError, match="read off"):
        dependabot.edit({}, seen(TWO)[0], [Edit(("versions",), False)], [], given)
