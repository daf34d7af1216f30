"""The circumstances in which an exception was made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name in ("owner", "exposure"):
        op.add_column("exceptions", sa.Column(name, sa.Text(), nullable=False, server_default=""))
