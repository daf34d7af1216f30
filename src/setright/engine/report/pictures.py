"""Pictures of a report as inline SVG: no script, no outside file, legible without colour. Source: w3.org/TR/SVG2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from setright.engine.report.model import EXCEPTED, FAIL, PASS, STATES, UNKNOWN, UNTESTED, SectionResult

SIGNS = {FAIL: "✕", UNKNOWN: "?", EXCEPTED: "!", PASS: "✓", UNTESTED: "·"}
CLASSES = {FAIL: "fail", UNKNOWN: "unknown", EXCEPTED: "excepted", PASS: "pass", UNTESTED: "untested"}
SIDE, GAP, A_ROW = 18, 3, 24
BAR_WIDTH, BAR_HEIGHT, LEGIBLE = 900, 30, 26


def bar(states: Mapping[str, int]) -> str:
    """All sections as one bar, split by state."""
    total = sum(states.values()) or 1
    parts, at = [], 0.0
    for state in STATES:
        number = states.get(state, 0)
        width = BAR_WIDTH * number / total
        if number:
            parts.append(_block(CLASSES[state], (at, 0.0, width, BAR_HEIGHT), f"{number} {state}"))
            if width >= LEGIBLE:
                parts.append(_sign(at + width / 2, BAR_HEIGHT / 2 + 5, str(number), CLASSES[state]))
        at += width
    said = ", ".join(f"{states.get(state, 0)} {state}" for state in STATES)
    return _svg(BAR_WIDTH, BAR_HEIGHT, f"Sections: {said}", parts, "bar")


def squares(name: str, sections: Sequence[SectionResult]) -> str:
    """A family's sections as squares, each with the sign of its state; the browser shows which on pointing at one."""
    parts = []
    for place, section in enumerate(sections):
        x, y = (place % A_ROW) * (SIDE + GAP), (place // A_ROW) * (SIDE + GAP)
        parts.append(_block(CLASSES[section.state], (x, y, SIDE, SIDE), f"{section.id}: {section.state}"))
        parts.append(_sign(x + SIDE / 2, y + SIDE / 2 + 4, SIGNS[section.state], CLASSES[section.state]))
    wide = min(len(sections), A_ROW) * (SIDE + GAP) - GAP
    high = ((len(sections) - 1) // A_ROW + 1) * (SIDE + GAP) - GAP
    said = ", ".join(f"{section.id} {section.state}" for section in sections)
    return _svg(wide, high, f"{name}: {said}", parts, "squares")


def _svg(wide: float, high: float, said: str, parts: Sequence[str], name: str) -> str:
    size = f'width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}"'
    return f'<svg class="{name}" role="img" aria-label="{escape(said)}" {size}>{"".join(parts)}</svg>'


def _block(name: str, box: tuple[float, float, float, float], said: str) -> str:
    x, y, wide, high = box
    place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    return f'<rect class="{name}" {place} rx="3"><title>{escape(said)}</title></rect>'


def _sign(x: float, y: float, text: str, name: str) -> str:
    return f'<text class="on-{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'
