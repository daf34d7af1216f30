"""Points in time as the store and the ledger write them: UTC, microseconds, in the one form that also sorts as text (RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """``2026-01-02T03:04:05.000006Z``. Raises ValueError on a time without a zone: nobody can tell what it means."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The inverse of `stamp`."""
    return datetime.fromisoformat(text)
