"""Rules for the places that a variable names."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain

GROUP: dict[str, Plain] = {
    "type": "aws_security_group",
    "In": [{"at": "ingress", "items": {"From": "from_port"}, "spread": {"CidrIp": "cidr_blocks"}}],
}
RULE = 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 22\n    cidr_blocks = %s\n  }\n}\n'
OPEN = 'variable "from" {\n  default = %s\n}\n'


def without_rule(text: str) -> str:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    found = terraform.view("k", GROUP, given)[0]
    placed = terraform.edit(GROUP, found, [Edit(("In", 0), remove=True)], [], given)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


@pytest.mark.parametrize(
    ("places", "default"), [("var.from", '["0.0.0.0/0"]'), ("[var.from]", '"0.0.0.0/0"'), ('["${var.from}"]', '"0.0.0.0/0"')]
)
def test_a_rule_whose_place_is_the_default_of_a_variable_is_not_taken_away(places: str, default: str) -> None:
    """Whoever gives it another value would lose the rule."""
    with pytest.raises(BindingError, match=r"cidr_blocks is var\.from, which whoever runs this may set"):
        without_rule(RULE % places + OPEN % default)


@pytest.mark.parametrize("places", ['["0.0.0.0/0"]', "local.all"])
def test_a_rule_whose_place_the_code_itself_says_is(places: str) -> None:
    assert "from_port" not in without_rule(RULE % places + 'locals {\n  all = ["0.0.0.0/0"]\n}\n')
