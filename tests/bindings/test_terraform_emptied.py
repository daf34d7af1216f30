"""Lists of rules that lose their last block."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain

GROUP: dict[str, Plain] = {
    "type": "aws_security_group",
    "In": [
        {"at": "ingress", "items": {"From": "from_port"}, "spread": (WHO := {"V4": "cidr_blocks", "V6": "ipv6_cidr_blocks"})},
        {"in": "aws_security_group_rule", "by": "security_group_id", "alone": True, "items": {"From": "from_port"}, "spread": WHO},
    ],
}
ONE = 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 22\n  }\n}\n'
TWO = ONE.replace("}\n}\n", "}\n  ingress {\n    from_port = 80\n  }\n}\n")
APART = 'resource "aws_security_group_rule" "r" {\n  security_group_id = aws_security_group.g.id\n  from_port = 443\n}\n'


def without(text: str, *gone: int) -> str:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    found = terraform.view("k", GROUP, given)[0]
    placed = terraform.edit(GROUP, found, [Edit(("In", index), remove=True) for index in gone], [], given)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


@pytest.mark.parametrize(("text", "gone"), [(ONE, [0]), (TWO, [1, 0])])
def test_a_group_that_loses_its_last_rule_says_that_it_has_none(text: str, gone: list[int]) -> None:
    """Without a word the provider leaves the rules that are there."""
    assert without(text, *gone) == 'resource "aws_security_group" "g" {\n  ingress = []\n}\n'


def test_a_group_with_rules_left_says_only_those() -> None:
    assert without(TWO, 1) == ONE


def test_a_group_with_rules_apart_is_not_said_to_have_none() -> None:
    """The two would take each other's rules away for ever."""
    assert "ingress" not in without(ONE + APART, 0)


@pytest.mark.parametrize(
    ("who", "left"),
    [
        ('    cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"]\n', None),
        ('    cidr_blocks = ["0.0.0.0/0"]\n    ipv6_cidr_blocks = ["::/0"]\n', None),
        ('    cidr_blocks = ["0.0.0.0/0"]\n    ipv6_cidr_blocks = ["::/0"]\n    self = true\n', "    self = true\n"),
        ('    cidr_blocks = ["0.0.0.0/0", "::/0", "10.0.0.0/8"]\n', '    cidr_blocks = ["10.0.0.0/8"]\n'),
    ],
)
def test_a_rule_that_names_nobody_any_more_goes_as_a_whole(who: str, left: str | None) -> None:
    """Terraform makes no rule without somebody whom it lets in."""
    text = TWO.replace("from_port = 22\n", f"from_port = 22\n{who}")
    rest = "" if left is None else f"  ingress {{\n    from_port = 22\n{left}  }}\n"
    assert without(text, 1, 0) == TWO.replace("  ingress {\n    from_port = 22\n  }\n", rest)


def test_what_is_no_rule_stays_without_its_groups() -> None:
    text = 'resource "aws_instance" "a" {\n  security_groups = ["b"]\n  ami = "c"\n}\n'
    layout: dict[str, Plain] = {"type": "aws_instance", "Groups": {"at": "security_groups"}}
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    [found] = terraform.view("k", layout, given)
    [(_, edit)] = terraform.edit(layout, found, [Edit(("Groups",), remove=True)], [], given)
    assert edit.path[-1] == "security_groups"


def test_a_rule_apart_that_names_nobody_any_more_goes_as_a_whole() -> None:
    both = '  cidr_blocks = ["0.0.0.0/0"]\n  ipv6_cidr_blocks = ["::/0"]\n'
    assert without(ONE + "\n" + APART.replace("443\n", f"443\n{both}"), 2, 1) == ONE
