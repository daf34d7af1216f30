"""The splices that make an edit of sshd_config. New keywords never go above an Include, nor into a foreign Match block."""

from __future__ import annotations

import re

from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, delete, insert_after
from setright.lenses.sshd.keywords import ADDING_UP, DISPUTED, Keyword, keyword
from setright.lenses.sshd.parse import Config, Directive, Section
from setright.lenses.sshd.values import arguments, listed_items
from setright.model import Edit, Path, Plain
from setright.trees import same

SLEEPING = re.compile(r"[ \t]*#[ \t]*Match[ \t]+(?:user|group|host|localaddress|localport|address|rdomain|all)\b", re.IGNORECASE)
INCLUDE = re.compile(r"Include(?: ([2-9]|[1-9][0-9]+))?")


def change(config: Config, edit: Edit) -> list[Replacement]:
    """The splices for an edit that changes something: a keyword of a section set or removed, or a block's criteria set."""
    section, rest = section_of(config, edit.path)
    if len(rest) != 1 or not isinstance(rest[0], str) or rest == ("Match",):
        raise LensError(f"{'/'.join(map(str, edit.path))}: only keywords can be edited, not a Match block as a whole")
    if section.head and rest == ("criteria",):
        return _set_criteria(section.head, edit)
    group = directives(section, rest[0])
    if edit.remove:
        return [delete(config.text, each.line) for each in group]
    if not group:
        return [_insert(config, section, keyword(rest[0].split(" ")[0]), edit.value)]
    if group[0].keyword.shape in ADDING_UP:
        return _relist(config, group, edit.value)
    first, *others = group
    gone = [delete(config.text, each.line) for each in others] if first.keyword.name in DISPUTED else []
    return [Replacement(first.start, first.end, arguments(first.keyword, edit.value, _quote(config.text, first))[0]), *gone]


def section_of(config: Config, path: Path) -> tuple[Section, Path]:
    """The section that a path leads into, and the rest of the path. Raises LensError for a block that is not there."""
    if path[:1] != ("Match",) or len(path) == 1:
        return config.sections[0], path
    index = path[1]
    if not isinstance(index, int) or not 0 <= index < len(config.sections) - 1:
        raise LensError(f"{'/'.join(map(str, path))}: there is no such Match block")
    return config.sections[index + 1], path[2:]


def directives(section: Section, name: str) -> list[Directive]:
    """The lines of a section that a tree's key stands for."""
    if include := INCLUDE.fullmatch(name):
        at = int(include[1] or 1) - 1
        return section.of("Include")[at : at + 1]
    return section.of(name)


def include_name(count: int) -> str:
    """The key of the section's Include line number `count`."""
    return "Include" if count == 1 else f"Include {count}"


def _set_criteria(head: Directive, edit: Edit) -> list[Replacement]:
    if edit.remove:
        raise LensError("Match: a block has criteria")
    return [Replacement(head.start, head.end, arguments(head.keyword, edit.value)[0])]


def _quote(text: str, directive: Directive) -> str:
    """The quotes that the one argument stands in."""
    return text[directive.start] if len(directive.words) == 1 and text[directive.start] in "'\"" else ""


def _insert(config: Config, section: Section, meant: Keyword, want: Plain) -> Replacement:
    after = _last_line_of(section) if section.head else _global_anchor(config, meant.name)
    last = section.body[-1] if section.body else None
    gap = last.gap if last and "=" in last.gap else " "
    lead = _indent(config, section, last)
    return insert_after(config.text, after, [f"{lead}{meant.name}{gap}{each}" for each in arguments(meant, want)])


def _last_line_of(section: Section) -> Line | None:
    last = section.body[-1] if section.body else section.head
    return last.line if last else None


def _global_anchor(config: Config, name: str) -> Line | None:
    """The line that a new global keyword goes behind; None: it goes to the top.

    That is the keyword's own line commented out (as shipped: ``#PermitRootLogin prohibit-password``), else the last
    global keyword where a Match block follows, else the end.
    """
    section = config.sections[0]
    last_include = max((each.line.number for each in section.of("Include")), default=0)
    head = _first_match(config)
    before = config.lines[: head.number - 1] if head else config.lines
    shipped = re.compile(rf"#{re.escape(name)}[ \t=]+\S", re.IGNORECASE)
    for line in before[last_include:]:
        if shipped.match(line.text):
            return line
    if head and section.body:
        return _last_line_of(section)
    while head and before and before[-1].text.lstrip().startswith("#"):
        before = before[:-1]
    return before[-1] if before else None


def _first_match(config: Config) -> Line | None:
    """The line of the first Match block; one commented out behind all keywords counts, since what stands below would be its own
    as soon as somebody turns it on.
    """
    if len(config.sections) > 1 and config.sections[1].head:
        return config.sections[1].head.line
    last = _last_line_of(config.sections[0])
    return next((line for line in config.lines[last.number if last else 0 :] if SLEEPING.match(line.text)), None)


def _indent(config: Config, section: Section, last: Directive | None) -> str:
    """As the section's last keyword is indented; in an empty block, as other blocks do it."""
    if not section.head:
        return ""
    model = last or next((each.body[0] for each in config.sections[1:] if each.body), None)
    return model.line.text[: len(model.line.text) - len(model.line.text.lstrip())] if model else "    "


def _relist(config: Config, group: list[Directive], want: Plain) -> list[Replacement]:
    """A list over several lines made `want`: what need not go stays in its line, what is new comes last."""
    arguments(group[0].keyword, want)
    kept, count = _kept(config.text, group, want)
    new = arguments(group[0].keyword, want[count:]) if want[count:] else []
    last = max((i for i, pieces in enumerate(kept) if pieces), default=0)
    if group[0].keyword.shape == "many" or not kept[last]:
        kept[last] += new[:1]
        new = new[1:]
    changes = [_reline(config.text, *each) for each in zip(group, kept, strict=True)]
    if new:
        lead = config.text[group[last].line.start : group[last].start]
        changes.append(insert_after(config.text, group[last].line, [lead + each for each in new]))
    return [each for each in changes if each]


def _kept(text: str, group: list[Directive], want: list[Plain]) -> tuple[list[list[str]], int]:
    """For each line the arguments that stay, as written, and how many of `want` that makes."""
    kept: list[list[str]] = []
    count = 0
    for directive in group:
        stay = []
        for item, written in zip(listed_items(text, directive), _written(text, directive), strict=True):
            if count < len(want) and same(item, want[count]):
                stay.append(written)
                count += 1
        kept.append(stay)
    return kept, count


def _written(text: str, directive: Directive) -> list[str]:
    if directive.keyword.shape == "many":
        return [text[word.start : word.end] for word in directive.words]
    return [text[directive.start : directive.end]]


def _reline(text: str, directive: Directive, pieces: list[str]) -> Replacement | None:
    """The line with these arguments; None where they are what it has."""
    have = _written(text, directive)
    if not pieces:
        return delete(text, directive.line)
    if pieces[: len(have)] == have:
        more = "".join(" " + each for each in pieces[len(have) :])
        return Replacement(directive.end, directive.end, more) if more else None
    return Replacement(directive.start, directive.end, " ".join(pieces))
