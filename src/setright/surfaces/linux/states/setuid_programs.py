"""Which programs lend the rights of their owner or group. Source: find(1) over the folders of programs.

{"programs": ["/usr/bin/passwd", "/usr/bin/sudo"]}
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

FOUND = Ask(
    "run",
    """[ "$(id -u)" = 0 ] || exit 13
timeout 20 find /usr /opt -xdev \\( -path /usr/share -o -path /usr/src -o -path /usr/include -o -path /usr/lib/modules \\) -prune \\
  -o -type f -perm /6000 -print | grep -v '[[:space:]]' | sort; true""",
)
ASKS = (FOUND,)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs or we are not root. Names that hold blanks are left out: no rule can say them."""
    if not evidence.ran(FOUND) or evidence.failed(FOUND):
        return None
    return {"programs": evidence.lines(FOUND)}
