"""The promises of the PostgreSQL surface, against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lab import postgres as lab

from setright.model import Change, Steps, Want
from setright.surfaces.base import Moved, Rejected, SurfaceError
from setright.surfaces.database.postgres import open_postgres
from setright.surfaces.database.postgres.surface import Postgres

SETTINGS = Steps(
    validate=("postgres-settings",),
    reload=("postgres",),
    probe=("postgres", "postgres-tls"),
    next_start=("postgres-next-start",),
    arm=True,
)
HBA = Steps(validate=("postgres-hba",), reload=("postgres",), probe=("postgres",), next_start=("postgres-next-start",), arm=True)
ALL = [
    Want("postgres/settings", {"documents": ["settings", "running:settings"]}),
    Want("postgres/role", {"documents": ["role:*"]}),
    Want("postgres/hba", {"documents": ["hba"]}),
]
LOCKED = "local all all reject\nhost all all all reject\n"


def setting(surface: Postgres, **wanted: Any) -> Change:
    """The change that gives `auto` these values."""
    before = surface.again(["settings"])["settings"].data
    assert before is not None
    after = before.decode()
    for name, value in wanted.items():
        after, n = re.subn(
            rf'("{name}": {{.*?"auto": )(null|".*?"|\[.*?\]|[\d.-]+)', lambda m, v=value: m[1] + json.dumps(v), after
        )
        assert n == 1
    return Change("settings", "json", before, after.encode())


def hba(surface: Postgres, text: str) -> Change:
    return Change("hba", "pg_hba", surface.again(["hba"])["hba"].data, text.encode())


def role(surface: Postgres, name: str, **wanted: Any) -> Change:
    before = surface.again([f"role:{name}"])[f"role:{name}"].data
    assert before is not None
    after = json.loads(before) | wanted
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in after.items())
    return Change(f"role:{name}", "json", before, f"{{\n{lines}\n}}\n".encode())


def do(server: lab.Server, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as link:
        for statement in statements:
            link.execute(statement)


def running(surface: Postgres) -> Mapping[str, Any]:
    return json.loads(surface.again(["running:settings"])["running:settings"].data or b"")


def certificate(server: lab.Server) -> None:
    """A certificate for localhost where the server looks for one."""
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    files = [server.data / "server.key", server.data / "server.crt"]
    subprocess.run([*made, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    owner = server.data.stat()
    for file in files:
        os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(0o600)


def within(seconds: float, claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_psycopg_is_loaded_by_those_who_connect_only() -> None:
    code = "import sys, setright.surfaces.database.postgres; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 0


def test_a_password_in_the_url_is_never_shown(server: lab.Server) -> None:
    opened = open_postgres(server.url.replace("postgres@", "postgres:hunter2@") + "?password=hunter2&connect_timeout=3")
    assert opened.target == server.url + "?connect_timeout=3"
    assert "hunter2" not in repr(opened.read(ALL))
    opened.close()


def test_a_server_that_does_not_answer_is_a_clear_error() -> None:
    with pytest.raises(SurfaceError, match="postgres://nobody@127.0.0.1:1/x"):
        open_postgres("postgres://nobody:hunter2@127.0.0.1:1/x")


def test_one_reading_has_settings_roles_and_rules(server: lab.Server, surface: Postgres) -> None:
    do(
        server,
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN PASSWORD 'x' VALID UNTIL '2030-01-02 03:04:05+00' CONNECTION LIMIT 3",
    )
    reading = surface.read(ALL)
    assert reading.problems == ()
    found = {d.locator: d.data for d in reading.documents}
    assert found["hba"] == lab.HBA.encode()
    seen = json.loads(found["role:reader"] or b"")
    assert (seen["password"], seen["valid_until"], seen["connection_limit"], seen["superuser"]) == (
        "md5",
        "2030-01-02T03:04:05Z",
        3,
        False,
    )
    assert json.loads(found["settings"] or b"")["log_statement"] == {"boot": "none", "files": "none", "auto": None}
    assert json.loads(found["running:settings"] or b"")["log_statement"] == "none"


def test_values_read_the_same_however_they_are_written(server: lab.Server, surface: Postgres) -> None:
    do(server, "ALTER SYSTEM SET idle_in_transaction_session_timeout = '10min'", "ALTER SYSTEM SET work_mem = '0.5GB'")
    do(
        server,
        "ALTER SYSTEM SET log_connections = 'yes'",
        "ALTER SYSTEM SET log_file_mode = '0640'",
        "ALTER SYSTEM SET log_destination = 'stderr, csvlog'",
    )
    do(server, "SELECT pg_reload_conf()")
    tree = json.loads(surface.again(["settings"])["settings"].data or b"")
    names = ("idle_in_transaction_session_timeout", "work_mem", "log_connections", "log_file_mode", "log_destination")
    assert [tree[name]["auto"] for name in names] == [600000, 524288, "on", "0640", ["stderr", "csvlog"]]
    assert within(3, lambda: [running(surface)[name] for name in names] == [600000, 524288, "on", "0640", ["stderr", "csvlog"]])


def test_a_setting_written_holds_on_new_connections_and_goes_back_byte_for_byte(server: lab.Server, surface: Postgres) -> None:
    do(
        server,
        "ALTER SYSTEM SET log_min_duration_statement = '2min'",
        "ALTER SYSTEM SET log_lock_waits = 'true'",
        "ALTER SYSTEM SET search_path = 'a b', public",
    )
    do(server, "SELECT pg_reload_conf()")
    first = server.auto.read_bytes()
    kept = surface.keep(["settings"])[0]
    change = setting(surface, log_connections="on", log_min_duration_statement=1000, log_statement="ddl")
    surface.validate([change], SETTINGS)
    surface.write(change)
    surface.reload(SETTINGS)
    assert surface.again(["settings"])["settings"].data == change.after
    assert (running(surface)["log_connections"], running(surface)["log_statement"]) == ("on", "ddl")
    with psycopg.connect(server.url) as link:
        assert link.execute("SHOW log_min_duration_statement").fetchone() == ("1s",)
    surface.write(change)  # again is a no-op
    surface.write(change.inverse(kept.meta))
    surface.reload(SETTINGS)
    assert server.auto.read_bytes() == first
    assert surface.again(["settings"])["settings"].data == kept.data


def test_a_list_is_written_item_by_item(server: lab.Server, surface: Postgres) -> None:
    surface.write(setting(surface, search_path=["my schema", "public"], log_destination=["stderr", "csvlog"]))
    assert "search_path = '\"my schema\", public'" in server.auto.read_text()
    assert "log_destination = 'stderr, csvlog'" in server.auto.read_text()


def test_a_setting_that_moved_is_left_alone(server: lab.Server, surface: Postgres) -> None:
    change = setting(surface, log_statement="ddl")
    do(server, "ALTER SYSTEM SET log_statement = 'all'")
    with pytest.raises(Moved, match="log_statement.*'all'"):
        surface.write(change)
    assert "'all'" in server.auto.read_text()


def test_half_a_change_left_by_a_crash_can_be_finished_and_undone(server: lab.Server, surface: Postgres) -> None:
    change = setting(surface, log_statement="ddl", log_connections="on")
    kept = surface.keep(["settings"])[0]
    do(server, "ALTER SYSTEM SET log_statement = 'ddl'")
    surface.write(change)
    assert surface.again(["settings"])["settings"].data == change.after
    do(server, "ALTER SYSTEM RESET log_statement")
    surface.write(change.inverse(kept.meta))
    assert surface.again(["settings"])["settings"].data == change.before


def test_one_bad_value_among_good_ones_changes_nothing(server: lab.Server, surface: Postgres) -> None:
    change = setting(surface, log_connections="on", log_timezone="Mars/Olympus")
    before = server.auto.read_bytes()
    with pytest.raises(Rejected, match="log_timezone"):
        surface.write(change)
    assert server.auto.read_bytes() == before


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"log_statement": "everything"}, "none of"),
        ({"log_connections": "maybe"}, "neither on nor off"),
        ({"max_connections": 99999999}, "not between"),
        ({"statement_timeout": "soon"}, "no number"),
        ({"log_file_mode": "7777"}, "not between"),
        ({"data_checksums": "on"}, "fixed"),
        ({"port": 5433}, "command line"),
    ],
)
def test_a_value_the_server_would_not_take_is_rejected_before_it_is_written(
    surface: Postgres, wanted: dict[str, Any], why: str
) -> None:
    change = setting(surface, **wanted)
    with pytest.raises(Rejected, match=why):
        surface.validate([change], SETTINGS)


def test_tls_without_a_certificate_is_caught_before_it_is_written(surface: Postgres) -> None:
    with pytest.raises(Rejected, match=r"next start would fail.*server\.crt"):
        surface.validate([setting(surface, ssl="on")], SETTINGS)


def test_a_server_that_says_tls_and_offers_none_reads_off_and_is_unwell(server: lab.Server, surface: Postgres) -> None:
    do(server, "ALTER SYSTEM SET ssl = on")
    surface.reload(SETTINGS)
    assert running(surface)["ssl"] == "off"
    seen = surface.probe(SETTINGS)
    assert "offers no TLS" in seen["postgres-tls"]
    assert "server.crt" in seen["postgres-next-start"]


def test_tls_is_proven_by_a_handshake(server: lab.Server, surface: Postgres) -> None:
    certificate(server)
    change = setting(surface, ssl="on")
    surface.validate([change], SETTINGS)
    surface.write(change)
    surface.reload(SETTINGS)
    assert running(surface)["ssl"] == "on"
    assert set(surface.probe(SETTINGS).values()) == {"ok"}


def test_a_key_that_others_may_read_is_caught(server: lab.Server, surface: Postgres) -> None:
    certificate(server)
    (server.data / "server.key").chmod(0o644)
    with pytest.raises(Rejected, match="may be read by others"):
        surface.validate([setting(surface, ssl="on")], SETTINGS)


def test_a_library_that_is_not_installed_is_caught(surface: Postgres) -> None:
    with pytest.raises(Rejected, match="nosuchlib"):
        surface.validate([setting(surface, shared_preload_libraries=["nosuchlib"])], SETTINGS)
    surface.validate([setting(surface, shared_preload_libraries=["auto_explain"])], SETTINGS)


def test_what_needs_a_restart_stays_different_in_what_runs(surface: Postgres) -> None:
    surface.write(setting(surface, max_connections=150))
    surface.reload(SETTINGS)
    assert running(surface)["max_connections"] != 150
    assert surface.ask(["postgres/pending-restart"])["postgres/pending-restart"].holds is True


def test_rules_are_written_whole_and_keep_mode_and_owner(server: lab.Server, surface: Postgres) -> None:
    server.hba.chmod(0o640)
    was = server.hba.stat()
    kept = surface.keep(["hba"])[0]
    change = hba(surface, lab.HBA.replace("md5", "scram-sha-256"))
    surface.validate([change], HBA)
    assert server.hba.read_bytes() == change.before
    surface.write(change)
    surface.reload(HBA)
    now = server.hba.stat()
    assert server.hba.read_bytes() == change.after
    assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)
    surface.write(change)
    surface.write(change.inverse(kept.meta))
    assert server.hba.read_bytes() == lab.HBA.encode()
    assert not [*server.data.glob("*.setright*")]


def test_rules_that_moved_are_left_alone(server: lab.Server, surface: Postgres) -> None:
    change = hba(surface, lab.HBA.replace("md5", "scram-sha-256"))
    server.hba.write_text(lab.HBA + "# somebody else\n")
    for attempt in (lambda: surface.write(change), lambda: surface.validate([change], HBA)):
        with pytest.raises(Moved):
            attempt()
    assert server.hba.read_text() == lab.HBA + "# somebody else\n"


@pytest.mark.parametrize("text", ["host all all 10.0.0.0/99 trust\n", "host all all nonsense\n", "nothing at all\n"])
def test_rules_the_server_cannot_read_are_rejected_and_not_left_there(server: lab.Server, surface: Postgres, text: str) -> None:
    change = hba(surface, lab.HBA + text)
    for attempt in (lambda: surface.validate([change], HBA), lambda: surface.write(change)):
        with pytest.raises(Rejected, match="line 6"):
            attempt()
        assert server.hba.read_text() == lab.HBA


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LOCKED, "lock us out.*rejects"),
        ("local all all trust\n", "lock us out: no line matches"),
        ("host all all 127.0.0.1/32 scram-sha-256\n", "lock us out.*SCRAM"),
        ("host all app 127.0.0.1/32 trust\n", "lock us out: no line matches"),
    ],
)
def test_rules_that_would_lock_us_out_are_rejected(surface: Postgres, text: str, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        surface.validate([hba(surface, text)], HBA)


def test_rules_that_would_lock_out_a_session_that_is_open_are_rejected(server: lab.Server, surface: Postgres) -> None:
    do(server, "DROP ROLE IF EXISTS visitor", "CREATE ROLE visitor LOGIN")
    with psycopg.connect(server.url.replace("postgres@", "visitor@")):
        with pytest.raises(Rejected, match=r"could not come back.*visitor@127\.0\.0\.1"):
            surface.validate([hba(surface, "host all postgres 127.0.0.1/32 trust\n")], HBA)
        surface.validate([hba(surface, "host all postgres,visitor 127.0.0.1/32 trust\n")], HBA)


def test_a_line_that_only_earns_a_warning_is_let_through(server: lab.Server, surface: Postgres) -> None:
    change = hba(surface, lab.HBA + "hostssl all all 10.0.0.0/8 scram-sha-256\n")  # TLS is off
    surface.validate([change], HBA)
    surface.write(change)
    surface.reload(HBA)
    assert server.hba.read_bytes() == change.after


def test_a_lock_out_heals_itself(server: lab.Server, surface: Postgres) -> None:
    kept = surface.keep(["hba"])
    assert surface.arm(kept, HBA, 1.0, "run-1")
    surface.write(hba(surface, LOCKED))
    with pytest.raises(SurfaceError):
        surface.reload(HBA)
    with pytest.raises(SurfaceError, match="pg_hba|rejects"):
        surface.reconnect()
    assert within(8, lambda: server.hba.read_text() == lab.HBA)
    assert within(3, lambda: reconnects(surface))
    with pytest.raises(SurfaceError, match="has fired"):
        surface.disarm("run-1")


def reconnects(surface: Postgres) -> bool:
    try:
        surface.reconnect()
    except SurfaceError:
        return False
    return True


def test_settings_heal_themselves_too(server: lab.Server, surface: Postgres) -> None:
    first = server.auto.read_bytes()
    assert surface.arm(surface.keep(["settings"]), SETTINGS, 1.0, "run-2")
    surface.write(setting(surface, log_connections="on"))
    surface.reload(SETTINGS)
    assert within(5, lambda: server.auto.read_bytes() == first)
    assert within(3, lambda: running(surface)["log_connections"] == "off")


def test_a_switch_that_was_disarmed_does_nothing(server: lab.Server, surface: Postgres) -> None:
    kept = surface.keep(["hba"])
    assert surface.arm(kept, HBA, 1.0, "run-3")
    assert surface.arm(kept, HBA, 2.0, "run-3")  # its time starts anew
    change = hba(surface, lab.HBA.replace("md5", "scram-sha-256"))
    surface.write(change)
    surface.disarm("run-3")
    surface.disarm("run-3")
    time.sleep(2.6)
    assert server.hba.read_bytes() == change.after
    assert not [*server.data.glob("setright-run-3")]


def test_of_two_writers_one_wins_and_the_other_is_told(server: lab.Server, surface: Postgres) -> None:
    changes = [hba(surface, lab.HBA + f"host all w{i} 10.0.0.0/8 reject\n") for i in range(4)]
    outcomes: list[str] = []

    def write(change: Change) -> None:
        mine = open_postgres(server.url)
        try:
            mine.write(change)
            outcomes.append("written")
        except Moved:
            outcomes.append("moved")
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["moved", "moved", "moved", "written"]
    assert server.hba.read_bytes() in [change.after for change in changes]


def test_a_role_is_changed_and_put_back(server: lab.Server, surface: Postgres) -> None:
    do(server, "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN CREATEDB")
    change = role(surface, "clerk", createdb=False, connection_limit=5, valid_until="2031-05-06T07:08:09Z")
    surface.validate([change], Steps(validate=("postgres-role",)))
    surface.write(change)
    assert surface.again(["role:clerk"])["role:clerk"].data == change.after
    surface.write(change.inverse())
    assert surface.again(["role:clerk"])["role:clerk"].data == change.before
    do(server, "ALTER ROLE clerk CONNECTION LIMIT 9")
    with pytest.raises(Moved, match="connection_limit"):
        surface.write(change)


def test_what_no_edit_can_put_right_in_a_role_is_an_error(server: lab.Server, surface: Postgres) -> None:
    do(server, "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN")
    with pytest.raises(SurfaceError, match="password"):
        surface.write(role(surface, "clerk", password="scram-sha-256"))


def test_our_own_role_keeps_its_login(surface: Postgres) -> None:
    with pytest.raises(Rejected, match="cut us off"):
        surface.validate([role(surface, "postgres", superuser=False)], Steps())


def test_without_rights_reading_says_what_is_missing_and_writing_is_refused(server: lab.Server) -> None:
    do(server, "DROP ROLE IF EXISTS plain", "CREATE ROLE plain LOGIN")
    limited = open_postgres(server.url.replace("postgres@", "plain@"))
    assert limited.arms is False
    reading = limited.read(ALL)
    assert [(p.locator, "superuser" in p.why) for p in reading.problems] == [("hba", True)]
    assert limited.arm(limited.keep(["settings"]), SETTINGS, 5, "run-4") is False
    with pytest.raises(SurfaceError, match="ALTER SYSTEM"):
        limited.write(setting(limited, log_connections="on"))
    answer = limited.ask(["postgres/superusers-in-use"])["postgres/superusers-in-use"]
    assert answer.holds is None and "pg_monitor" in answer.text
    limited.close()


def test_facts_are_told_from_what_is_there(server: lab.Server, surface: Postgres) -> None:
    do(server, "DROP ROLE IF EXISTS old", "SET password_encryption = md5; CREATE ROLE old LOGIN PASSWORD 'x' CONNECTION LIMIT 1")
    with psycopg.connect(server.url.replace("postgres@", "old@")):
        answers = surface.ask(
            [
                "postgres/roles-with-md5-verifiers",
                "postgres/clients-without-tls",
                "postgres/clients-by-rule",
                "postgres/open-sessions-of-role:old",
                "postgres/role-in-use:old",
                "postgres/role-at-its-limit:old",
                "postgres/superusers-in-use",
                "postgres/connections-near-limit",
                "postgres/no-such-fact",
            ]
        )
    assert [answer.holds for answer in answers.values()] == [True, True, True, True, True, True, False, False, None]
    assert "old" in answers["postgres/roles-with-md5-verifiers"].text
    assert "old@127.0.0.1 (1)" in answers["postgres/clients-without-tls"].text


def test_an_unknown_step_is_an_error(surface: Postgres) -> None:
    with pytest.raises(SurfaceError, match="no step 'restart'"):
        surface.reload(Steps(reload=("restart",)))


def test_files_named_by_a_link_are_written_where_they_are(server: lab.Server, surface: Postgres, tmp_path: Path) -> None:
    real = server.data / "real_hba.conf"
    server.hba.rename(real)
    server.hba.symlink_to(real)
    change = hba(surface, lab.HBA.replace("md5", "scram-sha-256"))
    surface.write(change)
    assert server.hba.is_symlink() and real.read_bytes() == change.after
    server.hba.unlink()
    real.rename(server.hba)
