"""One process that plans and applies, rolls back or recovers, and is killed (SIGKILL) at the given boundary.

driver.py TARGET MODE KILL_AT [CONTROLS...]; MODE is apply, recover, or rollback:RUN. Prints the boundaries passed
and the outcome as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from setright.app import App, Ask
from setright.engine.desk import RunDesk

TARGET, MODE, KILL_AT, *CONTROLS = sys.argv[1:]
passed: list[str] = []


def at(self: RunDesk, boundary: str) -> None:
    passed.append(boundary)
    if len(passed) == int(KILL_AT):
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    RunDesk.at = at  # type: ignore[method-assign]
    app = App()
    if MODE == "recover":
        outcomes = app.recover()
        told = [[o.plan, o.outcome, o.why] for o in outcomes]
        print(json.dumps({"passed": passed, "outcomes": told}))
        return
    if MODE.startswith("rollback:"):
        run = app.rollback(MODE.partition(":")[2], lambda plan, outcome: None)
    else:
        plans = [p for planned in app.plan([TARGET], Ask(controls=tuple(CONTROLS)), together=True) for p in planned.plans]
        run = app.apply(plans, lambda plan: True, lambda plan, outcome: None)
    told = [[o.plan, o.outcome, o.why] for _, o in run.plans]
    print(json.dumps({"run": run.id, "passed": passed, "outcomes": told}))


main()
