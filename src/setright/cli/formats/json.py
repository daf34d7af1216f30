"""Our own form: one object of ``setright/1``."""

from __future__ import annotations

from setright.cli.output import json_text
from setright.engine.contract import Report, scan_object


def render(report: Report) -> str:
    return json_text(scan_object(report))
