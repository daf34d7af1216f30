"""Scans of source trees beside Checkov and Trivy, whole processes: python -m bench.iac [-n ROUNDS] TREE...

The programs take turns, so that a machine that gets slower does so for all. Figures are medians; the ratios are those of
each round. CPU counts more than wall where others use the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.measure import SETRIGHT, Spent, middle, peer, run

FRAMEWORKS = ("terraform", "cloudformation", "kubernetes", "dockerfile", "github_actions")
HEAD = f"{'tree':<24} {'program':<10} {'wall s':>8} {'CPU s':>8} {'MB':>6} {'findings':>9} {'wall ratio':>11} {'CPU ratio':>10}"


class Program(NamedTuple):
    """A scanner: its command but for the tree, and how its output counts findings."""

    name: str
    command: tuple[str, ...]
    findings: Callable[[Any], int]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=3, help="rounds that count, after one that does not")
    words.add_argument("trees", nargs="+", type=Path)
    given = words.parse_args()
    print(HEAD)
    with tempfile.TemporaryDirectory() as state:
        for tree in given.trees:
            compare(tree, programs(), given.n, os.environ | {"SETRIGHT_STATE": state})


def programs() -> list[Program]:
    found = [
        Program("setright", (SETRIGHT, "scan", "--format", "json", "--fail-on", "never"), lambda out: out["summary"]["failed"])
    ]
    if checkov := peer("checkov"):
        quiet = ("--compact", "--quiet", "-o", "json", "--skip-download", "--framework", *FRAMEWORKS, "-d")
        found.append(Program("Checkov", (checkov, *quiet), of_checkov))
    if trivy := peer("trivy"):
        plain = ("config", "-q", "--skip-check-update", "--skip-version-check", "-f", "json")
        found.append(Program("Trivy", (trivy, *plain), of_trivy))
    return found


def compare(tree: Path, scanners: Sequence[Program], rounds: int, env: dict[str, str]) -> None:
    runs: dict[str, list[Spent]] = {each.name: [] for each in scanners}
    for _ in range(rounds + 1):
        for each in scanners:
            runs[each.name].append(run([*each.command, str(tree)], env))
    ours = runs[scanners[0].name][1:]
    for each in scanners:
        theirs = runs[each.name][1:]
        spent = middle(theirs)
        walls = [b.wall_s / a.wall_s for a, b in zip(ours, theirs, strict=True)]
        cpus = [b.cpu_s / a.cpu_s for a, b in zip(ours, theirs, strict=True)]
        row = (
            f"{tree.name:<24} {each.name:<10} {spent.wall_s:8.2f} {spent.cpu_s:8.2f} {spent.peak_mb:6.0f} {counted(each, spent):>9}"
        )
        print(f"{row} {median(walls):11.1f} {median(cpus):10.1f}", flush=True)


def counted(program: Program, spent: Spent) -> str:
    try:
        return str(program.findings(json.loads(spent.out)))
    except (ValueError, KeyError, TypeError):
        return "?"


def of_checkov(out: Any) -> int:
    reports = out if isinstance(out, list) else [out]
    return sum(report.get("summary", report)["failed"] for report in reports)


def of_trivy(out: Any) -> int:
    return sum(each["Status"] == "FAIL" for result in out.get("Results", []) for each in result.get("Misconfigurations", []))


if __name__ == "__main__":
    main()
