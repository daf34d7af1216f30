"""Calls that take long, done one after the other, each by a process of its own (`performing.main`)."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from socket import gethostname

import msgspec

from setright.engine.error import EngineError
from setright.engine.store import Call, Store
from setright.engine.times import now
from setright.web.api.problems import NotDone

LOG = logging.getLogger("setright.serve")
PERFORM = "from setright.web.api.performing import main; main()"
LOOKS_EVERY_S = 5.0  # for what another server left


def _ended(why: str) -> tuple[int, str]:
    """Status and answer of a call that did not come to its end."""
    refused = NotDone("cut-off", why)
    return refused.status, msgspec.json.encode(refused.problem).decode()


KEPT = timedelta(days=180)  # what was asked for, and how it ended
CUT_OFF = _ended("the server ended before this did; a run that had begun is finished or taken back by the next one")
DIED = _ended("what did this ended before it was done; look at the server's log")


class Doer:
    """Does what waits in the store; `words` are those of the configuration, after the call's id."""

    def __init__(self, store: Store, words: Sequence[str]) -> None:
        self._store = store
        self._words = list(words)
        self._wanted = threading.Event()
        self._host = gethostname()
        store.cut_off_calls(self._host, *CUT_OFF, now())
        store.forget_calls(now() - KEPT)
        threading.Thread(target=self._serve, name="calls", daemon=True).start()

    def wanted(self) -> None:
        self._wanted.set()

    def _serve(self) -> None:
        while True:
            try:
                while call := self._store.next_call(self._host):
                    self._do(call)
            except EngineError as error:
                LOG.warning("calls wait: %s", error)
            self._wanted.wait(LOOKS_EVERY_S)
            self._wanted.clear()

    def _do(self, call: Call) -> None:
        command = [sys.executable, "-c", PERFORM, call.id, *self._words]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if self._store.end_call(call.id, *DIED, now()):
            LOG.warning("call %s ended with %s: %s", call.id, ran.returncode, ran.stderr.strip()[-2000:])
