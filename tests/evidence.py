"""What a state directory proves afterwards: a whole ledger, the last word on each plan, snapshots that can be had back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from setright.engine.keys import public_key
from setright.engine.ledger import verify_ledger
from setright.engine.snapshots import Snapshots

OUTCOMES = frozenset({"verified", "unverified", "reverted", "refused"})


def events(state: Path) -> list[tuple[str, str, str]]:
    """(run, plan, event) of every record that is about a plan, oldest first."""
    lines = (state / "ledger.jsonl").read_text().splitlines() if (state / "ledger.jsonl").exists() else []
    records = [json.loads(line) for line in lines]
    return [(r["body"].get("run", ""), r["body"]["plan"], r["event"]) for r in records if "plan" in r["body"]]


def last_words(state: Path) -> dict[tuple[str, str], str]:
    """The last event of each plan in each run."""
    return {(run, plan): event for run, plan, event in events(state)}


def outcomes(state: Path) -> list[str]:
    """The outcomes told, oldest first."""
    return [event for _, _, event in events(state) if event in OUTCOMES]


def check_proof(state: Path) -> None:
    """The ledger verifies offline, every begun plan has an outcome, told once, and every snapshot it names can be had back."""
    report = verify_ledger(state / "ledger.jsonl", public_key((state / "keys" / "ledger.pub").read_bytes()))
    assert report.whole, report
    begun = {(run, plan): event for (run, plan), event in last_words(state).items() if event != "approved"}
    assert set(begun.values()) <= OUTCOMES, begun
    ends = Counter(each for each in events(state) if each[2] in OUTCOMES)
    assert set(ends.values()) <= {1}, ends
    snapshots = Snapshots(state)
    assert list(snapshots.verify()) == []
    for line in (state / "ledger.jsonl").read_text().splitlines():
        for address in json.loads(line)["body"].get("kept", ()):
            snapshots.get(address)
