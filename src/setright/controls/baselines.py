"""Baselines: named selections of controls with parameters, each on its own or on top of others.

A file says which controls count by their ids (`controls`), by what they cite (`frameworks`) or by other baselines
(`extends`); which of these do not count, and why (`without`); and the values of their parameters (`params`). One that was
learned of a target says of which, when, by whom, and where the documents are kept that stood there (`learned`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as File

import msgspec

from setright.controls.error import ControlError
from setright.dialect import DialectError, read_mapping
from setright.model import Plain
from setright.patterns import fits

FIELDS = {"id", "title", "version", "extends", "controls", "frameworks", "without", "params", "learned"}
Cited = Mapping[str, Iterable[str]]  # framework -> sections


class Learned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state that was approved. `kept`: by list (``sudo-rules``) the documents behind it, each with its snapshot's address."""

    target: str
    at: str
    by: str
    kept: Mapping[str, Mapping[str, str]]


class Baseline(msgspec.Struct, frozen=True):
    """Which controls (globs over ids, and over sections of frameworks), which of those not and why, and parameters' values.

    What it extends comes first: its own `without` and `params` go over theirs, and its own `controls` bring back what
    they leave out.
    """

    id: str
    title: str
    version: str
    controls: tuple[str, ...] = ()
    without: Mapping[str, str] = {}
    params: Mapping[str, Plain] = {}
    extends: tuple[str, ...] = ()
    frameworks: Mapping[str, tuple[str, ...]] = {}
    learned: Learned | None = None


def load_baseline(file: File) -> Baseline:
    """One baseline file. Raises ControlError naming the file and the field."""
    try:
        raw = read_mapping(file)
        if extra := raw.keys() - FIELDS:
            raise ControlError(f"no such field: {', '.join(sorted(extra))}; fields are {', '.join(sorted(FIELDS))}")
        baseline = _built(raw)
        if silent := [glob for glob, why in baseline.without.items() if not (isinstance(why, str) and why.strip())]:
            raise ControlError(f"without: says no reason for {', '.join(silent)}; write one, people will ask")
        if not (baseline.controls or baseline.frameworks or baseline.extends):
            raise ControlError("takes no controls; say which by controls:, frameworks: or extends:")
    except (DialectError, ControlError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise ControlError(f"{file}: {error}") from error
    if baseline.id != file.stem:
        raise ControlError(f"{file}: id is {baseline.id!r}, its place says {file.stem!r}")
    return baseline


def resolved(baselines: Mapping[str, Baseline]) -> dict[str, Baseline]:
    """Each with the parameters of what it extends, and what it or they learned.

    Raises ControlError for one that is not there or extends itself.
    """
    return {
        name: _over(baseline, [b for b in extension_chain(baseline, baselines) if b is not baseline])
        for name, baseline in baselines.items()
    }


def extension_chain(baseline: Baseline, baselines: Mapping[str, Baseline], above: tuple[str, ...] = ()) -> Iterator[Baseline]:
    """What it extends, the farthest first, and itself last."""
    if baseline.id in above:
        raise ControlError(f"baseline {baseline.id}: extends itself by {' -> '.join((*above, baseline.id))}")
    for name in baseline.extends:
        if name not in baselines:
            raise ControlError(
                f"baseline {baseline.id}: extends {name!r}, which is not there; there are {', '.join(sorted(baselines))}"
            )
        yield from extension_chain(baselines[name], baselines, (*above, baseline.id))
    yield baseline


def select(baseline: Baseline, known: Mapping[str, Cited], baselines: Mapping[str, Baseline]) -> list[str]:
    """The ids that the baseline takes, in the order of `known`: control id -> what it cites."""
    taken: set[str] = set()
    for name in baseline.extends:
        taken |= set(select(baselines[name], known, baselines))
    taken = {i for i in taken if not _any(i, baseline.without)}
    taken |= {i for i in known if _any(i, baseline.controls) and not (_any(i, baseline.without) and i not in baseline.controls)}
    taken |= {i for i, cited in known.items() if _cites(cited, baseline.frameworks) and not _any(i, baseline.without)}
    return [i for i in known if i in taken]


def left_out(baseline: Baseline, known: Mapping[str, Cited], baselines: Mapping[str, Baseline]) -> dict[str, str]:
    """Controls that something of the baseline's line takes and something later leaves out, with the reason."""
    line = list(extension_chain(baseline, baselines))
    final = set(select(baseline, known, baselines))
    reasons = {i: why for each in line for glob, why in each.without.items() for i in known if fits(i, glob)}
    asked = {i for each in line for i, cited in known.items() if _any(i, each.controls) or _cites(cited, each.frameworks)}
    return {i: reasons[i] for i in known if i in asked and i not in final and i in reasons}


def _built(raw: Mapping[str, Plain]) -> Baseline:
    """A field of which only comments are left counts as empty."""
    return Baseline(
        id=raw["id"],
        title=raw["title"],
        version=str(raw["version"]),
        controls=tuple(raw.get("controls") or ()),
        without=raw.get("without") or {},
        params=raw.get("params") or {},
        extends=tuple(raw.get("extends") or ()),
        frameworks={name: tuple(map(str, sections)) for name, sections in (raw.get("frameworks") or {}).items()},
        learned=msgspec.convert(raw["learned"], Learned) if raw.get("learned") else None,
    )


def _over(baseline: Baseline, extended: Sequence[Baseline]) -> Baseline:
    params = {name: value for each in extended for name, value in each.params.items()} | dict(baseline.params)
    learned = baseline.learned or next((each.learned for each in reversed(extended) if each.learned), None)
    return msgspec.structs.replace(baseline, params=params, learned=learned)


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fits(name, glob) for glob in globs)


def _cites(cited: Cited, wanted: Mapping[str, Iterable[str]]) -> bool:
    return any(_any(section, wanted[name]) for name in wanted.keys() & cited.keys() for section in cited[name])
