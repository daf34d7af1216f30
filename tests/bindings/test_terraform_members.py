"""What is in a security group of a module."""

import pytest
from tests.bindings.test_terraform_users import told

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain, Unknown

GROUP: dict[str, Plain] = {"type": "aws_security_group", "evidence": {"members": "members"}}
NAMED = 'resource "aws_security_group" "g" {\n  name = "g"\n}\n'
FILES = 'resource "aws_efs_mount_target" "f" {\n  security_groups = [aws_security_group.g.id]\n}\n'
DATA = 'resource "aws_db_instance" "d" {\n  vpc_security_group_ids = [aws_security_group.g.id]\n%s}\n'
WEB = 'resource "aws_instance" "w" {\n  vpc_security_group_ids = [aws_security_group.g.id]\n}\n'
RULE = 'resource "aws_security_group_rule" "r" {\n  security_group_id = aws_security_group.g.id\n}\n'
LOOK = 'data "aws_security_group" "any" {\n  name = "g"\n}\n'
FILTERED = 'data "aws_security_groups" "some" {\n  filter {\n    name = %s\n  }\n}\n'
ROLE = 'resource "aws_db_instance_role_association" "a" {\n  feature_name = "S3_INTEGRATION"\n}\n'
OUT = 'output "g" {\n  value = aws_security_group.g.id\n}\n'
NET = 'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n'
CALLED = 'module "db" {\n  source = "terraform-aws-modules/%s/aws"\n  %s = [aws_security_group.g.id]\n}\n'
INNER = NET + 'resource "aws_security_group" "g" {\n  vpc_id = aws_vpc.v.id\n}\n'
FRONT = 'resource "aws_lb" "f" {\n  security_groups = [aws_security_group.g.id]\n}\n'
MASTER = 'resource "aws_eks_cluster" "c" {\n  vpc_config {\n    security_group_ids = [aws_security_group.g.id]\n  }\n}\n'
LOGIN = 'resource "aws_lb_listener" "l" {\n  default_action {\n    type = "authenticate-oidc"\n  }\n}\n'
MORE = 'resource "aws_vpc_ipv4_cidr_block_association" "m" {\n  vpc_id = aws_vpc.v.id\n}\n'


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        (NAMED + FILES, "only answers"),
        (NAMED + FILES + RULE, "only answers"),
        (NAMED + DATA % "", "databases"),
        (NAMED + FILES + DATA % "", "databases"),
        (NAMED + DATA % '  domain = "d-1"\n', "aws_db_instance.d"),  # which asks its directory
        (NAMED + DATA % "" + ROLE, "aws_db_instance.d"),
        (NAMED + DATA % "" + WEB, "aws_instance.w"),
        (NAMED + FILES + LOOK, "data.aws_security_group.any"),
        (NAMED + FILES + LOOK.replace('"g"', '"default"'), "only answers"),
        (NAMED + FILES + LOOK.replace('"g"', '"web-*"'), "only answers"),
        (NAMED + FILES + LOOK.replace('"g"', '"?"'), "data.aws_security_group.any"),
        (NAMED + FILES + LOOK.replace('"g"', "var.name"), "data.aws_security_group.any"),
        (NAMED.replace("name ", "name_prefix ") + FILES + LOOK.replace('"g"', '"files"'), "only answers"),
        (NAMED.replace("name ", "name_prefix ") + FILES + LOOK.replace('"g"', '"g-1"'), "data.aws_security_group.any"),
        (NAMED + FILES + 'data "aws_security_groups" "all" {}\n', "data.aws_security_groups.all"),
        (NAMED + FILES + FILTERED % '"group-name"\n    values = ["default"]', "only answers"),
        (NAMED + FILES + FILTERED % '"tag:Name"\n    values = ["default"]', "data.aws_security_groups.some"),
        (NAMED + FILES + OUT, "whoever takes it from an output"),
        (NAMED + RULE, "what nothing here tells"),
        (NAMED + CALLED % ("rds", "vpc_security_group_ids"), "databases"),
        (NAMED + CALLED % ("rds", "others"), "whoever takes it from a call of a module"),
        (NAMED + CALLED % ("eks", "vpc_security_group_ids"), "whoever takes it from a call of a module"),
        (NAMED + CALLED % ("rds", "vpc_security_group_ids") + WEB, "aws_instance.w"),
        (INNER + FRONT + CALLED % ("rds", "vpc_security_group_ids"), "aws_lb.f"),
        (NAMED + OUT + CALLED % ("rds", "vpc_security_group_ids"), "whoever takes it from an output"),
        (INNER + FRONT, "calls inside"),
        (INNER + MASTER, "calls inside"),
        (INNER + FRONT + WEB, "aws_instance.w"),
        (INNER + FRONT + LOGIN, "aws_lb.f"),  # which asks who somebody is
        (INNER + FRONT + MORE, "aws_lb.f"),
        (NAMED + FRONT, "aws_lb.f"),  # in a network for which there is no word here
        (INNER.replace('v" {\n', 'v" {\n  count = 1\n') + FRONT, "aws_lb.f"),
    ],
)
def test_who_is_in_a_group_is_told(text: str, whom: str) -> None:
    assert told(GROUP, text) == {"members": whom}


OUT_RULE = """resource "aws_security_group" "g" {
  vpc_id = aws_vpc.v.id

  egress {
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
RULES: dict[str, Plain] = {
    **GROUP,
    "Out": [{"at": "egress", "describe": "out", "items": {"IpProtocol": "protocol"}, "spread": {"CidrIp": "cidr_blocks"}}],
}


@pytest.mark.parametrize(
    ("key", "argument", "value"),
    [
        ("template-network", "cidr_blocks", [Unknown("aws_vpc.v.cidr_block")]),
        ("module-description", "description", "All traffic out"),
    ],
)
def test_a_rule_of_what_calls_inside_can_be_for_its_network_and_is_not_said_to_be_for_all(
    key: str, argument: str, value: Plain
) -> None:
    text = (NET + OUT_RULE + FRONT).encode()
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text))}
    found = terraform.view("k", RULES, given)[0]
    placed = terraform.edit(RULES, found, [Edit(("Out", 0, key), "offered")], [], given)
    after = lenses.get("hcl", lenses.put("hcl", text, [edit for _, edit in placed]))
    assert after["resource"]["aws_security_group"]["g"][0]["egress"][0][argument] == value
