"""Findings in the forms that other programs read: one form a module, each `render(report) -> text`."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from setright.engine.contract import Report


class Format(Protocol):
    """What a module here offers."""

    def render(self, report: Report) -> str: ...


def render(name: str, report: Report) -> str:
    """The report in the form of that name."""
    return cast(Format, import_module(f"setright.cli.formats.{name}")).render(report)
