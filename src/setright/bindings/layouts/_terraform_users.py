"""Who in a module names a resource, who else gets to know it, and what tells that it is not to stay.

developer.hashicorp.com/terraform/language: output values, module blocks, workspaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_lookups import finders
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_values import mentions
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

HANDS_ON = ("aws_ssm_parameter", "aws_lambda_permission", "aws_cloudformation_stack", "null_resource", "terraform_data")
PASSING = frozenset(("test", "tests", "testing", "e2e", "example", "examples", "sandbox", "fixtures", "playground", "demo"))
MADE_UP = late(r"\b(?:random_\w+|time_static)\.|\bterraform\.workspace\b|\b(?:uuid|timestamp)\(")
ADDRESS = late(r"(?<![\w.-])(?:data\.)?[^\W\d][\w-]*\.[\w-]+")
NAME = late(r"[\[.]")
OUTSIDE = ("output", "locals", "module")  # what names resources and is none
THROWN_AWAY = ("force_destroy", "skip_final_snapshot")


def handed_out(module: Module, block: Block, tree: Tree) -> str:
    """Who gets to know a resource besides its module: ``no`` where no output, call of a module or the like names it."""
    if "handed out" not in module.notes:
        told: dict[str, str] = {}
        for address, whom in _handed(module):
            told.setdefault(address, whom)
        module.notes["handed out"] = told
    return str(module.notes["handed out"].get(block.address, "no"))


def set_later(block: Block) -> Tree:
    """The arguments whose value counts only until somebody sets another one, as `ignore_changes` names them; ``all`` for each."""
    ignored = look_up(block.body, ("lifecycle", 0, "ignore_changes"))
    named = [
        each.text if isinstance(each, Unknown) else str(each) for each in (ignored if isinstance(ignored, list) else [ignored])
    ]
    return {"set-later": [NAME.split(each)[0] for each in named]} if ignored is not None else {}


def _handed(module: Module) -> Iterator[tuple[str, str]]:
    for source in module.sources.values():
        for sort in ("output", "module"):
            whom = f"whoever takes it from {'an output' if sort == 'output' else 'a call of a module'}"
            yield from ((address, whom) for address in addresses(source.tree.get(sort)))
    for kind in HANDS_ON:
        for other in module.resources(kind):
            yield from ((address, other.address) for address in addresses(other.body))


def of(block: Block) -> re.Pattern[str]:
    """What finds a resource in an expression."""
    return re.compile(rf"(?<![\w.-]){re.escape(block.address)}(?![\w-])")


def namers(module: Module, block: Block) -> Iterator[tuple[Block, frozenset[str]]]:
    """The blocks of a module that name a resource, each with the arguments in which it does."""
    if "named" not in module.notes:
        module.notes["named"] = _named(module)
    for other, told in module.notes["named"].get(block.address, {}).values():
        if (other.locator, other.path) != (block.locator, block.path):
            yield other, frozenset(told)


def _named(module: Module) -> dict[str, dict[tuple[str, Path], tuple[Block, set[str]]]]:
    """By address and by the place of who names it: looked for once, since modules may have thousands of blocks."""
    found: dict[str, dict[tuple[str, Path], tuple[Block, set[str]]]] = {}
    for kind in sorted(module.types):
        for other in module.resources(kind):
            for key, value in other.body.items():
                for address in addresses(value):
                    found.setdefault(address, {}).setdefault((other.locator, other.path), (other, set()))[1].add(key)
    return found


def tellers(module: Module, block: Block) -> list[tuple[str, Plain]]:
    """The outputs, local values and calls of modules that name a resource: what each is called, and its body."""
    if "tellers" not in module.notes:
        found: dict[str, list[tuple[str, Plain]]] = {}
        for called, body in _told_outside(module):
            for address in dict.fromkeys(addresses(body)):
                found.setdefault(address, []).append((called, body))
        module.notes["tellers"] = found
    there: list[tuple[str, Plain]] = module.notes["tellers"].get(block.address, [])
    return there


def _told_outside(module: Module) -> Iterator[tuple[str, Plain]]:
    for source in module.sources.values():
        for sort in OUTSIDE:
            told = source.tree.get(sort)
            for name, body in told.items() if isinstance(told, dict) else ():
                yield f"{sort}.{name}", body
            if isinstance(told, list):
                yield sort, told


def addresses(value: Plain) -> Iterator[str]:
    """What may be an address in the expressions of a value."""
    if isinstance(value, Unknown):
        yield from ADDRESS.findall(value.text)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from addresses(item)


STARTS_NOTHING = (  # what is in a subnet without taking the public addresses that it gives
    *("aws_route_table_association", "aws_nat_gateway", "aws_lb", "aws_alb", "aws_elb", "aws_vpc_endpoint", "aws_efs_mount_target"),
    *("aws_network_acl", "aws_network_acl_association", "aws_db_subnet_group", "aws_elasticache_subnet_group", "aws_ec2_tag"),
    *("aws_default_network_acl", "aws_dms_replication_subnet_group", "aws_docdb_subnet_group", "aws_memorydb_subnet_group"),
    *(
        "aws_neptune_subnet_group",
        "aws_redshift_subnet_group",
        "aws_apigatewayv2_vpc_link",
        "aws_ec2_transit_gateway_vpc_attachment",
    ),
    *("aws_ecs_service", "aws_lambda_function", "aws_network_interface", "aws_route53_resolver_endpoint"),
)
ASKS_ITSELF = ("aws_instance", "associate_public_ip_address")  # the argument that counts before the subnet's setting
LOOKS_UP = ("data.aws_subnets", "data.aws_subnet_ids", "data.aws_subnet")


def starters(module: Module, block: Block, tree: Tree) -> str:
    """Who starts something in a subnet that may take its public addresses: ``no`` where all that knows it does not.

    Whoever looks subnets up, anywhere in the tree, may find this one.
    """
    if (others := handed_out(module, block, tree)) != "no":
        return others
    there = [each for each, _ in namers(module, block)]
    found = finders(module, block, LOOKS_UP)
    odd = [each.address for each in there if each.type not in STARTS_NOTHING and not _asks_itself(each)]
    return next(iter([*odd, *found]), "no" if there else "others, as nothing here does")


def _asks_itself(block: Block) -> bool:
    return block.type == ASKS_ITSELF[0] and block.body.get(ASKS_ITSELF[1]) is not None


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
