"""Roles as documents: attributes, connection limit, expiry and the sort of password verifier, never the verifier itself.

Source: pg_authid, pg_roles, CREATE ROLE (PostgreSQL 15). `valid_until` is UTC, null where the password never expires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from setright.model import Change, Plain
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.database.postgres.session import Query, Session, Statement, canonical_json, server_said

FLAGS = {
    "superuser": "SUPERUSER",
    "createrole": "CREATEROLE",
    "createdb": "CREATEDB",
    "replication": "REPLICATION",
    "bypassrls": "BYPASSRLS",
    "login": "LOGIN",
    "inherit": "INHERIT",
}
VERIFIER = (
    "CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword ~ '^SCRAM-SHA-256\\$' THEN 'scram-sha-256'"
    " WHEN rolpassword ~ '^md5[0-9a-f]{32}$' THEN 'md5' ELSE 'unknown' END"
)
COLUMNS = (
    "rolname::text, oid = 10, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin, rolinherit,"
    " rolconnlimit,"
    " CASE WHEN isfinite(rolvaliduntil) THEN to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END,"
    " ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)"
)


def query(session: Session) -> Query:
    """All roles but the predefined ones, as rows that `documents` understands."""
    source, password = ("pg_authid", VERIFIER) if session.rights.verifiers else ("pg_roles", "'unknown'")
    return f"SELECT {COLUMNS}, {password} FROM {source} r WHERE rolname !~ '^pg_' ORDER BY 1", ()  # noqa: S608


def documents(rows: Sequence[Sequence[Any]], names: Sequence[str] = ()) -> dict[str, bytes]:
    """Locator -> JSON for the roles whose name matches one of the globs; all where there is none."""
    return {f"role:{row[0]}": _document(row) for row in rows if not names or any(fnmatchcase(row[0], glob) for glob in names)}


def alter_role(session: Session, change: Change) -> None:
    """One ALTER ROLE for what differs. Raises Moved where an attribute is neither the old nor the new one by now."""
    name = change.locator.removeprefix("role:")
    before, after = (attributes(change, data) for data in (change.before, change.after))
    asked = {key for key in before if before[key] != after.get(key)} | (after.keys() - before.keys())
    with session.locked():
        found = documents(session.rows(*query(session))).get(change.locator)
        if found is None:
            raise Moved(f"role {name} is gone")
        now = attributes(change, found)
        for key in sorted(asked):
            if now.get(key) not in (before.get(key), after.get(key)):
                raise Moved(f"role {name}: {key} is {now.get(key)!r} by now")
        _alter(session, name, {key: after.get(key) for key in sorted(asked) if now.get(key) != after.get(key)})


def _alter(session: Session, name: str, wanted: Mapping[str, Plain]) -> None:
    if not wanted:
        return
    options = sql.SQL(" ").join(_option(name, key, value) for key, value in wanted.items())
    try:
        session.statements([sql.SQL("ALTER ROLE {} WITH {}").format(sql.Identifier(name), options)])
    except psycopg.Error as error:
        raise SurfaceError(f"role {name}: {server_said(error)}") from error


def _option(name: str, key: str, value: Plain) -> Statement:
    if key in FLAGS and isinstance(value, bool):
        return sql.SQL(("" if value else "NO") + FLAGS[key])
    if key == "connection_limit" and isinstance(value, int):
        return sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(value))
    if key == "valid_until":
        return sql.SQL("VALID UNTIL {}").format(sql.Literal("infinity" if value is None else value))
    raise SurfaceError(f"role {name}: {key} cannot be set to {value!r} here; do it by hand")


def _document(row: Sequence[Any]) -> bytes:
    name, bootstrap, *flags, limit, until, groups, password = row
    names = ("superuser", "createrole", "createdb", "replication", "bypassrls", "login", "inherit")
    attributes = dict(zip(names, flags, strict=True))
    return canonical_json(
        {
            "role": name,
            "bootstrap": bootstrap,
            **attributes,
            "connection_limit": limit,
            "valid_until": until and until.replace(".000000Z", "Z"),
            "member_of": groups,
            "password": password,
        }
    )


def attributes(change: Change, data: bytes | None) -> dict[str, Plain]:
    if data is None:
        raise SurfaceError(f"{change.locator}: roles are neither made nor dropped here; do it by hand")
    return msgspec.json.decode(data, type=dict[str, Any])
