"""Which lane a fix takes, and a sentence that says why. Pure, over facts already asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from setright.model import Answer, Effect

Fear = tuple[str, str, Answer]  # sentence, fact, answer


class Decision(NamedTuple):
    """A lane and why."""

    lane: str
    reason: str


def decide(fears: Sequence[Fear], effect: Effect, deliberate: str = "") -> Decision:
    """The lane of a fix that could be planned: `auto` only where every fear is cleared and going back is exact."""
    for sentence, _, answer in fears:
        if answer.holds:
            return Decision("ask", f"would break something here: {sentence} ({answer.text})")
    open_fears = [f for f in fears if f[2].holds is None]
    if open_fears:
        sentence, fact, answer = open_fears[0]
        more = f", and {len(open_fears) - 1} more" if len(open_fears) > 1 else ""
        why = "only its owner can tell" if fact == "ask" else answer.text
        return Decision("ask", f"may break something if {sentence} ({why}){more}")
    if effect.undo == "none":
        return Decision("ask", "cannot be undone")
    if deliberate:
        return Decision("ask", deliberate)
    if effect.restart in ("service", "host", "replace"):
        return Decision(
            "ask", f"needs a restart of the {effect.restart}" if effect.restart != "replace" else "replaces the resource"
        )
    if effect.disruption == "high":
        return Decision("ask", "disrupts the service while it is applied")
    return Decision("auto", _cleared(fears))


def _cleared(fears: Sequence[Fear]) -> str:
    if not fears:
        return "changes nothing for a correct setup, and can be undone exactly"
    return "; ".join(dict.fromkeys(f"not so that {sentence} ({answer.text})" for sentence, _, answer in fears))
