"""What each look held for and what hid from it, and which findings the source leaves open."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("findings", sa.Column("aside", sa.Text, nullable=False, server_default=""))
    op.create_index("findings_open", "findings", ["resolved_at", "verdict", "aside", "control", "target"])
    op.create_table(
        "looks",
        sa.Column("control", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("unseen", sa.Integer, nullable=False),
    )
