"""pg_hba.conf as a document: read, tried before it counts, and put in place by a rename on the server.

Source: pg_hba_file_rules shows what the server thinks of the file as it lies there, before any reload (PostgreSQL 15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import msgspec
from psycopg import sql

from setright.model import Change
from setright.surfaces.base import Rejected, SurfaceError
from setright.surfaces.database.postgres import files
from setright.surfaces.database.postgres.roles import VERIFIER
from setright.surfaces.database.postgres.rules import HbaRule, Login, deciding, refusal
from setright.surfaces.database.postgres.session import Query, Session

RULES: Query = (
    "SELECT line_number, type, database, user_name, address, netmask, auth_method, options, error"
    " FROM pg_hba_file_rules ORDER BY line_number",
    (),
)
GROUPS: Query = (
    "WITH RECURSIVE member(name, oid) AS ("
    "SELECT r.rolname::text, m.roleid FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
    " UNION SELECT member.name, m.roleid FROM member JOIN pg_auth_members m ON m.member = member.oid)"
    " SELECT name, array_agg(g.rolname::text) FROM member JOIN pg_roles g USING (oid) GROUP BY name",
    (),
)


class Sessions(msgspec.Struct, frozen=True):
    """Who is connected now, with how many sessions each; ours apart. `groups` are each role's memberships."""

    ours: Login
    others: Mapping[Login, int]
    groups: Mapping[str, Set[str]]


def read_hba(session: Session) -> bytes:
    """The bytes of pg_hba.conf. Raises SurfaceError where we may not read it or it is not there."""
    if not session.rights.read_files:
        raise SurfaceError("pg_hba.conf: reading it needs a superuser, or pg_read_server_files with EXECUTE on pg_read_binary_file")
    data = files.read_server_file(session, path(session))
    if data is None:
        raise SurfaceError(f"{path(session)}: there is no such file; the next start will fail")
    return data


def path(session: Session) -> str:
    return files.path_of(session, "hba_file")


def rules(session: Session) -> list[HbaRule]:
    """The lines of the file as it lies on disk."""
    return [HbaRule(*row) for row in session.rows(*RULES)]


def sessions(session: Session) -> Sessions:
    """The logins behind the connections that are open now, in one round trip."""
    source, password = ("pg_authid", VERIFIER) if session.rights.verifiers else ("pg_roles", "'unknown'")
    query = (
        "SELECT a.pid, a.usename::text, coalesce(a.datname::text, 'replication'), host(a.client_addr),"  # noqa: S608
        f" coalesce(s.ssl, false), coalesce(g.encrypted, false), {password}"
        f" FROM pg_stat_activity a JOIN {source} r ON r.rolname = a.usename"
        " LEFT JOIN pg_stat_ssl s USING (pid) LEFT JOIN pg_stat_gssapi g USING (pid)"
        " WHERE a.backend_type IN ('client backend', 'walsender')"
    )
    rows, groups = session.batch([(query, ()), GROUPS])
    return _sorted(rows, {name: frozenset(members) for name, members in groups}, session.backend)


def validate_hba(session: Session, change: Change) -> None:
    """Lets the server judge the new bytes: they lie in place for the moment of one round trip, without a reload.

    Raises Rejected where a line is wrong, where we could not log in again, or where a session that is open now could not.
    """
    before, after = _both(change)
    there = path(session)
    with session.locked():
        old = rules(session)
        new = _tried(session, there, before, after)
    found = sessions(session)
    _judge(session, old, new, found)


def write_hba(session: Session, change: Change) -> None:
    """Puts `after` where `before` stands; put back at once where the server then finds an error in it."""
    before, after = _both(change)
    there = path(session)
    with session.locked():
        if read_hba(session) == after:
            return
        files.run_statements(session, [files.replaced(there, before, after)], there)
        wrong = errors(rules(session)) if session.rights.hba_rules and not change.meta else ""
        if wrong:
            files.run_statements(session, [files.replaced(there, after, before)], there)
            raise Rejected(f"{there}: {wrong}; nothing was changed")


def errors(found: Sequence[HbaRule]) -> str:
    return "; ".join(f"line {rule.line}: {rule.error}" for rule in found if rule.broken)


def _tried(session: Session, there: str, before: bytes, after: bytes) -> list[HbaRule]:
    """What the server makes of the new bytes, with the old ones back in place.

    All three statements leave in one go, so that the server puts the file back even where we die on the way.
    """
    trial = [files.replaced(there, before, after), sql.SQL(RULES[0]), files.replaced(there, after, before)]
    return [HbaRule(*row) for row in files.run_statements(session, trial, there)[1]]


def _judge(session: Session, old: Sequence[HbaRule], new: Sequence[HbaRule], found: Sessions) -> None:
    wrong = errors(new)
    if wrong:
        raise Rejected(f"pg_hba.conf: {wrong}")
    ours = refusal(new, found.ours, found.groups) or _asks_us(session, new, found)
    if ours:
        raise Rejected(f"pg_hba.conf: this would lock us out: {ours}")
    for login in found.others:
        lost = refusal(new, login, found.groups)
        if lost and not refusal(old, login, found.groups):
            raise Rejected(f"pg_hba.conf: a session that is open now could not come back: {lost}")


def _asks_us(session: Session, new: Sequence[HbaRule], found: Sessions) -> str:
    rule = deciding(new, found.ours, found.groups)
    if isinstance(rule, HbaRule) and rule.method in ("scram-sha-256", "md5", "password") and not session.has_password:
        return f"{rule} asks for a password and we have none (PGVERIFIER, pgpass)"
    return ""


def _sorted(rows: Sequence[Sequence[Any]], groups: Mapping[str, Set[str]], backend: int) -> Sessions:
    ours, others = None, dict[Login, int]()
    for pid, *attributes in rows:
        login = Login(*attributes)
        if pid == backend:
            ours = login
        else:
            others[login] = others.get(login, 0) + 1
    if ours is None:
        raise SurfaceError("our own session does not show in pg_stat_activity; the login needs pg_read_all_stats")
    return Sessions(ours, others, groups)


def _both(change: Change) -> tuple[bytes, bytes]:
    if change.before is None or change.after is None:
        raise SurfaceError("pg_hba.conf is neither made nor removed here")
    return change.before, change.after
