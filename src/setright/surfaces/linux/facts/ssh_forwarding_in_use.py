"""Do people tunnel through this host's sshd? sshd does not log forwardings: only those open now, or arranged for, can be seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, count, some
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.transport import Ask

OFTEN = True
SOCKETS = Ask("run", "ss -Htnp state established; echo ===; ss -Hltnp")
ARRANGED = Ask(
    "run",
    rf"""{KEY_FILES}key_files | cut -f 2 | sort -u | while read -r f; do
  grep -lE '^[^#]*(permitopen|permitlisten|tunnel|port-forwarding)\b' "$f" 2>/dev/null
done; true""",
)
MEANT = Ask(  # words that only say something where somebody shall tunnel, and those for some people alone
    "run",
    r"""for f in /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf; do [ ! -f "$f" ] || awk '
{ gsub(/[="\r]/, " "); k = tolower($1); v = tolower($2) }
k == "match" { scope = tolower($2) == "all" ? "" : substr($0, index($0, $2)) }
(k ~ /^permit(open|listen)$/ && v !~ /^(any|none)$/) ||
(k ~ /^(permittunnel|allow(tcp|streamlocal)forwarding)$/ && scope != "" && v != "no") {
  sub(/^[ \t]+/, ""); sub(/[ \t]+$/, ""); print FILENAME " says `" $0 "`" (scope == "" ? "" : " for " scope) }' "$f"
done; true""",
)
PORTS = Ask("run", "sshd -T 2>/dev/null | sed -n 's/^port //p'")


def asks(argument: str) -> Sequence[Ask]:
    return (SOCKETS, ARRANGED, MEANT, PORTS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a tunnel is open or arranged for; never disproved."""
    if not evidence.ran(SOCKETS):
        return Answer(None, "cannot be told: nothing runs here, and sshd does not log forwardings")
    arranged = evidence.lines(ARRANGED)
    if arranged:
        return Answer(True, f"{arranged[0]} arranges for a tunnel", "authorized_keys")
    if meant := evidence.lines(MEANT):
        return Answer(True, some(meant, 2), "sshd_config")
    tunnels = _tunnels(evidence)
    if tunnels:
        return Answer(True, f"{count(len(tunnels), 'tunnel')} through sshd open now", "ss")
    return Answer(
        None, "no tunnel is open now; sshd does not log forwardings, so earlier ones cannot be told", "ss, authorized_keys"
    )


def _tunnels(evidence: Evidence) -> list[str]:
    """Sockets of sshd on other ports than its own: local ends of tunnels, and listeners for remote ones."""
    ports = set(evidence.text(PORTS).split()) or {"22"}
    lines = [line for line in evidence.lines(SOCKETS) if '"sshd' in line]
    local = [(line, re.findall(r"\S+:(\d+)\s", line)) for line in lines]
    return [line for line, found in local if found and found[0] not in ports]
