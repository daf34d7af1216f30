"""Rounds of a run: what it may plan by itself, and the round of each plan."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("runs", sa.Column("further", sa.Text, nullable=False, server_default=""))
    op.add_column("run_plans", sa.Column("round", sa.Integer, nullable=False, server_default="1"))
