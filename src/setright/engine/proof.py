"""Is a ledger whole and ours? Answered offline from the file and the public key, naming each record that is not right.

Every line is checked for itself (canonical form, hash, signature) and then for its place: a record of ours that stands
where it does not belong was dropped, moved or copied; a line that is not ours was changed or put in.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from setright.engine.error import EngineError
from setright.engine.record import NOTHING, Head, Record, read_head, read_record


class Fault(msgspec.Struct, frozen=True):
    """One thing that is not as it was written. `kind`: changed, dropped, reordered, inserted, tail, fork or head."""

    seq: int
    kind: str
    what: str


class Report(msgspec.Struct, frozen=True):
    """What was found. `head` is the last record of ours: keep it elsewhere, and the next check can trust it alone.

    `notes` are no faults: what a crash left, or what could not be checked.
    """

    records: int
    head: Head
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.faults


def verify_ledger(path: Path, key: Ed25519PublicKey, head: Head | None = None) -> Report:
    """Checks a ledger of any size, line by line. Without `head` the one beside the file is used, where there is one.

    Raises EngineError where the file cannot be read.
    """
    walk = _Walk(key)
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            size = file.seek(0, 2)
            head = head or walk.head_beside(path.with_suffix(".head"))
            fcntl.flock(file, fcntl.LOCK_UN)
            file.seek(0)
            walk.head = head
            walk.lines(file, size)
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}; a ledger is the file ledger.jsonl of a state directory") from error
    return walk.report()


class _Walk:
    """One pass over a ledger: `expected` is the number the next record should have, `previous` the hash it should name."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self.key = key
        self.head: Head | None = None
        self.expected = 1
        self.previous: str | None = NOTHING  # None: the record before is not ours to trust
        self.last = Head(0, NOTHING)
        self.records = 0
        self.strangers: list[str] = []  # lines since the last record of ours, each with what is wrong with it
        self.missing: set[int] = set()
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    def head_beside(self, path: Path) -> Head | None:
        try:
            head = read_head(path, self.key)
        except EngineError as error:
            self.faults.append(Fault(0, "head", str(error)))
            return None
        if head is None:
            self.notes.append(f"{path.name} is not there: records dropped from the end would not show")
        return head

    def lines(self, file: Iterator[bytes], size: int) -> None:
        for line in file:
            size -= len(line)
            if size < 0:
                break
            if line.endswith(b"\n"):
                self.line(line[:-1])
            else:
                self.notes.append(
                    f"an unfinished line of {len(line)} bytes at the end, as a crash leaves it; the next append sets it aside"
                )

    def line(self, line: bytes) -> None:
        self.records += 1
        try:
            record = read_record(line, self.key)
        except EngineError as error:
            self.strangers.append(str(error))
            return
        if record.seq < self.expected:
            self.out_of_place(record)
        else:
            self.in_order(record)
        if self.head and record.seq == self.head.seq and record.hash != self.head.hash:
            self.faults.append(Fault(record.seq, "fork", "another record of this number was signed as the last one"))

    def out_of_place(self, record: Record) -> None:
        self.judge_strangers(0)
        if record.seq in self.missing:
            self.missing.discard(record.seq)
            self.faults.append(Fault(record.seq, "reordered", f"stands after record {self.expected - 1}"))
        else:
            self.faults.append(
                Fault(record.seq, "inserted", f"a second record {record.seq} stands after record {self.expected - 1}")
            )

    def in_order(self, record: Record) -> None:
        self.judge_strangers(record.seq - self.expected)
        if self.expected < record.seq:
            self.missing.update(range(self.expected, record.seq))
        elif self.previous is not None and record.previous != self.previous:
            self.faults.append(Fault(record.seq, "fork", "does not name the hash of the record before it"))
        self.expected, self.previous = record.seq + 1, record.hash
        self.last = Head(record.seq, record.hash)

    def judge_strangers(self, gap: int) -> None:
        """Lines that are not ours stand for the `gap` records that are not here; those left over were put in."""
        for place, why in enumerate(self.strangers):
            if place < gap:
                self.faults.append(Fault(self.expected, "changed", why))
                self.expected += 1
            else:
                self.faults.append(Fault(self.expected, "inserted", f"a line before record {self.expected}: {why}"))
        if self.strangers and gap:
            self.previous = None
        self.strangers = []

    def report(self) -> Report:
        signed_last = self.head.seq if self.head else 0
        self.judge_strangers(max(signed_last - self.expected + 1, 0) if self.head else len(self.strangers))
        self.faults += [Fault(first, "dropped", _span(first, last, "missing")) for first, last in _runs(self.missing)]
        if signed_last >= self.expected:
            self.faults.append(Fault(self.expected, "tail", _span(self.expected, signed_last, "missing at the end")))
        faults = tuple(sorted(self.faults, key=lambda fault: fault.seq))
        return Report(self.records, self.last, faults, tuple(self.notes))


def _runs(numbers: set[int]) -> Iterator[tuple[int, int]]:
    """First and last of each unbroken run."""
    for first in sorted(number for number in numbers if number - 1 not in numbers):
        last = first
        while last + 1 in numbers:
            last += 1
        yield first, last


def _span(first: int, last: int, what: str) -> str:
    return f"record {first} is {what}" if first == last else f"records {first} to {last} are {what}"
