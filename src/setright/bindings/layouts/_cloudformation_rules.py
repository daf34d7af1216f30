"""Security group rules of CloudFormation templates: what one is for, told from what it says, and who says where from.

AWS CloudFormation resource reference: AWS::EC2::SecurityGroup Ingress and Egress; service names: IANA port numbers.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._cloudformation_index import mention_count
from setright.bindings.layouts._cloudformation_told import default_of, map_words
from setright.bindings.layouts._cloudformation_values import NO_VALUE, function, is_ref, referred
from setright.model import Edit, Plain, Tree, Unknown

WORDS = "template-description"  # set by a fix: the description that the rule's own values give
EVERYBODY = {"CidrIp": "0.0.0.0/0", "CidrIpv6": "::/0"}
ANYWHERE = tuple(EVERYBODY.values())
PRIVATE = {"CidrIp": "10.0.0.0/8", "CidrIpv6": "fc00::/7"}
NUMBERED = ("CidrBlock", "Ipv6CidrBlock")  # as the rules of a network's list say it
PLACES = ("CidrIp", "CidrIpv6", "SecurityGroupId", "SecurityGroupName", "PrefixListId")
PORTS = """
20 FTP data, 21 FTP, 22 SSH, 23 Telnet, 25 SMTP, 53 DNS, 80 HTTP, 88 Kerberos, 110 POP3, 111 RPC, 123 NTP, 135 RPC, 143 IMAP,
389 LDAP, 443 HTTPS, 445 SMB, 465 SMTP over TLS, 514 Syslog, 587 SMTP, 636 LDAP over TLS, 873 rsync, 993 IMAP over TLS,
1433 SQL Server, 1521 Oracle, 2049 NFS, 2181 ZooKeeper, 2375 Docker, 2376 Docker over TLS, 3306 MySQL, 3389 Remote Desktop,
4333 mSQL, 5432 PostgreSQL, 5439 Redshift, 5601 Kibana, 5671 AMQP over TLS, 5672 AMQP, 5985 WinRM, 5986 WinRM over TLS,
6379 Redis, 8182 Neptune, 9092 Kafka, 9200 Elasticsearch, 9300 Elasticsearch nodes, 11211 Memcached, 27017 MongoDB
"""
SERVICES = dict(entry.strip().split(" ", 1) for entry in PORTS.split(","))
ALL_TRAFFIC = "All traffic"
ALL = re.compile(r"[0.]+/0|[0:]+/0")
NAMES = re.compile(r"!(?:GetAtt|Ref)\s+\[?\s*(?:-\s+)?['\"]?(?!AWS::)(\w+)")  # within another function
NOT_ALLOWED = re.compile(r"[^A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")


def description(rule: Tree, outgoing: bool) -> str:
    """What the rule lets in or out, as `PostgreSQL from WebServers`; in the characters that a description may have.

    It does not say that the whole world may come: that is what another fix narrows.
    """
    place = _place(rule, "Destination" if outgoing else "Source")
    service, way = _service(rule), "outgoing" if outgoing else "incoming"
    everything = f"All {way} traffic" if service == ALL_TRAFFIC else f"{way.capitalize()} {service}"
    told = f"{service} {'to' if outgoing else 'from'} {place}" if place else everything
    return NOT_ALLOWED.sub("", told)[:255]


def narrowed(rule: Plain, template: Tree) -> Edit | None:
    """For a rule that is open to everybody: private addresses instead, in the rule or as its parameter's default.

    None for any other rule, and where the parameter is not this rule's alone or takes only the values it lists.
    """
    if not isinstance(rule, dict):
        return None
    for key, private in PRIVATE.items():
        value = rule.get(key)
        parameter = referred(value)
        if is_everybody(value):
            return Edit((key,), private)
        if (
            parameter
            and is_ref(value)
            and is_everybody(default_of(template, parameter))
            and mention_count(template, parameter) == 1
        ):
            allowed = template["Parameters"][parameter].get("AllowedValues")
            return None if allowed else Edit(("Parameters", parameter, "Default"), private)
    return None


def opened_by(rule: Plain, template: Tree) -> str | None:
    """The parameter whose default opens a rule to everybody: whoever makes the stack says by it who may come."""
    named = [value for value in map(rule.get, (*PRIVATE, *NUMBERED)) if is_ref(value)] if isinstance(rule, dict) else []
    return next((own for own in map(referred, named) if own and is_everybody(default_of(template, own))), None)


def is_everybody(addresses: Plain) -> bool:
    """Whether a range is all there is, however its zeros are written."""
    return isinstance(addresses, str) and bool(ALL.fullmatch(addresses.strip()))


def _service(rule: Tree) -> str:
    protocol = str(_told(rule.get("IpProtocol")) or "IP").lower()
    first, last = _port(rule.get("FromPort")), _port(rule.get("ToPort"))
    if protocol in ("-1", "all"):
        return ALL_TRAFFIC
    name = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6"}.get(protocol, protocol.upper())
    if name.startswith("ICMP") or None in (first, last):
        return name
    if str(first) != str(last):
        return f"{name} ports {first}-{last}"
    return SERVICES.get(str(first)) or f"{name} port {first}"


def _port(value: Plain) -> Plain:
    """A port, or the parameter that gives it; what a resource says of itself is no name for one."""
    return _told(value) if is_ref(value) or function(value) is None else None


def _place(rule: Tree, side: str) -> str:
    """Where from, or where to: an address range, or the name that the template has for it; empty for anywhere."""
    for key in PLACES:
        value = rule.get(key if key.startswith("Cidr") else side + key)
        if value is not None and referred(value) != NO_VALUE:
            return "" if is_everybody(value) else str(_told(value) or "")
    return ""


def _told(value: Plain) -> Plain:
    """A value, or the name of what gives it; None where that has none."""
    if name := referred(value):
        return name.removeprefix("AWS::")
    if words := [each for each in map_words(value) if not each.startswith("!Ref")]:
        return words[min(1, len(words) - 1)]  # the row says more than the column, where both are told
    if isinstance(value, Unknown):
        if named := NAMES.search(value.text):
            return named[1]
        return " ".join(re.findall(r"\w+", value.text.partition(" ")[2])[:3]) or None
    return None if isinstance(value, dict | list) else value
