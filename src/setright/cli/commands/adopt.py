"""`setright adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from setright.cli.failure import CLEAN, UNREACHED, Failure
from setright.cli.options import Counted, Selection, Shown, selected, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setright.app import App
    from setright.engine.adopted import Adopted, Key, ListPlace
    from setright.engine.contract import Report
    from setright.engine.scan import Scan


class ListUpdate(NamedTuple):
    """The list as it shall be, and what that adds to the old one and takes out of it."""

    entries: Mapping[Key, Adopted]
    added: int
    taken_out: int


@click.command("adopt")
@selected
@click.option("--prune", is_flag=True, help="Only take out what is right now; add nothing.")
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, selection: Selection, show: Shown, prune: bool) -> None:
    """Write down the findings of today, so that only new ones stop anybody.

    scan, plan and fix then show and count them apart. Commit the list, and let it shrink: scan says which are right now.

    \b
    Examples:
      setright adopt
      setright adopt infra -o infra/.setright-adopted.json
      setright adopt --prune

    Exit code: 0 done, 2 usage, 3 a target could not be read.
    """
    from setright.cli.gather import scanned, tell_unreached
    from setright.cli.output import json_text, save
    from setright.engine.adopted import load_adopted, text_of
    from setright.engine.contract import SCHEMA

    app = show.open()
    file = Path(show.file) if show.file else _list_of(app, selection)
    old = load_adopted(file) if file.exists() else {}
    if prune and not file.exists():
        raise Failure(f"{file}: is not there; `setright adopt` writes it")
    report = scanned(app, selection._replace(counted=Counted(no_adopted=True)), show)
    kept = _pruned(app, report, file, old) if prune else _with_new(app, report, file, old)
    if kept.added or kept.taken_out or not file.exists():
        save(text_of(kept.entries.values()), str(file))
    if show.format == "json":
        told = {"file": str(file), "adopted": len(kept.entries), "added": kept.added, "taken_out": kept.taken_out}
        click.echo(json_text({"schema": SCHEMA, **told}), nl=False)
    else:
        click.echo(f"{file}: {len(kept.entries)} adopted, {kept.added} of them new; {kept.taken_out} taken out")
    tell_unreached(report, show)
    ctx.exit(UNREACHED if report.unreached else CLEAN)


def _list_of(app: App, selection: Selection) -> Path:
    """The list in force for the one source tree, else the one to be made at its root. Raises Failure where there is no one tree."""
    from setright.engine.adopted import NAME, find

    targets = app.targets(selection.targets)
    root = _root(app, targets[0]) if len(targets) == 1 and "://" not in targets[0] else None
    if root is None:
        raise Failure("which list? name the file with -o; only for one source tree it is known")
    return _near(find(root) or root / NAME)


def _root(app: App, target: str) -> Path | None:
    from contextlib import closing

    from setright.engine.opening import source_root

    with closing(app.open(target)) as surface:
        return source_root(surface)


def _place(app: App, scan: Scan, file: Path, old: Mapping[Key, Adopted]) -> ListPlace:
    """What is no source tree is not opened a second time."""
    from setright.engine.adopted import ListPlace
    from setright.engine.scan import SOURCE_FAMILIES

    sources = any(family in SOURCE_FAMILIES for _, family in scan.world.bindings)
    return ListPlace(file, _root(app, scan.target) if sources else None, old)


def _near(file: Path) -> Path:
    """As seen from here, where that is shorter."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _with_new(app: App, report: Report, file: Path, old: Mapping[Key, Adopted]) -> ListUpdate:
    from setright.engine.adopted import adopted
    from setright.engine.times import now

    day = now().date().isoformat()
    entries = dict(old)
    for scan in _scans(report):
        place = _place(app, scan, file, old)
        for found in scan.found:
            entry = adopted(found, place, day)
            entries.setdefault(entry.key, entry)
    return ListUpdate(entries, len(entries) - len(old), 0)


def _pruned(app: App, report: Report, file: Path, old: Mapping[Key, Adopted]) -> ListUpdate:
    from setright.engine.adopted import righted

    gone = {entry.key for scan in _scans(report) for entry in righted(scan, _place(app, scan, file, old))}
    return ListUpdate({key: entry for key, entry in old.items() if key not in gone}, 0, len(gone))


def _scans(report: Report) -> list[Scan]:
    return [result.scan for result in report.results if result.scan]
