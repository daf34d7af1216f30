"""Who logs in over SSH by a security group of a template."""

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source

OPEN = "CidrIp: 0.0.0.0/0"
MACHINE = "  Bastion: {Type: AWS::EC2::Instance, Properties: {SecurityGroupIds: [!Ref Group]}}\n"
OTHER = "  Other: {Type: AWS::EC2::SecurityGroup}\n"


@pytest.mark.parametrize(
    ("name", "more", "beside", "who"),
    [
        ("BastionGroup", OPEN, "", "by people"),
        ("Group", f"{OPEN}, Description: a}}, GroupDescription: SSH to the jump host, Tags: {{", "", "by people"),
        ("Group", OPEN, MACHINE, "by people"),
        ("Group", OPEN, "Description: An SSH bastion\n", "by people"),
        ("Group", OPEN, OTHER + "Description: A site with a bastion\n", "no"),
        ("Group", OPEN, "", "no"),
        ("BastionGroup", "CidrIp: !Ref From", "Parameters: {From: {Type: String, Default: 0.0.0.0/0}}\n", "no"),
    ],
)
def test_people_log_in_to_a_bastion_where_no_parameter_says_from_where(name: str, more: str, beside: str, who: str) -> None:
    text = f"Resources:\n  {name}: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: {{{more}}}}}}}\n{beside}"
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", text.encode()))}
    layout = {"type": "AWS::EC2::SecurityGroup", "evidence": {"logins": "logins"}}
    assert cloudformation.view("k", layout, given)[0].tree["source"] == {"logins": who}
