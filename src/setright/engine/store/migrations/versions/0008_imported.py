"""What other scanners found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column("key", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tool", "target", "rule", "title", "severity", "place")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("text", "remedy", "link", "controls", "finding", "state")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("first_seen_at", "last_seen_at")),
        sa.Column("closed_at", sa.Text),
    )
    op.create_index("imported_by_tool", "imported", ["tool", "target", "closed_at"])
