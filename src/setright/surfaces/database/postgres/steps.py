"""The named steps: checks before a change, the reload and the proof that it took, health, and whether the next start would work.

Source: PostgreSQL 15. Trap: `ssl = on` without a certificate is accepted, reads `on`, offers no TLS, and the next start is FATAL.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence

import psycopg
from psycopg import sql

from setright.model import Change, Plain, Steps
from setright.surfaces.base import Rejected, SurfaceError
from setright.surfaces.database.postgres import files, hba, roles, settings, wire
from setright.surfaces.database.postgres.session import Session
from setright.surfaces.database.postgres.settings import ServerSetting, State
from setright.surfaces.database.postgres.values import MODES, normal_text

SUSTAINED_S = 0.5  # right after a reload new connections get the old and the new state in turns
RELOAD_TIMEOUT_S = 5.0
LIBRARIES = ("shared_preload_libraries",)
TLS_FILES = {"ssl_cert_file": True, "ssl_key_file": True, "ssl_ca_file": False, "ssl_crl_file": False, "ssl_dh_params_file": False}


def validate_staged(session: Session, changes: Sequence[Change], steps: Steps) -> None:
    """Checks every staged document, then the next start with all of them. Raises Rejected with the reason."""
    staged: dict[str, Plain] = {}
    for change in changes:
        if change.locator == "settings":
            staged.update(check_settings(session, change))
        elif change.locator == "hba":
            hba.validate_hba(session, change)
        elif change.locator.startswith("role:"):
            _check_role(session, change)
    require_known(steps.next_start, NEXT_START)
    if steps.next_start:
        wrong = start_problems(session, staged)
        if wrong:
            raise Rejected(f"the next start would fail: {'; '.join(wrong)}")


def reload_server(session: Session, steps: Steps) -> None:
    """Reloads, then waits until new connections have held the new state for half a second.

    Raises SurfaceError where they never do.
    """
    require_known(steps.reload, ("postgres",))
    if not steps.reload:
        return
    wrong = _file_errors(session)
    if wrong:
        raise SurfaceError(f"{session.target}: the server would refuse its files: {'; '.join(wrong)}")
    asked_at = session.rows("SELECT clock_timestamp()")[0][0]
    if not session.rows("SELECT pg_reload_conf()")[0][0]:
        raise SurfaceError(f"{session.target}: the server could not signal itself to reload; its log says why")
    _wait(session, asked_at)


def probe(session: Session, steps: Steps) -> dict[str, str]:
    """Health by name; `ok` or what was seen instead. The next start is looked at with what the files say now."""
    require_known(steps.probe, tuple(PROBES))
    require_known(steps.next_start, NEXT_START)
    seen = {name: PROBES[name](session) for name in steps.probe}
    seen.update({name: "; ".join(start_problems(session, {})) or "ok" for name in steps.next_start})
    return seen


def start_problems(session: Session, staged: Mapping[str, Plain]) -> list[str]:
    """What would keep the server from starting with its files as they are and the `auto` values in `staged`."""
    found = settings.state(session)
    values = {name: _strongest(found, name, staged) for name in found.settings}
    problems = [*found.errors, *_tls_problems(session, values), *_library_problems(session, values), *_wal_problems(values)]
    if session.rights.hba_rules:
        problems += [f"pg_hba.conf {wrong}" for wrong in [hba.errors(hba.rules(session))] if wrong]
    return problems


def check_settings(session: Session, change: Change) -> dict[str, Plain]:
    """The `auto` values a change asks for, each looked up in pg_settings. Raises Rejected for one the server would not take."""
    found = settings.state(session)
    asked = {name: after for name, (_, after) in settings.wanted(change).items()}
    for name, value in asked.items():
        row = found.settings.get(name)
        if row is None:
            raise Rejected(f"{name}: this server knows no such setting")
        wrong = "" if value is None else _unfit(row, value)
        if wrong:
            raise Rejected(f"{name}: {wrong}")
    return asked


def require_known(asked: Sequence[str], offered: Sequence[str]) -> None:
    """Raises SurfaceError for a step this surface does not have."""
    for name in asked:
        if name not in offered:
            raise SurfaceError(f"PostgreSQL has no step {name!r}; it has {', '.join(offered)}")


def _check_role(session: Session, change: Change) -> None:
    before, after = (roles.attributes(change, data) for data in (change.before, change.after))
    lost = [key for key in ("superuser", "login") if before[key] and not after.get(key)]
    if lost and before["role"] == session.rights.user:
        raise Rejected(f"role {before['role']} is the one we log in as; taking {' and '.join(lost)} from it would cut us off")


def _unfit(row: ServerSetting, value: Plain) -> str:
    if row.context == "internal":
        return "it is fixed when the server is built or the cluster made"
    if row.source == "command line":
        return "the server's command line gives it, which ALTER SYSTEM cannot override; change the service instead"
    if row.vartype == "enum" and value not in (row.enumvals or ()):
        return f"{value!r} is none of {', '.join(row.enumvals or ())}"
    if row.vartype == "bool" and value not in ("on", "off"):
        return f"{value!r} is neither on nor off"
    if row.vartype in ("integer", "real"):
        return _out_of_range(row, value)
    return ""


def _out_of_range(row: ServerSetting, value: Plain) -> str:
    amount = row.normal(normal_text(value))
    if row.name in MODES and str(amount).isdigit():
        amount = int(amount, 8)
    if isinstance(amount, str):
        return f"{value!r} is no number in {row.unit or 'units of its own'}"
    low, high = float(row.min_val or "-inf"), float(row.max_val or "inf")
    return "" if low <= amount <= high else f"{value!r} is not between {row.min_val} and {row.max_val}"


def _strongest(found: State, name: str, staged: Mapping[str, Plain]) -> Plain:
    layers = found.layers(name)
    if name in staged:
        layers["auto"] = staged[name]
    told = [layers[layer] for layer in ("pinned", "auto", "files", "boot") if layers.get(layer) is not None]
    return told[0] if told else None


def _file_errors(session: Session) -> list[str]:
    wrong = [*settings.state(session).errors] if session.rights.file_settings else []
    if session.rights.hba_rules:
        wrong += [f"pg_hba.conf {bad}" for bad in [hba.errors(hba.rules(session))] if bad]
    return wrong


def _wait(session: Session, since: object) -> None:
    deadline, held_since = time.monotonic() + RELOAD_TIMEOUT_S, None
    query = sql.SQL("SELECT pg_conf_load_time() >= {}").format(since)
    while held_since is None or time.monotonic() - held_since < SUSTAINED_S:
        if time.monotonic() > deadline:
            raise SurfaceError(
                f"{session.target}: new connections still get the old configuration {RELOAD_TIMEOUT_S:.0f} s after the reload"
            )
        with session.fresh() as link:
            row = link.execute(query).fetchone()
        if row is None or not row[0]:
            held_since = None
        elif held_since is None:
            held_since = time.monotonic()
        time.sleep(0.05)
    while not session.statements([query])[0][0][0]:  # our own backend reads the new files between two statements
        time.sleep(0.01)


def _answers(session: Session) -> str:
    with session.fresh() as link:
        row = link.execute("SELECT 1").fetchone()
    return "ok" if row == (1,) else f"SELECT 1 gave {row}"


def _tls(session: Session) -> str:
    """`ok` where setting and wire agree: off and not offered, or on and a handshake that works."""
    if not wire.reachable(session.address):
        return "ok"
    says = session.rows("SELECT current_setting('ssl')")[0][0]
    seen = wire.handshake(session.address)
    if says == "off":
        return "ok" if not seen.version else "ssl is off, yet TLS is offered"
    return "ok" if seen.version else f"ssl is on, yet {seen.why_not}"


def _tls_problems(session: Session, values: Mapping[str, Plain]) -> list[str]:
    if values.get("ssl") != "on":
        return []
    named = {setting: values.get(setting) or "" for setting in TLS_FILES}
    problems = [f"ssl is on and {setting} is empty" for setting, needed in TLS_FILES.items() if needed and not named[setting]]
    directory = str(values.get("data_directory") or session.rows("SELECT current_setting('data_directory')")[0][0])
    paths = {setting: path if path.startswith("/") else f"{directory}/{path}" for setting, path in named.items() if path}
    missing = [(setting, path) for setting, path in paths.items() if not _exists(session, path)]
    problems += [f"ssl is on and {setting} is not there: {path}" for setting, path in missing]
    return problems or _unreadable(session, paths)


def _unreadable(session: Session, paths: Mapping[str, str]) -> list[str]:
    """What is wrong with certificate and key that are there: no certificate in it, or a key others may read."""
    problems = []
    if session.rights.read_files:
        try:
            ssl.PEM_cert_to_DER_cert(
                (files.read_server_file(session, paths["ssl_cert_file"]) or b"").decode("ascii", "replace").strip()
            )
        except ValueError as error:
            problems.append(f"ssl_cert_file holds no certificate: {error}")
    if session.rights.programs and not files.private(session, paths["ssl_key_file"]):
        problems.append(f"ssl_key_file may be read by others, or not by the server: {paths['ssl_key_file']}")
    return problems


def _library_problems(session: Session, values: Mapping[str, Plain]) -> list[str]:
    names = [name for setting in LIBRARIES for name in values.get(setting) or ()]
    if not names or not session.rights.superuser:
        return []
    libdir = str(session.rows("SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'")[0][0])
    places = {name: name if "/" in name else f"{libdir}/{name}" for name in names}
    return [
        f"shared_preload_libraries names {name}, which is not installed"
        for name, path in places.items()
        if "$libdir" not in path and not any(_exists(session, path + suffix) for suffix in ("", ".so", ".dylib"))
    ]


def _wal_problems(values: Mapping[str, Plain]) -> list[str]:
    if values.get("wal_level") != "minimal":
        return []
    asks = {
        "max_wal_senders": (values.get("max_wal_senders") or 0) != 0,
        "archive_mode": values.get("archive_mode") not in (None, "off"),
    }
    return [f"wal_level is minimal and {name} is {values[name]}" for name, wrong in asks.items() if wrong]


def _exists(session: Session, path: str) -> bool:
    try:
        return bool(session.rows("SELECT (pg_stat_file(%s, true)).size IS NOT NULL", (path,))[0][0])
    except SurfaceError as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise SurfaceError(f"{path}: looking at server files needs a superuser or EXECUTE on pg_stat_file") from error
        raise


NEXT_START = ("postgres-next-start",)
PROBES: Mapping[str, Callable[[Session], str]] = {"postgres": _answers, "postgres-tls": _tls}
