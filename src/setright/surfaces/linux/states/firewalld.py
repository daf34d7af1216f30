"""What firewalld has to do with: its zones in use, what listens, and the ports its services stand for. Source: firewall-cmd(1).

    {"active": ["public"], "listening": ["tcp/22"], "services": {"ssh": ["22/tcp"]}}

Nothing where it does not run: then its zones count for nothing. Of a root file system nothing of this can be told.
"""

from __future__ import annotations

import re

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states.firewall import PORTS, listening
from setright.surfaces.linux.transport import Ask

# A service of /etc hides the one of the same name that came with the package.
ZONES = Ask(
    "run",
    """command -v firewall-cmd >/dev/null || exit 0
active=$(firewall-cmd --get-active-zones 2>/dev/null) || firewall-cmd -q --state 2>/dev/null || exit 0
echo running; printf '%s\\n' "$active" | sed -n 's/^\\([^ ].*\\)/Z \\1/p'
cd /usr/lib/firewalld/services && grep -Ho '<port [^>]*' -- *.xml
cd /etc/firewalld/services && for f in *.xml; do [ ! -e "$f" ] || { echo "N $f"; grep -Ho '<port [^>]*' -- "$f"; }; done; true""",
)
ASKS = (ZONES, PORTS)
PORT = re.compile(r"(?=.*?\bport=[\"']([\d-]+))(?=.*?\bprotocol=[\"'](\w+))")


def tell(evidence: Evidence) -> Tree | None:
    if not evidence.ran(ZONES):
        return {}
    lines = evidence.lines(ZONES)
    if "running" not in lines[:1]:
        return None
    active = [line.split()[1] for line in lines if line.startswith("Z ")]
    return {"active": active, "listening": list(listening(evidence)), "services": _services(lines)}


def _services(lines: list[str]) -> dict[str, list[str]]:
    services: dict[str, list[str]] = {}
    for line in lines[1:]:
        file, _, element = line.partition(":")
        if line.startswith("N "):
            services[line[2:].removesuffix(".xml")] = []
        elif match := PORT.search(element):
            services.setdefault(file.removesuffix(".xml"), []).append(f"{match[1]}/{match[2]}")
    return services
