"""The tables, as they are at `HEAD`; migrations/ leads older databases here, and a test holds the two together.

Times are text as `times.stamp` writes them; trees are JSON without secrets.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text

HEAD = "0003"

metadata = MetaData()

version = Table(  # as Alembic makes it
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

targets = Table(
    "targets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("first_seen_at", Text, nullable=False),
    Column("last_seen_at", Text, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("control", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("line", Integer),
    Column("end_line", Integer),
    Column("detail", Text, nullable=False),  # mismatches, why_unknown, frameworks
    Column("first_seen_at", Text, nullable=False),
    Column("last_seen_at", Text, nullable=False),
    Column("resolved_at", Text),  # null: open
    Column("reopened_count", Integer, nullable=False),
    Index("findings_by_target", "target", "resolved_at"),
    Index("findings_by_control", "control", "resolved_at"),
)

plans = Table(
    "plans",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Index("plans_by_state", "state", "target"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("hash", Text, ForeignKey("plans.hash"), primary_key=True),
    Column("by", Text, primary_key=True),
    Column("at", Text, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("hash", Text, ForeignKey("plans.hash"), primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # apply, rollback
    Column("of", Text, ForeignKey("runs.id")),  # the run a rollback turns round
    Column("state", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Index("runs_by_start", "started_at"),
)

run_plans = Table(
    "run_plans",
    metadata,
    Column("run", Text, ForeignKey("runs.id"), primary_key=True),
    Column("hash", Text, ForeignKey("plans.hash"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("outcome", Text),  # null: not ended
    Column("kept", Text, nullable=False),  # snapshot addresses
    Column("error", Text, nullable=False),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("finding", Text, primary_key=True),
    Column("made_at", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("compensating", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("exposure", Text, nullable=False, server_default=""),
)
