"""Read control files. The only place that knows their YAML; what may stand in one is in `FIELDS`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File

from setright.controls.error import ControlError
from setright.controls.operators import OPERATORS, SOME
from setright.controls.paths import parse_paths
from setright.dialect import DialectError, read_mapping
from setright.model import SEVERITIES, Control, Edit, Effect, Either, Example, Param, Plain, Requirement, Some, Teller

NEEDED = {"id", "title", "severity", "kind", "why", "breaks-if", "effect", "frameworks", "source", "examples"}
FIELDS = NEEDED | {"where", "require", "default", "check", "fix", "by-hand", "shield", "param", "secret"}
EXAMPLE = {"in", "good", "bad", "fixed", "param"}
RESTARTS = ("none", "reload", "service", "host", "replace")


def read_control(file: File, root: File) -> dict[str, Plain]:
    """The mapping in a control file, checked; its id must be its place below `root`. Raises ControlError naming the file."""
    try:
        raw = read_mapping(file)
        _check(raw, file.relative_to(root).with_suffix("").as_posix())
        build(raw)
    except DialectError as error:
        raise ControlError(str(error)) from error
    except (ControlError, TypeError, AttributeError, KeyError) as error:
        raise ControlError(f"{file}: {error}") from error
    return raw


def build(raw: Mapping[str, Plain]) -> Control:
    """The control that a checked mapping writes."""
    return Control(
        id=raw["id"],
        title=raw["title"],
        severity=raw["severity"],
        kind=raw["kind"],
        require=_requirements(raw.get("require", {}), raw.get("default", {}), obliged=True),
        where=_requirements(raw.get("where", {}), {}),
        check=raw.get("check", ""),
        fix=tuple(_edit(path, value) for path, value in raw.get("fix", {}).items()),
        why=" ".join(raw["why"].split()),
        source=raw["source"],
        by_hand=raw.get("by-hand", ""),
        shield=raw.get("shield", ""),
        params={name: _param_of(name, about) for name, about in raw.get("param", {}).items()},
        breaks_if={" ".join(sentence.split()): _teller(sentence, told) for sentence, told in raw["breaks-if"].items()},
        effect=_effect(raw["effect"]),
        frameworks={name: tuple(map(str, ids)) for name, ids in raw["frameworks"].items()},
        secret=raw.get("secret", False),
        examples=tuple(_example(e) for e in raw["examples"]),
    )


def _check(raw: Mapping[str, Plain], place: str) -> None:
    if extra := raw.keys() - FIELDS:
        raise ControlError(f"no such field: {', '.join(sorted(extra))}; fields are {', '.join(sorted(FIELDS))}")
    if missing := NEEDED - raw.keys():
        raise ControlError(f"missing {', '.join(sorted(missing))}")
    if raw["id"] != place:
        raise ControlError(f"id is {raw['id']!r}, its place says {place!r}; move the file or change the id")
    if raw["severity"] not in SEVERITIES:
        raise ControlError(f"severity {raw['severity']!r}: one of {', '.join(SEVERITIES)}")
    if not raw.get("require") and not raw.get("check"):
        raise ControlError("says nothing to hold to; add require: (or check:, with fix: or by-hand:)")
    if len(raw["title"]) > 80:
        raise ControlError(f"title has {len(raw['title'])} characters; 80 at most, the good state as a sentence")


def _requirements(raw: Mapping[str, Plain], defaults: Mapping[str, Plain], obliged: bool = False) -> tuple[Requirement, ...]:
    if unused := defaults.keys() - raw.keys():
        raise ControlError(f"default: names {', '.join(sorted(unused))}, which nothing here speaks of")
    if obliged and (silent := raw.keys() - defaults.keys()):
        raise ControlError(f"default: says nothing of {', '.join(sorted(silent))}; what holds when absent? (null: nothing does)")
    return tuple(
        Requirement(path, op, want, defaults.get(written))
        for written, value in raw.items()
        for path in parse_paths(written)
        for op, want in _operations(written, value)
    )


def _operations(written: str, value: Plain) -> list[tuple[str, Plain]]:
    """The operators of one line, with their arguments; a plain value is `equals`."""
    if not isinstance(value, dict) or value.keys() == {"param"}:
        return [("equals", _value(value))]
    if value.keys() <= OPERATORS.keys() | set(SOME):
        return [pair for op, arg in value.items() for pair in _operation(op, arg)]
    unknown = ", ".join(sorted(value.keys() - OPERATORS.keys() - set(SOME)))
    raise ControlError(f"{written}: no such operator: {unknown}; operators are {', '.join([*OPERATORS, *SOME])}")


def _operation(op: str, arg: Plain) -> list[tuple[str, Plain]]:
    """One operator; `each` and `none` take a list where they speak of several sorts of items."""
    if op not in SOME:
        return [(op, _value(arg))]
    return [(op, _some(each)) for each in (arg if isinstance(arg, list) else [arg])]


def _some(raw: Plain) -> Some:
    """`each: {where, require, default}`; anything else is short for its `require` alone (for `none`: its `where`)."""
    if not isinstance(raw, dict) or not raw.keys() <= {"where", "require", "default"}:
        raise ControlError("each and none take {where: ..., require: ..., default: ...}")
    defaults = raw.get("default", {})
    where, require = raw.get("where", {}), raw.get("require", {})
    if unused := defaults.keys() - where.keys() - require.keys():
        raise ControlError(f"default: names {', '.join(sorted(unused))}, which nothing here speaks of")
    return Some(
        _requirements(where, {k: v for k, v in defaults.items() if k in where}),
        _requirements(require, {k: v for k, v in defaults.items() if k in require}),
    )


def _value(raw: Plain) -> Plain:
    return Param(raw["param"]) if isinstance(raw, dict) and raw.keys() == {"param"} else raw


def _edit(written: str, raw: Plain) -> Edit:
    paths = parse_paths(written)
    if len(paths) != 1:
        raise ControlError(f"fix: {written}: alternatives are for require; name one path")
    if isinstance(raw, dict) and raw.keys() == {"remove"}:
        return Edit(paths[0], remove=True)
    return Edit(paths[0], _value(raw))


def _param_of(name: str, raw: Plain) -> Plain:
    if not isinstance(raw, dict) or not {"about"} <= raw.keys() <= {"about", "default", "offer"}:
        raise ControlError(f"param: {name}: takes about: (what it is, for whom sets it), and default: or offer: (or none)")
    return raw


def _teller(sentence: str, raw: Plain) -> Teller:
    if isinstance(raw, str) and raw:
        return raw
    if not isinstance(raw, dict) or not {"cleared-by"} <= raw.keys() <= {"cleared-by", "fact"} or not raw["cleared-by"]:
        raise ControlError(
            f"breaks-if: {sentence}: takes a fact's name, ask, small-cost, or {{cleared-by: {{path: value}}, fact: NAME}}"
        )
    lines = _requirements(raw["cleared-by"], {})
    if odd := [line.op for line in lines if line.op in SOME or isinstance(line.want, Param)]:
        raise ControlError(f"breaks-if: {sentence}: cleared-by takes plain operators, not {odd[0]} or a param; use * in the path")
    return Either(lines, raw["fact"]) if "fact" in raw else lines


def _effect(raw: Mapping[str, Plain]) -> Effect:
    effect = Effect(**raw)
    if effect.restart not in RESTARTS or effect.disruption not in ("low", "medium", "high") or effect.undo not in ("exact", "none"):
        raise ControlError(f"effect: restart is one of {', '.join(RESTARTS)}; disruption low, medium or high; undo exact or none")
    return effect


def _example(raw: Mapping[str, Plain]) -> Example:
    if extra := raw.keys() - EXAMPLE:
        raise ControlError(f"examples: no such field: {', '.join(sorted(extra))}; fields are {', '.join(sorted(EXAMPLE))}")
    if ("good" in raw) == ("bad" in raw):
        raise ControlError("examples: each is either good: or bad: (with fixed:, unless only a person can put it right)")
    return Example(raw.get("in", ""), raw.get("good"), raw.get("bad"), raw.get("fixed"), raw.get("param", {}))
