"""Who owns the host's firewall and what it lets in. Source: nft(8) `list ruleset`, ufw(8), firewall-cmd(1), ss(8), raw(7).

    {"owners": ["ufw"], "input": "drop", "forward": "drop", "output": "accept", "loopback": true, "established": true,
     "listening": ["tcp/22"], "down": ["tcp/443"], "protocols": ["ospf"], "unused": ["tcp/8080"], "legacy": ["ip filter"]}

`down` are ports of services that start with the host and do not run just now: who let in only what listens would shut them out.
`protocols` are others than TCP, UDP and ICMP that a program or a tunnel takes: a router's, a cluster's, a VPN's. `unused` are
ports that rules let in from anywhere and nothing listens on; where such rules are ours they are `left-open`. `owners` are the
services that load rules at a start; what the kernel holds may be of another, or of a container engine. `legacy` are tables with
rules of the kernel's former packet filter, which nft does not show. Letting in only what listens now, and letting nothing
through, are tables of our own beside theirs, loaded at a start by nftables.service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from setright.model import Plain, Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import down
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

OWNERS = ("ufw", "firewalld", "nftables", "netfilter-persistent", "iptables", "ip6tables")
WHO = Ask(
    "run",
    """cd /etc/systemd/system && for u in ufw firewalld nftables netfilter-persistent iptables ip6tables; do
  ls -d *.wants/$u.service >/dev/null 2>&1 || [ -L /etc/rcS.d/S01$u ] || continue
  [ $u != ufw ] || grep -q '^ENABLED=yes' /etc/ufw/ufw.conf || continue
  echo $u
done; true""",
)
RULES = Ask(
    "run",
    """[ "$(id -u)" = 0 ] || exit 13
if command -v nft >/dev/null; then nft -j list ruleset || exit 14
elif command -v iptables-save >/dev/null; then iptables-save | sed 's/^/I /'
else exit 127; fi""",
)
PORTS = Ask(  # by the kernel's own lists where there is no ss: who let nothing in for want of it would shut us out; proc(5)
    "run",
    r"""if command -v ss >/dev/null; then ss -Hltun | awk '{print $1, $5}'
else awk 'FNR > 1 && $4 == (FILENAME ~ /udp/ ? "07" : "0A") {print FILENAME, $2}' /proc/net/tcp /proc/net/tcp6 /proc/net/udp \
  /proc/net/udp6 | while read -r list place; do
    case ${place%:*} in ??????7F) at=127.0.0.1 ;; 0000000000000000FFFF0000??????7F) at=[::ffff:127.0.0.1] ;;
      00000000000000000000000001000000) at=[::1] ;; *) at=* ;; esac
    list=${list##*/}; echo "${list%6} $at:$((0x${place##*:}))"
  done; fi 2>/dev/null | sort -u; true""",
)
TAKEN = Ask(  # protocols by number, of programs, of tunnels that are up (their ARP hardware type), of IPsec
    "run",
    r"""{ awk 'FNR > 1 {sub(/.*:/, "", $2); print $2}' /proc/net/raw /proc/net/raw6 | while read -r n; do echo $((0x$n)); done
for n in /sys/class/net/*; do
  flags=$(cat $n/flags) && [ $((flags & 1)) = 1 ] || continue
  case $(cat $n/type) in 768|769) echo 4; echo 41;; 776) echo 41;; 778|823) echo 47;; esac
done
[ -z "$(ip xfrm state count 2>/dev/null | grep -v ' 0$')" ] || { echo 50; echo 51; }
} 2>/dev/null | sort -nu; true""",
)
LEGACY = Ask(
    "run",
    """for f in ip ip6; do
  n=/proc/net/${f}_tables_names; save=${f}tables-legacy-save; [ -s $n ] || continue
  if command -v $save >/dev/null; then $save | awk -v f=$f '/^[*]/ {t = substr($1, 2)} /^-A/ && !s[t]++ {print f, t}'
  else sed "s/^/$f /" $n; fi
done 2>/dev/null; true""",
)
ASKS = (WHO, RULES, PORTS, TAKEN, LEGACY, *down.ASKS)
PROTOCOLS = {"igmp": 2, "ipip": 4, "6in4": 41, "gre": 47, "esp": 50, "ah": 51, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112}
OURS = frozenset({1, 6, 17, 58, 255})  # let in already, or only sent
OURS_IN = "setright"  # our table for what comes in
LEFT = "left-open"
FOLDER, MAIN = "/etc/nftables.d", "/etc/nftables.conf"
LINK, UNIT = "/etc/systemd/system/sysinit.target.wants/nftables.service", "/lib/systemd/system/nftables.service"
KEPT = f"{FOLDER}/.setright"  # how the main file and the link were
CHAINS = {  # hook -> the name of our table for it, and its rules
    "input": (
        OURS_IN,
        """    iifname "lo" accept
    meta l4proto { 1, 58 } accept comment "icmp, icmpv6"
PORTS
""",
    ),
    "forward": ("setright_forward", ""),
}
TABLE = """table inet NAME
delete table inet NAME
table inet NAME {
  chain HOOK {
    type filter hook HOOK priority 10; policy drop;
    ct state established,related accept
RULES  }
}
"""
REAL = f"main=$(readlink -f -- {MAIN})"  # it may be a link to where a site keeps its files
OPENING = f"""{REAL}
nft list table inet NAME >/dev/null 2>&1 && nft delete table inet NAME
rm -f {FOLDER}/NAME.nft
if ! ls {FOLDER}/setright*.nft >/dev/null 2>&1; then
  if [ -e {KEPT}.conf ]; then mv -f {KEPT}.conf "$main"; elif [ -e {KEPT}.none ]; then rm -f "$main"; fi
  [ ! -e {KEPT}.link ] || rm -f {LINK}
  rm -f {KEPT}.none {KEPT}.link; rmdir {FOLDER} 2>/dev/null
fi
true"""
INCLUDE = f"""{REAL}
if ! grep -qsF 'include "{FOLDER}/setright*.nft"' "$main"; then
  if [ -e "$main" ]; then cp -p "$main" {KEPT}.conf || exit 1
  else : >{KEPT}.none; printf '#!/usr/sbin/nft -f\nflush ruleset\n' >"$main"; fi
  [ -z "$(tail -c 1 "$main")" ] || echo >>"$main"
  printf '%s\n' 'include "{FOLDER}/setright*.nft"' >>"$main"
fi
if [ ! -L {LINK} ]; then mkdir -p {LINK.rpartition("/")[0]} && : >{KEPT}.link && ln -s {UNIT} {LINK} || exit 1; fi"""
LETTING_IN = rf"""file={FOLDER}/{OURS_IN}.nft; cp -p $file $file.old || exit 1
old=$(sed -n 's/^    \(tcp\|udp\) dport {{ \(.*\) }} accept$/\1 \2/p' $file | tr -d , | while read -r kind ports; do
  for port in $ports; do echo $kind/$port; done
done)
new=$({{ echo "$old" | grep -vxF 'GOES'; echo 'COMES'; }} | sort -u)
{{ sed '/^    \(tcp\|udp\) dport {{ .* }} accept$/d; /^  }}$/,$d' $file.old
for kind in tcp udp; do
  ports=$(echo "$new" | sed -n "s,^$kind/,,p" | sort -n | tr '\n' ' ' | sed 's/ $//; s/ /, /g')
  [ -z "$ports" ] || echo "    $kind dport {{ $ports }} accept"
done
printf '  }}\n}}\n'; }} >$file && nft -c -f $file && nft -f $file || {{ cat $file.old >$file; rm -f $file.old; exit 1; }}
rm -f $file.old"""
LOCAL = re.compile(r"(127\.|\[::1\]|\[?::ffff:127\.)|%lo:")


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs. Rules that could not be listed leave the policies out."""
    if not evidence.ran(WHO):
        return None
    told: Tree = {"owners": evidence.lines(WHO) or ["none"], "listening": list(listening(evidence))}
    wants = wanted(evidence)
    told |= {"down": waiting} if (waiting := [port for port in wants if port not in told["listening"]]) else {}
    told |= {"protocols": others} if (others := _taken(evidence)) else {}
    told |= {"legacy": tables} if (tables := evidence.lines(LEGACY)) else {}
    text = evidence.text(RULES)
    if evidence.failed(RULES) or not evidence.ran(RULES):
        return told
    if not text.startswith("{"):
        return told | _legacy(text)
    objects = json.loads(text)["nftables"]
    unused = sorted(_open(objects, ours=False) - set(wants))
    return told | _nft(objects) | ({"unused": unused} if unused else {}) | _left_open(objects, wants)


def _left_open(objects: list[dict[str, Plain]], listens: list[str]) -> Tree:
    """Ports that we once let in since something listened there, and nothing does any more."""
    ours = sorted(_open(objects, ours=True), key=_by_number)
    left = [port for port in ours if port not in listens]
    return {LEFT: left} if left else {}


def _by_number(port: str) -> tuple[int, str]:
    protocol, _, number = port.partition("/")
    return int(number), protocol


def listening(evidence: Evidence) -> Iterator[str]:
    """What listens for others than this host: ``tcp/22``, in the order of numbers."""
    seen = set()
    for line in evidence.lines(PORTS):
        protocol, _, place = line.partition(" ")
        if not LOCAL.match(place):
            seen.add((protocol, int(place.rpartition(":")[2] or 0)))
    yield from (f"{protocol}/{port}" for protocol, port in sorted(seen, key=lambda each: (each[1], each[0])))


def wanted(evidence: Evidence) -> list[str]:
    """What listens, and what services that are down just now will listen on."""
    return sorted({*listening(evidence), *down.would_listen(evidence)}, key=_by_number)


def _taken(evidence: Evidence) -> list[Plain]:
    """By the names that people know, or by number."""
    names = {number: name for name, number in PROTOCOLS.items()}
    return [names.get(number, str(number)) for number in map(int, evidence.lines(TAKEN)) if number not in OURS]


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
    text = json.dumps(_met([c for c in chains if c.get("hook") == "input"], rules))
    told["loopback"] = '"iifname"' in text and '"lo"' in text
    told["established"] = "established" in text
    return told


def _met(chains: list[dict[str, Plain]], rules: list[dict[str, Plain]]) -> list[dict[str, Plain]]:
    """The rules that packets of these chains come to, there and where those send them."""
    waiting = [(c["family"], c["table"], c["name"]) for c in chains]
    met: dict[tuple[str, str, str], list[dict[str, Plain]]] = {}
    while waiting:
        if (place := waiting.pop()) not in met:
            met[place] = [rule for rule in rules if (rule["family"], rule["table"], rule["chain"]) == place]
            waiting += [(place[0], place[1], name) for name in re.findall(r'"target": "([^"]+)"', json.dumps(met[place]))]
    return [rule for those in met.values() for rule in those]


def _open(objects: list[dict[str, Plain]], *, ours: bool) -> set[str]:
    """Ports that a rule lets in whatever the source: of our table, or of all the others."""
    ports = set()
    rules = [each["rule"] for each in objects if "rule" in each]
    for expressions in (each["expr"] for each in rules if ((each["family"], each["table"]) == ("inet", OURS_IN)) == ours):
        matches = [e["match"] for e in expressions if "match" in e]
        place = matches[0]["left"].get("payload", {}) if len(matches) == 1 and {"accept": None} in expressions else {}
        if place.get("field") == "dport":
            right = matches[0]["right"]
            ports |= {f"{place['protocol']}/{n}" for n in (right.get("set", []) if isinstance(right, dict) else [right])}
    return {port for port in ports if port.partition("/")[2].isdecimal()}


def _policy(chains: list[dict[str, Plain]], rules: list[dict[str, Plain]]) -> str:
    """``drop`` for both families, or what is left open."""
    families: set[str] = set()
    for chain in chains:
        mine = [r for r in rules if (r["family"], r["table"], r["chain"]) == (chain["family"], chain["table"], chain["name"])]
        if _lets_all_in(mine, rules, ()):
            continue
        if chain.get("policy") == "drop" or any(_said(last).keys() in ({"drop"}, {"reject"}) for last in mine[-1:]):
            families |= {"ip", "ip6"} if chain["family"] == "inet" else {chain["family"]}
    return "drop" if families >= {"ip", "ip6"} else "accept-ipv6" if "ip" in families else "accept"


def _said(rule: dict[str, Plain]) -> dict[str, Plain]:
    """What a rule says beside counting and logging."""
    return {key: value for each in rule["expr"] for key, value in each.items() if key not in ("counter", "log")}


def _lets_all_in(mine: list[dict[str, Plain]], rules: list[dict[str, Plain]], above: tuple[str, ...]) -> bool:
    """Whether these rules of a chain accept whatever comes as far as them, there or where they send it: then no policy is asked."""
    for rule in mine:
        said = _said(rule)
        if said.keys() in ({"drop"}, {"reject"}):
            return False
        if said.keys() == {"accept"}:
            return True
        if said.keys() in ({"jump"}, {"goto"}):
            place = (rule["family"], rule["table"], next(iter(said.values()))["target"])
            there = [each for each in rules if (each["family"], each["table"], each["chain"]) == place]
            if place[2] not in above and _lets_all_in(there, rules, (*above, place[2])):
                return True
    return False


def _legacy(text: str) -> Tree:
    policies = dict(re.findall(r"^I :(INPUT|FORWARD|OUTPUT) (\w+)", text, re.MULTILINE))
    told: Tree = {h.lower(): "accept" if policies.get(h, "ACCEPT") == "ACCEPT" else "drop" for h in ("INPUT", "FORWARD", "OUTPUT")}
    return told | {"loopback": "-i lo -j ACCEPT" in text, "established": "ESTABLISHED" in text}


def in_words(before: Tree, after: Tree) -> tuple[str, str] | None:
    """The tables of ours that go and come, as their files say them, and what loads them; None for what cannot be changed."""
    moved, shut, opened = _moved(before, after)
    lets_in = _lets_in(before, after)
    if not (moved or lets_in) or len(shut) + len(opened) != len(moved):
        return None
    gone = [*(_port_rules(before.get(LEFT, [])) if lets_in else []), *(_file(hook, before) for hook in opened)]
    come = [*(_port_rules(after.get(LEFT, [])) if lets_in else []), *(_file(hook, after) for hook in shut)]
    loads = f'# {MAIN}, where it does not say so yet; nftables.service loads it at each start\ninclude "{FOLDER}/setright*.nft"\n'
    return "\n".join(gone), "\n".join([*come, *([loads] if shut else [])])


def _file(hook: str, tree: Tree) -> str:
    name = CHAINS[hook][0]
    return f"# {FOLDER}/{name}.nft\n" + _rules(hook, tree).removeprefix(f"table inet {name}\ndelete table inet {name}\n")


def _moved(before: Tree, after: Tree) -> tuple[list[str], list[str], list[str]]:
    """The hooks that change, those of them that we close, and those that we open again."""
    moved = [hook for hook in CHAINS if before.get(hook) != after.get(hook)]
    shut = [hook for hook in moved if after.get(hook) == "drop" and after.get("owners") == ["nftables"]]
    opened = [hook for hook in moved if before.get(hook) == "drop" and before.get("owners") == ["nftables"]]
    return moved, shut, opened


def _lets_in(before: Tree, after: Tree) -> bool:
    """Whether our table lets in other ports afterwards, and stays."""
    return LEFT in (before | after) and before.get(LEFT) != after.get(LEFT) and before.get("input") == after.get("input")


def deeds(before: Tree, after: Tree) -> str:
    """Closes what comes in but for what listens, or what passes through; and opens it. Raises SurfaceError for all else."""
    moved, shut, opened = _moved(before, after)
    ports = [_letting_in(before, after)] if _lets_in(before, after) else []
    if not (moved or ports) or len(shut) + len(opened) != len(moved):
        raise SurfaceError("state:firewall: only chains of nftables can be closed here; change the rest where it is made")
    return "\n".join([*ports, *(_opening(hook) for hook in opened), *(_closing(hook, after) for hook in shut)])


def _letting_in(before: Tree, after: Tree) -> str:
    """Our rules without the ports that go and with those that come; all else of the file stays."""
    goes, comes = ("\n".join(["", *tree.get(LEFT, [])]) for tree in (before, after))
    return LETTING_IN.replace("GOES", goes).replace("COMES", comes)


def back(before: Tree) -> str:
    """What undoes our closing whatever came after it: of the hooks that were open before, and of the ports."""
    ports = [f"({_letting_in({}, before)}\n)"] if LEFT in before else []
    return "\n".join([*ports, *(_opening(hook) for hook in CHAINS if before.get(hook) != "drop")])


def _opening(hook: str) -> str:
    return OPENING.replace("NAME", CHAINS[hook][0])


def _closing(hook: str, after: Tree) -> str:
    """Checked before it is loaded; the main file and the link are kept so that they come back exactly."""
    text, file = _rules(hook, after), f"{FOLDER}/{CHAINS[hook][0]}.nft"
    return f"""command -v nft >/dev/null || {{ echo "nft is not installed; install nftables" >&2; exit 1; }}
mkdir -p {FOLDER} && cat >{file} <<'END_OF_RULES' || exit 1
{text}END_OF_RULES
nft -c -f {file} || {{ rm -f {file}; rmdir {FOLDER} 2>/dev/null; exit 1; }}
{INCLUDE}
said=$(nft -c -f {MAIN} 2>&1) || {{
{_opening(hook)}
echo "{MAIN} does not load, and would not at the next start: $said" >&2; exit 1; }}
nft -f {file} || exit 1"""


def _rules(hook: str, tree: Tree) -> str:
    """Our table for a hook, as nft reads it."""
    name, rules = CHAINS[hook]
    return TABLE.replace("RULES", rules.replace("PORTS", _let_in(tree))).replace("NAME", name).replace("HOOK", hook)


def _let_in(tree: Tree) -> str:
    lines = _port_rules(sorted({*tree.get("listening", []), *tree.get("down", [])}, key=_by_number))
    if others := tree.get("protocols", []):
        numbers = ", ".join(str(PROTOCOLS.get(name, name)) for name in others)
        lines.append(f'    meta l4proto {{ {numbers} }} accept comment "{", ".join(others)}"')
    return "\n".join(lines)


def _port_rules(ports: list[str]) -> list[str]:
    words = [port.partition("/") for port in ports]
    return [
        f"    {protocol} dport {{ {', '.join(number for kind, _, number in words if kind == protocol)} }} accept"
        for protocol in ("tcp", "udp")
        if any(kind == protocol for kind, _, _ in words)
    ]
