"""Plain tables: a heading, rows, no lines; where there is no width for that, one row after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from setright.cli.screens.styles import SEVERITY
from setright.engine.redact import printable

COLUMN = 20  # characters after which a cell may go on in the next line
GAP = 2


class Rows:
    """Rows of texts under headings, as wide as the console is."""

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._headings = headings
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if len(self._headings) <= 3 or options.max_width >= self._needed():
            yield self._beside()
        else:
            yield from (part for row in self._rows for part in self._below(row))

    def _needed(self) -> int:
        """Characters in which all columns can be read."""
        columns = zip(self._headings, *self._rows, strict=True)
        return sum(min(max(map(len, column)), COLUMN) + GAP for column in columns) - GAP

    def _beside(self) -> Table:
        made = _table()
        for at, heading in enumerate(self._headings):
            made.add_column(heading, overflow="fold", no_wrap=at == 0)
        for row in self._rows:
            made.add_row(*map(_cell, row))
        return made

    def _below(self, row: Sequence[str]) -> tuple[Text, Table]:
        made = _table()
        made.show_header = False
        made.add_column(style="dim", no_wrap=True)
        made.add_column(overflow="fold")
        for heading, cell in zip(self._headings[1:], row[1:], strict=True):
            if cell:
                made.add_row(f"  {heading}", _cell(cell))
        return Text(row[0], "bold"), made


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Rows:
    """Rows of texts; the words of severities in their colours. What rows are called by, which comes first, is not broken, and
    columns in which nothing stands are left out."""
    cells = [[printable(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(headings)) if not cells or any(row[at] for row in cells)]
    return Rows([headings[at] for at in kept], [[row[at] for at in kept] for row in cells])


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")


def _cell(text: str) -> Text:
    return Text(text, SEVERITY.get(text, ""))
