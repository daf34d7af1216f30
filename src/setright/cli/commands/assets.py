"""`setright assets`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.engine.configuration import Target
    from setright.engine.importing import Inventory
    from setright.model import Plain
    from setright.policy.estate import Asset


@click.group("assets")
def command() -> None:
    """What there is: whose it is, how much hangs on it, and who can reach it.

    \b
    Example:
      setright assets list
    """


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List targets and assets with what is declared of them.

    \b
    Example:
      setright assets list --format json
    """
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.tables import table
    from setright.engine.contract import SCHEMA
    from setright.engine.redact import without_password

    told = show.open().configuration
    rows = [_row(each, "target", url=without_password(each.url)) for each in told.targets]
    rows += [_row(each, "asset", source=each.source) for each in told.assets]
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "assets": rows}), show)
        return
    names = ("name", "sort", "owner", "organisation", "environment", "importance", "exposure", "source")
    with paper(show) as console:
        cells = [tuple(str(row[name]) for name in names) for row in rows]
        console.print(table(names, cells) if cells else "nothing is declared; `setright assets import` takes an inventory")


@command.command("show")
@click.argument("name")
@shown("table", "json")
def show_(name: str, show: Shown) -> None:
    """What is known of a target, or of anything by a name of its own, and where that stands.

    \b
    Examples:
      setright assets show web-1
      setright assets show shop-db.example.com
    """
    from msgspec import to_builtins

    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.organisation import subject_of
    from setright.policy.assets import names_of_url

    app = show.open()
    told = app.configuration
    target = next((each for each in told.targets if name in (each.name, each.url, *names_of_url(each.url))), None)
    assets = told.register.called((name, *(names_of_url(target.url) if target else ())), (name, target.url if target else name))
    if target is None and not assets:
        raise Failure(f"{name}: is no target and no asset; `setright assets list` shows them")
    subject = subject_of(told, target) if target else None
    if show.format == "json":
        body = {"name": name, "subject": to_builtins(subject), "assets": to_builtins(assets)}
        emit(json_text({"schema": SCHEMA, **body}), show)
        return
    lines = [name]
    if subject:
        lines += [f"  {field}: {value}" for field, value in _words(to_builtins(subject)) if field != "names"]
    for asset in assets:
        lines.append(f"  asset {asset.name}" + (f", of {asset.source}" if asset.source else ""))
        lines += [
            f"    {field}: {value}" for field, value in _words(to_builtins(asset)) if field not in ("name", "source", "signal")
        ]
    emit("\n".join(lines) + "\n", show)


@command.command("import")
@click.argument("listed", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column says what; may be repeated.")
@click.option("--url", default="", metavar="TEMPLATE", help="Make targets of them: ssh://ops@{hostname}.")
@click.option("--name", default="", metavar="NAME", help="Name of the file in estate/.  [default: the list's own]")
@click.option("--dry-run", is_flag=True, help="Only say what the list holds.")
@shown("table", "json")
def import_(listed: Path, columns: tuple[str, ...], url: str, name: str, dry_run: bool, show: Shown) -> None:
    """Take over a list of assets: CSV or JSON of an inventory, a certificate (PEM), an answer of WHOIS.

    It becomes a file in estate/ beside setright.toml, which counts from then on; importing again replaces it. Fields are name,
    aliases, environment, organisation, owner, importance, exposure, tags and url; usual heads are known, --map names others.

    \b
    Examples:
      setright assets import cmdb.csv --dry-run
      setright assets import cmdb.csv --map owner='Support group' --url 'ssh://ops@{fqdn}'
      setright assets import shop.example.com.pem
    """
    from setright.cli.output import emit, json_text, save
    from setright.engine.contract import SCHEMA
    from setright.engine.importing import Columns, read_inventory

    place = _estate(show.config) / f"{name or listed.stem}.json"
    pairs = dict(_pair(each) for each in columns)
    told = read_inventory(_text(listed), listed.name, Columns(pairs, url), show.open().configuration)
    if not dry_run:
        place.parent.mkdir(exist_ok=True)
        save(json_text(_plain(told)), str(place))
    counts = {"assets": len(told.estate.assets), "targets": len(told.estate.targets)}
    if show.format == "json":
        rest = {"columns_not_used": told.columns, "not_understood": told.strange, "left_out": told.left_out}
        emit(json_text({"schema": SCHEMA, "file": str(place), "written": not dry_run, **counts, **rest}), show)
        return
    lines = [f"{place}: {counts['assets']} assets, {counts['targets']} targets" + (" (not written)" if dry_run else "")]
    lines += [f"  column not used: {each}" for each in told.columns]
    lines += [f"  not understood: {each}" for each in told.strange[:20]]
    lines += [f"  left out: {each}" for each in told.left_out[:20]]
    emit("\n".join(lines) + "\n", show)


def _estate(config: str | None) -> Path:
    """The folder beside the configuration in force. Raises Failure where there is none to stand beside."""
    import os

    from setright.engine.configuration import ESTATE, find

    found = Path(config) if config else find(os.environ, Path.cwd())
    if found is None:
        raise Failure("there is no setright.toml for the list to stand beside; begin one, even an empty one")
    return found.absolute().parent / ESTATE


def _pair(said: str) -> tuple[str, str]:
    from setright.engine.importing import FIELDS

    field, sign, column = said.partition("=")
    if not sign or field not in FIELDS:
        raise Failure(f"--map {said}: write FIELD=COLUMN; fields are {', '.join(FIELDS)}")
    return field, column


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: {error}; save it as UTF-8") from error


def _plain(told: Inventory) -> dict[str, Plain]:
    """The file's tables, without what is empty."""
    from msgspec import to_builtins

    tables = {"targets": told.estate.targets, "assets": told.estate.assets}
    return {
        name: [{key: value for key, value in to_builtins(each).items() if value not in ("", [], ())} for each in held]
        for name, held in tables.items()
        if held
    }


def _row(each: Target | Asset, sort: str, url: str = "", source: str = "") -> dict[str, str]:
    traits = {name: getattr(each, name) for name in ("owner", "organisation", "environment", "importance", "exposure")}
    return {"name": each.name, "sort": sort, "url": url, **traits, "source": source}


def _words(told: dict[str, Plain]) -> list[tuple[str, str]]:
    return [(name, ", ".join(value) if isinstance(value, list | tuple) else str(value)) for name, value in told.items() if value]
