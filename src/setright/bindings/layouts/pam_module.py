"""What one PAM module does: its file under /etc/security, over which its arguments in /etc/pam.d count. Source: faillock.conf(5).

A resource for the file, and one for each rule that sets something itself, which answers for just that. Where the module has no file
(pam_pwhistory before Linux-PAM 1.5.3) each rule answers for everything. Its entry in a binding takes what `settings` takes, and

    module      the module's name; `lenses:` says `pam` for the documents that are stacks
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import settings
from setright.bindings.layouts.pam import module_arguments, module_of, with_argument
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """The file first, then the rules by service; none where neither is there."""
    whole = settings.view(kind, _files(layout), sources)
    found: list[Resource] = []
    for source in listed(layout, sources):
        rules = source.tree["rules"] if source.lens == "pam" and source.exists else ()
        mine = [i for i, rule in enumerate(rules) if "module" in rule and module_of(rule) == layout["module"]]
        for index in mine:
            given = module_arguments(rules[index])
            if given or not whole:
                twins = sum(rules[i]["type"] == rules[index]["type"] for i in mine if i < index)
                found.append(_rule(kind, source, index, twins, given, whole))
    return [*whole, *found]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """In the file, or in the rule's own arguments. Raises BindingError where another program writes the stack."""
    locator, base = resource.home
    if not base:
        return settings.edit(_files(layout), resource, edits, live, sources)
    tree = sources[locator].tree
    if program := tree.get("managed"):
        raise BindingError(f"{locator}: {program} writes this file and would undo a change; change it with {program}")
    rule = tree["rules"][base[1]]
    for each in edits:
        rule = with_argument(rule, str(each.path[0]), each.value, each.remove)
    return [(locator, Edit((*base, "arguments"), rule["arguments"]))]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The line in the file, or the rule's arguments."""
    locator, base = resource.home
    return (locator, (*base, "arguments")) if base else settings.locate(_files(layout), resource, path, sources)


def _files(layout: Layout) -> Layout:
    """The entry without the stacks."""
    stacks = layout.get("lenses", {})
    return {**layout, "documents": [each for each in layout["documents"] if each not in stacks]}


def _rule(kind: str, source: Source, index: int, twins: int, given: Mapping[str, Plain], whole: Sequence[Resource]) -> Resource:
    """Called by its type, and by how many of the module's rules of that type stand before: other rules may come and go."""
    which = f"{source.tree['rules'][index]['type']} {twins + 1}" if twins else source.tree["rules"][index]["type"]
    name = f"{kind.rpartition('/')[2]} in {source.locator.rpartition('/')[2]} ({which})"
    tree = {**(whole[0].tree if whole else {}), **given}
    return Resource(kind, name, tree, (source.locator, ("rules", index)), only=tuple(given) if whole else None)
