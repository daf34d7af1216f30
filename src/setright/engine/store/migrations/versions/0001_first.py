"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=primary_key, nullable=nullable)


def upgrade() -> None:
    _seen()
    _planned()
    _run()
    op.create_table(
        "exceptions",
        text("finding", primary_key=True),
        text("made_at", primary_key=True),
        text("reason"),
        text("approver"),
        text("until"),
        text("compensating"),
    )


def _seen() -> None:
    op.create_table(
        "targets",
        text("name", primary_key=True),
        text("url"),
        text("environment"),
        text("owner"),
        text("tags"),
        text("first_seen_at"),
        text("last_seen_at"),
    )
    op.create_table(
        "findings",
        text("id", primary_key=True),
        *(text(name) for name in ("control", "title", "severity", "verdict", "target", "resource", "kind", "path")),
        sa.Column("line", sa.Integer()),
        sa.Column("end_line", sa.Integer()),
        text("detail"),
        text("first_seen_at"),
        text("last_seen_at"),
        text("resolved_at", nullable=True),
        sa.Column("reopened_count", sa.Integer(), nullable=False),
    )
    op.create_index("findings_by_target", "findings", ["target", "resolved_at"])
    op.create_index("findings_by_control", "findings", ["control", "resolved_at"])


def _planned() -> None:
    op.create_table(
        "plans",
        text("hash", primary_key=True),
        text("target"),
        text("lane"),
        text("state"),
        text("body"),
        text("made_at"),
        text("expires_at"),
    )
    op.create_index("plans_by_state", "plans", ["state", "target"])
    op.create_table(
        "approvals",
        sa.Column("hash", sa.Text(), sa.ForeignKey("plans.hash"), primary_key=True),
        text("by", primary_key=True),
        text("at"),
    )


def _run() -> None:
    op.create_table(
        "runs",
        text("id", primary_key=True),
        text("kind"),
        sa.Column("of", sa.Text(), sa.ForeignKey("runs.id")),
        text("state"),
        text("started_at"),
        text("ended_at", nullable=True),
    )
    op.create_index("runs_by_start", "runs", ["started_at"])
    op.create_table(
        "run_plans",
        sa.Column("run", sa.Text(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("hash", sa.Text(), sa.ForeignKey("plans.hash"), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        text("outcome", nullable=True),
        text("kept"),
        text("error"),
    )
