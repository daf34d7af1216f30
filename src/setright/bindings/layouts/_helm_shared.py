"""Values of a chart that more than one place of its templates reads: what changes one of them changes the others.

helm.sh/docs/chart_template_guide/values_files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from setright.bindings.layouts._helm import chart_value, values_of
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.layouts._pod_template import POD_WIDE
from setright.bindings.source import Source, noted
from setright.model import Path, Plain, Resource, Tree, Unknown
from setright.patterns import late

READ = late(r"\.Values\.([\w.-]+)")
SHARED = "values shared"
POD_CONTEXT: Path = ("spec", "securityContext")
Reader = tuple[str, Path]  # a template, and where in it
Readers = dict[Path, tuple[list[Reader], list[Reader]]]  # by place: who reads just that value, and who reads it or a part of it


def tell_shared(sources: Mapping[str, Source], seen: Mapping[str, Source]) -> None:
    """Notes in the templates as they are `seen` which of their values others have, too."""
    own = {each.locator: _read(each) for each in sources.values() if each.lens == "helm"}
    readers: dict[str, Readers] = {}
    for locator, found in own.items():
        of_chart = readers.setdefault(values_of(locator), {})
        for path, node in found:
            for place in READ.findall(node.text):
                _note(of_chart, tuple(place.split(".")), (locator, path))
    for locator, found in own.items():
        told = {path: _other((locator, path), chart_value(node), readers[values_of(locator)]) for path, node in found}
        seen[locator].notes[SHARED] = {path: who for path, who in told.items() if who}


def sharing(resource: Resource, source: Source) -> Resource:
    """A resource that tells which of its values others of its chart have, too; what its pod has so is of its containers."""
    values: Mapping[Path, str] = source.notes.get(SHARED, {})
    base = resource.home[1]
    own = {path[len(base) :]: who for path, who in values.items() if path[: len(base)] == base}
    if not own:
        return resource
    from_pod = dict.fromkeys(_of_pod(resource.tree), own[POD_CONTEXT]) if POD_CONTEXT in own else {}
    return replace(resource, shared={**own, **from_pod})


def _note(readers: Readers, place: Path, reader: Reader) -> None:
    for length in range(1, len(place) + 1):
        whole, part = readers.setdefault(place[:length], ([], []))
        part.append(reader)
    whole.append(reader)


def _read(template: Source) -> list[tuple[Path, Unknown]]:
    return noted(template, "reads", (), partial(_all_filled_in, template.tree))


def _all_filled_in(tree: Tree) -> list[tuple[Path, Unknown]]:
    return list(_filled_in(tree, ()))


def _filled_in(node: Plain, path: Path) -> Iterator[tuple[Path, Unknown]]:
    if isinstance(node, Unknown):
        yield path, node
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if isinstance(key, str) and "{{" in key:
            yield (*path, key), Unknown(key)
        yield from _filled_in(inner, (*path, key))


def _other(reader: Reader, place: Path | None, readers: Readers) -> str:
    """Who else reads a value, all of it or a part; empty for nobody."""
    if place is None:
        return ""
    near = (each for length in range(1, len(place)) for each in readers.get(place[:length], ([], []))[0])
    template = next((other[0] for other in (*near, *readers.get(place, ([], []))[1]) if other != reader), "")
    where = f"{template} has it" if template != reader[0] else "it stands in another place of the template"
    return f"{values_of(reader[0])}: {'.'.join(map(str, place))} is not for this alone: {where}, too" if template else ""


def _of_pod(tree: Tree) -> Iterator[Path]:
    for place, _ in containers(tree):
        part, _, number = place.partition("/")
        yield from (("spec", part, int(number), *POD_CONTEXT[1:], key) for key in POD_WIDE)
