"""What firewalld has to do with: its zones in use, what listens, and the ports its services stand for. Source: firewall-cmd(1).

    {"active": ["public"], "listening": ["tcp/22"], "services": {"ssh": ["22/tcp"]},
     "runtime": {"public": {"target": "default", "services": ["ssh"], "ports": ["8080/tcp"], "masquerade": true}}}

`runtime` is what holds until the next reload, of each zone: what firewall-cmd did without --permanent stands in no file.
Nothing where it does not run: then its zones count for nothing. Of a root file system nothing of this can be told.
"""

from __future__ import annotations

import re

from setright.model import Tree
from setright.surfaces.linux import down
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states.firewall import PORTS, wanted
from setright.surfaces.linux.transport import Ask

# A service of /etc hides the one of the same name that came with the package.
ZONES = Ask(
    "run",
    """command -v firewall-cmd >/dev/null || exit 0
zones=$(LC_ALL=C firewall-cmd --list-all-zones 2>/dev/null) || firewall-cmd -q --state 2>/dev/null || exit 0
echo running; printf '%s\\n' "$zones" | sed -n 's/^\\([^ ].*\\)/Z \\1/p; s/^  \\([a-z]*: .\\)/R \\1/p'
cd /usr/lib/firewalld/services && grep -Ho '<port [^>]*' -- *.xml
cd /etc/firewalld/services && for f in *.xml; do [ ! -e "$f" ] || { echo "N $f"; grep -Ho '<port [^>]*' -- "$f"; }; done; true""",
)
ASKS = (ZONES, PORTS, *down.ASKS)
LISTS, FLAGS = ("services", "ports"), ("masquerade", "forward")
PORT = re.compile(r"(?=.*?\bport=[\"']([\d-]+))(?=.*?\bprotocol=[\"'](\w+))")


def tell(evidence: Evidence) -> Tree | None:
    if not evidence.ran(ZONES):
        return {}
    lines = evidence.lines(ZONES)
    if "running" not in lines[:1]:
        return None
    active = [line.split()[1] for line in lines if line.startswith("Z ") and "active" in line.partition("(")[2]]
    told: Tree = {"active": active, "listening": wanted(evidence), "services": _services(lines)}
    return told | {"runtime": _runtime(lines)}


def _runtime(lines: list[str]) -> dict[str, Tree]:
    """What `--list-all-zones` says; a flag is there where it is set, a list even where it is empty."""
    zones: dict[str, Tree] = {}
    zone: Tree = {}
    for line in lines:
        sort, _, rest = line.partition(" ")
        key, _, value = rest.partition(": ")
        if sort == "Z":
            zone = zones.setdefault(rest.split()[0], {name: [] for name in LISTS})
        elif sort == "R" and key in LISTS:
            zone[key] = value.split()
        elif sort == "R" and key in FLAGS and value == "yes":
            zone[key] = True
        elif sort == "R" and key == "target":
            zone[key] = value
    return zones


def _services(lines: list[str]) -> dict[str, list[str]]:
    services: dict[str, list[str]] = {}
    for line in lines[1:]:
        file, _, element = line.partition(":")
        if line.startswith("N "):
            services[line[2:].removesuffix(".xml")] = []
        elif match := PORT.search(element):
            services.setdefault(file.removesuffix(".xml"), []).append(f"{match[1]}/{match[2]}")
    return services
