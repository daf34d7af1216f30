"""How long until findings are put right, those that still are not counted in: Kaplan and Meier, JASA 53 (1958), 457-481. Pure.

An average of the closed ones alone looks better the more is left lying. Here an open finding counts for as long as it has been
open: all that is known of it is that it took longer than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple


class Curve(NamedTuple):
    """`steps` are (minutes, share still open after so long); `closed` and `open` are how many findings it rests on."""

    steps: tuple[tuple[int, float], ...]
    closed: int
    open: int

    def still_open(self, minutes: int) -> float | None:
        """The share still open after so long; None where nothing was watched for so long, so that nobody knows."""
        if not self.steps or minutes > self.steps[-1][0]:
            return 0.0 if self.steps and self.steps[-1][1] == 0 else None
        return next((share for (_, share), (after, _) in pairwise(self.steps) if after > minutes), self.steps[-1][1])

    @property
    def median(self) -> int | None:
        """The minutes after which half are closed; None where fewer than half ever were."""
        return next((minutes for minutes, share in self.steps if share <= 0.5), None)


def curve(lives: Mapping[tuple[int, bool], int]) -> Curve:
    """Of how many findings by (minutes, closed or still open then). Who is open at the moment of a closing was at risk of it."""
    at_risk = sum(lives.values())
    share, steps = 1.0, [(0, 1.0)]
    closed: dict[int, int] = {}
    gone: dict[int, int] = {}
    for (minutes, is_closed), number in lives.items():
        gone[minutes] = gone.get(minutes, 0) + number
        closed[minutes] = closed.get(minutes, 0) + (number if is_closed else 0)
    for minutes in sorted(gone):
        share *= 1 - closed[minutes] / at_risk
        steps.append((minutes, share))
        at_risk -= gone[minutes]
    total = sum(closed.values())
    return Curve(tuple(steps) if gone else (), total, sum(gone.values()) - total)
