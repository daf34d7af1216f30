"""Values in one form: what we make of a text, and what the server makes of it."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import postgres as lab

from setright.surfaces.database.postgres.values import elements, may_hold_secret, normal

AMOUNTS = st.builds("{}{}".format, st.integers(0, 30), st.sampled_from(["", ".5"]))
SPELLINGS = {
    "lock_timeout": st.builds("{}{}".format, AMOUNTS, st.sampled_from(["", " ms", "s", " min", "h", "d"])),
    "work_mem": st.builds("{}{}".format, st.integers(64, 4000), st.sampled_from(["", "kB", " MB"])),
    "effective_cache_size": st.builds("{}{}".format, st.integers(1, 15), st.sampled_from(["", "MB", "GB", "TB"])),
    "seq_page_cost": st.sampled_from(["1", "0.25", "1e2", ".5"]),
    "enable_seqscan": st.sampled_from(["on", "OFF", "t", "fal", "yes", "no", "1", "0", "of"]),
    "bytea_output": st.sampled_from(["HEX", "escape"]),
    "extra_float_digits": st.sampled_from(["0x2", "-3", "02", "-010"]),
    "vacuum_cost_delay": st.sampled_from(["0.5", "500us", "2ms"]),
}


def test_numbers_and_switches_read_as_the_server_reads_them(running: lab.Server) -> None:
    with psycopg.connect(running.url, autocommit=True) as link:
        rows = link.execute("SELECT name, vartype, unit, enumvals FROM pg_settings").fetchall()
        about = {row[0]: row[1:] for row in rows}

        @settings(max_examples=120, deadline=None, database=None)
        @given(st.sampled_from(sorted(SPELLINGS)).flatmap(lambda name: st.tuples(st.just(name), SPELLINGS[name])))
        def agree(case: tuple[str, str]) -> None:
            name, raw = case
            try:
                link.execute("SELECT set_config(%s, %s, false)", case)
            except psycopg.errors.InvalidParameterValue:
                return
            row = link.execute("SELECT setting FROM pg_settings WHERE name = %s", (name,)).fetchone()
            assert row is not None
            assert normal(name, raw, *about[name]) == normal(name, row[0], *about[name])

        agree()


@pytest.mark.parametrize(
    ("raw", "items"),
    [("a, b", ["a", "b"]), ('"a b",c', ["a b", "c"]), ('"say ""hi"""', ['say "hi"']), ("", []), ("*", ["*"]), ('""', [])],
)
def test_lists_lose_their_quotes(raw: str, items: list[str]) -> None:
    assert elements(raw) == items


def test_modes_are_octal_however_the_server_shows_them() -> None:
    assert [normal("log_file_mode", raw, "integer", None, None) for raw in ("384", "0600", "0640", "odd")] == [
        "0600",
        "0600",
        "0640",
        "odd",
    ]


def test_settings_that_may_hold_secrets_never_show_them() -> None:
    assert normal("primary_conninfo", "password=hunter2", "string", None, None) == "(set)"
    assert [may_hold_secret(n) for n in ("primary_conninfo", "acme.api_token", "log_connections", "pgaudit.log")] == [
        True,
        True,
        False,
        False,
    ]
