"""Does anybody reach this host over IPv6? Evidence: its addresses (/proc/net/if_inet6) and the connections open now (ss)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, count
from setright.surfaces.linux.transport import Ask

ADDRESSES = Ask("file", "/proc/net/if_inet6")
PEERS = Ask("run", r"ss -Htun6 state established | awk '{print $NF}' | grep -v -e '^\[::1\]' -e '^\[::ffff:' -e '%'; true")
GLOBAL = "00"  # the scope of addresses that reach beyond the wire


def asks(argument: str) -> Sequence[Ask]:
    return (ADDRESSES, PEERS, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Without an address nobody can; with one, connections of this moment prove it and silence proves nothing."""
    if not evidence.text(UPTIME):
        return Answer(None, "cannot be told: nothing runs here")
    rows = [line.split() for line in evidence.lines(ADDRESSES)]
    wide = [row for row in rows if len(row) == 6 and row[3] == GLOBAL]
    if not wide:
        return Answer(False, "this host has no IPv6 address that reaches beyond its own wire", "/proc/net/if_inet6")
    peers = evidence.lines(PEERS)
    if peers:
        return Answer(True, f"{count(len(peers), 'connection')} over IPv6 now", "ss")
    return Answer(None, f"nobody is connected over IPv6 now, but {len(wide)} of its addresses reach beyond the wire", "ss")
