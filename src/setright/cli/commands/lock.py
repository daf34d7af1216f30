"""`setright lock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from setright.cli.failure import CLEAN, UNREACHED, Failure
from setright.cli.options import Selection, Shown, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from setright.app import App
    from setright.engine.locking import Lock, Resolved


NAMED = 3  # of those that share a reason


class UpdatedLock(NamedTuple):
    """A lock file after it was asked for: how many it names, how many of these are new or others now, and what failed."""

    file: Path
    locked: int
    changed: int
    failed: Sequence[Resolved]


@click.command("lock")
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--update", is_flag=True, help="Ask again for what the locks name already.")
@click.option("--github", metavar="URL", default="https://github.com", show_default=True, help="Where actions come from.")
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, tree: Path, update: bool, github: str, show: Shown) -> None:
    """Ask what image tags and action tags stand for, and write it into lock files.

    Registries are asked for digests, with the logins that `docker login` left; git asks for commits. Nothing is pulled.
    `setright fix --all` then writes them into manifests, Compose files and workflows. Review and commit the locks:

    \b
      images.lock.yml            nginx:1.27: sha256:6784fb08...
      .github/actions.lock.yml   actions/checkout@v4: 11bd7190...

    \b
    Examples:
      setright lock
      setright lock deploy && setright fix deploy --all --control '*/*/image-digest'
      setright lock --update

    Exit code: 0 done, 2 usage, 3 something could not be asked.
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    written = [_written(*each, renew=update, show=show) for each in _locks(show.open(), tree, github, show)]
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "locks": [_told(each) for each in written]}), show)
    else:
        emit("\n".join(f"{each.file}: {each.locked} locked, {each.changed} of them new" for each in written), show)
    for line in _failures(one for each in written for one in each.failed):
        click.echo(f"setright: {line}", err=True)
    ctx.exit(UNREACHED if any(each.failed for each in written) else CLEAN)


def _locks(app: App, tree: Path, github: str, show: Shown) -> list[tuple[Lock, Callable[[str], str]]]:
    """The locks of a tree, each with what answers for its names. Raises Failure where the tree cannot be read."""
    from setright.cli.gather import scanned
    from setright.engine.locking import CONTROLS, commit_at, locks
    from setright.integrations.registry import Registries

    report = scanned(app, Selection((str(tree),), None, CONTROLS, "info"), show)
    for result in report.unreached:
        raise Failure(result.error)
    images, actions = locks(tree, [result.scan for result in report.results if result.scan])
    return [(images, Registries().digest), (actions, commit_at(github))]


def _written(lock: Lock, ask: Callable[[str], str], *, renew: bool, show: Shown) -> UpdatedLock:
    from setright.cli.output import save
    from setright.cli.progress import live
    from setright.engine.locking import asked, text_of

    names = lock.missing(renew=renew)
    answers: list[Resolved] = []
    with live(show.quiet) as say:
        for each in asked(names, ask):
            answers.append(each)
            say(f"Asking what names stand for: {len(answers)} of {len(names)}")
    told = {each.name: each.stands_for for each in answers if each.stands_for}
    changed = sum(lock.known.get(name) != value for name, value in told.items())
    if changed:
        lock.file.parent.mkdir(parents=True, exist_ok=True)
        save(text_of(lock, answers).decode(), str(lock.file))
    return UpdatedLock(lock.file, len({**lock.known, **told}), changed, [each for each in answers if each.error])


def _failures(failed: Iterable[Resolved]) -> Iterator[str]:
    """Why something could not be asked, each reason once, with what it is true of."""
    reasons: dict[str, list[str]] = {}
    for each in failed:
        reasons.setdefault(each.error, []).append(each.name)
    for why, names in reasons.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield why if len(names) == 1 else f"{why} ({', '.join(names[:NAMED])}{more})"


def _told(written: UpdatedLock) -> dict[str, Any]:
    failed = {each.name: each.error for each in written.failed}
    return {"file": str(written.file), "locked": written.locked, "changed": written.changed, "failed": failed}
