"""The kernel's command line as /etc/default/grub gives it to the next start. Source: GRUB manual 6.1, kernel-parameters.txt.

    {"words": {"apparmor": "1", "quiet": true}}

GRUB_CMDLINE_LINUX comes before GRUB_CMDLINE_LINUX_DEFAULT; of a word given twice the last counts. What a file of default/grub.d
puts together from others cannot be told. Its entry in a binding takes `main`, `documents` and `lens`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import settings
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]
VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource where GRUB is set up."""
    whole = settings.view(kind, layout, sources)
    return [Resource(each.kind, each.name, _tree(each), each.home) for each in whole]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Words set where they stand, new ones behind GRUB_CMDLINE_LINUX. Raises BindingError for a line that cannot be told."""
    [whole] = settings.view(resource.kind, layout, sources)
    lines = {name: str(whole.tree.get(name, "")) for name in VARIABLES}
    for each in edits:
        if len(each.path) != 2 or each.path[0] != "words":
            raise BindingError(f"{'/'.join(map(str, each.path))}: only words of the line can be set")
        _make(whole.tree, lines, each)
    changed = {name: line for name, line in lines.items() if line != str(whole.tree.get(name, ""))}
    return settings.edit(layout, whole, [Edit((name,), line) for name, line in changed.items()], [], sources)


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The variable that holds the word; a new one would go to the first."""
    [whole] = settings.view(resource.kind, layout, sources)
    named = str(path[1]) if len(path) > 1 else ""
    having = [name for name in VARIABLES if named in _words(whole.tree.get(name, ""))]
    return settings.locate(layout, whole, (having[-1] if having else VARIABLES[0],), sources)


def _tree(resource: Resource) -> Tree:
    lines = [resource.tree.get(name, "") for name in VARIABLES]
    unknown = next((line for line in lines if isinstance(line, Unknown)), None)
    if unknown is not None:
        return {"words": unknown}
    return {"words": {name: value for line in lines for name, value in _words(line).items()}}


def _words(line: Plain) -> dict[str, Plain]:
    parted = (word.partition("=") for word in str(line).split())
    return {name: value if equals else True for name, equals, value in parted}


def _make(tree: Tree, lines: dict[str, str], edit: Edit) -> None:
    """One word, in all lines that hold it; behind the first where none does."""
    if any(isinstance(tree.get(name), Unknown) for name in VARIABLES):
        raise BindingError("the command line is put together by several files and cannot be told; add the word by hand")
    name = str(edit.path[1])
    new = name if edit.value is True else f"{name}={edit.value}"
    holding = [each for each in VARIABLES if name in _words(lines[each])]
    for each in holding:
        words = (word for word in lines[each].split() if not (edit.remove and word.partition("=")[0] == name))
        lines[each] = " ".join(new if word.partition("=")[0] == name else word for word in words)
    if not holding and not edit.remove:
        lines[VARIABLES[0]] = f"{lines[VARIABLES[0]]} {new}".strip()
