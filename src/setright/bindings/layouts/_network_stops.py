"""Which rules of a network's list never come to say anything about a port, since a rule before them refuses everybody there.

docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html: the rule with the lowest number that fits a packet decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Plain, Tree

STOPPED = "Stopped"  # of a rule: those of the ports
EVERYBODY = (("CidrBlock", "0.0.0.0/0"), ("Ipv6CidrBlock", "::/0"))
EVERYTHING, TCP = ("-1", "all"), ("6", "tcp")


def told(rules: Sequence[Plain], ports: Sequence[int]) -> list[Plain]:
    """The rules, those that let in with the ports at which an earlier one refuses everybody."""
    if not ports:
        return list(rules)
    trees = [rule for rule in rules if isinstance(rule, dict)]
    return [_with_stops(rule, trees, ports) if isinstance(rule, dict) else rule for rule in rules]


def _with_stops(rule: Tree, rules: Sequence[Tree], ports: Sequence[int]) -> Tree:
    before = [other for other in rules if other.get("RuleAction") == "deny" and _number(other) < _number(rule)]
    stopped: list[Plain] = [port for port in ports if any(_refuses(other, rule, port) for other in before)]
    return {**rule, STOPPED: stopped} if stopped else rule


def _refuses(other: Tree, rule: Tree, port: int) -> bool:
    """Whether the other rule fits everybody of the rule's family of addresses, at a port of TCP."""
    if not any(key in rule and other.get(key) == everybody for key, everybody in EVERYBODY):
        return False
    protocol = str(other.get("Protocol")).lower()
    first, last = other.get("FromPort"), other.get("ToPort")
    return protocol in EVERYTHING or (
        protocol in TCP and isinstance(first, int) and isinstance(last, int) and first <= port <= last
    )


def _number(rule: Tree) -> float:
    """Where a rule stands; one of which that cannot be told stands behind all."""
    number = rule.get("RuleNumber")
    return number if isinstance(number, int) else float("inf")
