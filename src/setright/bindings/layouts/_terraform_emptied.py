"""Lists of rules that lose their last block: without one, Terraform leaves the rules that are there as they are.

registry.terraform.io: aws_security_group, removing all ingress and egress rules. These lists are arguments that may be written as
blocks, and are computed where they are not given; an empty list says that there shall be none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Tree
from setright.patterns import late
from setright.trees import same

COMPUTED = {
    "aws_network_acl": ("ingress", "egress"),
    "aws_security_group": ("ingress", "egress"),
    "azurerm_network_security_group": ("security_rule",),
}
APART = late(r"aws_(?:vpc_)?security_group_(?:in|e)?(?:gress_)?rule|aws_network_acl_rule|azurerm_network_security_rule")


SOURCES = ("cidr_blocks", "ipv6_cidr_blocks", "security_groups", "source_security_group_id", "prefix_list_ids")
RULES = ("aws_security_group", "aws_default_security_group", "aws_security_group_rule")
Placed = tuple[str, Edit]


def gone_from(module: Module, locator: str, path: Path) -> Edit:
    """The removal of an argument or block, and of the names and lists that would be left empty."""
    tree = module.sources[locator].tree
    while len(path) > 1 and (isinstance(path[-1], int) or len(path) <= 3) and len(look_up(tree, path[:-1])) == 1:
        path = path[:-1]
    return Edit(path, remove=True)


def whole_rules(module: Module, placed: Sequence[Placed]) -> list[Placed]:
    """The edits, but the removal of a rule in place of all whom it lets in: Terraform makes none that names nobody."""
    gone: dict[tuple[str, Path], list[Path]] = {}
    for locator, edit in placed:
        at = edit.path[:-1] if edit.path and isinstance(edit.path[-1], int) else edit.path
        if edit.remove and at and at[-1] in SOURCES and at[1] in RULES:
            gone.setdefault((locator, at[:-1]), []).append(edit.path)
    empty = {rule for rule, paths in gone.items() if not _left(look_up(module.sources[rule[0]].tree, rule[1]), rule[1], paths)}
    lost = {(locator, path) for locator, at in empty for path in gone[locator, at]}
    kept = [each for each in placed if (each[0], each[1].path) not in lost]
    return [*kept, *((locator, gone_from(module, locator, at)) for locator, at in gone if (locator, at) in empty)]


def _left(rule: Tree, at: Path, gone: Sequence[Path]) -> bool:
    """Whether a rule still names somebody when these are gone."""
    if not same(rule.get("self", False), False):
        return True
    for name in SOURCES:
        there = rule.get(name)
        many = there if isinstance(there, list) else [] if there is None else [there]
        if (*at, name) not in gone and any((*at, name, index) not in gone for index in range(len(many))):
            return True
    return False


def said_empty(module: Module, block: Block, placed: Sequence[tuple[str, Edit]]) -> Iterator[tuple[str, Edit]]:
    """The edits, but an empty list in place of the removal of all blocks of a list.

    Not where rules of the same thing stand apart, for the empty list would take those away at every run.
    """
    apart = any(APART.fullmatch(each.type) for each, _ in namers(module, block))
    gone = {edit.path for where, edit in placed if where == block.locator and edit.remove}
    emptied = [] if apart else [path for path, each in _lists(block) if path in gone or each <= gone]
    parts = {part for path, each in _lists(block) if path in emptied for part in (path, *each)}
    yield from (each for each in placed if each[0] != block.locator or not each[1].remove or each[1].path not in parts)
    yield from ((block.locator, Edit(path, [])) for path in emptied)


def _lists(block: Block) -> Iterator[tuple[Path, set[Path]]]:
    """The lists that are written as blocks, each with its blocks."""
    for name in COMPUTED.get(block.type, ()):
        rules = block.body.get(name)
        if isinstance(rules, list) and rules and name not in (block.body.get("dynamic") or {}):
            yield (*block.path, name), {(*block.path, name, index) for index in range(len(rules))}
