"""sshd_config, and what ``sshd -T`` prints. Source: sshd_config(5) and servconf.c of OpenSSH 9.2: first value wins.

    {"PermitRootLogin": "no", "LoginGraceTime": 120, "Ciphers": [...], "AllowUsers": ["git", "ops"],
     "Include": ["/etc/ssh/sshd_config.d/*.conf"], "Match": [{"criteria": "User git", "X11Forwarding": "no"}]}

Keys are spelled as in the manual and stand in the order of the lines that set them first, so a reader can tell
what stands above an Include. A second Include line of one section is ``Include 2``, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.lenses.edited import edited, find_at
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, encode, nowhere, put_each
from setright.lenses.sshd.keywords import ADDING_UP
from setright.lenses.sshd.parse import Directive, Section, parse
from setright.lenses.sshd.put import change, directives, include_name, section_of
from setright.lenses.sshd.values import argument, value
from setright.model import Edit, Path, Tree

__all__ = ["get", "put", "span"]


def get(source: bytes) -> Tree:
    """The tree above. Raises LensError, naming the line, where sshd would not read on."""
    config = parse(decode(source))
    tree = _tree(config.text, config.sections[0])
    if len(config.sections) > 1:
        tree["Match"] = [_block(config.text, section) for section in config.sections[1:]]
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for values that no line can hold, and for edits on a Match block as a whole."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value stands; for a list over several lines, the first of them."""
    config = parse(decode(source))
    section, rest = section_of(config, path)
    if section.head and rest in ((), ("criteria",)):
        return byte_span(config.text, section.head.start, section.head.end)
    group = directives(section, str(rest[0])) if rest else []
    places = [(group[0].start, group[0].end)] if group and len(rest) == 1 else _places(group)
    index = rest[1] if len(rest) == 2 else 0
    if not isinstance(index, int) or not 0 <= index < len(places):
        raise nowhere(path)
    return byte_span(config.text, *places[index])


def _change(text: str, edit: Edit) -> list[Replacement]:
    """An edit on a list item is one on the list."""
    list_at = edit.path[: 3 if edit.path[0] == "Match" else 1]
    if len(edit.path) > len(list_at):
        _, whole = find_at(edited(get(encode(text)), [edit]), list_at)
        edit = Edit(list_at, whole)
    return change(parse(text), edit)


def _places(group: list[Directive]) -> list[tuple[int, int]]:
    """Where each item of a list stands."""
    if group and group[0].keyword.shape not in ADDING_UP:
        group = group[:1]
    by_word = bool(group) and group[0].keyword.shape in ("words", "many")
    return [(w.start, w.end) for d in group for w in d.words] if by_word else [(d.start, d.end) for d in group]


def _block(text: str, section: Section) -> Tree:
    if section.head is None or section.of("criteria"):
        raise LensError("a Match block has no keyword 'criteria'")
    return {"criteria": argument(text, section.head), **_tree(text, section)}


def _tree(text: str, section: Section) -> Tree:
    groups: dict[str, list[Directive]] = {}
    spelled: dict[str, str] = {}
    includes = 0
    for directive in section.body:
        name = spelled.setdefault(directive.keyword.name.lower(), directive.keyword.name)
        if name == "Include":
            includes += 1
            name = include_name(includes)
        groups.setdefault(name, []).append(directive)
    return {name: value(text, group) for name, group in groups.items()}
