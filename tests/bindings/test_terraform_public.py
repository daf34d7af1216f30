"""What is started in a public subnet."""

import pytest
from tests.bindings.test_terraform_ways import GATE, NAT, NET

from setright import lenses
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.layouts._terraform_public import in_public
from setright.bindings.source import Source

TASK = 'resource "aws_ecs_service" "w" {\n  network_configuration {\n    subnets = %s\n    assign_public_ip = true\n  }\n}\n'
MACHINE = 'resource "aws_instance" "w" {\n  subnet_id = %s\n%s}\n'
TABLE = 'resource "aws_route_table" "t" {\n  route {\n    gateway_id = aws_%s.g.id\n  }\n}\n'
TIE = 'resource "aws_route_table_association" "a" {\n  subnet_id = aws_subnet.s.id\n  route_table_id = aws_route_table.t.id\n}\n'
ROUTE = 'resource "aws_route" "r" {\n  route_table_id = aws_route_table.t.id\n  gateway_id = aws_internet_gateway.g.id\n}\n'


def public(text: str) -> bool:
    module = modules({"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})[""]
    return any(in_public(module, each) for kind in ("aws_ecs_service", "aws_instance") for each in module.resources(kind))


@pytest.mark.parametrize(
    ("subnets", "is_public"),
    [
        ("module.vpc.public_subnets", True),
        ("[aws_subnet.dmz.id]", True),
        ("data.aws_subnets.lf_public_vpc.ids", True),
        ("module.vpc.private_subnets", False),
        ("concat(var.public, var.private)", False),  # which of them, nobody tells
        ("var.subnets", False),
    ],
)
def test_names_tell_a_public_subnet(subnets: str, is_public: bool) -> None:
    assert public(TASK % subnets + NAT) == is_public


def test_routes_tell_a_public_subnet_whatever_its_name() -> None:
    task = TASK % "[aws_subnet.s.id]" + NET + GATE + NAT + TIE
    assert public(task + TABLE % "internet_gateway")
    assert public(task + ROUTE + 'resource "aws_route_table" "t" {\n}\n')
    assert not public(task + TABLE % "nat_gateway")


def test_a_machine_counts_where_it_is_seen_to_use_the_internet() -> None:
    assert public(MACHINE % ("aws_subnet.public.id", '  key_name = "ops"\n'))
    assert not public(MACHINE % ("aws_subnet.public.id", ""))
