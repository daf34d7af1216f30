"""Who in a module logs in to a service by a key, a password or a connection string that the service gives out.

registry.terraform.io: hashicorp/azurerm, the attributes of storage accounts, Cosmos DB, Redis, registries, Event Grid and the like.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers, of
from setright.bindings.layouts._terraform_values import mentions
from setright.model import Tree, Unknown
from setright.trees import same

GIVEN = (
    r"(?:default_)?(?:primary|secondary)_\w*(?:key|connection_string|sas\w*)|(?:\w+_)?connection_strings?|"
    r"admin_(?:username|password)"
)
RULE = "authorization_rule"  # of a bus: a key of its own


def key_users(module: Module, block: Block, tree: Tree) -> str:
    """``by`` which file something logs in with what the service gives out: ``no`` where nothing in the module does."""
    known_as = "|".join(map(re.escape, (block.address, *_looked_up(module, block))))
    given = re.compile(rf"(?<![\w.-])(?:{known_as})(?:\[[^\[\]]*\])?\.(?:{GIVEN})\b")
    found = (f"by {each.address}" for each, _ in namers(module, block) if each.type.endswith(RULE))
    files = (f"by {source.locator}" for source in module.sources.values() if mentions(source.tree, given))
    return next(found, next(files, "no"))


def _looked_up(module: Module, block: Block) -> list[str]:
    """The data blocks that look the service up by its own name."""
    own, this = module.resolved(block.body.get("name")), of(block)
    there = ((each, each.body.get("name")) for each in module.resources(f"data.{block.type}"))
    return [
        each.address
        for each, name in there
        if (isinstance(name, Unknown) and this.search(name.text)) or (name is not None and same(module.resolved(name), own))
    ]
