"""Lists of rules that lose their last block: without one, Terraform leaves the rules that are there as they are.

registry.terraform.io: aws_security_group, removing all ingress and egress rules. These lists are arguments that may be written as
blocks, and are computed where they are not given; an empty list says that there shall be none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers
from setright.model import Edit, Path
from setright.patterns import late

COMPUTED = {
    "aws_network_acl": ("ingress", "egress"),
    "aws_security_group": ("ingress", "egress"),
    "azurerm_network_security_group": ("security_rule",),
}
APART = late(r"aws_(?:vpc_)?security_group_(?:in|e)?(?:gress_)?rule|aws_network_acl_rule|azurerm_network_security_rule")


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
