"""The findings screen as plain text."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from setright.cli.output import WIDTH
from setright.cli.screens.findings import draw
from setright.engine.contract import Report


def render(report: Report) -> str:
    sheet = StringIO()
    draw(Console(file=sheet, width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False), report, everything=True)
    return sheet.getvalue()
