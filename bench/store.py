"""A store of a million findings, SQLite and PostgreSQL: how fast more come in, how long lists take: python -m bench.store [N]"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from lab import postgres

from setright.engine.store import Store, StoredTarget, Wanted
from setright.engine.store.people import Standing
from setright.engine.times import stamp
from setright.model import SEVERITIES, Finding, Location, Mismatch, Verdict

A_TARGET = 500  # findings
OWNERS, ORGANISATIONS, CONTROLS = 47, 13, 400
LANES = ("auto", "auto", "auto", "ask", "ask", "hand", "hand", "hold", "auto", "auto")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 5
TAKEN = 40  # targets taken in on top
RECURSIVE = "numbers AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1)"
FILL = """WITH RECURSIVE {numbers} INSERT INTO findings (id, control, title, severity, verdict, target, resource, kind, path,
    line, end_line, detail, first_seen_at, last_seen_at, reopened_count, owner, organisation, lane)
    SELECT 'f' || ((n * 2654435761) % 4294967296) || '-' || n, 'c/' || (n % 400), 'Root cannot log in',
    CASE (n * 7 + n / 500) % 5 {ranks} END, 'fail', 'ssh://host-' || (n / 500), 'resource-' || (n % 500), 'kind/' || (n % 40),
    '/etc/ssh/sshd_config', 3, 3, '{{"mismatches": [], "why_unknown": "", "frameworks": {{}}}}',
    '2026-01-' || CASE WHEN n % 28 < 9 THEN '0' ELSE '' END || (n % 28 + 1) || 'T'
    || (10 + n / 500 % 14) || ':' || (10 + n / 7000 % 50) ||
    ':' || (10 + n / 11 % 50) || '.000000Z', '2026-02-01T00:00:00.000000Z',
    0, 'owner-' || (n % 47), 'part-' || (n % 13), CASE n % 10 {lanes} END FROM numbers"""

ASKED = {
    "all, the first 100": Wanted(),
    "critical": Wanted(("critical",)),
    "one target": Wanted(targets=("ssh://host-7",)),
    "100 targets (a glob)": Wanted(targets=tuple(f"ssh://host-{n}" for n in range(100))),
    "one control": Wanted(controls=("c/7",)),
    "40 controls (a kind)": Wanted(controls=tuple(f"c/{n}" for n in range(40))),
    "one owner": Wanted(owners=("owner-7",)),
    "one owner, ask, critical": Wanted(("critical",), owners=("owner-7",), lanes=("ask",)),
    "an organisation": Wanted(organisations=("part-3",)),
    "three organisations": Wanted(organisations=("part-3", "part-4", "part-5")),
    "lane ask": Wanted(lanes=("ask",)),
    "overdue": Wanted(before={severity: stamp(T0 + timedelta(days=2)) for severity in SEVERITIES}),
    "overdue of one owner": Wanted(owners=("owner-7",), before={s: stamp(T0 + timedelta(days=90)) for s in SEVERITIES}),
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as home:
        measured("SQLite", f"sqlite:///{home}/setright.db", count)
        size_mb = Path(home, "setright.db").stat().st_size / 1e6
        print(f"  the file has {size_mb:.0f} MB")
    with postgres.server() as server:
        measured("PostgreSQL", server.url.replace("postgres://", "postgresql://"), count)


def measured(name: str, url: str, count: int) -> None:
    store = Store(url)
    fill(store, count)
    for what, first in (("come in", count // A_TARGET), ("are seen again", count // A_TARGET)):
        taken_in(f"{name} with {count} findings: {TAKEN * A_TARGET} {what}", store, first)
    for what, wanted in ASKED.items():
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            _, number = store.listed(wanted)
            spent.append((time.perf_counter() - began) * 1000)
        print(f"  {what:<26} {median(spent):7.1f} ms ({min(spent):.0f}-{max(spent):.0f}), {number} findings", flush=True)
    store.close()


def fill(store: Store, count: int) -> None:
    """By the database itself, as scans would have: what is measured comes after it."""
    numbers = RECURSIVE if store.is_sqlite else "numbers AS (SELECT n FROM generate_series(0, :count - 1) AS n)"
    ranks = " ".join(f"WHEN {n} THEN '{severity}'" for n, severity in enumerate(SEVERITIES))
    lanes = " ".join(f"WHEN {n} THEN '{lane}'" for n, lane in enumerate(LANES))
    with store.writing() as connection:
        sql = FILL.format(numbers=numbers, ranks=ranks, lanes=lanes).replace(":count - 1", str(count - 1))
        connection.raw.execute(sql)
        connection.raw.execute("ANALYZE")


def taken_in(what: str, store: Store, first: int) -> None:
    spent_s = weighing_s = 0.0
    at = T0 + timedelta(days=100)
    for number in range(first, first + TAKEN):
        found, began = list(findings(number)), time.perf_counter()
        store.record_target(StoredTarget(f"host-{number}", f"ssh://host-{number}"), at)
        store.record_scan(f"ssh://host-{number}", [], found, at + timedelta(seconds=number), b"key" * 11)
        between = time.perf_counter()
        store.keep_standings([standing(each, n + number) for n, each in enumerate(found)], at)
        spent_s, weighing_s = spent_s + between - began, weighing_s + time.perf_counter() - between
    rate, weighed = TAKEN * A_TARGET / spent_s, TAKEN * A_TARGET / weighing_s
    print(f"{what}: {rate:.0f}/s; whose they are, and what hangs on them: {weighed:.0f}/s", flush=True)


def findings(target: int) -> Iterator[Finding]:
    for number in range(A_TARGET):
        severity = SEVERITIES[(number * 7 + target) % len(SEVERITIES)]
        control = f"c/{(number + target) % CONTROLS}"
        mismatch = Mismatch(("PermitRootLogin",), "no", "yes")
        yield Finding(
            id=f"{target:06d}{number:06d}{(number * 2654435761 + target) % 2**32:08x}",
            control=control,
            title="Root cannot log in",
            severity=severity,
            verdict=Verdict.FAIL,
            target=f"ssh://host-{target}",
            resource=f"resource-{number}",
            kind=f"kind/{number % 40}",
            location=Location("/etc/ssh/sshd_config", 3, 3),
            mismatches=(mismatch,),
        )


def standing(finding: Finding, number: int) -> Standing:
    owner, part = f"owner-{number % OWNERS}", f"part-{number % ORGANISATIONS}"
    return Standing(
        finding.id, owner, 0.9, ((owner, "tag", "team"),), (part, "company"), number % 100, "severity", 10, LANES[number % 10], "so"
    )


if __name__ == "__main__":
    main()
