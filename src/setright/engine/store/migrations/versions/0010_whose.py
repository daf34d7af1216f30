"""Findings by whose they are and by the lane of their fix."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("owner", "organisation", "lane"):
        op.add_column("findings", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for name in ("owner", "lane"):
        query = f"UPDATE findings SET {name} = COALESCE((SELECT {name} FROM standings WHERE finding = findings.id), '')"  # noqa: S608
        op.execute(query)
    op.drop_index("findings_by_target", "findings")
    for name in ("target", "owner", "organisation", "lane"):
        op.create_index(f"findings_by_{name}", "findings", [name, "severity", "resolved_at", "first_seen_at"])
