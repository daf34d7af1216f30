"""Whole processes, side by side with peers where they are installed: python -m bench.processes [TREE...]

Medians of several runs with the spread; peers are looked for on PATH and in the oracles' environments.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 7
PEERS = Path(os.environ.get("SETRIGHT_ORACLES", Path.home() / ".cache" / "setright-oracles"))


def main() -> None:
    setright = shutil.which("setright") or str(Path(sys.executable).parent / "setright")
    with tempfile.TemporaryDirectory() as state:
        env = os.environ | {"SETRIGHT_STATE": state}
        row("setright --help", [setright, "--help"], env)
        row("setright scan host:local", [setright, "scan", "host:local", "--format", "json"], env)
        for tree in sys.argv[1:]:
            row(f"setright scan {Path(tree).name}", [setright, "scan", tree, "--format", "json"], env)
            for name, command in peers(tree):
                row(f"  {name} {Path(tree).name}", command, env, rounds=3)


def peers(tree: str) -> list[tuple[str, list[str]]]:
    found = []
    if checkov := peer("checkov"):
        frameworks = ["terraform", "cloudformation", "kubernetes", "dockerfile"]
        found.append(
            ("checkov", [checkov, "-d", tree, "--framework", *frameworks, "--compact", "--quiet", "-o", "json", "--skip-download"])
        )
    if trivy := peer("trivy"):
        found.append(("trivy", [trivy, "config", "-q", "--skip-check-update", "--skip-version-check", "-f", "json", tree]))
    return found


def peer(name: str) -> str | None:
    return shutil.which(name) or next((str(p) for p in PEERS.glob(f"*/bin/{name}")), None)


def row(label: str, command: list[str], env: dict[str, str], rounds: int = ROUNDS) -> None:
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        spent.append(time.perf_counter() - start)
    print(f"{label:<40} {median(spent) * 1000:8.0f} ms  ({min(spent) * 1000:.0f}-{max(spent) * 1000:.0f})")


if __name__ == "__main__":
    main()
