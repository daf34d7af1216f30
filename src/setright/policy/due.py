"""When a finding should be put right by: so many days after it was first seen, by its severity. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta


def due_at(first_seen: datetime, severity: str, days: Mapping[str, int]) -> datetime | None:
    """The moment by which it is due; None where nothing is laid down for its severity."""
    return first_seen + timedelta(days=days[severity]) if severity in days else None


def overdue_before(days: Mapping[str, int], now: datetime) -> dict[str, datetime]:
    """For each severity the moment before which a finding must have been first seen to be overdue now."""
    return {severity: now - timedelta(days=number) for severity, number in days.items()}
