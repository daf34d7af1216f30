"""One event loop in a thread of its own for all ssh targets: started by the first that needs it, ended by the last."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

Result = TypeVar("Result")
LOGINS_AT_ONCE = 8  # sshd drops some who have not logged in yet from the tenth on: MaxStartups 10:30:100, sshd_config(5)


class Background:
    """Runs coroutines for threads that wait. Counted: each `enter` needs its `leave`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._gates: dict[str, asyncio.Semaphore] = {}

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=self._loop.run_forever, name="setright-ssh", daemon=True)
                self._thread.start()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users or self._loop is None or self._thread is None:
                return
            asyncio.run_coroutine_threadsafe(_given_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None
            self._gates.clear()

    def gate(self, way: str) -> asyncio.Semaphore:
        """What lets so many logins at once through to the first host of a way, ``host,host``. For coroutines of the loop."""
        return self._gates.setdefault(way.partition(",")[0], asyncio.Semaphore(LOGINS_AT_ONCE))

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The coroutine's result; what it raises is raised here."""
        return self.start(work).result()

    def start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        if self._loop is None:
            work.close()
            raise RuntimeError("no target is open")
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _given_up() -> None:
    """What still runs is for nobody any more."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


background = Background()
