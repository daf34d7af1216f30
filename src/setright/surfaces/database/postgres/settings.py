"""Server settings as two documents: what the next start will use, layer by layer, and what runs now.

`settings` holds one entry a setting: its layers in rising order of strength, `boot` (built in), `files` (postgresql.conf and
what it includes), `auto` (postgresql.auto.conf, null where it says nothing) and `pinned` (command line, fixed at initdb). Only
`auto` is written. `running:settings` holds name -> value as sessions get it now; a name that our own login overrides is left
out, and `ssl` is what the wire says.
Source: pg_settings, pg_file_settings, ALTER SYSTEM (PostgreSQL 15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from setright.model import Change, Kept, Plain
from setright.surfaces.base import Moved, Rejected, SurfaceError
from setright.surfaces.database.postgres import wire
from setright.surfaces.database.postgres.session import Query, Session, Statement, canonical_json, server_said
from setright.surfaces.database.postgres.values import QUOTED_LISTS, elements, may_hold_secret, normal, normal_text

NEEDS_RESTART = "setting could not be applied"  # what pg_file_settings says of a good value that waits for a restart
OURS = ("session", "client", "user", "database", "database user", "interactive")  # sources that hold for our login only
BUILT_IN = ("default", "environment variable", "override")

SETTINGS: Query = (
    "SELECT name, setting, boot_val, vartype, unit, enumvals, context, source, sourcefile,"
    " pending_restart, min_val, max_val FROM pg_settings WHERE name <> 'in_hot_standby'",
    (),
)
FILES: Query = (
    "SELECT lower(name), setting, sourcefile = current_setting('data_directory') || '/postgresql.auto.conf', error"
    " FROM pg_file_settings ORDER BY seqno",
    (),
)


class ServerSetting(msgspec.Struct, frozen=True):
    """One row of pg_settings."""

    name: str
    setting: str | None
    boot_val: str | None
    vartype: str
    unit: str | None
    enumvals: Sequence[str] | None
    context: str
    source: str
    sourcefile: str | None
    pending_restart: bool
    min_val: str | None
    max_val: str | None

    def normal(self, raw: str | None) -> Plain:
        return normal(self.name, raw, self.vartype, self.unit, self.enumvals)


class State(msgspec.Struct, frozen=True):
    """All settings, what the files say in their order, and the complaints about the files."""

    settings: Mapping[str, ServerSetting]
    files: Mapping[str, str]
    auto: Mapping[str, str]  # in the order of the file
    errors: tuple[str, ...] = ()

    def layers(self, name: str) -> dict[str, Plain]:
        """What each layer says of one setting, weakest first."""
        row = self.settings.get(name) or ServerSetting(
            name, None, None, "string", None, None, "user", "default", None, False, None, None
        )
        found = {"boot": row.normal(row.setting if row.boot_val is None and row.source in BUILT_IN else row.boot_val)}
        if name in self.files:
            found["files"] = row.normal(self.files[name])
        found["auto"] = row.normal(self.auto.get(name))
        if row.source == "command line" or row.context == "internal":
            found["pinned"] = row.normal(row.setting)
        return found


def state(session: Session) -> State:
    """Settings and files, in one round trip. Where the files may not be read, what runs stands in for them."""
    if not session.rights.file_settings:
        return _from_running({row[0]: ServerSetting(*row) for row in session.rows(*SETTINGS)})
    settings, files = session.batch([SETTINGS, FILES])
    known = {row[0].lower(): row[0] for row in settings}
    told = [(str(known.get(name, name)), str(raw), auto) for name, raw, auto, _ in files if name]
    return State(
        settings={row[0]: ServerSetting(*row) for row in settings},
        files={name: raw for name, raw, auto in told if not auto},
        auto=_last([(name, raw) for name, raw, auto in told if auto]),
        errors=tuple(f"{name or 'syntax'}: {error}" for name, _, _, error in files if error and error != NEEDS_RESTART),
    )


def document(found: State) -> bytes:
    """`settings` as bytes: one line a setting, sorted by name."""
    return canonical_json({name: found.layers(name) for name in sorted({*found.settings, *found.files, *found.auto})})


def running(session: Session) -> bytes:
    """`running:settings` as bytes, as a new session gets it: an open one keeps values such as log_connections for life.

    A server that says `ssl = on` and offers no TLS reads `off`.
    """
    with session.fresh() as link:
        rows = [ServerSetting(*row) for row in link.execute(SETTINGS[0]).fetchall()]
    values = {row.name: row.normal(row.setting) for row in rows if row.source not in OURS}
    if values.get("ssl") == "on" and not wire.offers_tls(session.address):
        values["ssl"] = "off"
    return canonical_json(dict(sorted(values.items())))


def kept_layers(session: Session, locator: str) -> Kept:
    """The layers, and `auto` as written and in its order: ALTER SYSTEM moves what it sets to the end of the file."""
    found = state(session)
    auto = [[name, None if may_hold_secret(name) else raw] for name, raw in found.auto.items()]
    return Kept(locator, "json", document(found), {"auto": auto})


def wanted(change: Change) -> dict[str, tuple[Plain, Plain]]:
    """The `auto` values a change asks for: name -> (before, after). Raises SurfaceError where it touches another layer."""
    before, after = (_entries(change, data) for data in (change.before, change.after))
    asked = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name, {}), after.get(name, {})
        if {k: v for k, v in old.items() if k != "auto"} != {k: v for k, v in new.items() if k != "auto"}:
            raise SurfaceError(f"{name}: only its `auto` layer can be written; change the other in its own file")
        if old.get("auto") != new.get("auto"):
            asked[name] = (old.get("auto"), new.get("auto"))
    return asked


def alter_system(session: Session, change: Change) -> None:
    """ALTER SYSTEM for what differs, in one round trip. A value that was asked for by neither side is somebody else's: Moved."""
    asked = wanted(change)
    with session.locked():
        found = state(session)
        now = {name: found.layers(name)["auto"] for name in asked}
        for name, sides in asked.items():
            if now[name] not in sides:
                raise Moved(f"{name}: postgresql.auto.conf says {setting_in_words(name, now[name])} by now")
        if change.meta and "auto" in change.meta:
            _carry_out(session, found, _back(found, change.meta["auto"], asked))
        else:
            _carry_out(session, found, [alter(name, new) for name, (_, new) in asked.items() if now[name] != new])


def alter(name: str, value: Plain) -> Statement:
    """ALTER SYSTEM SET or, for null, RESET. Raises SurfaceError for an empty quoted list, which the server would write as `""`."""
    identifier = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
    if value is None:
        return sql.SQL("ALTER SYSTEM RESET {}").format(identifier)
    values = [value]
    if name in QUOTED_LISTS:
        values = value if isinstance(value, list) else elements(value)
        if not values:
            raise SurfaceError(f"{name}: an empty list cannot be set without breaking the next start; remove the setting instead")
    return sql.SQL("ALTER SYSTEM SET {} = {}").format(identifier, sql.SQL(", ").join(sql.Literal(normal_text(v)) for v in values))


def setting_in_words(name: str, value: Plain) -> str:
    return "nothing" if value is None else repr(normal_text(value))


def _back(found: State, kept: Sequence[Sequence[Any]], asked: Mapping[str, Any]) -> list[Statement]:
    """Statements that bring `auto` back to the kept values and order; what others added since stays."""
    goal = {name: found.auto.get(name) if raw is None or name not in asked else raw for name, raw in kept}
    goal = {name: raw for name, raw in goal.items() if raw is not None}
    gone = [name for name in found.auto if name in asked and name not in goal]
    rest = [(name, raw) for name, raw in found.auto.items() if name not in gone]
    settled = next((i for i, (a, b) in enumerate(zip(rest, goal.items(), strict=False)) if a != b), min(len(rest), len(goal)))
    return [alter(name, None) for name in gone] + [alter(name, raw) for name, raw in list(goal.items())[settled:]]


def _carry_out(session: Session, found: State, statements: Sequence[Statement]) -> None:
    try:
        session.statements(statements)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SurfaceError(
            f"{session.target}: {server_said(error)}; ALTER SYSTEM needs a superuser or GRANT ALTER SYSTEM"
        ) from error
    except psycopg.Error as error:
        left = state(session)
        kept = list(found.auto.items())
        session.statements(_back(left, kept, {**left.auto, **found.auto}))
        raise Rejected(f"{session.target}: {server_said(error)}; nothing was changed") from error


def _last(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Name -> value with the last word winning, in the order in which the names had their last word."""
    into: dict[str, str] = {}
    for name, raw in pairs:
        into.pop(name, None)
        into[name] = raw
    return into


def _from_running(settings: Mapping[str, ServerSetting]) -> State:
    told = {s.name: s for s in settings.values() if s.source == "configuration file"}
    files = {name: f"{s.setting}" for name, s in told.items() if not (s.sourcefile or "").endswith("postgresql.auto.conf")}
    auto = {name: f"{s.setting}" for name, s in told.items() if name not in files}
    return State(settings, files, auto)


def _entries(change: Change, data: bytes | None) -> dict[str, dict[str, Plain]]:
    if data is None:
        raise SurfaceError(f"{change.locator}: a server cannot be without settings")
    return msgspec.json.decode(data, type=dict[str, dict[str, Any]])
