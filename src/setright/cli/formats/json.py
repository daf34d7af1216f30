"""Our own form: one object of ``setright/1``."""

from __future__ import annotations

from setright.cli.contract import Report, scan_object
from setright.cli.output import json_text


def render(report: Report) -> str:
    return json_text(scan_object(report))
