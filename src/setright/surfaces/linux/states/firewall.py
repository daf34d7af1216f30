"""Who owns the host's firewall and what it lets in. Source: nft(8) `list ruleset`, ufw(8), firewall-cmd(1), ss(8).

    {"owners": ["ufw"], "input": "drop", "forward": "drop", "output": "accept", "loopback": true, "established": true,
     "listening": ["tcp/22"], "open": ["tcp/22"]}

`owners` are the services that load rules at a start; what the kernel holds may be of another, or of a container engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from setright.model import Plain, Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

OWNERS = ("ufw", "firewalld", "nftables", "netfilter-persistent", "iptables", "ip6tables")
WHO = Ask(
    "run",
    """if [ -d /run/systemd/system ]; then
  for u in ufw firewalld nftables netfilter-persistent iptables ip6tables; do
    [ "$(systemctl is-enabled $u 2>/dev/null)" = enabled ] || continue
    [ $u != ufw ] || grep -q '^ENABLED=yes' /etc/ufw/ufw.conf || continue
    echo $u
  done
else
  [ -L /etc/rcS.d/S*ufw ] 2>/dev/null && grep -q '^ENABLED=yes' /etc/ufw/ufw.conf && echo ufw
fi; true""",
)
RULES = Ask(
    "run",
    """[ "$(id -u)" = 0 ] || exit 13
if command -v nft >/dev/null; then nft -j list ruleset || exit 14
elif command -v iptables-save >/dev/null; then iptables-save | sed 's/^/I /'
else exit 127; fi""",
)
PORTS = Ask("run", "ss -Hltun 2>/dev/null | awk '{print $1, $5}' | sort -u; true")
ASKS = (WHO, RULES, PORTS)
LOCAL = re.compile(r"(127\.|\[::1\]|\[?::ffff:127\.)|%lo:")


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs. Rules that could not be listed leave the policies out."""
    if not evidence.ran(WHO):
        return None
    told: Tree = {"owners": evidence.lines(WHO) or ["none"], "listening": list(_ports(evidence))}
    text = evidence.text(RULES)
    if evidence.failed(RULES) or not evidence.ran(RULES):
        return told
    return told | (_nft(json.loads(text)["nftables"]) if text.startswith("{") else _legacy(text))


def _ports(evidence: Evidence) -> Iterator[str]:
    """What listens for others than this host: ``tcp/22``, in the order of numbers."""
    seen = set()
    for line in evidence.lines(PORTS):
        protocol, _, place = line.partition(" ")
        if not LOCAL.match(place):
            seen.add((protocol, int(place.rpartition(":")[2] or 0)))
    yield from (f"{protocol}/{port}" for protocol, port in sorted(seen, key=lambda each: (each[1], each[0])))


def _nft(objects: list[dict[str, Plain]]) -> Tree:
    """The strictest policy of each hook's chains: one that drops is enough."""
    chains = [each["chain"] for each in objects if "chain" in each]
    rules = [each["rule"] for each in objects if "rule" in each]
    told: Tree = {}
    for hook in ("input", "forward", "output"):
        mine = [
            c for c in chains if c.get("hook") == hook and c.get("type") == "filter" and c.get("family") in ("ip", "ip6", "inet")
        ]
        told[hook] = _policy(mine, rules)
    text = json.dumps(rules)
    told["loopback"] = '"iifname"' in text and '"lo"' in text
    told["established"] = "established" in text
    return told


def _policy(chains: list[dict[str, Plain]], rules: list[dict[str, Plain]]) -> str:
    """``drop`` for both families, or what is left open."""
    families: set[str] = set()
    for chain in chains:
        mine = [r for r in rules if (r["family"], r["table"], r["chain"]) == (chain["family"], chain["table"], chain["name"])]
        last = mine[-1]["expr"][-1:] if mine else []
        if chain.get("policy") == "drop" or any(("drop" in e or "reject" in e) and len(mine[-1]["expr"]) == 1 for e in last):
            families |= {"ip", "ip6"} if chain["family"] == "inet" else {chain["family"]}
    return "drop" if families >= {"ip", "ip6"} else "accept-ipv6" if "ip" in families else "accept"


def _legacy(text: str) -> Tree:
    policies = dict(re.findall(r"^I :(INPUT|FORWARD|OUTPUT) (\w+)", text, re.MULTILINE))
    told: Tree = {h.lower(): "accept" if policies.get(h, "ACCEPT") == "ACCEPT" else "drop" for h in ("INPUT", "FORWARD", "OUTPUT")}
    return told | {"loopback": "-i lo -j ACCEPT" in text, "established": "ESTABLISHED" in text}
