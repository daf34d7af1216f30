"""Does this host pass packets on for others: containers, a VPN, a router? RFC 1213: ipForwDatagrams counts them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask
from setright.surfaces.linux.units import states

OFTEN = True
SNMP, SNMP6 = Ask("file", "/proc/net/snmp"), Ask("file", "/proc/net/snmp6")
INTERFACES = Ask("list", "/sys/class/net/*")
FORWARDERS = (
    "docker",
    "containerd",
    "kubelet",
    "k3s",
    "libvirtd",
    "wg-quick@*",
    "openvpn*",
    "strongswan*",
    "lxc-net",
    "incus",
    "tailscaled",
    "keepalived",
    "bird",
    "frr",
    "radvd",
)
UNITS = tuple(Ask("unit", name if name.endswith("*") else f"{name}.service") for name in FORWARDERS)
BRIDGES = (
    "docker*",
    "cni*",
    "virbr*",
    "br-*",
    "veth*",
    "wg*",
    "tun*",
    "lxcbr*",
    "cali*",
    "flannel*",
    "podman*",
    "incusbr*",
    "tailscale*",
)
# Rules that change addresses for others, and tunnels of IPsec, are there for packets that pass through. What zones of firewalld
# do is a setting, which may be wrong as any other.
ZONE = "a zone of firewalld masquerades"
RULES = Ask(
    "run",
    rf"""{{ nft list ruleset; iptables-legacy-save -t nat; }} 2>/dev/null |
awk '/^table / {{z = / firewalld /}} !z; z && /masquerade/ && !s++ {{print "{ZONE}"}}' |
grep -oE '^{ZONE}|\b(masquerade|snat( ip6?)? to|dnat( ip6?)? to|MASQUERADE|-j [SD]NAT --to-[a-z]*) *[0-9a-f.:]*' |
sort -u | head -n 3
ip xfrm policy 2>/dev/null | grep -om 1 'dir fwd'; true""",
)
WANTED = tuple(Ask("file", name) for name in ("/etc/sysctl.d/*.conf", "/etc/sysctl.conf", "/etc/ufw/sysctl.conf"))
ON = re.compile(rb"^\s*-?net[./]ipv[46][./](ip_forward|conf[./]all[./]forwarding)\s*=\s*1", re.MULTILINE)
DAYS = 7  # one that has passed nothing on for as long has no part in it; one that waits for another to fail is told by its rules


def asks(argument: str) -> Sequence[Ask]:
    return (SNMP, SNMP6, INTERFACES, UPTIME, RULES, *WANTED, *UNITS, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where something lives by forwarding or packets were passed on; the kernel's counters tell since its start."""
    units = [
        u.name
        for ask in UNITS
        for u in states(ask.name, evidence.text(ask).encode())
        if u.enabled == "enabled" or u.active == "active"
    ]
    ports = [name.rpartition("/")[2] for name in evidence.names(INTERFACES)]
    bridges = [port for port in ports if any(fnmatchcase(port, pattern) for pattern in BRIDGES)]
    source = "/proc/net/snmp, interfaces, units"
    if units or bridges:
        return Answer(True, f"forwarding is what {some(units + bridges)} work by", source)
    if rules := [rule for rule in evidence.lines(RULES) if rule != ZONE]:
        return Answer(True, f"rules for packets that pass through are loaded: {some(rules)}", "nft, iptables, ip xfrm")
    if not evidence.text(SNMP):
        if evidence.never_booted():
            return Answer(
                False, "nothing that forwards is enabled, and this image has never been started", "units, /etc/machine-id"
            )
        return Answer(None, "nothing that forwards is enabled; what the kernel forwarded cannot be told here", "units")
    passed = _forwarded(evidence)
    if passed:
        return Answer(True, f"{passed} packets were passed on for others {evidence.since_boot()}", source)
    nothing = f"0 packets were passed on for others {evidence.since_boot()}; no bridge, no VPN, no containers"
    meant = [found.name for ask in WANTED for found in evidence.all(ask) if ON.search(found.data or b"")]
    meant = [f"{name} switches forwarding on" for name in meant] + [rule for rule in evidence.lines(RULES) if rule == ZONE]
    if meant and float(evidence.text(UPTIME).split()[0]) < DAYS * 86400:
        return Answer(None, f"{nothing}; but {meant[0]}", source)
    return Answer(False, nothing, source)


def _forwarded(evidence: Evidence) -> int:
    """Packets forwarded, IPv4 and IPv6."""
    rows = [line.split() for line in evidence.lines(SNMP) if line.startswith("Ip:")]
    four = int(dict(zip(rows[0], rows[1], strict=False)).get("ForwDatagrams", "0")) if len(rows) == 2 else 0
    six = [line.split()[1] for line in evidence.lines(SNMP6) if line.startswith("Ip6OutForwDatagrams")]
    return four + sum(map(int, six))
