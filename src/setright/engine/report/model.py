"""What a report says, whatever form it takes. Nothing here counts as held that was not seen to hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

import msgspec

from setright.controls.frameworks import Framework

FAIL, UNKNOWN, EXCEPTED, PASS, UNTESTED = STATES = ("fail", "unknown", "excepted", "pass", "not tested")
MEANING = {
    FAIL: "something is not as it should be, and nobody has accepted that",
    UNKNOWN: "something could not be told or read, so nothing is known to fail and nothing is shown to hold",
    EXCEPTED: "what is not as it should be is left open knowingly, until a day",
    PASS: "every check of ours that bears on the section held wherever it was looked",
    UNTESTED: "no check of ours bears on the section, or none has been looked at lately, or there was nothing to look at",
}


class Counts(msgspec.Struct, frozen=True):
    """How many times a control was judged on a resource, by what came of it; `unseen` are documents that could not be read."""

    passed: int = 0
    failed: int = 0
    excepted: int = 0
    unknown: int = 0
    unseen: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.excepted + other.excepted,
            self.unknown + other.unknown,
            self.unseen + other.unseen,
        )

    @property
    def state(self) -> str:
        if self.failed:
            return FAIL
        if self.unknown or self.unseen:
            return UNKNOWN
        if self.excepted:
            return EXCEPTED
        return PASS if self.passed else UNTESTED


class ControlResult(msgspec.Struct, frozen=True):
    """One control on one target. `at` is the last look, however long ago; empty where there was none."""

    control: str
    target: str
    counts: Counts
    at: str = ""


class SectionResult(msgspec.Struct, frozen=True):
    """One section of the framework. `oldest_at` and `newest_at` are the looks that it rests on; empty: none."""

    id: str
    about: str
    family: str
    state: str
    counts: Counts
    controls: tuple[str, ...]
    targets: int
    oldest_at: str = ""
    newest_at: str = ""
    why_untested: str = ""


class ReportedFinding(msgspec.Struct, frozen=True):
    """An open finding as a report lists it. `left_open` is how: exception, comment, adopted; empty where it is not.

    `until` is when that ends; empty: nothing ends it, or it is not left open.
    """

    id: str
    state: str
    control: str
    title: str
    severity: str
    target: str
    resource: str
    place: str
    sections: tuple[str, ...]
    owner: str
    first_seen_at: str
    last_seen_at: str
    due_at: str = ""
    is_overdue: bool = False
    left_open: str = ""
    why: str = ""
    approver: str = ""
    until: str = ""


class Seen(msgspec.Struct, frozen=True):
    """A target of the report; `at` is when it was last looked at, empty: never."""

    name: str
    url: str
    owner: str
    organisation: str
    at: str
    is_stale: bool


class Report(msgspec.Struct, frozen=True):
    """`items` gives the open findings of a state one by one, gravest and oldest first."""

    framework: Framework
    made_at: datetime
    within_days: int
    scope: Mapping[str, str]
    targets: tuple[Seen, ...]
    sections: tuple[SectionResult, ...]
    parts: Callable[[], list[ControlResult]]
    counts: Counts
    titles: Mapping[str, tuple[str, str]]  # by control: title and severity
    items: Callable[[str], Iterator[ReportedFinding]]

    def first(self, state: str, number: int) -> list[ReportedFinding]:
        """So many items of a state; 0: all."""
        return list(islice(self.items(state), number or None))

    @property
    def states(self) -> Counter[str]:
        """How many sections are in each state."""
        return Counter(section.state for section in self.sections)

    @property
    def families(self) -> dict[str, list[SectionResult]]:
        """The sections by family, in the framework's order."""
        found: dict[str, list[SectionResult]] = {}
        for section in self.sections:
            found.setdefault(section.family, []).append(section)
        return found

    def count(self, state: str) -> int:
        """How many items of a state there are."""
        return {FAIL: self.counts.failed, UNKNOWN: self.counts.unknown, EXCEPTED: self.counts.excepted}[state]
