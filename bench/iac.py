"""Scans of source trees beside Checkov and Trivy, whole processes: python -m bench.iac [-n ROUNDS] TREE...

The programs take turns, so that a machine that gets slower does so for all. Figures are medians; the ratios are those of
each round. CPU counts more than wall where others use the machine. All read one copy of the tree, outside of hidden folders: below
one, Checkov leaves out whole frameworks and says nothing. Where a peer's report lacks what setright finds much of, there is no row.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.measure import SETRIGHT, Spent, middle, peer, run

MUCH = 0.1  # of setright's findings; a peer may know no rule for less
FRAMEWORKS = ("terraform", "cloudformation", "kubernetes", "dockerfile", "github_actions")
HEAD = f"{'tree':<24} {'program':<10} {'wall s':>8} {'CPU s':>8} {'MB':>6} {'findings':>9} {'wall ratio':>11} {'CPU ratio':>10}"


class Program(NamedTuple):
    """A scanner: its command but for the tree, how its output counts findings, and of which frameworks it speaks there."""

    name: str
    command: tuple[str, ...]
    findings: Callable[[Any], int]
    spoken: Callable[[Any], set[str]]
    knows: frozenset[str] = frozenset(FRAMEWORKS)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=3, help="rounds that count, after one that does not")
    words.add_argument("trees", nargs="+", type=Path)
    given = words.parse_args()
    print(HEAD)
    lacking = []
    with tempfile.TemporaryDirectory() as place:
        if hidden := next((part for part in Path(place).resolve().parts if part.startswith(".")), None):
            words.error(f"{place}: Checkov leaves out trees below {hidden}; name a place without hidden folders by TMPDIR")
        for tree in given.trees:
            copy = Path(place) / tree.resolve().name
            shutil.copytree(tree, copy, symlinks=True)
            lacking += compare(copy, programs(), given.n, os.environ | {"SETRIGHT_STATE": f"{place}/state"})
            shutil.rmtree(copy)
    if lacking:
        sys.exit("\n".join(lacking))


def programs() -> list[Program]:
    plain = (SETRIGHT, "scan", "--format", "json", "--fail-on", "never")
    found = [Program("setright", plain, lambda out: out["summary"]["failed"], lambda out: set(spoken(out)))]
    if checkov := peer("checkov"):
        quiet = ("--compact", "--quiet", "-o", "json", "--skip-download", "--framework", *FRAMEWORKS, "-d")
        found.append(Program("Checkov", (checkov, *quiet), of_checkov, lambda out: {each["check_type"] for each in reports(out)}))
    if trivy := peer("trivy"):
        silent = (trivy, "config", "-q", "--skip-check-update", "--skip-version-check", "-f", "json")
        known = frozenset(FRAMEWORKS) - {"github_actions"}
        found.append(Program("Trivy", silent, of_trivy, lambda out: {each["Type"] for each in out.get("Results", [])}, known))
    return found


def compare(tree: Path, scanners: Sequence[Program], rounds: int, env: dict[str, str]) -> list[str]:
    """Prints a row a program; gives what reports lack, which is then no row."""
    runs: dict[str, list[Spent]] = {each.name: [] for each in scanners}
    for _ in range(rounds + 1):
        for each in scanners:
            runs[each.name].append(run([*each.command, str(tree)], env))
    ours = runs[scanners[0].name][1:]
    found = spoken(json.loads(ours[-1].out))
    told = [lack(each, runs[each.name][-1], found) for each in scanners]
    for each, lacking in zip(scanners, told, strict=True):
        if not lacking:
            print(row(tree, each, ours, runs[each.name][1:]), flush=True)
    return [f"{tree.name}: no figures of {lacking}" for lacking in told if lacking]


def row(tree: Path, program: Program, ours: Sequence[Spent], theirs: Sequence[Spent]) -> str:
    spent = middle(theirs)
    walls = [b.wall_s / a.wall_s for a, b in zip(ours, theirs, strict=True)]
    cpus = [b.cpu_s / a.cpu_s for a, b in zip(ours, theirs, strict=True)]
    count = program.findings(json.loads(spent.out))
    figures = f"{spent.wall_s:8.2f} {spent.cpu_s:8.2f} {spent.peak_mb:6.0f} {count:>9} {median(walls):11.1f} {median(cpus):10.1f}"
    return f"{tree.name:<24} {program.name:<10} {figures}"


def lack(program: Program, spent: Spent, found: Counter[str]) -> str:
    """What a report that can be compared would say; nothing where it does."""
    try:
        speaks = program.spoken(json.loads(spent.out))
    except (ValueError, KeyError, TypeError) as error:
        return f"{program.name}: its report cannot be read ({error})"
    much = {name for name, count in found.items() if count >= MUCH * found.total()}
    left_out = ", ".join(sorted(much & program.knows - speaks))
    return f"{program.name}: its report says nothing of {left_out}, so it did not read it" if left_out else ""


def spoken(out: Any) -> Counter[str]:
    """The frameworks in whose files setright finds something, and how much."""
    return Counter(name for each in out["findings"] if (name := framework(each["kind"].split("/")[0], each["location"]["path"])))


def framework(domain: str, path: str) -> str:
    if path.endswith((".tf", ".tf.json")):
        return "terraform"
    places = {"k8s": "kubernetes", "aws": "cloudformation", "actions": "github_actions"}
    return places.get(domain) or ("dockerfile" if "dockerfile" in Path(path).name.lower() else "")


def reports(out: Any) -> list[Any]:
    """Checkov's, one a framework. Where none was read it gives a summary of nothing, which has no type."""
    return [each for each in (out if isinstance(out, list) else [out]) if "check_type" in each]


def of_checkov(out: Any) -> int:
    return sum(report["summary"]["failed"] for report in reports(out))


def of_trivy(out: Any) -> int:
    return sum(each["Status"] == "FAIL" for result in out.get("Results", []) for each in result.get("Misconfigurations", []))


if __name__ == "__main__":
    main()
