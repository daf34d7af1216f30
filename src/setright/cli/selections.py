"""What the commands on baselines share: parameters and their values, how two differ, and the beginning of a new one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from setright.cli.failure import Failure
from setright.controls.baselines import Learned
from setright.engine.catalogue import Catalogue
from setright.model import Plain

NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


class Parameter(NamedTuple):
    """A value that some controls take. `set_by` is organisation, baseline or control; empty where nothing sets it."""

    name: str
    about: str
    value: Plain
    set_by: str
    controls: list[str]


class Difference(NamedTuple):
    """How one baseline differs from another. `removed` says why, where the other one does."""

    added: list[str]
    removed: dict[str, str]
    parameters: dict[str, tuple[Plain, Plain]]


def parameters(
    catalogue: Catalogue, ids: Iterable[str], baseline: Mapping[str, Plain], own: Mapping[str, Plain]
) -> list[Parameter]:
    """The parameters of the controls with the value that counts: the organisation's, the baseline's, or the control's own."""
    found = []
    for name, controls in sorted(catalogue.parameters(ids).items()):
        about = catalogue.control(controls[0]).params[name]
        sources = (
            ("organisation", own),
            ("baseline", baseline),
            ("control", {name: about["default"]} if "default" in about else {}),
        )
        set_by, value = next(((by, values[name]) for by, values in sources if name in values), ("", None))
        found.append(Parameter(name, str(about["about"]), value, set_by, controls))
    return found


def difference(catalogue: Catalogue, one: str, other: str) -> Difference:
    """What changes for whoever goes from the one to the other."""
    before, after = catalogue.selected(one), catalogue.selected(other)
    reasons = catalogue.left_out(other)
    was, now = (
        {p.name: p.value for p in parameters(catalogue, ids, catalogue.baseline(b).params, {})}
        for ids, b in ((before, one), (after, other))
    )
    return Difference(
        [i for i in after if i not in set(before)],
        {i: reasons.get(i, "") for i in before if i not in set(after)},
        {name: (was[name], now[name]) for name in was.keys() & now.keys() if was[name] != now[name]},
    )


def begin_baseline(catalogue: Catalogue, name: str, base: str, into: Path) -> Path:
    """Writes the beginning of a baseline on top of another one. Raises Failure where the name is none or the file is there."""
    if not NAME.fullmatch(name) or name in catalogue.baselines or name == "all":
        raise Failure(
            f"{name!r}: a name is of a-z, 0-9, '.' and '-', and none of {', '.join([*sorted(catalogue.baselines), 'all'])}"
        )
    file = into / "baselines" / f"{name}.yaml"
    if file.exists():
        raise Failure(f"{file}: is there already; choose another name")
    missing = [p for p in parameters(catalogue, catalogue.selected(base), catalogue.baseline(base).params, {}) if not p.set_by]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_beginning(name, base, missing), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; nothing was written") from error
    return file


class Lesson(NamedTuple):
    """What was learned of a target: the controls that hold it to that, their parameters, and where its documents are kept."""

    controls: list[str]
    values: Mapping[str, Plain]
    learned: Learned


def keep_learned(catalogue: Catalogue, name: str, lesson: Lesson, into: Path, again: bool) -> Path:
    """Writes what was learned of a target as a baseline. Raises Failure where nothing was, or where it would go over another."""
    import yaml
    from msgspec import to_builtins

    name = re.sub(r"[^a-z0-9.]+", "-", name.lower().partition("://")[2] or name.lower()).strip("-.")
    file = into / "baselines" / f"{name}.yaml"
    if not lesson.values:
        raise Failure("nothing there could be told that can be approved; run as root (sudo)")
    if not name or name == "all" or ((file.exists() or name in catalogue.baselines) and not again):
        raise Failure(f"{file}: a baseline {name!r} is there already; choose another --name, or --again to approve anew")
    held = {"id": name, "title": f"What was approved on {name}", "version": 1, "controls": lesson.controls}
    held |= {"params": dict(lesson.values), "learned": to_builtins(lesson.learned)}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(held, sort_keys=False, width=1000, allow_unicode=True), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; nothing was written") from error
    return file


def _beginning(name: str, base: str, missing: Iterable[Parameter]) -> str:
    unset = "".join(f"  # {p.name}:   # {p.about}\n" for p in missing)
    return f"""\
id: {name}
title: What {name} holds itself to
version: 1
extends: [{base}]
controls: []   # more, by their ids; globs are allowed
without: {{}}   # ID: why not
params:   # values over those of {base}; none of these has one yet
{unset or "  # every parameter has a value; `setright baseline show` lists them" + chr(10)}"""
