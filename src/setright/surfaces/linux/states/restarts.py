"""What waits for a restart since an update: the host, and services whose programs are no longer on the disk. Source: proc(5).

    {"restart-host": true, "restart-services": ["ssh.service"]}

It is apart from `updates`, since installing those is what brings it about. `restart-services` stands only where there are some.
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

WAITING = Ask(
    "run",
    r"""command -v apt-get >/dev/null || command -v dnf >/dev/null || exit 0
echo W
[ ! -e /run/reboot-required ] && [ ! -e /var/run/reboot-required ] || echo B
if [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]; then
  for p in $(grep -lE '/(usr/)?s?(bin|lib).* \(deleted\)$' /proc/[0-9]*/maps 2>/dev/null); do
    sed -n 's,^.*[:/]\([^/]*[.]service\)$,R \1,p' "${p%/maps}/cgroup" 2>/dev/null | tail -n 1
  done | sort -u
fi; true""",
)
ASKS = (WAITING,)


def tell(evidence: Evidence) -> Tree | None:
    lines = evidence.lines(WAITING)
    if "W" not in lines:
        return None
    services = [line[2:] for line in lines if line.startswith("R ")]
    told: Tree = {"restart-host": "B" in lines}
    return told | ({"restart-services": services} if services else {})
