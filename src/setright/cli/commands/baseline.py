"""`setright baseline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.controls.baselines import Baseline
    from setright.model import Plain


@click.group("baseline")
def command() -> None:
    """The named selections of controls.

    \b
    Examples:
      setright baseline list
      setright baseline show cis-debian-12-l1
      setright baseline new acme --from cis-debian-12-l1 --into acme
    """


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List the baselines.

    \b
    Example:
      setright baseline list
    """
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    catalogue = show.open().catalogue
    known = [(b, catalogue.selected(b.id)) for _, b in sorted(catalogue.baselines.items())]
    if show.format == "json":
        told = [{"id": b.id, "title": b.title, "version": b.version, "controls": len(ids)} for b, ids in known]
        emit(json_text({"schema": SCHEMA, "baselines": told}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        rows = [(b.id, b.version, str(len(ids)), b.title) for b, ids in known]
        console.print(table(("baseline", "version", "controls", "title"), rows))


@command.command("show")
@click.argument("name")
@shown("table", "json")
def show_(name: str, show: Shown) -> None:
    """Show a baseline's controls, what it leaves out and why, and its parameters with the values that count.

    \b
    Example:
      setright baseline show recommended --format json
    """
    from msgspec import to_builtins

    from setright.cli.output import emit, json_text, paper
    from setright.cli.selections import parameters
    from setright.engine.contract import SCHEMA

    app = show.open()
    catalogue = app.catalogue
    baseline, ids, left = catalogue.baseline(name), catalogue.selected(name), catalogue.left_out(name)
    known = parameters(catalogue, ids, baseline.params, app.configuration.parameters)
    if show.format == "json":
        told = {"baseline": to_builtins(baseline), "controls": ids, "left_out": left, "parameters": [p._asdict() for p in known]}
        emit(json_text({"schema": SCHEMA, **told}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        console.print(f"{_heading(baseline)}\n")
        controls = [catalogue.control(i) for i in ids]
        console.print(table(("severity", "control", "title"), [(c.severity, c.id, c.title) for c in controls]))
        if left:
            console.print()
            console.print(table(("left out", "why"), list(left.items())))
        if known:
            rows = [(p.name, _said(p.value if p.set_by else None), p.set_by, p.about) for p in known]
            console.print()
            console.print(table(("parameter", "value", "set by", "what it is"), rows))


@command.command("diff")
@click.argument("one")
@click.argument("other")
@shown("table", "json")
def diff(one: str, other: str, show: Shown) -> None:
    """Show what another baseline adds, leaves out and sets otherwise.

    \b
    Example:
      setright baseline diff cis-debian-12-l1 cis-debian-12-l2
    """
    from setright.cli.output import emit, json_text, paper
    from setright.cli.selections import difference
    from setright.engine.contract import SCHEMA

    catalogue = show.open().catalogue
    found = difference(catalogue, one, other)
    if show.format == "json":
        values = [{"name": name, "from": was, "to": now} for name, (was, now) in sorted(found.parameters.items())]
        removed = [{"id": i, "reason": why} for i, why in found.removed.items()]
        told = {"from": one, "to": other, "added": found.added, "removed": removed, "parameters": values}
        emit(json_text({"schema": SCHEMA, **told}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        rows = [("+", i, catalogue.control(i).title) for i in found.added]
        rows += [("-", i, why or catalogue.control(i).title) for i, why in found.removed.items()]
        rows += [("=", name, f"{_said(was)} → {_said(now)}") for name, (was, now) in sorted(found.parameters.items())]
        console.print(table(("", f"{one} → {other}", ""), rows) if rows else f"{one} and {other} hold the same")


@command.command("new")
@click.argument("name")
@click.option("--from", "base", default="recommended", show_default=True, metavar="NAME", help="The baseline that it goes on from.")
@click.option(
    "--into", type=click.Path(file_okay=False), default=".", show_default=True, metavar="DIR", help="Content folder of yours."
)
@shown("table", "json")
def new(name: str, base: str, into: str, show: Shown) -> None:
    """Begin a baseline of your own: controls dropped or added with a reason, and parameters set.

    \b
    Example:
      setright baseline new acme --from cis-debian-12-l1 --into acme
    """
    from pathlib import Path

    from setright.cli.output import emit, hint, json_text
    from setright.cli.selections import begin_baseline
    from setright.engine.contract import SCHEMA

    file = begin_baseline(show.open().catalogue, name, base, Path(into))
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "baseline": name, "file": str(file)}), show)
        return
    emit(f"{file}\n", show)
    hint(f'name the folder in setright.toml (content = ["{into}"]), then: setright scan TARGET --baseline {name}', show)


@command.command("learn")
@click.argument("target")
@click.option("--name", metavar="NAME", help="What the baseline is called.  [default: made of the target]")
@click.option(
    "--into", type=click.Path(file_okay=False), default=".", show_default=True, metavar="DIR", help="Content folder of yours."
)
@click.option("--again", is_flag=True, help="Approve anew what holds now, over what was learned before.")
@shown("table", "json")
def learn(target: str, name: str | None, into: str, again: bool, show: Shown) -> None:
    """Record what is on a host now as approved: a sudo rule, login, key, job, port or setuid file that comes later is a finding.

    The files behind it are kept, sealed, with the snapshots of runs: what comes later can be taken back. Each way back asks,
    and tells who changed what, and when.

    \b
    Example:
      setright baseline learn ssh://web-1 --name web-1 --into acme
      setright scan ssh://web-1 --baseline web-1
      setright plan ssh://web-1 --baseline web-1
      setright fix ssh://web-1 --baseline web-1 --all
    """
    from contextlib import closing
    from pathlib import Path

    from setright.app import ScanOptions
    from setright.cli.output import emit, hint, json_text
    from setright.cli.selections import Lesson, keep_learned
    from setright.engine.contract import SCHEMA
    from setright.engine.learn import keep, learnable, learned, snapshots_of

    app = show.open()
    (url,) = app.targets([target])
    with closing(app.open(url)) as surface:
        controls = learnable(app.catalogue.for_families(surface.families, app.catalogue.ids()))
        scan = app.look(surface, ScanOptions(controls=tuple(c.id for c in controls)))
        state = keep(scan, surface, snapshots_of(app.state, app.store), app.ledger.actor)
    values = learned(scan)
    file = keep_learned(app.catalogue, name or target, Lesson([c.id for c in controls], values, state), Path(into), again)
    app.ledger.append("learned", {"target": url, "baseline": file.stem, "documents": sum(map(len, state.kept.values()))})
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "baseline": file.stem, "file": str(file), "parameters": values}), show)
        return
    emit("".join(f"{len(value):5}  {each}\n" for each, value in values.items()), show)
    if not state.kept:
        hint(
            "nothing there can be written (read-only, or locked), so no file was kept: what comes later, a person takes back", show
        )
    known = Path(into).resolve() in [root.resolve() for root in app.content_roots]
    first = "" if known else f'name the folder in setright.toml (content = ["{into}"]), then '
    hint(f"{file}: {first}what comes to it later is found by: setright scan {target} --baseline {file.stem}", show)


def _heading(baseline: Baseline) -> str:
    over = f", over {', '.join(baseline.extends)}" if baseline.extends else ""
    return f"{baseline.title} ({baseline.id} {baseline.version}{over})"


def _said(value: Plain) -> str:
    from setright.controls.operators import as_text

    return "not set" if value is None else ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
