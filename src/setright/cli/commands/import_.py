"""`setright import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.app import App
    from setright.engine.store import Foreign
    from setright.integrations.importers import Imported
    from setright.model import Plain


@click.command("import")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--target", default=".", show_default=True, metavar="TARGET", help="What the results are about; it is looked at anew."
)
@click.option("--from", "form", default="", metavar="FORMAT", help="The results' format.  [default: told by their content]")
@click.option("--map", "mapping", metavar="FILE", help="For CSV: JSON from our words to its columns.")
@click.option("--list", "listing", is_flag=True, help="Only list what was imported before.")
@shown("table", "json")
def command(files: tuple[str, ...], target: str, form: str, mapping: str | None, listing: bool, show: Shown) -> None:
    """Take in other scanners' results, to be put right and verified like ours.

    Reads SARIF, OCSF, ASFF, XCCDF and ARF, and what Checkov, Trivy, zizmor, hadolint, Kubescape, Nuclei, Nessus, OpenVAS
    and Lynis write themselves; any CSV by a mapping. Each finding is matched with ours at the same place; one that no
    control speaks of stays as an item to do by hand.

    \b
    Examples:
      setright import checkov.json trivy.sarif
      setright import arf.xml --target ssh://ops@web-1
      setright import wiz.csv --map wiz.json --target aws://prod
      setright import --list
    """
    app = show.open()
    if not files and not listing:
        raise click.UsageError("name the files of results, or --list")
    if not listing:
        _take_in(app, _read(files, form, mapping), target)
    _tell(app.store.imported(), show, target)


def _read(files: tuple[str, ...], form: str, mapping: str | None) -> list[Imported]:
    import msgspec

    from setright.integrations.error import IntegrationError
    from setright.integrations.importers import csv, read

    found: list[Imported] = []
    for file in files:
        try:
            data = Path(file).read_bytes()
            if mapping or form == "csv" or file.endswith(".csv"):
                words = msgspec.json.decode(Path(mapping).read_bytes(), type=dict[str, str]) if mapping else {}
                found += csv.read(data, words, Path(file).stem)
            else:
                found += read(data, form)
        except (OSError, IntegrationError, msgspec.DecodeError) as error:
            raise Failure(f"{file}: {error}") from error
    return found


def _take_in(app: App, found: list[Imported], target: str) -> None:
    """Looks at the target for what they speak of, and keeps both sides beside each other."""
    from setright.app import Ask
    from setright.engine.catalogue import content_root
    from setright.engine.foreign import Rules, load_matches, matched
    from setright.engine.times import now

    rules = Rules(app.catalogue.cited(), load_matches(content_root()))
    asked = sorted({control for each in found for control in rules.of(each)})
    (place,) = app.targets([target])
    ours = []
    if asked:
        (scanned,) = app.scan([place], Ask(controls=tuple(asked)))
        if scanned.scan is None:
            raise Failure(f"{place}: {scanned.error}", 3)
        ours = [each.finding for each in scanned.scan.found]
    told = matched(found, rules, ours, place)
    for tool in sorted({each.tool for each in told}):
        app.store.record_imported(tool, place, [each for each in told if each.tool == tool], now())


def _tell(kept: list[Foreign], show: Shown, target: str) -> None:
    import msgspec

    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    told = summary(kept)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "imported": msgspec.to_builtins(kept), "summary": told}), show)
        return
    from setright.cli.screens.tables import table
    from setright.engine.redact import shown as safe

    rows = [
        (each.severity, each.tool, safe(each.rule), _state(each), safe(f"{each.title} ({each.place})"))
        for each in kept
        if _open(each)
    ]
    with paper(show) as console:
        console.print(table(("severity", "from", "rule", "ours", "what"), rows) if rows else "nothing is open")
        console.print(
            f"\n{told['open']} open: {told['matched']} matched with ours ({told['matched_percent']} %), {told['not_confirmed']} "
            f"not confirmed by us, {told['by_hand']} to do by hand; {told['closed']} closed",
            style="dim",
        )
    if told["matched"] and not show.quiet:
        click.echo(f"`setright fix {target} --baseline all --dry-run` shows what would put the matched ones right.", err=True)


def _open(each: Foreign) -> bool:
    return not each.closed_at and not each.put_right_at


def _state(each: Foreign) -> str:
    return {"matched": each.controls[0] if each.controls else "", "not-confirmed": "not confirmed", "by-hand": "by hand"}[
        each.state
    ]


def summary(kept: list[Foreign]) -> dict[str, Plain]:
    """`closed` are those that our own look saw put right, and those that their scanner reports no more."""
    from collections import Counter

    still = [each for each in kept if _open(each)]
    counts = Counter(each.state for each in still)
    return {
        "open": len(still),
        "matched": counts["matched"],
        "matched_percent": round(100 * counts["matched"] / len(still)) if still else 0,
        "not_confirmed": counts["not-confirmed"],
        "by_hand": counts["by-hand"],
        "closed": len(kept) - len(still),
    }
