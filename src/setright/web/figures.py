"""What a Prometheus server scrapes; counted at most once a minute, however often it is asked."""

from __future__ import annotations

from threading import Lock
from time import monotonic

from setright.app import App
from setright.engine.metrics import prometheus
from setright.engine.times import now

HOLDS_S = 60.0
_lock = Lock()
_last: tuple[float, str, str] | None = None  # when, of which store, and the text


def figures(app: App) -> str:
    """Raises EngineError where the store cannot be read."""
    global _last
    with _lock:
        if _last is None or _last[1] != app.store.url or monotonic() - _last[0] > HOLDS_S:
            _last = (monotonic(), app.store.url, prometheus(app.store, app.configuration, now()))
        return _last[2]
