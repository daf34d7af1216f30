"""How what a module starts gets out to the internet."""

import pytest
from tests.bindings.test_terraform_users import told

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

SUBNET: dict[str, Plain] = {"type": "aws_subnet", "evidence": {"way-out": "way-out"}}
TASK: dict[str, Plain] = {"type": "aws_ecs_service", "evidence": {"way-out": "way-out"}}
GATE = 'resource "aws_internet_gateway" "g" {\n  vpc_id = aws_vpc.v.id\n}\n'
NET = 'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.v.id\n}\n'
NODES = 'resource "aws_eks_node_group" "n" {\n  subnet_ids = aws_subnet.s[*].id\n}\n'
OWN = 'resource "aws_instance" "i" {\n  subnet_id = aws_subnet.s.id\n  associate_public_ip_address = true\n}\n'
NAT = 'resource "aws_nat_gateway" "n" {\n  subnet_id = aws_subnet.s.id\n}\n'
FORWARDS = 'resource "aws_instance" "nat" {\n  source_dest_check = false\n}\n'
CALL = 'module "m" {\n  source = "%s"\n}\n'


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (NET + GATE + NODES, "public addresses"),
        (NET + NODES, "others"),  # a network that is made elsewhere
        (NET + GATE, "others"),  # nothing starts there
        (NET + GATE + OWN, "others"),  # which asks for an address itself
        (NET + GATE + NODES + NAT, "others"),
        (NET + GATE + NODES + FORWARDS, "others"),
        (NET + GATE + NODES + CALL % "./modules/nat", "others"),
        (NET + GATE + NODES + CALL % "./modules/database", "public addresses"),
    ],
)
def test_how_what_starts_in_a_subnet_gets_out_is_told(text: str, how: str) -> None:
    assert told(SUBNET, text) == {"way-out": how}


def test_tasks_of_a_network_without_another_way_out_need_their_addresses() -> None:
    service = 'resource "aws_ecs_service" "w" {\n  name = "w"\n}\n'
    assert told(TASK, service + GATE) == {"way-out": "public addresses"}
    assert told(TASK, service + GATE + NAT) == {"way-out": "others"}


GROUP: dict[str, Plain] = {"type": "aws_security_group", "evidence": {"front": "front"}}
FRONT = 'resource "aws_lb" "f" {\n  internal = %s\n  security_groups = [aws_security_group.g.id]\n}\n'


@pytest.mark.parametrize(
    ("beside", "who"),
    [("", "no"), (FRONT % "true", "no"), (FRONT % "false", "by aws_lb.f"), (FRONT % "var.private", "by aws_lb.f")],
)
def test_who_serves_the_internet_in_a_group_is_named(beside: str, who: str) -> None:
    assert told(GROUP, 'resource "aws_security_group" "g" {\n}\n' + beside) == {"front": who}


LOGINS: dict[str, Plain] = {"type": "aws_security_group", "evidence": {"logins": "logins"}}
MACHINE = (
    'resource "aws_instance" "i" {\n  provisioner "%s" {\n    connection {\n      type = "%s"\n      host = %s\n    }\n  }\n}\n'
)


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        (MACHINE % ("local-exec", "ssh", "self.public_ip"), "no"),
        (MACHINE % ("remote-exec", "ssh", "self.public_ip"), "by aws_instance.i"),
        (MACHINE % ("remote-exec", "ssh", "self.private_ip"), "no"),
        (MACHINE % ("file", "winrm", "self.public_ip"), "no"),
    ],
)
def test_what_terraform_itself_logs_in_to_is_named(beside: str, who: str) -> None:
    assert told(LOGINS, 'resource "aws_security_group" "g" {\n}\n' + beside) == {"logins": who}


def test_what_other_directories_start_in_a_subnet_counts_where_they_are_told_of_it() -> None:
    network = NET + GATE + 'output "subnets" {\n  value = aws_subnet.s[*].id\n}\n'
    root = CALL % "./network"
    assert across({"main.tf": root, "network/main.tf": network, "nodes/main.tf": NODES}) == {"way-out": "public addresses"}
    assert across({"main.tf": root, "network/main.tf": network}) == {"way-out": "others"}
    assert across({"main.tf": root + NAT, "network/main.tf": network, "nodes/main.tf": NODES}) == {"way-out": "others"}


def across(files: dict[str, str]) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    return terraform.view("k", SUBNET, given)[0].tree["source"]
