"""What each look at a target saw of each control: how many resources it held for, and what hid others. The last look counts."""

from __future__ import annotations

from datetime import datetime

import msgspec

from setright.engine.store.database import Connection, Database, inserted
from setright.engine.times import stamp

Left = tuple[str, str, str]  # where it is said that a finding stays open (comment, adopted), why, until when
# Open findings of each control on each target, by verdict and by how they are left open; answered from an index alone.
TALLIES = """SELECT control, target, verdict, aside, COUNT(*) AS number FROM findings
    WHERE resolved_at IS NULL GROUP BY control, target, verdict, aside"""


class Look(msgspec.Struct, frozen=True):
    """One control's last look at a target. `unseen`: documents it may speak of that could not be read or understood."""

    control: str
    target: str
    at: str
    passed: int
    unseen: int


class Tally(msgspec.Struct, frozen=True):
    """So many open findings of a control on a target; `aside` is where the source leaves them open, or empty."""

    control: str
    target: str
    verdict: str
    aside: str
    number: int


class Looks(Database):
    """The looks' part of the store."""

    def looks(self) -> list[Look]:
        with self.reading() as connection:
            return [Look(**row) for row in connection.rows("SELECT control, target, at, passed, unseen FROM looks")]

    def tallies(self) -> list[Tally]:
        with self.reading() as connection:
            return [Tally(**row) for row in connection.rows(TALLIES)]


class Seeing(msgspec.Struct, frozen=True):
    """What a scan says of itself beyond its findings: what held, what was hidden, what the source leaves open.

    `passed` and `unseen` are by control; `aside` by finding.
    """

    passed: dict[str, int] = {}
    unseen: dict[str, int] = {}
    aside: dict[str, Left] = {}


def keep_looks(connection: Connection, target: str, seeing: Seeing, at: datetime) -> None:
    """Takes the place of what earlier looks for the same controls saw of the target."""
    rows = [
        {"control": control, "target": target, "at": stamp(at), "passed": number, "unseen": seeing.unseen.get(control, 0)}
        for control, number in sorted(seeing.passed.items())
    ]
    renewed = ", ".join(f"{name} = excluded.{name}" for name in ("at", "passed", "unseen"))
    if rows:
        connection.change_each(inserted("looks", rows[0], f"ON CONFLICT (control, target) DO UPDATE SET {renewed}"), rows)
