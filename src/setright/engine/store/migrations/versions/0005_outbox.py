"""What is to be told to outside systems, and how far each of them has been told."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("item", "event", "at", "body", "state")),
        sa.Column("ended_at", sa.Text),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("outbox_by_order", "outbox", ["channel", "state", "seq"])
    op.create_table(
        "channels",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False, server_default=""),
        sa.Column("held_until", sa.Text, nullable=False, server_default=""),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", sa.Text, nullable=False, server_default=""),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "channel_ledgers",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("ledger", sa.Text, primary_key=True),
        sa.Column("read_to", sa.BigInteger, nullable=False),
    )
