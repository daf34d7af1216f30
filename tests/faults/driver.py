"""Processes that plan and apply, roll back or recover, and die or wait where they are told to.

Orders come on stdin, one JSON object a line; each is done in a process forked from this one, which has loaded everything
and done nothing, so that a death costs no start. Answers go to stdout: the process id at once, how it ended when it has.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import struct
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from lab.hosts import Lab

import setright.engine.ledger
import setright.engine.snapshots
import setright.engine.store
import setright.engine.store.upgrade
import setright.surfaces.aws.surface
import setright.surfaces.database.postgres.surface
import setright.surfaces.iac.surface
import setright.surfaces.linux.surface  # noqa: F401 - loaded once for all
from setright.app import App, ScanOptions, TargetPlans
from setright.engine.configuration import Configuration, load_configuration
from setright.engine.desk import RunDesk
from setright.engine.error import EngineError
from setright.engine.workflow import protocol


class Order(msgspec.Struct):
    """What a process shall do. `mode` is apply, recover or rollback:RUN.

    `kill_at` is the number of the boundary at which it dies, `kill_after` the name of an `os` function after whose first
    call it dies; `kill_after_s` counts from when all is planned, or to recover from the start. `wait_at` is the boundary at
    which it makes the file `waits` and goes on when that is gone. `config` is a setright.toml, whose targets are all meant
    where there is no `target`; `unapproved` are those whose plans nobody agrees to.
    """

    state: str
    target: str
    mode: str = "apply"
    controls: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    kill_at: int = 0
    kill_after: str = ""
    kill_after_s: float = 0.0
    wait_at: str = ""
    waits: str = ""
    armed_for_s: float = 30.0
    powerless: bool = False
    lab: str = ""
    config: str = ""
    unapproved: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Process:
    """The forked process's side."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.passed: list[str] = []

    def run(self) -> dict[str, Any]:
        order = self.order
        os.environ.update(order.env)
        RunDesk.at = lambda _, boundary: self.at(boundary)  # type: ignore[method-assign,assignment,misc]
        protocol.ARMED_FOR_S = order.armed_for_s
        if order.kill_after:
            self._die_after(order.kill_after)
        if order.powerless:
            drop_capabilities()
        with ExitStack() as stack:
            if order.lab:
                stack.enter_context(Lab(order.lab).inside())
            try:
                return self._work()
            except EngineError as error:
                return {"passed": self.passed, "outcomes": [], "error": str(error)}

    def at(self, boundary: str) -> None:
        self.passed.append(boundary)
        if len(self.passed) == self.order.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if boundary == self.order.wait_at:
            waits = Path(self.order.waits)
            waits.touch()
            while waits.exists():
                time.sleep(0.02)

    def _work(self) -> dict[str, Any]:
        order = self.order
        configuration = load_configuration(Path(order.config), {}) if order.config else Configuration(state=order.state)
        app = App(configuration, [Path(p) for p in order.content])
        if self.order.mode == "recover":
            self._die_later()
            told = [[o.plan, o.outcome, o.why] for o in app.recover()]
            return {"passed": self.passed, "outcomes": told}
        if self.order.mode.startswith("rollback:"):
            run = app.rollback(self.order.mode.partition(":")[2], lambda plan, outcome: None)
        else:
            targets = app.targets([order.target] if order.target else ())
            planned = list(app.plan(targets, ScanOptions(controls=order.controls), together=not order.unapproved))
            self._refuse_unread(planned)
            plans = [p for each in planned for p in each.plans if p.lane != "hand"]
            self.at("planned")
            self._die_later()
            run = app.apply(plans, lambda plan: plan.target not in order.unapproved, lambda plan, outcome: None)
        return {"run": run.id, "passed": self.passed, "outcomes": [[o.plan, o.outcome, o.why] for _, o in run.plans]}

    def _die_later(self) -> None:
        if self.order.kill_after_s:
            timer = threading.Timer(self.order.kill_after_s, os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()

    def _refuse_unread(self, planned: list[TargetPlans]) -> None:
        for each in planned:
            if each.error:
                raise EngineError(each.error)

    def _die_after(self, name: str) -> None:
        real = getattr(os, name)

        def deadly(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, deadly)


def drop_capabilities() -> None:
    """capset(2), version 3: effective, permitted and inheritable sets, all empty."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, nothing = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def fork(order: Order) -> tuple[int, int, int]:
    """The new process's id, and the memory files of its output and errors."""
    out, err = os.memfd_create("out"), os.memfd_create("err")
    pid = os.fork()
    if pid:
        return pid, out, err
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    code = 1
    try:
        answer = Process(order).run()
        os.write(1, json.dumps(answer).encode())
        code = 0
    except BaseException:  # the parent must not go on in the child
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int, out: int, err: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, 0)
    texts = [os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace") for file in (out, err)]
    os.close(out)
    os.close(err)
    return {"pid": pid, "code": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1]}


def serve() -> None:
    running: dict[int, tuple[int, int, int]] = {}
    pending = b""
    while True:
        for ready in select.select([0, *running], [], [])[0]:
            if ready in running:
                print(json.dumps(ended(*running.pop(ready))), flush=True)
                os.close(ready)
                continue
            read = os.read(0, 65536)
            if not read:
                return
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                process = fork(msgspec.json.decode(line, type=Order))
                running[os.pidfd_open(process[0])] = process
                print(json.dumps({"pid": process[0]}), flush=True)


if __name__ == "__main__":
    serve()
