"""A transport that only needs to run shell scripts somewhere: all reading and writing in one round trip each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex

from setright.model import Plain
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.linux import script, writes
from setright.surfaces.linux.transport import Answers, Ask, Lot, Ran, Reply, Running, Symlink, nothing, sorry

FIND_S = 180.0


class Shell:
    """Answers and writes by scripts; a subclass says how one is run."""

    target: str
    live = True

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        raise NotImplementedError

    def start(self, script: str, timeout_s: float = 60.0) -> Running:
        raise NotImplementedError

    def prepare(self) -> None:
        """A shell is there at once."""

    def find(self, asks: Sequence[Ask], meanwhile: Callable[[], None] = nothing) -> Answers:
        asks = list(dict.fromkeys(asks))
        lot = self.begin(asks) if asks else Lot((), dict, nothing)
        meanwhile()
        return lot.answers()

    def begin(self, asks: Sequence[Ask]) -> Lot:
        nonce = token_hex(16)
        running = self.start(script.question(asks, nonce), FIND_S)
        return Lot(asks, lambda: self._answers(asks, nonce, running.ended()), running.stop)

    def _answers(self, asks: Sequence[Ask], nonce: str, ran: Ran) -> Answers:
        if ran.status:
            raise SurfaceError(
                f"{self.target}: the reading script ended with {ran.status}: {ran.err.strip() or 'no message'}; is /bin/sh there?"
            )
        found = script.answers(asks, nonce, ran.out)
        return {ask: list(map(_inode, each)) if ask.what == "inode" else each for ask, each in found.items()}

    def put(self, path: str, before: str, after: bytes | None, inode: Mapping[str, Plain]) -> None:
        self.do(path, writes.put(path, before, after, inode))

    def own(self, path: str, before: str, after: str) -> None:
        self.do(path, writes.give_owner(path, before, after))

    def link(self, links: Sequence[Symlink]) -> None:
        if links:
            self.do(links[0].path, writes.link(links))

    def do(self, path: str, body: str) -> None:
        """Runs a write. Raises Moved, or SurfaceError with the system's reason and what to do."""
        check_write(self.target, path, self.run(writes.scripted(body)))


def check_write(target: str, path: str, ran: Ran) -> None:
    """Raises what a write's exit status means."""
    if ran.status == writes.MOVED:
        raise Moved(f"{target}: {path} is no longer what the change was planned on; scan again")
    if ran.status == writes.LOCKED:
        raise SurfaceError(f"{target}: another run is writing to this target; wait for it to end")
    if ran.status:
        raise sorry(target, path, ran.err)


def _inode(found: Reply) -> Reply:
    """stat's and getfattr's words as the JSON that `files.inode_of` gives."""
    if found.data is None:
        return found
    text = found.data.decode(errors="replace")
    if not text or text.startswith("missing\t"):
        made = [line.removeprefix("missing\t") for line in text.splitlines()]
        return Reply(found.name, json.dumps({"made": made}).encode())
    first, _, rest = text.partition("\n")
    uid, gid, mode, seconds = first.split()
    whole, _, part = seconds.partition(".")
    time_ns = int(whole) * 10**9 + int((part or "0").ljust(9, "0")[:9])
    kept = dict(re.findall(r"^([^#=\n]+)=0s(\S*)$", rest, re.MULTILINE))
    row = {"uid": int(uid), "gid": int(gid), "mode": f"{int(mode, 8):04o}", "mtime_ns": time_ns, "xattr": kept}
    return Reply(found.name, json.dumps(row).encode())
