"""Plain tables: a heading, rows, no lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from setright.cli.screens.styles import SEVERITY
from setright.engine.redact import shown


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Rows of texts; the words of severities in their colours."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(Text(shown(cell), SEVERITY.get(cell, "")) for cell in row))
    return made
