"""`setright serve`: found by its name from the other commands, so that neither room of the two imports the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from setright.app import App
from setright.engine.configuration import load_configuration
from setright.engine.error import EngineError

LOOPBACK = "127.0.0.1"


class _Wish(NamedTuple):
    """The command's options, by their names."""

    host: str
    port: int
    run: bool
    metrics_to_all: bool
    format: str
    output: Path | None
    quiet: bool
    config: Path | None

    def say(self, url: str) -> None:
        told = {"schema": "setright/1", "url": url, "runs": self.run}
        json = msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
        text = json if self.format == "json" else f"listening on {url}"
        if self.output:
            self.output.write_text(text + "\n")
        elif not self.quiet or self.format == "json":
            click.echo(text)


@click.command("serve")
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Where to listen; TLS is a proxy's work.")
@click.option("--port", default=8640, show_default=True, metavar="N", help="0 takes any that is free.")
@click.option("--run", is_flag=True, help="Run what has all its approvals, at once.")
@click.option("--metrics-to-all", is_flag=True, help="Show /metrics to whoever can reach it, not to this host alone.")
@click.option("--format", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Form of the output.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write where it listens to a file."
)
@click.option("-q", "--quiet", is_flag=True, help="Do not say where it listens.")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The setright.toml to use.")
def serve_command(**options: Any) -> None:
    """Serve approvals by signed link and by Slack, health and metrics.

    Needs the extra `serve` (pip install 'setright[serve]'). Says where it listens, then runs until it is stopped.

    \b
    Examples:
      setright serve
      setright serve --host 0.0.0.0 --port 8640 --run
    """
    try:
        from setright.web.answers import AnswerRunner
        from setright.web.server import Ways, serve
    except ImportError as error:
        raise EngineError(f"{error.name} is not installed; pip install 'setright[serve]'") from error

    wish = _Wish(**options)
    runner = AnswerRunner(["--config", str(wish.config)] if wish.config else []) if wish.run else None
    ways = Ways(runner, wish.metrics_to_all, (str(wish.config),) if wish.config else ())
    try:
        serve(App(load_configuration(wish.config)), (wish.host, wish.port), ways, wish.say)
    except OSError as error:
        raise EngineError(f"{wish.host}:{wish.port}: {error.strerror}; choose another --host or --port") from error
