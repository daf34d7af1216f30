"""Who in a module names a resource, who else gets to know it, and what tells that it is not to stay.

developer.hashicorp.com/terraform/language: output values, module blocks, workspaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module, mentions
from setright.bindings.trees import look_up, same
from setright.model import Tree
from setright.patterns import late

HANDS_ON = ("aws_ssm_parameter", "aws_lambda_permission", "aws_cloudformation_stack", "null_resource", "terraform_data")
PASSING = frozenset(("test", "tests", "testing", "e2e", "example", "examples", "sandbox", "fixtures", "playground", "demo"))
MADE_UP = late(r"\b(?:random_\w+|time_static)\.|\bterraform\.workspace\b|\b(?:uuid|timestamp)\(")
THROWN_AWAY = ("force_destroy", "skip_final_snapshot")


def handed_out(module: Module, block: Block, tree: Tree) -> str:
    """Who gets to know a resource besides its module: ``no`` where no output, call of a module or the like names it."""
    named = of(block)
    for source in module.sources.values():
        for sort in ("output", "module"):
            if mentions(source.tree.get(sort), named):
                return f"whoever takes it from {'an output' if sort == 'output' else 'a call of a module'}"
    handing = (other for kind in HANDS_ON for other in module.resources(kind) if mentions(other.body, named))
    return next((other.address for other in handing), "no")


def of(block: Block) -> re.Pattern[str]:
    """What finds a resource in an expression."""
    return re.compile(rf"(?<![\w.-]){re.escape(block.address)}(?![\w-])")


def namers(module: Module, block: Block) -> Iterator[tuple[Block, frozenset[str]]]:
    """The blocks of a module that name a resource, each with the arguments in which it does."""
    named = of(block)
    for kind in sorted(module.types):
        for other in module.resources(kind):
            told = frozenset(key for key, value in other.body.items() if mentions(value, named))
            if told and (other.locator, other.path) != (block.locator, block.path):
                yield other, told


# --- what is made to be deleted -------------------------------------------------------------------------------------


def throw_away(module: Module, block: Block, tree: Tree) -> str:
    """What tells that programs make and delete a resource, as for tests: ``no`` where nothing does."""
    if same(module.resolved(look_up(block.body, ("lifecycle", 0, "prevent_destroy"))), True):
        return "no"
    if PASSING & set(module.folder.lower().split("/")):
        return "a folder for tests"
    names = {key: value for key, value in block.body.items() if key.endswith(("name", "identifier", "prefix"))}
    if mentions(names, MADE_UP):
        return "a name that is made up"
    if "throw-away" not in module.notes:
        module.notes["throw-away"] = next(_thrown_away(module), "no")
    return str(module.notes["throw-away"])


def _thrown_away(module: Module) -> Iterator[str]:
    for kind in sorted(module.types):
        for other in module.resources(kind):
            yield from (f"{key} of {other.address}" for key in THROWN_AWAY if same(module.resolved(other.body.get(key)), True))
