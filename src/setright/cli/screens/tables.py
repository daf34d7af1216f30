"""Plain tables: a heading, rows, no lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from setright.cli.screens.styles import SEVERITY
from setright.engine.redact import shown


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Rows of texts; the words of severities in their colours. What rows are called by, which comes first, is not broken, and
    columns in which nothing stands are left out."""
    cells = [[shown(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(headings)) if not cells or any(row[at] for row in cells)]
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for at in kept:
        made.add_column(headings[at], overflow="fold", no_wrap=at == 0)
    for row in cells:
        made.add_row(*(Text(row[at], SEVERITY.get(row[at], "")) for at in kept))
    return made
