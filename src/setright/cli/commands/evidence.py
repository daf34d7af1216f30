"""`setright evidence`."""

from __future__ import annotations

import click

from setright.cli.options import Shown, shown


@click.command("evidence")
@click.argument("run")
@shown("table", "json")
def command(run: str, show: Shown) -> None:
    """Pack what a run did into one signed file that anybody can check offline.

    The file holds each plan with its documents before and after, checks, health, who decided and why, and the ledger's
    records; secrets are fingerprints. It is checked with `setright ledger verify --pack`.

    \b
    Examples:
      setright runs -n 1
      setright evidence r261122-045832-517b -o evidence.zip
      setright ledger verify --pack evidence.zip --key ledger.pub
    """
    from hashlib import sha256
    from pathlib import Path

    from setright.cli.failure import Failure
    from setright.cli.output import json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.evidence.pack import Packer

    place = Path(show.file or f"{run}.zip")
    if place.suffix != ".zip":
        raise click.UsageError(f"{place}: a pack is a zip file; name it so, evidence.zip")
    app = show.open()
    packed = Packer(app.state, app.store, app.ledger).pack(run)
    try:
        place.write_bytes(packed)
    except OSError as error:
        raise Failure(f"{place}: {error.strerror}") from error
    told = {"schema": SCHEMA, "run": run, "file": str(place), "size_bytes": len(packed), "sha256": sha256(packed).hexdigest()}
    if show.format == "json":
        click.echo(json_text(told), nl=False)
    elif not show.quiet:
        click.echo(f"{place}: {len(packed)} bytes, SHA-256 {told['sha256']}")
        click.echo(f"check it: setright ledger verify --pack {place} --key ledger.pub   (setright ledger key -o ledger.pub)")
