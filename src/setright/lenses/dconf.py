"""Key files of dconf: what GNOME and its login screen begin with. Source: dconf(7), the GVariant text format.

    {"org/gnome/desktop/session": {"idle-delay": 900}, "org/gnome/login-screen": {"banner-message-enable": True, "logo": "x"}}

Sections and keys stand as in `setright.lenses.systemd`; values are GVariants: texts in quotes, ``uint32 900``, true and false.
What is none of these stays as written. A number keeps the type that stands there; new ones are ``uint32``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import systemd
from setright.lenses.edited import find_at
from setright.lenses.error import LensError
from setright.model import Edit, Path, Plain, Tree

TYPED = re.compile(r"((?:byte|u?int(?:16|32|64)) )?(0|[1-9][0-9]{0,17})")
QUOTED = re.compile(r"'([^'\\\n]*)'|\"([^\"\\\n]*)\"")


def get(source: bytes) -> Tree:
    """Of a key that stands several times the last one counts."""
    return {section: {key: _read(value) for key, value in keys.items()} for section, keys in systemd.get(source).items()}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say."""
    for edit in edits:
        there, value = find_at(get(source), edit.path)
        if not (there and not edit.remove and type(value) is type(edit.value) and value == edit.value):
            source = systemd.put(source, [_raw(source, edit)])
    return source


def span(source: bytes, path: Path) -> tuple[int, int]:
    return systemd.span(source, path)


def _raw(source: bytes, edit: Edit) -> Edit:
    if edit.remove or edit.value == {}:
        return edit
    if len(edit.path) != 2:
        raise LensError(f"{'/'.join(map(str, edit.path))}: a path is a section and a key")
    _, now = find_at(systemd.get(source), edit.path)
    return Edit(edit.path, _write(edit.value, str(_last(now))))


def _last(value: Plain) -> Plain:
    return value[-1] if isinstance(value, list) else value


def _read(value: Plain) -> Plain:
    text = str(_last(value))
    if text in ("true", "false"):
        return text == "true"
    if typed := TYPED.fullmatch(text):
        return int(typed[2])
    quoted = QUOTED.fullmatch(text)
    return (quoted[1] if quoted[1] is not None else quoted[2]) if quoted and not _else(quoted) else text


def _else(quoted: re.Match[str]) -> bool:
    """Whether the text in quotes would be read as something else once its quotes are gone."""
    inner = quoted[1] if quoted[1] is not None else quoted[2]
    return inner in ("true", "false") or bool(TYPED.fullmatch(inner) or QUOTED.fullmatch(inner))


def _write(value: Plain, now: str) -> Plain:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        typed = TYPED.fullmatch(now)
        return f"{(typed[1] or '') if typed else 'uint32 '}{value}"
    if not isinstance(value, str) or re.search(r"['\\\r\n\0]", value):
        raise LensError(f"{value!r} cannot be written as a text")
    return f"'{value}'"
