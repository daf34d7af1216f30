"""Whose each finding is, what was sent back, what was reminded of, and which links were used."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=key, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "standings",
        *texts("finding", key=True),
        *texts("owner", "evidence", "organisations", "risk_why", "lane", "reason", "at"),
        sa.Column("confidence", sa.Integer, nullable=False),
        sa.Column("risk", sa.Integer, nullable=False),
        sa.Column("change_risk", sa.Integer),
    )
    op.create_table("sent_back", *texts("finding", "owner", "at", key=True), *texts("evidence", "reason", "by", "named"))
    op.create_table(
        "reminders",
        *texts("finding", key=True),
        sa.Column("opening", sa.Integer, primary_key=True, autoincrement=False),
        *texts("rung", key=True),
        *texts("at"),
    )
    op.create_table("spent", *texts("id", key=True), *texts("by", "what", "at"))
