"""Findings by severity and age, of all controls and of each."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("findings_by_age", "findings", ["severity", "resolved_at", "first_seen_at"])
    op.drop_index("findings_by_control", "findings")
    op.create_index("findings_by_control", "findings", ["control", "severity", "resolved_at", "first_seen_at"])
