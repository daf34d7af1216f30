"""`setright lsp`."""

from __future__ import annotations

from importlib.util import find_spec

import click

from setright.cli.failure import Failure
from setright.cli.options import Selection, open_app


@click.command("lsp")
@click.option("--baseline", metavar="NAME", help="Selection of controls; `all` takes every one.  [default: recommended]")
@click.option("--control", "controls", multiple=True, metavar="ID", help="Only this control (or glob); may be repeated.")
@click.option("--config", type=click.Path(dir_okay=False), metavar="FILE", help="The setright.toml to use.")
def command(baseline: str | None, controls: tuple[str, ...], config: str | None) -> None:
    """Serve an editor: findings, reasons and fixes in open source files.

    A language server on stdin and stdout, for an editor to start. It judges what is in the editor, saved or not, and
    writes no file itself. It needs one more package: pip install 'setright[editor]'

    \b
    Example, for an editor's settings:
      setright lsp --baseline recommended
    """
    if find_spec("pygls") is None:
        raise Failure("the editor's server needs pygls, which is not installed here: pip install 'setright[editor]'")
    from setright.cli.editor import EditorSession

    app = open_app(config)
    ask = Selection((), baseline, controls, "info").ask()
    app.controls(ask)
    EditorSession(app, ask).server.start_io()
