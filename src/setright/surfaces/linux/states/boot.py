"""What the boot loader and the kernel's command line say. Source: GRUB manual 18 (security), kernel-parameters.txt.

{"loader": "grub", "password": false, "unattended": true, "command-line": {"apparmor": "1", "quiet": true}}
"""

from __future__ import annotations

import re

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

MENU = Ask(
    "run",
    """for f in /boot/grub/grub.cfg /boot/grub2/grub.cfg; do
  [ -e $f ] || continue; [ -r $f ] || exit 13
  echo loader; grep -qE '^[ \t]*password' $f && echo password; grep -q '^[ \t]*set superusers=' $f && echo superusers
  grep -q -- '--unrestricted' $f && echo unrestricted
  for u in /boot/grub2/user.cfg; do [ -e $u ] && grep -q GRUB2_PASSWORD $u && echo password; done
done; true""",
)
LINE = Ask("file", "/proc/cmdline")
ASKS = (MENU, LINE)
WORD = re.compile(r'([^\s="]+)(?:=("[^"]*"|\S*))?')


def tell(evidence: Evidence) -> Tree | None:
    """None where no kernel runs; a host without a boot loader of its own (a container) has none to judge."""
    line = evidence.text(LINE)
    if not line:
        return None
    told: Tree = {"loader": "none", "command-line": {m[1]: m[2] or True for m in WORD.finditer(line)}}
    if evidence.failed(MENU):
        return told
    words = set(evidence.lines(MENU))
    if "loader" in words:
        told |= {"loader": "grub", "password": {"password", "superusers"} <= words, "unattended": "unrestricted" in words}
    return told
