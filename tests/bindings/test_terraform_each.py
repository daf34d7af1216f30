"""What is told of the instances that `for_each` makes, and what is left to people there."""

from __future__ import annotations

import pytest
from tests.bindings.test_terraform import GROUP, STATUS, fixed, seen, sources

from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_rules import IN_PLACE
from setright.model import Edit, Plain, Unknown

LOCALS = """locals {
  both = { logs = { on = true, status = "Off" }, data = { on = true, status = "Enabled", days = 7 } }
  same = { logs = { status = "Off" }, data = { status = "Off" } }
}
variable "off" {
  default = false
}
variable "open" {
}
variable "typed" {
  type    = map(object({ name = string, status = optional(string, "Off"), days = optional(number) }))
  default = { a = { name = "a" }, b = { name = "b", status = "Enabled" } }
}
"""
KEYS = ("logs", "data")


def bucket(each: str, status: str, more: str = "") -> str:
    beside = (
        f"for_each = {each}\n  bucket = aws_s3_bucket.b[each.key].id\n  versioning_configuration {{\n    status = {status}\n  }}"
    )
    own = f'resource "aws_s3_bucket" "b" {{\n  for_each = {more or each}\n  bucket = each.key\n}}\n'
    return f'{own}resource "aws_s3_bucket_versioning" "b" {{\n  {beside}\n}}\n{LOCALS}'


@pytest.mark.parametrize(
    ("each", "status", "told"),
    [
        ("local.both", "each.value.status", Unknown("each.value.status", ("Off", "Enabled"), KEYS)),
        ("local.both", '"${each.key}"', Unknown('"${each.key}"', KEYS, KEYS)),
        ("local.both", 'try(each.value.days, "none")', Unknown('try(each.value.days, "none")', ("none", 7), KEYS)),
        ("local.same", 'each.value["status"]', "Off"),
        ("local.both", 'each.value.on && !var.off ? "Enabled" : "Off"', "Enabled"),
        ("local.both", "each.value.missing", Unknown("each.value.missing")),
        ("var.off ? {} : local.same", "each.value.status", "Off"),
        ('toset(["Off"])', "each.value", "Off"),
        ('toset(["Off", var.open])', "each.value", Unknown("each.value")),
        ("var.open", "each.value.status", Unknown("each.value.status")),
        ("var.typed", "each.value.status", Unknown("each.value.status", ("Off", "Enabled"), ("a", "b"))),
        ("var.typed", 'try(each.value.days, 7) == null ? "Off" : "Enabled"', "Off"),
    ],
)
def test_what_each_instance_has_is_told_and_changed_by_hand(each: str, status: str, told: Plain) -> None:
    text = bucket(each, status)
    assert seen(text)[0].tree["VersioningConfiguration"]["Status"] == told
    with pytest.raises(BindingError, match="change it where that is set"):
        fixed(text, Edit(STATUS, "Other"))


@pytest.mark.parametrize(
    ("each", "own", "told"),
    [
        ("local.same", "local.both", "Enabled"),
        ("{ logs = 1 }", "local.both", Unknown("aws_s3_bucket_versioning.b is made for all but data")),
        (
            "{ for key, one in var.open : key => one if one.on }",
            "var.open",
            Unknown("aws_s3_bucket_versioning.b is made only where { for key, one in var.open : key => one if one.on } has it"),
        ),
        ("{ for key, one in var.open : key => one }", "var.open", "Enabled"),
        ("var.off ? local.both : {}", "local.both", Unknown("aws_s3_bucket_versioning.b is made for nothing by itself")),
    ],
)
def test_what_is_made_for_some_instances_alone_is_not_told_of_all(each: str, own: str, told: Plain) -> None:
    assert seen(bucket(each, '"Enabled"', own))[0].tree["VersioningConfiguration"]["Status"] == told


RULES = """resource "sg" "x" {
}
resource "rule" "r" {
  for_each    = { ssh = { port = 22, cidrs = ["0.0.0.0/0"] }, web = { port = 443, cidrs = ["10.0.0.0/8"] } }
  sg          = sg.x.id
  from_port   = each.value.port
  cidr_blocks = each.value.cidrs
}
"""


def test_the_rules_that_each_makes_are_seen_one_by_one_and_left_to_people() -> None:
    told: dict[str, Plain] = {"in": "rule", "by": "sg", "items": {"FromPort": "from_port"}, "spread": {"CidrIp": "cidr_blocks"}}
    layout = GROUP | {"Ingress": told}
    rules = [{"FromPort": 22, "CidrIp": "0.0.0.0/0"}, {"FromPort": 443, "CidrIp": "10.0.0.0/8"}]
    assert seen(RULES, layout)[0].tree["Ingress"] == rules
    with pytest.raises(BindingError, match="made by an expression"):
        fixed(RULES, Edit(("Ingress", 0), remove=True), layout=layout)


def test_the_rules_that_each_makes_are_described_by_what_makes_them() -> None:
    told: dict[str, Plain] = {"in": "rule", "by": "sg", "items": {"FromPort": "from_port", "ToPort": "to_port"}, "describe": "in"}
    text = RULES.replace("each.value.port\n", "each.value.port\n  to_port     = each.value.port\n").replace(
        "cidr_blocks", "cidr_ipv4  "
    )
    text = text.replace("each.value.port\n", 'each.value.port\n  ip_protocol = "tcp"\n', 1)
    layout = GROUP | {"Ingress": told}
    [(_, edit)] = terraform.edit(
        layout, seen(text, layout)[0], [Edit(("Ingress", 0, IN_PLACE), "offered")], [], sources({"main.tf": text})
    )
    assert edit.value == Unknown('"TCP port ${each.value.port} from the places that are listed"')
