"""What a rule of a security group is for, told from what it says: `HTTPS from 10.0.0.0/8, app`.

registry.terraform.io: aws_security_group, aws_vpc_security_group_ingress_rule. The description of a rule that is a resource is
changed in place; one inside a group is taken away and put back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setright.bindings.layouts._cloudformation_rules import ANYWHERE, NOT_ALLOWED, SERVICES
from setright.model import Plain, Tree, Unknown

if TYPE_CHECKING:
    from setright.bindings.layouts._terraform_find import Item

IN_PLACE, ANEW = "template-description", "module-description"  # set by a fix: the description that the rule's own values give
ENDS = ("CidrIp", "CidrIpv6", "SecurityGroupId", "PrefixListId")
PROTOCOLS = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6"}
OTHER_ENDS = ("ipv6_cidr_blocks", "security_groups", "prefix_list_ids", "self")
MOST = 3  # places that are named
VPC = re.compile(r"(?:data\.)?aws_vpc\.[\w-]+(?:\[[^\]]*\])?\.cidr_block|module\.[\w-]+(?:\[[^\]]*\])?\.vpc_cidr_block")
REFERENCE = re.compile(r"(?:data\.)?(?:var|local|module|[a-z]\w*)\.([\w-]+)(?:\.[\w*-]+|\[[^\[\]]*\])*")
LISTED = "the places that are listed"


def description(items: list[Tree], own: Tree, outgoing: bool) -> str:
    """What the items of one block let in or out, in the characters that a description may have."""
    places = list(dict.fromkeys(_end(item, outgoing) for item in items if _end(item, outgoing)))
    if own.get("self") is True:
        places.append("this group")
    ends = _ends(sorted(places, key=lambda place: place == LISTED))
    return NOT_ALLOWED.sub("", f"{_service(items[0])} {'to' if outgoing else 'from'} {ends}")[:255]


def named(item: Item, body: Tree) -> Tree:
    """An item with the names of what gives its places, which stay right when that gives others."""
    if item.spread is None:
        return item.tree
    argument, index, _ = item.spread
    raw = body.get(argument)
    raw = raw[index] if isinstance(raw, list) else raw
    kind = next(key for key, own in (item.place.spread or {}).items() if own == argument)
    return item.tree | {kind: raw} if isinstance(raw, Unknown) else item.tree


def _ends(places: list[str]) -> str:
    more = f" and {len(places) - MOST} more" if len(places) > MOST else ""
    return ", ".join(places[:MOST]) + more if places else "anywhere"


def made_description(items: list[Tree], content: Tree, outgoing: bool) -> Plain:
    """What all the rules let in or out that a dynamic block or `for_each` makes; None where their ports are not told."""
    ports = [rule.get(key) for rule in items for key in ("FromPort", "ToPort")]
    first, last = content.get("from_port"), content.get("to_port")
    protocol = content.get("protocol", content.get("ip_protocol"))
    networks = [content["cidr_ipv4"]] if "cidr_ipv4" in content else content.get("cidr_blocks")
    if any(port is None or isinstance(port, Unknown) for port in ports) or isinstance(protocol, Unknown):
        return None
    places = networks if isinstance(networks, list) else None
    if any(content.get(key) for key in OTHER_ENDS) or not places or any(isinstance(place, Unknown) for place in places):
        ends = LISTED
    else:
        ends = _ends(["anywhere" if place in ANYWHERE else str(place) for place in places])
    if not isinstance(first, Unknown) and not isinstance(last, Unknown):
        service = _service({"IpProtocol": protocol, "FromPort": first, "ToPort": last})
        return NOT_ALLOWED.sub("", f"{service} {'to' if outgoing else 'from'} {ends}")[:255]
    name = PROTOCOLS.get(_told(protocol), _told(protocol).upper())
    said = f"port {_said(first)}" if _is_same(first, last) else f"ports {_said(first)}-{_said(last)}"
    return Unknown(f'"{name} {said} {"to" if outgoing else "from"} {NOT_ALLOWED.sub("", ends)}"')


def _is_same(first: Plain, last: Plain) -> bool:
    return isinstance(first, Unknown) and isinstance(last, Unknown) and first.text == last.text


def _said(port: Plain) -> str:
    """A port in a text: as it is, or the expression that tells it."""
    if not isinstance(port, Unknown):
        return str(port)
    return port.text.strip('"') if port.text.startswith('"') else f"${{{port.text}}}"


def _service(rule: Tree) -> str:
    protocol = _told(rule.get("IpProtocol")).lower()
    first, last = _told(rule.get("FromPort")), _told(rule.get("ToPort"))
    if protocol in ("-1", "all"):
        return "All traffic"
    name = PROTOCOLS.get(protocol, protocol.upper()) or "Traffic"
    if name.startswith("ICMP") or not first:
        return name
    if first != last:
        return f"{name} ports {first}-{last}"
    return SERVICES.get(first) or f"{name} port {first}"


def _end(rule: Tree, outgoing: bool) -> str:
    for key in ENDS:
        value = rule.get(key if key.startswith("Cidr") else ("Destination" if outgoing else "Source") + key)
        if value is not None:
            return "anywhere" if value in ANYWHERE else _told(value) or LISTED
    return ""


def _told(value: Plain) -> str:
    """A value, or the name of what gives it; nothing where that has no name, as a choice has none."""
    if not isinstance(value, Unknown):
        return "" if value is None else str(value)
    said = value.text.strip('"${ }')
    if VPC.fullmatch(said):
        return "the VPC"
    named = REFERENCE.fullmatch(said)
    return named[1] if named else ""
