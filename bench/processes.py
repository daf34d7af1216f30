"""Processes that read no tree of sources: python -m bench.processes [-n ROUNDS]

`--help`, the first start of all (no cache, no store), a start after it, and this host. Trees stand in `bench.iac`, beside others.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.measure import SETRIGHT, Spent, middle, run

SCAN = (SETRIGHT, "scan", "--format", "json", "--fail-on", "never")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=5, help="rounds")
    rounds = words.parse_args().n
    print(f"{'process':<32} {'wall s':>8} {'CPU s':>8} {'MB':>6}")
    with tempfile.TemporaryDirectory() as place:
        tree, state = Path(place) / "tree", Path(place) / "state"
        tree.mkdir()
        row("--help", [spent((SETRIGHT, "--help"), state) for _ in range(rounds)])
        row("scan, nothing there: first", [first((*SCAN, str(tree)), state) for _ in range(rounds)])
        row("scan, nothing there: again", [spent((*SCAN, str(tree)), state) for _ in range(rounds)])
        row("scan host:local", [spent((*SCAN, "host:local"), state) for _ in range(rounds)])


def first(command: Sequence[str], state: Path) -> Spent:
    """As on a machine that never ran it."""
    shutil.rmtree(state, ignore_errors=True)
    return spent(command, state)


def spent(command: Sequence[str], state: Path) -> Spent:
    return run(command, os.environ | {"SETRIGHT_STATE": str(state)})


def row(label: str, runs: Sequence[Spent]) -> None:
    each = middle(runs)
    print(f"{label:<32} {each.wall_s:8.2f} {each.cpu_s:8.2f} {each.peak_mb:6.0f}", flush=True)


if __name__ == "__main__":
    main()
