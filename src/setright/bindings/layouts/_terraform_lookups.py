"""Who looks things of the account up, anywhere in a tree, and may find one that the tree makes.

registry.terraform.io: hashicorp/aws, data sources aws_security_group(s) and aws_subnet(s). Amazon VPC user guide: a group that is
made cannot be called "default"; subnets that are made are none of the default ones, and no network that is made is the default one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Unknown
from setright.patterns import fits, late
from setright.trees import same

NETWORK = late(r'(?:"\$\{\s*)?((?:data\.)?aws_(?:default_)?vpc\.[\w-]+)\.id(?:\s*\}")?')


def finders(module: Module, block: Block, kinds: Sequence[str]) -> list[str]:
    """The data blocks of these types that may find a resource."""
    looks = ((home, each) for home in module.tree.values() for kind in kinds for each in home.resources(kind))
    return [each.address for home, each in looks if not _passes_by(home, each, module, block)]


def _passes_by(home: Module, look: Block, module: Module, block: Block) -> bool:
    return _of_default(home, look) or _other_name(home, look, module, block) or _other_network(home, look, module, block)


def _of_default(home: Module, look: Block) -> bool:
    """Whether only what AWS made by itself is found."""
    zones = _asked(home, look, "default_for_az", "default-for-az")
    return _asked(home, look, "name", "group-name") == ["default"] or zones in ([True], ["true"])


def _other_name(home: Module, look: Block, module: Module, block: Block) -> bool:
    """Whether a group of this name is found by none of the names that are asked for."""
    asked = _asked(home, look, "name", "group-name")
    name, prefix = (module.resolved(block.body.get(key)) for key in ("name", "name_prefix"))
    if not asked or not all(isinstance(each, str) for each in asked):
        return False
    if isinstance(name, str):
        return not any(fits(name, str(each)) for each in asked)
    bare = name is None and isinstance(prefix, str)
    return bare and not any("*" in str(each) or "?" in str(each) or str(each).startswith(str(prefix)) for each in asked)


def _other_network(home: Module, look: Block, module: Module, block: Block) -> bool:
    """Whether it asks for the default network, and the resource is in one that is made."""
    own = _network(block.body.get("vpc_id"))
    asked = [_network(each) for each in _asked(home, look, "vpc_id", "vpc-id", raw=True)]
    return own.startswith("aws_vpc.") and bool(asked) and all(_is_default(home, each) for each in asked)


def _network(value: Plain) -> str:
    told = NETWORK.fullmatch(value.text) if isinstance(value, Unknown) else None
    return told[1] if told else ""


def _is_default(home: Module, address: str) -> bool:
    """Whether an address is of the default network: a block that takes it over, or a lookup of it."""
    kind = address.rpartition(".")[0]
    there = (each for each in home.resources(kind) if each.address == address) if kind.startswith("data.") else iter(())
    return kind == "aws_default_vpc" or any(same(home.resolved(each.body.get("default")), True) for each in there)


def _asked(home: Module, look: Block, argument: str, named: str, raw: bool = False) -> list[Plain]:
    """What is asked for by an argument, and by the filters of a name."""
    given = look.body.get(argument)
    found = [*([given] if given is not None else []), *_filtered(home, look, named)]
    return found if raw else [home.resolved(each) for each in found]


def _filtered(home: Module, look: Block, named: str) -> Iterator[Plain]:
    filters = look.body.get("filter")
    for each in filters if isinstance(filters, list) else []:
        if isinstance(each, dict) and home.resolved(each.get("name")) == named:
            values = each.get("values")
            yield from values if isinstance(values, list) else [values]
