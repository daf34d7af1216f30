"""Numbered rules of a network's list in a template, each a resource: those for what comes in, in the order in which they decide.

AWS CloudFormation resource reference: AWS::EC2::NetworkAclEntry, whose protocol is a number and whose ports are a pair.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.layouts import _network_stops as stops
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

PORTS = {"FromPort": "From", "ToPort": "To"}
Resources = Sequence[tuple[str, Tree]]  # logical id, properties


def incoming(entries: Resources, template: Tree, ports: Sequence[int]) -> list[tuple[str, Tree]]:
    """The entries for what comes in, with the ports at which an earlier one refuses everybody, whatever the conditions."""
    there = [(id_, body) for id_, body in entries if str(body.get("Egress", False)).lower() != "true"]
    told = stops.told([_rule(body, "Condition" in template["Resources"][id_]) for id_, body in there], ports)
    return [(id_, rule) for (id_, _), rule in zip(there, told, strict=True)]


def _rule(entry: Tree, is_conditional: bool) -> Tree:
    protocol, action = entry.get("Protocol"), entry.get("RuleAction")
    if isinstance(entry.get("Egress"), Unknown):
        action = entry["Egress"]
    elif is_conditional and action == "deny":
        action = "deny on a condition"
    told: Tree = {name: _number(look_up(entry, ("PortRange", key))) for name, key in PORTS.items()}
    told |= {"RuleNumber": _number(entry.get("RuleNumber")), "RuleAction": action}
    told |= {"Protocol": str(protocol) if isinstance(protocol, int) else protocol}
    rule = {**{key: value for key, value in entry.items() if key != "PortRange"}, **told}
    return {key: value for key, value in rule.items() if value is not None}


def _number(value: Plain) -> Plain:
    return int(value) if isinstance(value, str) and value.isdigit() else value
