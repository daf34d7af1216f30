"""Whether a database of a module has every statement logged, as the parameter group tells that the module gives it.

registry.terraform.io: aws_db_parameter_group.
"""

from __future__ import annotations

from setright.bindings.layouts._databases import is_default_group, logs_every
from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

GROUP = late(r'(?:"\$\{\s*)?(aws_db_parameter_group\.[\w-]+)(?:\[0\])?\.(?:name|id)(?:\s*\}")?')


def statements(module: Module, block: Block, tree: Tree) -> str:
    """``no``, or who tells otherwise."""
    name = tree.get("DBParameterGroupName")
    if is_default_group(name):
        return "no"
    named = GROUP.fullmatch(name.text) if isinstance(name, Unknown) else None
    own = [each for each in module.resources("aws_db_parameter_group") if named and each.address == named[1]]
    if not own or "dynamic" in own[0].body or logs_every(dict(_parameters(module, own[0]))):
        return own[0].address if own else "a group that is made elsewhere"
    return "no"


def _parameters(module: Module, group: Block) -> list[tuple[str, Plain]]:
    blocks = group.body.get("parameter", [])
    told = [each for each in blocks if isinstance(each, dict)] if isinstance(blocks, list) else []
    return [(str(module.resolved(each.get("name"))), module.resolved(each.get("value"))) for each in told]
