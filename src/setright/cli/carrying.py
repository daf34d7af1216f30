"""`setright except --in-repository`: exceptions in the repository's own file, to be reviewed and committed with the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from setright.cli.failure import Failure

if TYPE_CHECKING:
    from setright.app import App
    from setright.engine.adopted import Key
    from setright.engine.carried import Carried
    from setright.policy.exceptions import FindingException


def carried_in(file: Path | None) -> list[Carried]:
    """Those of a file; None: of the repository that we are in."""
    from setright.engine.carried import carried_file

    return list(_read(file or carried_file(Path.cwd())).values())


def carry_exception(app: App, said: FindingException) -> Path:
    """Writes one into the file of the repository that its finding is in; gives the file. Raises Failure where policy forbids it."""
    from setright.engine.carried import Carried, Measure, carried_file, why_none_carried, why_not_carried

    root, (control, kind, resource, name) = _known_again(app, said.finding)
    last_day = said.until.date()
    made = Carried(
        said.finding, control, kind, resource, name, said.reason, said.approver, said.made_at.date(), last_day, said.compensating
    )
    measure = Measure(app.configuration.policy.exceptions, app.configuration.people, said.made_at)
    if why := why_none_carried(measure.rules) or why_not_carried(made, measure):
        raise Failure(why)
    file = carried_file(root)
    _write(app, file, _read(file) | {made.key: made}, {"finding": made.id, "by": made.who, "until": str(made.until)})
    return file


def uncarry_exception(app: App, finding: str) -> Path:
    """Takes one out of the repository's file that we are in; gives the file."""
    from setright.engine.carried import carried_file

    file = carried_file(Path.cwd())
    there = _read(file)
    left = {key: made for key, made in there.items() if made.id != finding}
    if len(left) == len(there):
        raise Failure(f"{finding}: {file} does not name it; `setright except --in-repository` lists those that it does")
    _write(app, file, left, {"finding": finding, "by": "", "until": ""})
    return file


def carried_told(made: Iterable[Carried]) -> list[dict[str, str]]:
    import msgspec

    return [msgspec.to_builtins(each) for each in made]


def _known_again(app: App, finding: str) -> tuple[Path, Key]:
    """Where the finding's sources are, and what tells it from others: it is looked for once more, as it has to be there."""
    from setright.engine.adopted import key_in_list
    from setright.engine.carried import carried_file
    from setright.engine.opening import source_root
    from setright.engine.scope import ScanOptions

    known = app.store.finding(finding)
    if known is None:
        raise Failure(f"{finding}: no scan that was kept here has found it; run `setright scan` first")
    with closing(app.open(known.finding.target)) as surface:
        root = source_root(surface)
        if root is None:
            raise Failure(f"{known.finding.target}: is no source tree, and so in no repository; leave --in-repository away")
        seen = app.look(surface, ScanOptions(controls=(known.finding.control,)))
    for found in (*seen.found, *(each.found for each in seen.excepted)):
        if found.finding.id == finding:
            return root, key_in_list(found, carried_file(root), root)
    raise Failure(f"{finding}: is no finding any more; there is nothing to leave open")


def _read(file: Path) -> dict[Key, Carried]:
    from setright.engine.carried import load_carried

    return load_carried(file) if file.exists() else {}


def _write(app: App, file: Path, entries: Mapping[Key, Carried], told: Mapping[str, str]) -> None:
    from setright.cli.output import save
    from setright.engine.carried import text_of_carried

    save(text_of_carried(entries.values()), str(file))
    app.ledger.append("exception written" if told["until"] else "exception taken out", {"file": str(file), **told})
