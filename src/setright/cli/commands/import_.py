"""`setright import`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.failure import UNREACHED, Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.app import App
    from setright.engine.store import Foreign
    from setright.integrations.importers import Imported
    from setright.model import Plain


@click.command("import")
@click.argument("files", nargs=-1, metavar="[FILE|DIR]...", type=click.Path(exists=True))
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
    control speaks of stays as an item to do by hand. Of a folder every file is taken whose content is known, the others
    are named; its subfolders that are called as targets hold those targets' results.

    \b
    Examples:
      setright import checkov.json trivy.sarif
      setright import arf.xml --target ssh://ops@web-1
      setright import results/
      setright import wiz.csv --map wiz.json --target aws://prod
      setright import --list
    """
    app = show.open()
    if not files and not listing:
        raise click.UsageError("name the files of results, or --list")
    groups = files_by_target(files, target, [each.name for each in app.configuration.targets]) if not listing else {}
    read = {place: _read(group, form, mapping) for place, group in groups.items()}
    unreached = [why for place, found in read.items() if (why := _take_in(app, found, place))]
    _tell(app.store.imported(), show)
    if unreached:
        raise Failure("; ".join(unreached), UNREACHED)


def files_by_target(files: Sequence[str], target: str, names: Collection[str]) -> dict[str, list[tuple[Path, bool]]]:
    """The files of each target, and whether one was only found in a folder."""
    found: dict[str, list[tuple[Path, bool]]] = {}
    for given in map(Path, files):
        for file in sorted(each for each in given.rglob("*") if each.is_file()) if given.is_dir() else [given]:
            above = file.relative_to(given).parts[:1] if given.is_dir() else ()
            place = above[0] if above and above[0] in names else target
            found.setdefault(place, []).append((file, given.is_dir()))
    return found


def _read(files: Sequence[tuple[Path, bool]], form: str, mapping: str | None) -> dict[str, list[Imported]]:
    """By scanner; one that found nothing is there, too. What is no result is an error where it was named, else only said."""
    from setright.integrations.error import IntegrationError
    from setright.integrations.importers import UnknownFormat

    found: dict[str, list[Imported]] = {}
    for file, is_beside in files:
        try:
            tools, told = _of_file(file, form, mapping)
        except UnknownFormat as error:
            if not is_beside:
                raise Failure(f"{file}: {error}") from error
            click.echo(f"{file}: not taken in: {error}", err=True)
            continue
        except (OSError, IntegrationError) as error:
            raise Failure(f"{file}: {error}") from error
        for tool in tools:
            found.setdefault(tool, [])
        for each in told:
            found.setdefault(each.tool, []).append(each)
    return found


def _of_file(file: Path, form: str, mapping: str | None) -> tuple[list[str], list[Imported]]:
    """Whose results they are where that is known without a finding, and the findings."""
    import msgspec

    from setright.integrations.error import IntegrationError
    from setright.integrations.importers import SCANNERS, csv, detect, read

    data = file.read_bytes()
    if mapping or form == "csv" or file.suffix == ".csv":
        try:
            words = msgspec.json.decode(Path(mapping).read_bytes(), type=dict[str, str]) if mapping else {}
        except msgspec.DecodeError as error:
            raise IntegrationError(f"{mapping}: {error}") from error
        return [], csv.read(data, words, file.stem)
    chosen = form or detect(data, file.stem)
    return [SCANNERS[chosen]] if chosen in SCANNERS else [], read(data, chosen)


def _take_in(app: App, found: Mapping[str, Sequence[Imported]], target: str) -> str:
    """Looks at the target for what they speak of, and keeps both sides beside each other; why it could not, where it could not."""
    from setright.app import ScanOptions
    from setright.engine.catalogue import content_root
    from setright.engine.foreign import Rules, load_matches, matched
    from setright.engine.times import now

    rules = Rules(app.catalogue.cited(), load_matches(content_root()))
    asked = sorted({control for told in found.values() for each in told for control in rules.of(each)})
    (place,) = app.targets([target])
    ours = []
    if asked:
        (scanned,) = app.scan([place], ScanOptions(controls=tuple(asked)))
        if scanned.scan is None:
            return f"{place}: {scanned.error}"
        ours = [each.finding for each in scanned.scan.found]
    for tool, told in sorted(found.items()):
        app.store.record_imported(tool, place, matched(told, rules, ours, place), now())
    return ""


def _tell(kept: list[Foreign], show: Shown) -> None:
    import msgspec

    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    told = import_summary(kept)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "imported": msgspec.to_builtins(kept), "summary": told}), show)
        return
    from setright.cli.screens.tables import table
    from setright.engine.redact import printable as safe

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
        places = " ".join(dict.fromkeys(each.target for each in kept if _open(each) and each.state == "matched"))
        click.echo(f"`setright fix {places} --baseline all --dry-run` shows what would put the matched ones right.", err=True)


def _open(each: Foreign) -> bool:
    return not each.closed_at and not each.put_right_at


def _state(each: Foreign) -> str:
    return {"matched": each.controls[0] if each.controls else "", "not-confirmed": "not confirmed", "by-hand": "by hand"}[
        each.state
    ]


def import_summary(kept: list[Foreign]) -> dict[str, Plain]:
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
