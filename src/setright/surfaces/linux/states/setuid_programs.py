"""Which programs lend the rights of their owner or group. Source: find(1) over the folders of programs.

{"programs": ["/usr/bin/passwd", "/usr/bin/sudo"]}, and "cut" with the reason where the walk did not come to its end.
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

LIMIT_S = 20
FOUND = Ask(
    "walk",
    f"""[ "$(id -u)" = 0 ] || exit 13
[ "$(find / -maxdepth 0 -printf x)" = x ] || {{ echo cut; exit; }}
skip='-path /usr/share -o -path /usr/src -o -path /usr/include -o -path /usr/lib/modules'
{{ timeout {LIMIT_S} find /usr /opt -xdev -ignore_readdir_race -type d \\( \\( $skip \\) -prune \\) -o -type f -perm /6000 -print
[ $? -le 1 ] || echo cut; }} | grep -v '[[:space:]]' | sort; true""",
)
ASKS = (FOUND,)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs or we are not root. Names that hold blanks are left out: no rule can say them."""
    if not evidence.ran(FOUND) or evidence.failed(FOUND):
        return None
    lines = evidence.lines(FOUND)
    cut = (
        {"cut": f"the walk over /usr and /opt did not come to its end (it has {LIMIT_S} s, and needs find of GNU)"}
        if "cut" in lines
        else {}
    )
    return {"programs": [line for line in lines if line != "cut"]} | cut
