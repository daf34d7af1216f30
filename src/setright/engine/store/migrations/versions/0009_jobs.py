"""The work of runs by target, and what the processes on one store tell each other."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    whole, words = sa.Integer, sa.Text
    added = {"wave": (whole, "1"), "waves": (whole, "1"), "stage": (words, "apply"), "due_at": (words, "")}
    for name, (kind, default) in (added | {"budget": (whole, "1"), "why": (words, "")}).items():
        op.add_column("runs", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("runs", sa.Column("worker", sa.Text))
    op.add_column("run_plans", sa.Column("job", sa.Integer, nullable=False, server_default="0"))
    op.add_column("run_plans", sa.Column("health", sa.Text, nullable=False, server_default="{}"))
    op.create_index("run_plans_of_job", "run_plans", ["run", "job"])
    _jobs()
    op.create_table("tenants", _key("name"), sa.Column("turn", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "workers",
        _key("id"),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("beats", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table("flags", _key("name"), *(sa.Column(name, sa.Text, nullable=False) for name in ("value", "at")))
    op.create_table("rates", _key("name"), sa.Column("next_us", sa.BigInteger, nullable=False))
    op.create_table("snapshots", _key("address"), sa.Column("sealed", sa.Text, nullable=False))


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("target", "tenant")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("wave", "soak_s")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("stage", "state")),
        sa.Column("worker", sa.Text),
        sa.Column("bad", sa.Integer, nullable=False, server_default="0"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("jobs_by_turn", "jobs", ["state", "tenant", "run", "number"])
    op.create_index("jobs_of_run", "jobs", ["run", "state"])
    op.create_index("jobs_of_target", "jobs", ["target", "state"])


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)
