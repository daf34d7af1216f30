"""What the commands on controls share: choosing, showing, testing and beginning them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import msgspec

from setright.cli.failure import Failure
from setright.cli.options import Shown
from setright.cli.output import emit, json_text, paper
from setright.controls.error import ControlError
from setright.controls.fears import teller_name
from setright.controls.page import page_of
from setright.controls.paths import show as show_path
from setright.dialect import DialectError, read_mapping
from setright.engine.catalogue import Catalogue
from setright.engine.contract import SCHEMA, as_plain
from setright.engine.harness import check_file
from setright.model import Binding, Control, Plain

ID = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)+")


class TestedControl(NamedTuple):
    """A control file and its broken promises."""

    control: str
    file: Path
    broken: list[str]


def filtered(catalogue: Catalogue, kind: str | None, severities: Sequence[str], framework: str | None) -> list[Control]:
    """The controls that all of the given filters let through."""
    controls = [catalogue.control(i) for i in catalogue.ids()]
    return [
        c
        for c in controls
        if (not kind or fnmatchcase(c.kind, kind))
        and (not severities or c.severity in severities)
        and (not framework or _belongs(c, framework))
    ]


def show_control(control: Control, show: Shown) -> None:
    """A control in the form asked for."""
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "control": control_object(control)}), show)
    elif show.format == "markdown":
        emit(page_of(control), show)
    else:
        from setright.cli.screens.controls import draw

        with paper(show) as console:
            draw(console, control)


def control_object(control: Control) -> dict[str, Plain]:
    """A control as ``setright/1`` has it."""
    return {
        "id": control.id,
        "title": control.title,
        "severity": control.severity,
        "kind": control.kind,
        "why": control.why,
        "require": [
            {"path": show_path(r.path), "op": r.op, "want": as_plain(r.want), "default": as_plain(r.default)}
            for r in control.require
        ],
        "check": control.check,
        "breaks_if": {sentence: teller_name(teller) for sentence, teller in control.breaks_if.items()},
        "effect": msgspec.to_builtins(control.effect),
        "by_hand": control.by_hand,
        "params": dict(control.params),
        "frameworks": {name: list(ids) for name, ids in control.frameworks.items()},
        "source": control.source,
    }


def tried(catalogue: Catalogue, places: Iterable[Path]) -> list[TestedControl]:
    """Every control file at the places through the harness; one that cannot be read is a broken promise."""
    files = [(file, place) for place in places for file in _files(place)]
    return [_tried(catalogue, file, _root(file, place)) for file, place in files]


def begin_control(catalogue: Catalogue, control_id: str, kind: str, into: Path) -> Path:
    """Writes the beginning of a control. Raises Failure where the id is none, the kind is not known, or the file is there."""
    if not ID.fullmatch(control_id):
        raise Failure(f"{control_id!r}: an id is its path: words of a-z, 0-9 and '-' parted by '/', as in acme/sshd/banner")
    if kind not in catalogue.bindings:
        raise Failure(f"there is no kind {kind!r}; kinds are {', '.join(sorted(catalogue.bindings))}")
    file = into / f"{control_id}.yaml"
    if file.exists():
        raise Failure(f"{file}: is there already; choose another id")
    alike = [i for i in catalogue.ids() if catalogue.control(i).kind == kind]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_beginning(control_id, catalogue.bindings[kind], alike), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; nothing was written") from error
    return file


def _belongs(control: Control, framework: str) -> bool:
    name, _, section = framework.partition(":")
    return any(fnmatchcase(f, name) and (not section or section in ids) for f, ids in control.frameworks.items())


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    root = place / "controls" if (place / "controls").is_dir() else place
    return sorted(root.rglob("*.yaml"))


def _root(file: Path, place: Path) -> Path:
    """The directory that ids are counted from: the one that makes this file's id its path, else the place given."""
    try:
        parts = str(read_mapping(file).get("id", "")).split("/")
    except DialectError:
        return file.parent
    whole = file.resolve()
    if list(whole.with_suffix("").parts[-len(parts) :]) == parts:
        return whole.parents[len(parts) - 1]
    return place if place.is_dir() else file.parent


def _tried(catalogue: Catalogue, file: Path, root: Path) -> TestedControl:
    name = file.stem
    try:
        whole = file.resolve()
        name = whole.relative_to(root.resolve()).with_suffix("").as_posix()
        return TestedControl(name, file, check_file(catalogue, whole, root.resolve()))
    except ControlError as error:
        return TestedControl(name, file, [str(error)])


def _beginning(control_id: str, binding: Binding, alike: Sequence[str]) -> str:
    families = sorted(binding.layouts)
    hint = f"# Others of this kind, to look at: {', '.join(alike[:3])}\n" if alike else ""
    examples = "".join(_examples(family if len(families) > 1 else "") for family in families)
    return f"""\
{hint}id: {control_id}
title: FILL IN the good state as a sentence, at most 60 characters
severity: medium   # info, low, medium, high or critical
kind: {binding.kind}
require:   # path: value, or one of {{one-of: [..]}}, {{at-least: 1}}, {{includes: [..]}}, {{excludes: [..]}}, {{absent: true}}
  FILL-IN: FILL-IN
default:   # what holds when it is absent; null: nothing does
  FILL-IN: null
why: >
  FILL IN what can happen otherwise, in plain words.
breaks-if:   # a sentence: the fact that answers it, ask, small-cost, or {{cleared-by: {{path: value}}}} of the resource itself
  FILL IN what may stop working: ask
effect: {{restart: none, disruption: low}}   # restart: none, reload, service, host, replace; disruption: low, medium, high
frameworks: {{}}   # name: [sections]
source: https://FILL-IN
examples:   # a text of the document; a mapping where the resource is one JSON document
{examples}"""


def _examples(family: str) -> str:
    where = f"in: {family}\n    " if family else ""
    return f"""\
  - {where}good: |
      FILL IN
  - {where}bad: |
      FILL IN
    fixed: |
      FILL IN
"""
