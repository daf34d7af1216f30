"""What tickets on a forge have in common: a label that lists them, and a key in a comment of the text that readers do not see.

Which of them are ours is told by both: anybody may copy the text, but not give it the label.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from setright.integrations.markup import markdown
from setright.integrations.tickets import Block, shortened

KEY = re.compile(r"<!-- (setright-[A-Za-z0-9_-]+) -->")


def hidden(word: str) -> str:
    return f"<!-- {word} -->"


def described(key: str, body: tuple[Block, ...], characters: int) -> str:
    """The text, with the key before all that could look like one."""
    return f"{hidden(key)}\n\n{_fitting(body, characters - len(key) - 20)}"


def remarked(mark: str, body: tuple[Block, ...], characters: int) -> str:
    return f"{_fitting(body, characters - len(mark) - 20)}\n\n{hidden(mark)}"


def ticket_key(text: str | None) -> str:
    """The key of a ticket's text; empty: it has none."""
    found = KEY.search(text or "")
    return found[1] if found else ""


def by_key(listed: Iterable[tuple[str, str | None]]) -> dict[str, list[str]]:
    """Ids by key, in their order, of ids and texts."""
    keys: dict[str, list[str]] = defaultdict(list)
    for id_, text in listed:
        keys[ticket_key(text)].append(id_)
    return keys


def _fitting(body: tuple[Block, ...], characters: int) -> str:
    """Markdown is longer than what it says, and nobody knows by how much before it is written."""
    room = characters
    while len(text := markdown(shortened(body, room))) > characters:
        room = room * 4 // 5
    return text
