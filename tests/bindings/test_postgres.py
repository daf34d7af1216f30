"""PostgreSQL's settings as layers: the strongest counts, only `auto` is written."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import postgres
from setright.bindings.source import Source
from setright.model import Edit

LAYOUT = {"main": "settings", "running": "running:settings"}
SETTINGS = {
    "log_statement": {"boot": "none", "files": "ddl", "auto": "mod"},
    "work_mem": {"boot": 4096, "files": 8192, "auto": None},
    "port": {"boot": 5432, "auto": 5433, "pinned": 5434},
    "shared_preload_libraries": {"boot": [], "files": ["pgaudit"], "auto": None},
}
SOURCES = {
    "settings": Source("settings", "json", SETTINGS),
    "running:settings": Source("running:settings", "json", {"log_statement": "none"}),
}
RESOURCE = postgres.view("postgres/settings", LAYOUT, SOURCES)[0]


def test_the_strongest_layer_is_what_the_next_start_uses() -> None:
    assert RESOURCE.tree == {"log_statement": "mod", "work_mem": 8192, "port": 5434, "shared_preload_libraries": ["pgaudit"]}
    assert RESOURCE.effective == {"log_statement": "none"}


def test_without_what_runs_there_is_nothing_effective() -> None:
    assert postgres.view("postgres/settings", LAYOUT, {"settings": SOURCES["settings"]})[0].effective is None
    assert postgres.view("postgres/settings", LAYOUT, {}) == []


def test_edits_go_to_auto_and_a_list_is_written_whole() -> None:
    edits = [
        Edit(("work_mem",), 1024),
        Edit(("log_statement",), remove=True),
        Edit(("shared_preload_libraries", 1), "auto_explain"),
        Edit(("shared_preload_libraries", 0), remove=True),
    ]
    assert postgres.edit(LAYOUT, RESOURCE, edits, [Edit(("work_mem",), 1024)], SOURCES) == [
        ("settings", Edit(("work_mem", "auto"), 1024)),
        ("settings", Edit(("log_statement", "auto"), None)),
        ("settings", Edit(("shared_preload_libraries", "auto"), ["auto_explain"])),
    ]


def test_what_only_runs_otherwise_needs_no_edit() -> None:
    assert postgres.edit(LAYOUT, RESOURCE, [], [Edit(("log_statement",), "mod")], SOURCES) == []


@pytest.mark.parametrize(
    ("path", "why"),
    [(("port",), "command line"), (("nonsense",), "no such setting"), (("work_mem", 0), "one value")],
)
def test_an_edit_that_cannot_help_says_why(path: tuple[str | int, ...], why: str) -> None:
    with pytest.raises(BindingError, match=why):
        postgres.edit(LAYOUT, RESOURCE, [Edit(path, 1)], [], SOURCES)


def test_a_value_stands_in_its_settings_entry() -> None:
    assert postgres.locate(LAYOUT, RESOURCE, ("work_mem",), SOURCES) == ("settings", ("work_mem",))
