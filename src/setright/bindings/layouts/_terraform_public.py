"""Whether a task or a machine is in a public subnet: there a NAT gateway helps nobody, and who has no address gets nowhere.

Amazon VPC User Guide, internet gateways; Amazon ECS Developer Guide, networking of Fargate tasks in a public subnet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_values import mentions
from setright.model import Plain, Unknown
from setright.patterns import late

PLACES: dict[str, tuple[str, ...]] = {"aws_ecs_service": ("network_configuration", "subnets"), "aws_instance": ("subnet_id",)}
USES_IT = ("user_data", "user_data_base64", "key_name", "provisioner")
PUBLIC = re.compile(r"public|dmz", re.IGNORECASE)
SUBNET = late(r"\baws_subnet\.[\w-]+")
TABLES = ("aws_route_table", "aws_default_route_table")
TABLE = late(r"\b(?:aws_route_table|aws_default_route_table)\.[\w-]+")
GATE = re.compile(r"\baws_internet_gateway\.")


def in_public(module: Module, block: Block) -> bool:
    """Whether the code tells, by its routes or its names, that the subnet is public; of a machine, that it uses the internet."""
    place = PLACES.get(block.type)
    told = within(block.body, place) if place else None
    if told is None or (block.type == "aws_instance" and not any(block.body.get(name) for name in USES_IT)):
        return False
    said = " ".join({*_texts(told[1]), *_texts(module.resolved(told[1]))})
    if PUBLIC.search(said) and "private" not in said.lower():
        return True
    return any(_leads_out(module, address) for address in set(SUBNET.findall(said)))


def _texts(value: Plain) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Unknown):
        yield value.text


def _leads_out(module: Module, address: str) -> bool:
    """Whether a route of the subnet's own leads to an internet gateway."""
    mine = re.compile(rf"(?<![\w.-]){re.escape(address)}(?![\w-])")
    ties = [each for each in module.resources("aws_route_table_association") if mentions(each.body.get("subnet_id"), mine)]
    tables = {name for each in ties for text in _texts(each.body.get("route_table_id")) for name in TABLE.findall(text)}
    routes = [each for kind in TABLES for each in module.resources(kind) if each.address in tables]
    routes += [
        each
        for each in module.resources("aws_route")
        if any(name in tables for text in _texts(each.body.get("route_table_id")) for name in TABLE.findall(text))
    ]
    return any(mentions(each.body, GATE) for each in routes)
