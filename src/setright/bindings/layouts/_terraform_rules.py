"""What a rule of a security group is for, told from what it says: `HTTPS from 10.0.0.0/8, app`.

registry.terraform.io: aws_security_group, aws_vpc_security_group_ingress_rule. The description of a rule that is a resource is
changed in place; one inside a group is taken away and put back.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._cloudformation_rules import ANYWHERE, NOT_ALLOWED, SERVICES
from setright.model import Plain, Tree, Unknown

IN_PLACE, ANEW = "template-description", "module-description"  # set by a fix: the description that the rule's own values give
ENDS = ("CidrIp", "CidrIpv6", "SecurityGroupId", "PrefixListId")
PROTOCOLS = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6"}
MOST = 3  # places that are named
REFERENCE = re.compile(r"^(?:data\.)?(?:var|local|module|[a-z]\w*)\.([\w-]+)")


def description(items: list[Tree], own: Tree, outgoing: bool) -> str:
    """What the items of one block let in or out, in the characters that a description may have."""
    places = list(dict.fromkeys(_end(item, outgoing) for item in items if _end(item, outgoing)))
    if own.get("self") is True:
        places.append("this group")
    more = f" and {len(places) - MOST} more" if len(places) > MOST else ""
    ends = ", ".join(places[:MOST]) + more if places else "anywhere"
    return NOT_ALLOWED.sub("", f"{_service(items[0])} {'to' if outgoing else 'from'} {ends}")[:255]


def _service(rule: Tree) -> str:
    protocol = _told(rule.get("IpProtocol")).lower()
    first, last = _told(rule.get("FromPort")), _told(rule.get("ToPort"))
    if protocol in ("-1", "all"):
        return "All traffic"
    name = PROTOCOLS.get(protocol, protocol.upper())
    if name.startswith("ICMP") or not first:
        return name
    if first != last:
        return f"{name} ports {first}-{last}"
    return SERVICES.get(first) or f"{name} port {first}"


def _end(rule: Tree, outgoing: bool) -> str:
    for key in ENDS:
        value = rule.get(key if key.startswith("Cidr") else ("Destination" if outgoing else "Source") + key)
        if value is not None:
            return "anywhere" if value in ANYWHERE else _told(value)
    return ""


def _told(value: Plain) -> str:
    """A value, or the name of what gives it."""
    if not isinstance(value, Unknown):
        return "" if value is None else str(value)
    named = REFERENCE.match(value.text.strip('"${ '))
    return named[1] if named else "a computed value"
