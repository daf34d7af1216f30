"""Read-only questions about a PostgreSQL server that decide what a fix may break.

Names may carry a resource: ``postgres/role-in-use:app``. Source: pg_stat_activity, pg_stat_ssl, pg_authid (PostgreSQL 15).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from setright.model import Answer
from setright.surfaces.base import SurfaceError
from setright.surfaces.database.postgres import files, hba, steps
from setright.surfaces.database.postgres.roles import VERIFIER
from setright.surfaces.database.postgres.rules import HbaRule, deciding
from setright.surfaces.database.postgres.session import Session

CLIENTS = "backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()"
NEAR = 0.8  # of max_connections


def ask(session: Session, names: Sequence[str]) -> dict[str, Answer]:
    """An answer a name. A question that is not known, or that our rights do not reach, has holds None."""
    return {name: _answer(session, name) for name in names}


def _answer(session: Session, name: str) -> Answer:
    question, _, resource = name.partition(":")
    asked, blind = FACTS.get(question), _blind(session)
    if asked is None:
        return Answer(None, f"no such question: {question}")
    try:
        answer = asked(session, resource)
    except SurfaceError as error:
        return Answer(None, str(error), question)
    return Answer(None, f"{answer.text} {blind}", answer.source) if blind and answer.holds is False else answer


def _blind(session: Session) -> str:
    """Why not every session can be seen, where that is so: then a No may not be believed."""
    sees = session.rows("SELECT pg_has_role('pg_read_all_stats', 'USAGE')")[0][0]
    return "" if sees else "(other roles' sessions are hidden from this login; grant it pg_monitor)"


def _md5_verifiers(session: Session, _: str) -> Answer:
    if not session.rights.verifiers:
        return Answer(None, "password verifiers can be read by a superuser only", "pg_authid")
    rows = session.rows(f"SELECT rolname::text FROM pg_authid WHERE rolcanlogin AND {VERIFIER} = 'md5' ORDER BY 1")  # noqa: S608
    return _listed([row[0] for row in rows], "still have md5 verifiers and cannot log in with SCRAM", "pg_authid")


def _without_password(session: Session, _: str) -> Answer:
    if not session.rights.verifiers:
        return Answer(None, "password verifiers can be read by a superuser only", "pg_authid")
    rows = session.rows("SELECT rolname::text FROM pg_authid WHERE rolcanlogin AND rolpassword IS NULL ORDER BY 1")
    return _listed([row[0] for row in rows], "can log in and have no password", "pg_authid")


def _without_tls(session: Session, _: str) -> Answer:
    rows = session.rows(
        "SELECT usename || '@' || host(client_addr), count(*)"  # noqa: S608
        f" FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE NOT ssl AND client_addr IS NOT NULL AND {CLIENTS}"
        " GROUP BY 1 ORDER BY 2 DESC"
    )
    return _counted(rows, "are connected over the network without TLS", "pg_stat_ssl")


def _old_tls(session: Session, _: str) -> Answer:
    rows = session.rows(
        "SELECT usename || '@' || coalesce(host(client_addr), 'local'), count(*)"  # noqa: S608
        f" FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE ssl AND version < 'TLSv1.2' AND {CLIENTS}"
        " GROUP BY 1 ORDER BY 2 DESC"
    )
    return _counted(rows, "are connected with TLS older than 1.2", "pg_stat_ssl")


def _clients_by_rule(session: Session, _: str) -> Answer:
    rules, found = hba.rules(session), hba.sessions(session)
    through = {str(login): n for login, n in found.others.items() if _method(deciding(rules, login, found.groups)) == "trust"}
    return _counted([*through.items()], "are connected through a trust rule", "pg_hba_file_rules and pg_stat_activity")


def _superusers(session: Session, _: str) -> Answer:
    rows = session.rows(
        "SELECT usename || '@' || coalesce(host(client_addr), 'local'), count(*)"  # noqa: S608
        f" FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid WHERE rolsuper AND {CLIENTS}"
        " GROUP BY 1 ORDER BY 2 DESC"
    )
    return _counted(rows, "are connected as superuser", "pg_stat_activity")


def _near_limit(session: Session, _: str) -> Answer:
    used, limit = session.rows(
        f"SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity WHERE {CLIENTS}"  # noqa: S608
    )[0]
    return Answer(used >= NEAR * limit, f"{used} of {limit} connections are in use", "pg_stat_activity")


def _role_in_use(session: Session, role: str) -> Answer:
    owned = session.rows(
        "SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = to_regrole(%s)", (_quoted(role),)
    )
    open_now = _open_sessions(session, role)
    if open_now.holds:
        return open_now
    return Answer(
        owned[0][0] > 0, f"{role} has no open session and {owned[0][0]} objects or grants", "pg_shdepend, pg_stat_activity"
    )


def _open_sessions(session: Session, role: str) -> Answer:
    n = session.rows(f"SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND {CLIENTS}", (role,))[0][0]  # noqa: S608
    return Answer(n > 0, f"{role} has {n} open session{'' if n == 1 else 's'}", "pg_stat_activity")


def _sessions_at_limit(session: Session, role: str) -> Answer:
    n, limit = session.rows(
        "SELECT count(a.pid), max(rolconnlimit) FROM pg_roles r"  # noqa: S608
        f" LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid AND {CLIENTS} WHERE rolname = %s",
        (role,),
    )[0]
    return Answer(limit is not None and 0 <= limit <= n, f"{role} has {n} open sessions, its limit is {limit}", "pg_stat_activity")


def _pending_restart(session: Session, _: str) -> Answer:
    rows = session.rows("SELECT name FROM pg_settings WHERE pending_restart ORDER BY 1")
    return _listed([row[0] for row in rows], "wait for a restart", "pg_settings")


def _no_certificate(session: Session, _: str) -> Answer:
    wrong = steps.start_problems(session, {"ssl": "on"})
    return Answer(bool(wrong), "; ".join(wrong) or "certificate and key are in place", files.path_of(session, "ssl_cert_file"))


def _long_transactions(session: Session, _: str) -> Answer:
    rows = session.rows(
        f"SELECT usename || ' in ' || datname, count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"  # noqa: S608
        f" AND state_change < now() - interval '1 minute' AND {CLIENTS} GROUP BY 1"
    )
    return _counted(rows, "have been idle in a transaction for over a minute", "pg_stat_activity")


def _method(rule: HbaRule | bool | None) -> str | None:
    return rule.method if isinstance(rule, HbaRule) else None


def _listed(names: Sequence[str], claim: str, source: str) -> Answer:
    return Answer(bool(names), f"{', '.join(names)} {claim}" if names else f"none {claim}", source)


def _counted(rows: Sequence[Sequence[object]], claim: str, source: str) -> Answer:
    return _listed([f"{who} ({n})" for who, n in rows], claim, source)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


FACTS: Mapping[str, Callable[[Session, str], Answer]] = {
    "postgres/roles-with-md5-verifiers": _md5_verifiers,
    "postgres/roles-without-password": _without_password,
    "postgres/clients-without-tls": _without_tls,
    "postgres/clients-with-old-tls": _old_tls,
    "postgres/clients-by-rule": _clients_by_rule,
    "postgres/superusers-in-use": _superusers,
    "postgres/connections-near-limit": _near_limit,
    "postgres/role-in-use": _role_in_use,
    "postgres/open-sessions-of-role": _open_sessions,
    "postgres/role-at-its-limit": _sessions_at_limit,
    "postgres/pending-restart": _pending_restart,
    "postgres/no-usable-certificate": _no_certificate,
    "postgres/long-idle-transactions": _long_transactions,
}
