"""Who a pg_hba.conf lets in: our search held against the server's own answer to a real login."""

from __future__ import annotations

import psycopg
import pytest
from lab import postgres as lab
from tests.surfaces.database.postgres.test_surface import do, within

from setright.surfaces.database.postgres.hba import GROUPS, RULES
from setright.surfaces.database.postgres.rules import HbaRule, Login, deciding, refusal

OWNER = "host all postgres 127.0.0.1/32 trust\n"
RULES_TRIED = [
    "host all visitor 127.0.0.1/32 trust\n",
    "host all visitor 127.0.0.1/32 reject\nhost all all all trust\n",
    "host postgres +guests 127.0.0.0/8 trust\n",
    "host all +strangers 127.0.0.0/8 trust\n",
    "host sameuser all all trust\n",
    "host all all 127.0.0.1 255.255.255.255 trust\n",
    "host all all 10.0.0.0/8 trust\n",
    "host all all samehost trust\n",
    "hostssl all all all trust\n",
    "hostnossl all all all trust\n",
    "hostgssenc all all all trust\n",
    "host replication all all trust\n",
    "host all all ::/0 trust\n",
    "local all all trust\n",
    "host all visitor all scram-sha-256\n",
    "host all visitor all md5\n",
]
VISITOR = Login("visitor", "postgres", "127.0.0.1", tls=False, verifier="none")


@pytest.mark.parametrize("text", RULES_TRIED)
def test_the_server_lets_in_whom_we_say_it_lets_in(server: lab.Server, text: str) -> None:
    do(server, "CREATE ROLE guests" if not _has(server, "guests") else "SELECT 1")
    do(server, "DROP ROLE IF EXISTS visitor", "CREATE ROLE visitor LOGIN IN ROLE guests")
    with psycopg.connect(server.url, autocommit=True) as link:
        loaded = link.execute("SELECT clock_timestamp()").fetchone()
        server.hba.write_text(OWNER + text)
        link.execute("SELECT pg_reload_conf()")
        assert within(3, lambda: link.execute("SELECT pg_conf_load_time() > %s", loaded).fetchone() == (True,))
        rules = [HbaRule(*row) for row in link.execute(RULES[0]).fetchall()]
        groups = {name: frozenset(members) for name, members in link.execute(GROUPS[0]).fetchall()}
    assert (refusal(rules, VISITOR, groups) == "") == _gets_in(server)


def test_a_host_name_cannot_be_told() -> None:
    rule = HbaRule(1, "host", ["all"], ["all"], ".example.com", None, "reject", None, None)
    assert deciding([rule], VISITOR, {}) is False
    assert refusal([rule], VISITOR, {}) == ""


def test_the_first_line_that_matches_decides() -> None:
    lines = [HbaRule(i, "host", ["all"], ["all"], "all", None, method, None, None) for i, method in enumerate(("reject", "trust"))]
    assert "line 0: host all all all reject rejects visitor@127.0.0.1" in refusal(lines, VISITOR, {})


def test_a_broken_line_matches_nobody() -> None:
    broken = HbaRule(1, None, None, None, None, None, None, None, "invalid connection type")
    assert refusal([broken], VISITOR, {}) == "no line matches visitor@127.0.0.1 to postgres"


def _gets_in(server: lab.Server) -> bool:
    try:
        psycopg.connect(server.url.replace("postgres@", "visitor@"), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _has(server: lab.Server, role: str) -> bool:
    with psycopg.connect(server.url) as link:
        return link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None
