"""One whole process, measured by the kernel's own account of it: wait4(2), getrusage(2)."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

PEERS = Path(os.environ.get("SETRIGHT_ORACLES", Path.home() / ".cache" / "setright-oracles"))
SETRIGHT = str(Path(sys.executable).parent / "setright")


class Spent(NamedTuple):
    """What a process and the children it waited for cost; `peak_mb` is the largest single one of them."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    out: str


def run(command: Sequence[str], env: dict[str, str] | None = None) -> Spent:
    """Its stdout, and what it cost. It may end as it likes: scanners end with 1 where they find something."""
    with tempfile.TemporaryFile() as out, Path(os.devnull).open("wb") as nothing:
        began = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 2)]
        pid = os.posix_spawn(command[0], list(command), os.environ | (env or {}), file_actions=actions)
        _, _, usage = os.wait4(pid, 0)
        wall_s = time.perf_counter() - began
        out.seek(0)
        text = out.read().decode(errors="replace")
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def middle(runs: Sequence[Spent]) -> Spent:
    """The median of each figure."""
    walls, cpus, peaks = ([getattr(each, name) for each in runs] for name in ("wall_s", "cpu_s", "peak_mb"))
    return Spent(median(walls), median(cpus), median(peaks), runs[-1].out)


def peer(name: str) -> str | None:
    """A peer's program, on the PATH or in the oracles' environments."""
    return shutil.which(name) or next((str(p) for p in sorted(PEERS.glob(f"venv/*/bin/{name}"))), None)
