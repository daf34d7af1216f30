"""Calls from other programs, and the tokens they come with."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("hash", "actor", "actions", "targets", "made_by", "made_at")),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
        sa.Column("used_at", sa.Text),
    )
    words = ("token", "actor", "action", "key", "body", "state", "host")
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.UniqueConstraint("actor", "key"),
    )
    op.create_index("calls_by_state", "calls", ["state", "at"])
    op.create_table("also_asked", sa.Column("hash", sa.Text, primary_key=True), sa.Column("by", sa.Text, primary_key=True))
