"""Tickets of other systems."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    words = ("control", "owner", "organisation", "id", "name", "url", "state", "findings", "told", "answered")
    op.create_table(
        "tickets",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("matter", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in (*words, "tried_at", "changed_at", "error")),
    )
