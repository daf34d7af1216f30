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
@click.option(
    "--pack", metavar="ZIP", type=click.Path(dir_okay=False, path_type=Path), help="Check a run's evidence instead; needs --key."
)
@shown("table", "json")
@click.pass_context
def verify_record(ctx: click.Context, ledger_file: Path | None, key_file: Path | None, pack: Path | None, show: Shown) -> None:
    """Check that the record is whole, in order and signed.

    Works offline, on a copy too: an auditor needs the ledger or a run's evidence, and the public key (`setright ledger key`).

    \b
    Examples:
      setright ledger verify
      setright ledger verify ledger.jsonl --key ledger.pub
      setright ledger verify --pack evidence.zip --key ledger.pub

    Exit code: 0 whole, 1 something was changed, dropped, moved or put in.
    """
    from msgspec import to_builtins

    from setright.cli.output import emit, json_text
    from setright.engine import proof
    from setright.engine.contract import SCHEMA

    if pack:
        ctx.exit(CLEAN if _is_pack_whole(pack, key_file, ledger_file, show) else FOUND)
    state = None if ledger_file and key_file else show.open().state
    ledger = ledger_file or Path(state or "") / "ledger.jsonl"
    report = proof.verify_ledger(ledger, _key(key_file or Path(state or "") / "keys" / "ledger.pub"))
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "ledger": str(ledger), "whole": report.whole, **to_builtins(report)}), show)
    else:
        emit(_words(ledger, report), show)
    ctx.exit(CLEAN if report.whole else FOUND)


@command.command("key")
@shown("table", "json")
def key(show: Shown) -> None:
    """Print the public key that the ledger and all evidence are signed for.

    Hand it to whoever checks them, by another way than the evidence itself.

    \b
    Example:
      setright ledger key -o ledger.pub
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.keys import public_pem, signing_key

    pem = public_pem(signing_key(show.open().state).public_key()).decode()
    emit(json_text({"schema": SCHEMA, "key": pem}) if show.format == "json" else pem, show)


def _is_pack_whole(pack: Path, key_file: Path | None, ledger_file: Path | None, show: Shown) -> bool:
    from msgspec import to_builtins

    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.evidence.check import check

    if key_file is None or ledger_file:
        raise click.UsageError(
            "--pack needs --key PEM and no FILE: the pack's own copy of the key proves nothing; `setright ledger key` prints it"
        )
    try:
        checked = check(pack.read_bytes(), _key(key_file))
    except OSError as error:
        raise Failure(f"{pack}: {error.strerror}") from error
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "pack": str(pack), "whole": checked.whole, **to_builtins(checked)}), show)
        return checked.whole
    lines = [f"{pack}: {checked.files} files, {checked.records} records of the ledger, {'whole' if checked.whole else 'NOT whole'}"]
    lines += [f"  {flaw.place}: {flaw.what}" for flaw in checked.flaws]
    if checked.manifest:
        lines.append(f"run {checked.manifest.run}, packed at {checked.manifest.made_at} by {checked.manifest.made_by}")
    emit("\n".join(lines), show)
    return checked.whole


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
