"""How much of a large report goes into one SARIF run, and the words about what does not.

GitHub code scanning refuses a run of more than 25,000 results, shows the 5,000 most severe, and takes 10 MB gzipped
(docs.github.com, "SARIF results exceed one or more limits").
"""

from __future__ import annotations

from typing import NamedTuple

from setright.engine.contract import Report
from setright.engine.scan import Excepted, Found


class Limits(NamedTuple):
    """The most results of a run, and for how many of them a fix is made; the most severe have it first."""

    results: int = 25_000
    fixes: int = 5_000


LIMITS = Limits()
Told = tuple[Found, Excepted | None]


def results_told(report: Report, limits: Limits) -> list[Told]:
    """What is told as a result: worst first, and what is knowingly left open last."""
    open_ones: list[Told] = [(found, None) for found in report.found]
    return [*open_ones, *((left.found, left) for left in report.excepted)][: limits.results]


def limits_reached(report: Report, limits: Limits) -> list[str]:
    """A sentence for each limit that was reached; nothing for what is whole."""
    number = len(report.found) + len(report.excepted)
    said = []
    if number > limits.results:
        said.append(
            f"only the {limits.results:,} most severe of {number:,} findings are told as results (--sarif-results changes that); "
            "--format json has them all"
        )
    if min(len(report.found), limits.results) > limits.fixes:
        whose = f"fixes are told for the {limits.fixes:,} most severe findings only" if limits.fixes else "no fixes are told"
        said.append(f"{whose} (--sarif-fixes changes that); `setright plan` shows them all")
    return said
