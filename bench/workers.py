"""Workers that share a run over many targets on PostgreSQL, one killed half-way: python -m bench.workers [TARGETS] [WORKERS]

Each target is a root file system of its own with one setting that is wrong; planning, applying and verifying are the real
thing. At the end every target must have been changed exactly once, by the ledger and by the files.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lab import postgres

from setright.app import App, ScanOptions
from setright.engine.configuration import load_configuration
from setright.engine.ledger import verify_ledger

CONTROL = "linux/login-defs/su-log"
TENANTS = ("large", "large", "large", "large", "large", "large", "large", "small", "smaller", "smallest")
SPEAKS = [sys.executable, "-c", "from setright.cli import main; main()"]
LOOK_S = 0.2


class Seen(NamedTuple):
    """What came of a run: seconds from its submission to its end, and of which the kill; what each tenant waited for."""

    wall_s: float
    killed_at_s: float
    half: int
    taken_over_s: float
    tenants: dict[str, float]


def main() -> None:
    count, workers = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000), (int(sys.argv[2]) if len(sys.argv) > 2 else 4)
    with tempfile.TemporaryDirectory() as home, postgres.server() as server:
        place = Path(home)
        app = estate(place, server.url, count)
        began = time.perf_counter()
        run = submitted(app, count)
        print(f"planned and submitted {count} targets in {time.perf_counter() - began:.1f} s", flush=True)
        seen = shared(app, run, workers)
        told(app, place, count, seen)


def estate(home: Path, url: str, count: int) -> App:
    """An app on so many targets, in organisations of which one has most."""
    lines = [f'state = "{home}/state"', f'store = "{url.replace("postgres://", "postgresql://")}"']
    lines += [f'[[organisations]]\nname = "{name}"' for name in dict.fromkeys(TENANTS)]
    for number in range(count):
        file = target(home, number) / "etc/login.defs"
        file.parent.mkdir(parents=True)
        file.write_text(f"# host {number}\nSYSLOG_SU_ENAB no\n")
        tenant = TENANTS[number % len(TENANTS)]
        lines.append(f'[[targets]]\nname = "h{number}"\nurl = "root:{target(home, number)}"\norganisation = "{tenant}"')
    (home / "setright.toml").write_text("\n".join(lines) + "\n")
    return App(load_configuration(home / "setright.toml", {}))


def target(home: Path, number: int) -> Path:
    return home / "hosts" / f"{number // 1000}" / f"{number}"


def submitted(app: App, count: int) -> str:
    plans = [plan for each in app.plan(app.targets(()), ScanOptions(controls=(CONTROL,))) for plan in each.plans]
    assert len(plans) == count, len(plans)
    return app.queue(plans, lambda plan: True).id


def shared(app: App, run: str, workers: int) -> Seen:
    """The workers begin at once; one of them dies when half is done."""
    began = time.perf_counter()
    tenants: dict[str, float] = {}
    killed_at_s = taken_over_s = 0.0
    half = 0
    with working(app, workers) as running:
        while (at := app.store.progress(run)).state == "running":
            spent_s = time.perf_counter() - began
            tenants |= {name: spent_s for name in finished(app, run) if name not in tenants}
            if not killed_at_s and at.done >= at.targets / 2:
                running[0].send_signal(signal.SIGKILL)
                killed_at_s, half = spent_s, at.done
                print(f"{at.done} of {at.targets} after {spent_s:.1f} s; one worker of {workers} is killed", flush=True)
            if killed_at_s and not taken_over_s and not orphans(app, running[0].pid):
                taken_over_s = spent_s - killed_at_s
            assert any(each.poll() is None for each in running), "all workers are gone"
            time.sleep(LOOK_S)
    return Seen(time.perf_counter() - began, killed_at_s, half, taken_over_s, tenants)


@contextmanager
def working(app: App, workers: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    env = os.environ | {"SETRIGHT_CONFIG": str(app.state.parent / "setright.toml"), "SETRIGHT_STATE": str(app.state)}
    command = [*SPEAKS, "worker", "--at-once", "2", "--until-idle", "--quiet"]
    running = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) for _ in range(workers)]
    try:
        yield running
        for each in running:
            each.wait(60)
    finally:
        for each in running:
            each.kill()
            each.wait()


def finished(app: App, run: str) -> list[str]:
    """The tenants that have nothing left to wait for."""
    query = "SELECT tenant FROM jobs WHERE run = :run GROUP BY tenant HAVING SUM(CASE WHEN state = 'done' THEN 0 ELSE 1 END) = 0"
    with app.store.reading() as connection:
        return [str(row["tenant"]) for row in connection.rows(query, {"run": run})]


def orphans(app: App, pid: int) -> int:
    query = "SELECT COUNT(*) AS left FROM jobs WHERE state = 'running' AND worker LIKE :name"
    with app.store.reading() as connection:
        return int(connection.rows(query.replace("AS left", "AS number"), {"name": f"%-{pid}-%"})[0]["number"])


def told(app: App, home: Path, count: int, seen: Seen) -> None:
    """The figures; stops where a target was lost or changed twice."""
    events = Counter[tuple[str, str]]()
    for line in app.ledger.path.read_text().splitlines():
        record = json.loads(line)
        events[record["event"], record["body"].get("target", "")] += 1
    ended = {name: number for (event, name), number in events.items() if event == "verified"}
    assert len(ended) == count and set(ended.values()) == {1}, "a target was lost, or ended twice"
    assert not [event for event, _ in events if event in ("reverted", "refused", "unverified")]
    for number in range(count):
        text = (target(home, number) / "etc/login.defs").read_text()
        assert text == f"# host {number}\nSYSLOG_SU_ENAB yes\nSYSLOG_SG_ENAB yes\n", text
    assert verify_ledger(app.ledger.path, app.ledger._public).whole
    rest = count - seen.half
    print(f"{count} targets verified, each once, none lost; the ledger is whole")
    before, after = seen.half / seen.killed_at_s, rest / (seen.wall_s - seen.killed_at_s)
    print(f"{seen.wall_s:.1f} s: {before:.1f} targets/s before the kill, {after:.1f} after")
    print(f"the dead worker's targets were taken over within {seen.taken_over_s:.1f} s")
    print("tenants ended after " + ", ".join(f"{name} {spent_s:.0f} s" for name, spent_s in seen.tenants.items()))


if __name__ == "__main__":
    main()
