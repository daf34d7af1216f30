"""The packet rules that hold now, table by table, so that a set that was approved can be put back as it was.

    {"tables": {"inet filter": ["table inet filter {", ...], "ip nat": ["*nat", ":PREROUTING ACCEPT [0:0]", ..., "COMMIT"]}}

A table is as nft writes it without its counters; one that iptables made (its chains are in capitals), as iptables-save does,
since it has matches that nft shows and cannot load. firewalld loads its own again from its files; what it held besides goes
back behind its back. Source: nft(8), iptables-restore(8), firewall-cmd(1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from setright.model import Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

FIREWALLD = "firewalld"
XT = re.compile(r'\bxt (match|target) "|# xt_')  # how nft shows what it cannot load
TABLES = r"""[ "$(id -u)" = 0 ] && command -v nft >/dev/null || exit 127
saved() { case $1 in ip) iptables-nft-save -t "$2" ;; ip6) ip6tables-nft-save -t "$2" ;; *) false ;; esac 2>/dev/null; }
tables() { nft list tables | LC_ALL=C sort; }
rules() {
  rules=$(nft -s list table "$1" "$2" 2>/dev/null) || return
  case $rules in *'chain INPUT {'* | *'chain FORWARD {'* | *'chain OUTPUT {'* | *'chain PREROUTING {'* | *'chain POSTROUTING {'*)
    mine=$(saved "$1" "$2" | sed '/^#/d; s/ [[][0-9]*:[0-9]*[]]$/ [0:0]/')
    case $mine in '*'*) rules=$mine ;; esac ;;
  esac
  printf '%s\n' "$rules"
}
"""
RULES = Ask(
    "run",
    rf"""{TABLES}tables | while read -r _ family name; do rules "$family" "$name" | sed "s/^/$family $name\t/"; done""",
)
ASKS = (RULES,)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or not as root, or nothing there filters packets by tables."""
    if not evidence.ran(RULES) or evidence.failed(RULES):
        return None
    tables: dict[str, list[str]] = {}
    for line in evidence.lines(RULES):
        name, _, text = line.partition("\t")
        tables.setdefault(name, []).append(text)
    return {"host": "/", "tables": tables}


def deeds(before: Tree, after: Tree) -> str:
    """The tables that differ, replaced: all that nft writes in one transaction."""
    was, now = before["tables"], after["tables"]
    moved = {name: now.get(name) for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)}
    mine = {name: rules for name, rules in moved.items() if not _is_firewalld(name)}
    theirs = [_reloaded(name, rules) for name, rules in moved.items() if _is_firewalld(name)]
    return "\n".join(filter(None, [_loaded("".join(map(_replaced, mine, mine.values()))), *_restored(mine), *theirs]))


def back(before: Tree) -> str:
    """What puts the former tables back whatever came after them, and takes away what was not there."""
    tables: Mapping[str, list[str]] = before["tables"]
    mine = {name: rules for name, rules in tables.items() if not _is_firewalld(name)}
    known = "|".join(f"'{name}'" for name in tables) or "''"
    gone = f"""nft list tables | while read -r _ family name; do
  case "$family $name" in {known}) ;; *) nft delete table "$family" "$name" ;; esac
done"""
    return "\n".join([gone, _loaded("".join(map(_replaced, mine, mine.values()))), *_restored(mine)])


def _is_firewalld(name: str) -> bool:
    return name.rpartition(" ")[2] == FIREWALLD


def _reloaded(name: str, rules: list[str] | None) -> str:
    """What firewalld loads from its files; where that is not all that was there, the rest too."""
    text = "\n".join(rules or [])
    return f"""if firewall-cmd -q --state 2>/dev/null; then firewall-cmd -q --reload || exit 1; fi
want=$(cat <<'END_OF_RULES'
{text}
END_OF_RULES
)
if [ "$(nft -s list table {name} 2>/dev/null | grep .)" != "$want" ]; then
{_loaded(_replaced(name, rules))}
fi"""


def _is_nft(rules: list[str] | None) -> bool:
    return rules is None or not rules[0].startswith("*")


def _replaced(name: str, rules: list[str] | None) -> str:
    """A table's words for nft: gone, then as it is to be."""
    if not _is_nft(rules):
        return ""
    text = "\n".join(rules or [])
    if XT.search(text):
        raise SurfaceError(f"state:packet-rules: {name} has rules that only iptables can load; install iptables")
    return f"table {name}\ndelete table {name}\n{text}\n"


def _loaded(text: str) -> str:
    return f"nft -f - <<'END_OF_RULES' || exit 1\n{text}END_OF_RULES" if text else ""


def _restored(tables: Mapping[str, list[str] | None]) -> list[str]:
    """What iptables wrote goes back by iptables."""
    programs = {"ip": "iptables-nft-restore", "ip6": "ip6tables-nft-restore"}
    mine = {name: rules for name, rules in tables.items() if rules and not _is_nft(rules)}
    return [
        f"{programs[name.partition(' ')[0]]} <<'END_OF_RULES' || exit 1\n{chr(10).join(rules)}\nEND_OF_RULES"
        for name, rules in mine.items()
    ]
