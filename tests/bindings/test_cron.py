"""Promises about tables of cron: whose jobs they are, what fetches and runs, and what of them can be changed."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import cron
from setright.bindings.source import Source
from setright.model import Edit, Resource, Tree

LAYOUT: Tree = {"documents": ["/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/crontabs/*"]}


def tables(**entries: list[Tree]) -> list[Resource]:
    sources = {
        name.replace("__", "."): Source(name.replace("__", "."), "crontab", {"entries": told}) for name, told in entries.items()
    }
    return cron.view("linux/cron", LAYOUT, sources)


def job(command: str, **more: str) -> Tree:
    return {"when": "@daily", "command": command} | more


def test_a_job_of_an_account_s_own_table_runs_as_that_account() -> None:
    (mine,) = tables(**{"/var/spool/cron/crontabs/root": [job("a"), {"name": "PATH", "value": "/usr/bin::/opt"}]})
    assert mine.tree["runs-as-root"] and mine.tree["jobs"][0]["user"] == "root"
    assert mine.tree["search-paths"] == [["/usr/bin", "", "/opt"]]


def test_what_a_package_left_beside_a_table_is_none() -> None:
    assert not tables(**{"/etc/cron.d/a__dpkg-old": [job("a", user="root")], "/etc/cron.d/b~": [job("a", user="root")]})


@pytest.mark.parametrize(
    ("command", "held"),
    [
        ("curl -s http://a | sh", True),
        ("wget -qO- http://a|sudo bash -s -- -q", True),
        ('sh -c "$(curl -fsSL http://a)"', True),
        ("bash <(curl -s http://a)", True),
        ("curl -s http://a | python3 -", True),
        ("curl -s http://a | logger", False),
        ("curl -s http://a -o /srv/x; sh /opt/y", False),
        ("/opt/curl-report.sh | shuf", False),
        ("run-parts /etc/cron.daily", False),
    ],
)
def test_what_is_fetched_and_run_at_once_is_told(command: str, held: bool) -> None:
    (table,) = tables(**{"/etc/crontab": [job(command, user="root")]})
    assert table.tree["jobs"][0]["runs-what-it-fetches"] is held


def test_a_search_path_alone_is_changed_and_never_to_nothing() -> None:
    (table,) = tables(**{"/etc/crontab": [{"name": "A", "value": "b"}, {"name": "PATH", "value": ".:/usr/bin"}]})
    assert cron.edit(LAYOUT, table, [Edit(("search-paths", 0), ["/usr/bin"])], [], {}) == [
        ("/etc/crontab", Edit(("entries", 1, "value"), "/usr/bin"))
    ]
    assert cron.locate(LAYOUT, table, ("search-paths", 0), {}) == ("/etc/crontab", ("entries", 1))
    for edit in (Edit(("search-paths", 0), []), Edit(("jobs", 0), remove=True)):
        with pytest.raises(BindingError, match="by hand"):
            cron.edit(LAYOUT, table, [edit], [], {})
