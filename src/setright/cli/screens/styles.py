"""Colours, signs and small pieces that every screen shares. Colour never says alone what a word does not."""

from __future__ import annotations

from collections.abc import Iterator

from rich.color import ColorSystem
from rich.console import Console
from rich.text import Text

SEVERITY = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "blue", "unknown": "magenta"}
LANE = {
    "auto": ("bold green", "runs by itself"),
    "ask": ("bold yellow", "waits for your approval"),
    "hold": ("bold blue", "waits for its window"),
    "source": ("bold blue", "belongs in its source"),
    "shield": ("bold blue", "shielded meanwhile"),
    "hand": ("bold magenta", "done by hand"),
}
OUTCOME = {
    "verified": ("bold green", "✓"),
    "unverified": ("bold red", "✗"),
    "reverted": ("bold yellow", "↶"),
    "refused": ("bold yellow", "–"),
    "waiting": ("bold yellow", "…"),
    "hand": ("bold magenta", "☞"),
}
MIN_GAP = 2
SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
DIFF = {"+": "green", "-": "red", "@": "cyan"}


def diff_lines(diff: str) -> Iterator[Text]:
    """A unified diff, coloured; the two lines that name the file come dim."""
    for line in diff.splitlines():
        style = "dim" if line.startswith(("---", "+++")) else DIFF.get(line[:1], "")
        yield Text(line, style, no_wrap=True, overflow="ellipsis")


def print_line(console: Console, text: Text) -> None:
    """As `console.print`; a line that fits as it stands, as nearly all do, costs a tenth of that."""
    system = SYSTEMS.get(console.color_system or "")
    if console.no_color or (system is None and console.color_system) or not _fits(text, console.width):
        console.print(text)
    elif system is None:
        console.file.write(f"{text.plain}\n")
    else:
        segments = Text.assemble(text).render(console)
        told = "".join(
            segment.style.render(segment.text, color_system=system) if segment.style else segment.text for segment in segments
        )
        console.file.write(f"{told}\n")


def _fits(text: Text, width: int) -> bool:
    """Whether it is one line that needs neither be broken nor cut."""
    return text.plain.isprintable() and text.cell_len <= width


def indented(console: Console, text: Text | str, by: int, first: Text | str = "") -> None:
    """Text wrapped within its indent, in which `first` stands, wide enough for that; no blanks at the ends of lines."""
    by = max(by, len(str(first).rstrip()) + 1) if first else by
    whole = text if isinstance(text, Text) else Text(text)
    room = max(console.width - by, 20)
    lines = [whole.copy()] if whole.no_wrap or _fits(whole, room) else whole.wrap(console, room)
    for number, line in enumerate(lines):
        margin = first.copy() if isinstance(first, Text) and not number else Text("" if number else str(first))
        margin.pad_right(by - margin.cell_len)
        line.rstrip()
        if not line:
            margin.rstrip()
        print_line(console, Text.assemble(margin, line, no_wrap=True, overflow="ellipsis"))


def ends(console: Console, left: Text, right: Text, by: int = 0) -> None:
    """One line with something at its right end; more where they do not fit, of which those that go on are indented."""
    gap = console.width - left.cell_len - right.cell_len
    if gap >= MIN_GAP:
        print_line(console, Text.assemble(left, " " * gap, right))
    else:
        indented(console, left[by:], by, left[:by])
        if right:
            print_line(console, Text.assemble(" " * max(console.width - right.cell_len, 0), right))


def heading(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, "bold"))
