"""A control as a reference page in Markdown, from the control alone. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import unified_diff

from setright.controls.fears import told_by
from setright.controls.paths import show
from setright.controls.words import requirement, value_in_words, want_in_words
from setright.model import Belonging, Control, Effect, Example, Plain, Requirement

RESTARTS = {
    "none": "Nothing restarts",
    "reload": "The service reloads its configuration",
    "service": "The service restarts",
    "host": "The host must restart",
    "replace": "The resource is replaced",
}
REACHES = {
    "internet": "the Internet reaches it",
    "partner": "partners reach it",
    "internal": "reached from inside alone",
    "isolated": "nobody reaches it",
}


def page_of(control: Control) -> str:
    """The page, every section in the same order on every page."""
    return "\n\n".join(part for part in _parts(control) if part) + "\n"


def effect(given: Effect) -> str:
    """What putting it right does to the service, as a sentence."""
    undo = "it can be undone exactly" if given.undo == "exact" else "it cannot be undone"
    return f"{RESTARTS[given.restart]}; disruption is {given.disruption}; {undo}."


def standing_of(given: Belonging) -> str:
    """Where a resource stands, as a clause; empty where nothing is known of that."""
    because = f" ({given.exposure_why})" if given.exposure_why else ""
    importance = f"importance {given.importance}" if given.importance else ""
    reach = f"{REACHES[given.exposure]}{because}" if given.exposure else ""
    told = ", ".join(part for part in (importance, reach) if part)
    return ", ".join(part for part in (given.environment or (told and "an environment that nobody has declared"), told) if part)


def fix_diff(before: Plain, after: Plain) -> str:
    """What a fix changes in an example, document by document, in the form of diff -u; empty where nothing does.

    Of several documents, one that `after` does not name stays as it is.
    """
    old, new = example_texts(before), example_texts(after)
    if "" not in old and "" not in new and isinstance(after, dict):
        new = {name: text for name, text in old.items() if name not in after} | new
    return "".join(_diff(old.get(name, ""), new.get(name, ""), name) for name in sorted(old.keys() | new.keys()))


def example_texts(written: Plain) -> dict[str, str]:
    """An example's documents by locator; one without a name is a document for itself."""
    if isinstance(written, dict) and written and all(_is_document(*item) for item in written.items()):
        return {name: _text(held) for name, held in written.items() if held is not None}
    return {"": _text(written)}


def _is_document(name: str, held: Plain) -> bool:
    named = name.startswith("Dockerfile") or any(sign in name for sign in "/.:")
    return named and (held is None or isinstance(held, dict) or "\n" in str(held))


def _text(held: Plain) -> str:
    return held if isinstance(held, str) else json.dumps(held, indent=2) + "\n"


def _parts(control: Control) -> Iterator[str]:
    yield f"# {control.title}"
    yield f"`{control.id}` · severity **{control.severity}** · kind `{control.kind}`"
    yield control.why
    yield from _section("What right looks like", _requirements(control))
    yield from _section("Parameters", _list(f"`{name}`: {_parameter(about)}" for name, about in control.params.items()))
    yield from _section("What putting it right may break", _fears(control))
    yield from _section("Effect", effect(control.effect))
    yield from _section("By hand", control.by_hand.strip())
    yield from _section("Meanwhile", control.shield)
    yield from _section("Examples", "\n\n".join(_example(e) for e in control.examples))
    yield from _section("Frameworks", _list(f"{name}: {', '.join(ids)}" for name, ids in control.frameworks.items()))
    yield from _section("Source", f"<{control.source}>")


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _requirements(control: Control) -> str:
    parts = []
    if control.where:
        parts.append(f"Where {' and '.join(requirement(r) for r in control.where)}:")
    if control.require:
        rows = ["| setting | must be | when absent |", "| --- | --- | --- |", *(_row(r) for r in control.require)]
        parts.append("\n".join(rows))
    if control.check:
        parts.append(f"It must be true that:\n\n```\n{control.check.strip()}\n```")
    return "\n\n".join(parts)


def _row(given: Requirement) -> str:
    absent = "nothing holds" if given.default is None else f"`{value_in_words(given.default)}`"
    return f"| {_cell(show(given.path))} | {_cell(want_in_words(given.op, given.want))} | {absent} |"


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _parameter(about: Plain) -> str:
    without = " (no default; made in the source where that can be)" if "offer" in about else " (no default; a fix needs it)"
    default = f" (default: `{value_in_words(about['default'])}`)" if "default" in about else without
    return f"{about['about']}{default}"


def _fears(control: Control) -> str:
    if not control.breaks_if:
        return "Nothing, where the setup is correct."
    return _list(f"{sentence}: {told_by(teller)}" for sentence, teller in control.breaks_if.items())


def _example(example: Example) -> str:
    where = f" ({example.family})" if example.family else ""
    if example.good is not None:
        return f"Right{where}:\n\n{_fenced(''.join(_named(example.good)))}"
    if example.fixed is None:
        return f"Wrong, for a person to put right{where}:\n\n{_fenced(''.join(_named(example.bad)))}"
    return f"Put right{where}:\n\n{_fenced(fix_diff(example.bad, example.fixed), 'diff')}"


def _named(written: Plain) -> Iterator[str]:
    for name, text in example_texts(written).items():
        yield f"# {name}\n{text}" if name else text


def _fenced(text: str, language: str = "") -> str:
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def _diff(before: str, after: str, name: str) -> str:
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    body = [line for line in lines if name or not line.startswith(("---", "+++"))]
    return "".join(f"{line}\n" for line in body)
