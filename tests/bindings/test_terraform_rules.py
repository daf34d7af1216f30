"""What a rule of a security group is for, where a dynamic block makes it."""

import pytest

from setright.bindings.layouts._terraform_rules import description, made_description
from setright.model import Tree, Unknown

PORT = Unknown("each.value.port")
MADE: list[Tree] = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}, {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"from_port": PORT, "to_port": PORT, "cidr_blocks": ["::/0"]}, Unknown('"TCP port ${each.value.port} from anywhere"')),
        (
            {"from_port": PORT, "to_port": 90, "cidr_blocks": Unknown("each.value.from")},
            Unknown('"TCP ports ${each.value.port}-90 from the places that are listed"'),
        ),
        (
            {"from_port": Unknown('"${p.value}"'), "to_port": Unknown('"${p.value}"')},
            Unknown('"TCP port ${p.value} from the places that are listed"'),
        ),
        ({"from_port": PORT, "to_port": PORT, "cidr_ipv4": "0.0.0.0/0"}, Unknown('"TCP port ${each.value.port} from anywhere"')),
        ({"from_port": 443, "to_port": 443, "self": True}, "HTTPS from the places that are listed"),
    ],
)
def test_a_description_says_what_each_rule_is_told(content: Tree, words: str | Unknown) -> None:
    assert made_description(MADE, {"protocol": "tcp", **content}, False) == words


def test_rules_whose_ports_are_not_told_are_not_described() -> None:
    assert (
        made_description([{"FromPort": None, "ToPort": 80}], {"protocol": "tcp", "from_port": PORT, "to_port": PORT}, False) is None
    )
    assert made_description(MADE, {"protocol": Unknown("x.value"), "from_port": PORT, "to_port": PORT}, False) is None


@pytest.mark.parametrize("place", ["aws_vpc.this.cidr_block", "data.aws_vpc.main[0].cidr_block", "module.vpc.vpc_cidr_block"])
def test_the_addresses_of_a_network_are_called_by_what_they_are(place: str) -> None:
    rule: Tree = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": Unknown(place)}
    assert description([rule], {}, False) == "PostgreSQL from the VPC"


def test_what_a_choice_gives_has_no_name() -> None:
    ports = Unknown('var.engine == "postgres" ? 5432 : 3306')
    rule: Tree = {
        "IpProtocol": "tcp",
        "FromPort": ports,
        "ToPort": ports,
        "CidrIp": Unknown('var.open ? "0.0.0.0/0" : "10.0.0.0/8"'),
    }
    assert description([rule], {}, False) == "TCP from the places that are listed"
    assert description([rule | {"CidrIp": Unknown("var.offices[0].cidr")}], {}, False) == "TCP from offices"
