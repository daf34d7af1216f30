"""`setright serve`."""

from __future__ import annotations

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

LOOPBACK = "127.0.0.1"


@click.command("serve")
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Where to listen; TLS is a proxy's work.")
@click.option("--port", default=8640, show_default=True, metavar="N", help="0 takes any that is free.")
@click.option("--run", is_flag=True, help="Run what has all its approvals, at once.")
@click.option("--metrics-to-all", is_flag=True, help="Show /metrics to whoever can reach it, not to this host alone.")
@shown("table", "json")
def command(host: str, port: int, run: bool, metrics_to_all: bool, show: Shown) -> None:
    """Serve approvals by signed link and by Slack, health and metrics.

    Needs the extra `serve` (pip install 'setright[serve]'). Says where it listens, then runs until it is stopped.

    \b
    Examples:
      setright serve
      setright serve --host 0.0.0.0 --port 8640 --run
    """
    try:
        from setright.web.answers import Runner
        from setright.web.server import Ways, serve
    except ImportError as error:
        raise Failure(f"{error.name} is not installed; pip install 'setright[serve]'") from error
    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text

    def say(url: str) -> None:
        told = {"schema": SCHEMA, "url": url, "runs": run}
        emit(json_text(told) if show.format == "json" else f"listening on {url}\n", show)

    runner = Runner(["--config", show.config] if show.config else []) if run else None
    try:
        serve(show.open(), (host, port), Ways(runner, metrics_to_all), say)
    except OSError as error:
        raise Failure(f"{host}:{port}: {error.strerror}; choose another --host or --port") from error
