"""`setright ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.failure import CLEAN, FOUND, Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from setright.engine.proof import Report


@click.group("ledger")
def command() -> None:
    """The signed record of everything decided and done.

    \b
    Example:
      setright ledger verify
    """


@command.command("verify")
@click.argument("ledger_file", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key", "key_file", metavar="PEM", type=click.Path(dir_okay=False, path_type=Path), help="The public key; ours by default."
)
@shown("table", "json")
@click.pass_context
def verify(ctx: click.Context, ledger_file: Path | None, key_file: Path | None, show: Shown) -> None:
    """Check that the record is whole, in order and signed.

    Works offline, on a copy too: an auditor needs the ledger and the public key, STATE/keys/ledger.pub.

    \b
    Examples:
      setright ledger verify
      setright ledger verify ledger.jsonl --key ledger.pub

    Exit code: 0 whole, 1 something was changed, dropped, moved or put in.
    """
    from msgspec import to_builtins

    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text
    from setright.engine import proof

    state = None if ledger_file and key_file else show.open().state
    ledger = ledger_file or Path(state or "") / "ledger.jsonl"
    report = proof.verify(ledger, _key(key_file or Path(state or "") / "keys" / "ledger.pub"))
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "ledger": str(ledger), "whole": report.whole, **to_builtins(report)}), show)
    else:
        emit(_words(ledger, report), show)
    ctx.exit(CLEAN if report.whole else FOUND)


def _key(file: Path) -> Ed25519PublicKey:
    from setright.engine.keys import public_key

    try:
        return public_key(file.read_bytes())
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; name the ledger's public key with --key, or run something first") from error


def _words(ledger: Path, report: Report) -> str:
    verdict = "whole" if report.whole else f"NOT whole: {len(report.faults)} faults"
    lines = [f"{ledger}: {report.records} records, {verdict}"]
    lines += [f"  record {fault.seq}: {fault.kind}: {fault.what}" for fault in report.faults]
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join([*lines, f"last record: {report.head.seq} {report.head.hash}"])
