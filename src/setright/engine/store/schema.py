"""The tables, as they are at `HEAD`; migrations/ leads older databases here, and a test holds the two together.

Times are text as `times.stamp` writes them; trees are JSON without secrets. The SQL is what SQLite and PostgreSQL share.
"""

from __future__ import annotations

HEAD = "0013"

TABLES = (
    # as Alembic makes it
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    """CREATE TABLE targets (
        name TEXT NOT NULL, url TEXT NOT NULL, environment TEXT NOT NULL, owner TEXT NOT NULL, tags TEXT NOT NULL,
        first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL,
        PRIMARY KEY (name))""",
    """CREATE TABLE findings (
        id TEXT NOT NULL, control TEXT NOT NULL, title TEXT NOT NULL, severity TEXT NOT NULL, verdict TEXT NOT NULL,
        target TEXT NOT NULL, resource TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, line INTEGER, end_line INTEGER,
        detail TEXT NOT NULL, -- mismatches, why_unknown, frameworks
        first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL,
        resolved_at TEXT, -- null: open
        reopened_count INTEGER NOT NULL,
        aside TEXT DEFAULT '' NOT NULL, -- where the source leaves it open: comment, adopted; or empty
        owner TEXT DEFAULT '' NOT NULL, organisation TEXT DEFAULT '' NOT NULL, lane TEXT DEFAULT '' NOT NULL, -- as in standings
        PRIMARY KEY (id))""",
    "CREATE INDEX findings_by_target ON findings (target, severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_by_owner ON findings (owner, severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_by_organisation ON findings (organisation, severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_by_lane ON findings (lane, severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_by_control ON findings (control, severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_by_age ON findings (severity, resolved_at, first_seen_at)",
    "CREATE INDEX findings_open ON findings (resolved_at, verdict, aside, control, target)",
    """CREATE TABLE looks (
        control TEXT NOT NULL, target TEXT NOT NULL, at TEXT NOT NULL, -- the last one
        passed INTEGER NOT NULL, unseen INTEGER NOT NULL,
        PRIMARY KEY (control, target))""",
    """CREATE TABLE plans (
        hash TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
        made_at TEXT NOT NULL, expires_at TEXT NOT NULL,
        PRIMARY KEY (hash))""",
    "CREATE INDEX plans_by_state ON plans (state, target)",
    """CREATE TABLE approvals (
        hash TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (hash, "by"), FOREIGN KEY (hash) REFERENCES plans (hash))""",
    """CREATE TABLE requests (
        hash TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (hash), FOREIGN KEY (hash) REFERENCES plans (hash))""",
    """CREATE TABLE runs (
        id TEXT NOT NULL, kind TEXT NOT NULL, -- apply, rollback
        "of" TEXT, -- the run a rollback turns round
        state TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
        wave INTEGER DEFAULT 1 NOT NULL, waves INTEGER DEFAULT 1 NOT NULL,
        stage TEXT DEFAULT 'apply' NOT NULL, -- apply, soak, check, revert
        due_at TEXT DEFAULT '' NOT NULL, -- when it has soaked
        budget INTEGER DEFAULT 1 NOT NULL, why TEXT DEFAULT '' NOT NULL,
        worker TEXT, -- that serves it alone; null: any; empty: any, since its own died
        further TEXT DEFAULT '' NOT NULL, -- what it may plan by itself; empty: nothing
        PRIMARY KEY (id), FOREIGN KEY ("of") REFERENCES runs (id))""",
    "CREATE INDEX runs_by_start ON runs (started_at)",
    """CREATE TABLE run_plans (
        run TEXT NOT NULL, hash TEXT NOT NULL, position INTEGER NOT NULL, outcome TEXT, -- null: not ended
        kept TEXT NOT NULL, -- snapshot addresses
        error TEXT NOT NULL, job INTEGER DEFAULT 0 NOT NULL, health TEXT DEFAULT '{}' NOT NULL,
        round INTEGER DEFAULT 1 NOT NULL, -- 0: planned in the place of another
        PRIMARY KEY (run, hash), FOREIGN KEY (run) REFERENCES runs (id), FOREIGN KEY (hash) REFERENCES plans (hash))""",
    """CREATE TABLE jobs (
        run TEXT NOT NULL, number INTEGER NOT NULL, target TEXT NOT NULL, tenant TEXT NOT NULL, wave INTEGER NOT NULL,
        soak_s INTEGER NOT NULL, stage TEXT NOT NULL, -- apply, check, revert, refuse
        state TEXT NOT NULL, -- held, ready, running, done
        worker TEXT, bad INTEGER DEFAULT 0 NOT NULL, note TEXT DEFAULT '' NOT NULL,
        PRIMARY KEY (run, number), FOREIGN KEY (run) REFERENCES runs (id))""",
    "CREATE INDEX jobs_by_turn ON jobs (state, tenant, run, number)",
    "CREATE INDEX jobs_of_run ON jobs (run, state)",
    "CREATE INDEX jobs_of_target ON jobs (target, state)",
    "CREATE INDEX run_plans_of_job ON run_plans (run, job)",
    "CREATE TABLE tenants (name TEXT NOT NULL, turn INTEGER DEFAULT 0 NOT NULL, PRIMARY KEY (name))",
    """CREATE TABLE workers (
        id TEXT NOT NULL, host TEXT NOT NULL, beats INTEGER NOT NULL, "at" TEXT NOT NULL,
        PRIMARY KEY (id))""",
    'CREATE TABLE flags (name TEXT NOT NULL, value TEXT NOT NULL, "at" TEXT NOT NULL, PRIMARY KEY (name))',
    "CREATE TABLE rates (name TEXT NOT NULL, next_us BIGINT NOT NULL, PRIMARY KEY (name))",
    "CREATE TABLE snapshots (address TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (address))",
    """CREATE TABLE exceptions (
        finding TEXT NOT NULL, made_at TEXT NOT NULL, reason TEXT NOT NULL, approver TEXT NOT NULL, until TEXT NOT NULL,
        compensating TEXT NOT NULL, owner TEXT DEFAULT '' NOT NULL, exposure TEXT DEFAULT '' NOT NULL,
        PRIMARY KEY (finding, made_at))""",
    """CREATE TABLE outbox (
        channel TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, -- the order of a channel
        item TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
        state TEXT NOT NULL, -- waiting, sent, refused
        ended_at TEXT, error TEXT DEFAULT '' NOT NULL,
        PRIMARY KEY (channel, id))""",
    "CREATE INDEX outbox_by_order ON outbox (channel, state, seq)",
    """CREATE TABLE channels (
        channel TEXT NOT NULL, holder TEXT DEFAULT '' NOT NULL, held_until TEXT DEFAULT '' NOT NULL,
        failures INTEGER DEFAULT 0 NOT NULL, next_at TEXT DEFAULT '' NOT NULL, error TEXT DEFAULT '' NOT NULL,
        PRIMARY KEY (channel))""",
    """CREATE TABLE channel_ledgers (
        channel TEXT NOT NULL, ledger TEXT NOT NULL, read_to BIGINT NOT NULL, -- bytes
        PRIMARY KEY (channel, ledger))""",
    """CREATE TABLE standings (
        finding TEXT NOT NULL, owner TEXT NOT NULL, evidence TEXT NOT NULL, organisations TEXT NOT NULL, risk_why TEXT NOT NULL,
        lane TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, confidence INTEGER NOT NULL, -- of 100
        risk INTEGER NOT NULL, change_risk INTEGER, -- null: what only a person can do
        PRIMARY KEY (finding))""",
    """CREATE TABLE sent_back (
        finding TEXT NOT NULL, owner TEXT NOT NULL, at TEXT NOT NULL, evidence TEXT NOT NULL, reason TEXT NOT NULL,
        "by" TEXT NOT NULL, named TEXT NOT NULL,
        PRIMARY KEY (finding, owner, at))""",
    """CREATE TABLE reminders (
        finding TEXT NOT NULL, opening INTEGER NOT NULL, rung TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (finding, opening, rung))""",
    """CREATE TABLE spent (
        id TEXT NOT NULL, "by" TEXT NOT NULL, what TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (id))""",
    """CREATE TABLE imported (
        key TEXT NOT NULL, tool TEXT NOT NULL, target TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL,
        severity TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL, remedy TEXT NOT NULL, link TEXT NOT NULL,
        controls TEXT NOT NULL, -- JSON: ours that speak of the same
        finding TEXT NOT NULL, -- ours at the same place; empty: none
        state TEXT NOT NULL, -- matched, not-confirmed, by-hand
        first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL, closed_at TEXT,
        PRIMARY KEY (key))""",
    "CREATE INDEX imported_by_tool ON imported (tool, target, closed_at)",
    """CREATE TABLE tickets (
        channel TEXT NOT NULL, matter TEXT NOT NULL, -- control, owner and organisation
        number INTEGER NOT NULL, control TEXT NOT NULL, owner TEXT NOT NULL, organisation TEXT NOT NULL,
        id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
        state TEXT NOT NULL, -- making, open, closed, left
        findings TEXT NOT NULL, told TEXT NOT NULL, answered TEXT NOT NULL, tried_at TEXT NOT NULL, changed_at TEXT NOT NULL,
        error TEXT NOT NULL,
        PRIMARY KEY (channel, matter))""",
    """CREATE TABLE tokens (
        id TEXT NOT NULL, hash TEXT NOT NULL, -- SHA-256 of what its holder has
        actor TEXT NOT NULL, actions TEXT NOT NULL, targets TEXT NOT NULL, made_by TEXT NOT NULL, made_at TEXT NOT NULL,
        expires_at TEXT NOT NULL, revoked_at TEXT, used_at TEXT,
        PRIMARY KEY (id))""",
    """CREATE TABLE calls (
        id TEXT NOT NULL, token TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
        key TEXT NOT NULL, -- the caller's own name for it
        body TEXT NOT NULL, state TEXT NOT NULL, -- waiting, running, ended
        host TEXT NOT NULL, -- that does it
        status INTEGER NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL, ended_at TEXT,
        PRIMARY KEY (id), UNIQUE (actor, key))""",
    "CREATE INDEX calls_by_state ON calls (state, at)",
    """CREATE TABLE also_asked (
        hash TEXT NOT NULL, "by" TEXT NOT NULL,
        PRIMARY KEY (hash, "by"))""",
)
