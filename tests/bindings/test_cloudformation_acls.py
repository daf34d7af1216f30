"""Numbered rules of a network's list, each a resource of a template."""

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.model import Plain, Unknown

KIND: dict[str, Plain] = {
    "type": "AWS::EC2::NetworkAcl",
    "Ingress": {"also": "AWS::EC2::NetworkAclEntry", "by": "NetworkAclId", "stops": [22]},
}
ACL = "  A: {Type: AWS::EC2::NetworkAcl}\n"
ENTRY = "  %s: {Type: AWS::EC2::NetworkAclEntry, %sProperties: {NetworkAclId: !Ref A, RuleNumber: %d, %s, CidrBlock: 0.0.0.0/0}}\n"
SSH = ENTRY % ("Ssh", "", 20, "Protocol: 6, RuleAction: allow, PortRange: {From: '22', To: 22}")
DENY = "Protocol: -1, RuleAction: deny"


def ingress(text: str) -> list[dict[str, Plain]]:
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", ("Resources:\n" + text).encode()))}
    return cloudformation.view("k", KIND, given)[0].tree.get("Ingress") or []


def test_a_rule_has_its_ports_as_numbers_and_its_protocol_as_a_text() -> None:
    (rule,) = ingress(ACL + SSH)
    assert {key: rule[key] for key in ("Protocol", "FromPort", "ToPort")} == {"Protocol": "6", "FromPort": 22, "ToPort": 22}


@pytest.mark.parametrize(
    ("before", "stopped"),
    [
        (ENTRY % ("D", "", 10, DENY), [22]),
        (ENTRY % ("D", "", 30, DENY), None),
        (ENTRY % ("D", "Condition: Prod, ", 10, DENY), None),
        (ENTRY % ("D", "", 10, DENY.replace("-1", "6") + ", PortRange: {From: 20, To: 30}"), [22]),
        (ENTRY % ("D", "", 10, DENY + ", Egress: true"), None),
    ],
)
def test_a_refusal_that_always_comes_first_stops_what_comes_behind_it(before: str, stopped: Plain) -> None:
    assert ingress(ACL + before + SSH)[-1].get("Stopped") == stopped


def test_a_rule_of_which_it_cannot_be_told_whether_it_lets_in_is_unknown() -> None:
    (rule,) = ingress(ACL + ENTRY % ("Ssh", "", 20, "Egress: !Ref Way, Protocol: 6, RuleAction: allow"))
    assert isinstance(rule["RuleAction"], Unknown)


def test_a_rule_of_a_list_elsewhere_stands_alone() -> None:
    assert len(ingress(SSH)) == 1
