"""Charts: what their templates say with the values of values.yaml filled in, and where such a value is set.

A template's value that is one of `.Values` (``{{ .Values.image.pullPolicy }}``, ``{{- toYaml .Values.resources | nindent 12 }}``),
also by way of the helpers of Bitnami's library, is seen as values.yaml has it, and edited there. An image is seen as several of
them and Chart.yaml make it
(``{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}``). Whatever else is filled in cannot be told.

helm.sh/docs/chart_template_guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree, Unknown
from setright.patterns import late

VALUE = late(
    r"\{\{-?\s*(?:(?:toYaml\s+)?\(?|(?P<switched>\(?omit\s+"
    r"|include\s+\"common\.(?:tplvalues\.render|compatibility\.renderSecurityContext)\"\s+\(\s*dict\s+\"\w+\"\s+))"
    r"\$?\.Values\.(?P<place>[\w.-]+)(?:(?:\s+\"\w+\")*\)?|\s+\"context\"\s+[$.]\s*\))"
    r"(?:\s*\|\s*(?:toYaml|quote|squote|trim|n?indent\s+\d+|default\s+\"?[\w.]*\"?))*\s*-?\}\}"
)
PART = late(
    r"\{\{-?\s*(?:\(?\$?\.Values\.([\w.-]+)\)?|\$?\.Chart\.(\w+))"
    r"((?:\s*\|\s*(?:toString|quote|trim|default\s+(?:\"[\w.-]*\"|\(?\$?\.Chart\.\w+\)?)))*)\s*-?\}\}"
)
DEFAULT = late(r"default\s+(?:\"([\w.-]*)\"|\(?\$?\.Chart\.(\w+)\)?)")
OF_FIELD = r"\$?\.(?:Values\.[\w.-]+|Chart\.\w+)"
PRINTED = late(  # printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion)
    rf"\{{\{{-?\s*\(?printf\s+\"(?P<form>[^\"\\]*)\"(?P<of>(?:\s+(?:{OF_FIELD}|\((?:\([^()]*\)|[^()])*\)))+)\s*\)?\s*"
    r"(?:\|\s*(?:quote|squote|trim)\s*)*-?\}\}"
)
ARGUMENT = late(rf"\s+(?:({OF_FIELD})|\(((?:\([^()]*\)|[^()])*)\))")
OF_CHART = late(r"\(\s*printf\s+\"([\w.-]*)%[sv]([\w.-]*)\"\s+\$?\.Chart\.(\w+)\s*\)")  # the version with a v before it
DOCUMENT = ("documents", 0)
GIVEN, OF_VOLUMES = "lists given", ("volumes", "volumeMounts")
INCLUDED = (  # what a pod or a container may have in lines that another template adds among its own
    *(
        "securityContext",
        "resources",
        "limits",
        "requests",
        "cpu",
        "memory",
        "livenessProbe",
        "readinessProbe",
        "imagePullPolicy",
        "env",
    ),
    *(
        "automountServiceAccountToken",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "volumes",
        "ports",
        "runAsNonRoot",
        "runAsUser",
        "runAsGroup",
    ),
    *("seccompProfile", "capabilities", "drop", "add", "type", "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation"),
    *("namespace", "tls"),
)


def filled(sources: Mapping[str, Source], only: str = "") -> Mapping[str, Source]:
    """The sources with each template (or `only` one) as the chart's own values fill it."""
    asked = ([sources[only]] if only in sources else []) if only else sources.values()
    templates = [each for each in asked if each.lens == "helm"]
    return {**sources, **{each.locator: _filled(each, sources) for each in templates}} if templates else sources


def redirected(locator: str, edit: Edit, sources: Mapping[str, Source]) -> tuple[str, Edit]:
    """The edit where the value is set: in values.yaml, where the template takes it from there.

    Raises BindingError for what a template makes of more than one value.
    """
    source = sources.get(locator)
    if source is None or source.lens != "helm":
        return locator, edit
    node: Plain = source.tree
    for i, key in enumerate(edit.path):
        if isinstance(node, list) and isinstance(key, int) and (added := _added(node, key, locator, sources)):
            return values_of(locator), Edit((*DOCUMENT, *added, *edit.path[i + 1 :]), edit.value, edit.remove)
        node = look_up(node, (key,))
        if isinstance(node, Unknown):
            place = chart_value(node)
            if place is None or values_of(locator) not in sources:
                told = "/".join(map(str, edit.path[2 : i + 1]))
                raise BindingError(f"{locator}: {told} is {node.text}; set it where that is made")
            return values_of(locator), Edit((*DOCUMENT, *place, *edit.path[i + 1 :]), edit.value, edit.remove)
    return locator, edit


def _added(items: list[Plain], at: int, locator: str, sources: Mapping[str, Source]) -> Path:
    """The place of a new item in the list of values.yaml that stands at the end of a list, and has none so far; or nothing."""
    values = _top(sources, values_of(locator))
    ends = len(items)
    while ends and isinstance(last := items[ends - 1], Unknown) and (place := chart_value(last)) and look_up(values, place) == []:
        ends -= 1
    place = chart_value(items[ends]) if ends <= at and ends < len(items) else None
    return (*place, at - ends) if place else ()


def lists_given(source: Source) -> Sequence[Path]:
    """Where volumes and mounts of a chart's template are lists of values.yaml, of which the values of a release take the place."""
    given: Sequence[Path] = source.notes.get(GIVEN, ())
    return given


def values_of(template: str) -> str:
    """The values.yaml of a template's chart."""
    chart = folder(template[: template.rindex("templates/")] + "x")
    return f"{chart}/values.yaml" if chart else "values.yaml"


def chart_of(template: str) -> str:
    """The Chart.yaml of a template's chart."""
    return values_of(template).removesuffix("values.yaml") + "Chart.yaml"


class _Given(NamedTuple):
    """What a chart says of itself: its values, and its Chart.yaml."""

    values: Tree
    chart: Tree


def _top(sources: Mapping[str, Source], locator: str) -> Tree:
    source = sources.get(locator)
    found = look_up(source.tree, DOCUMENT) if source else None
    return found if isinstance(found, dict) else {}


def _filled(template: Source, sources: Mapping[str, Source]) -> Source:
    given = _Given(_top(sources, values_of(template.locator)), _top(sources, chart_of(template.locator)))
    documents = [_released(each) for each in _seen(template.tree, given).get("documents", ())]
    seen = Source(template.locator, template.lens, {"documents": documents}, template.exists)
    seen.notes[GIVEN] = tuple(_given(template.tree, given.values, ()))
    return seen


def _given(node: Plain, values: Tree, path: Path) -> Iterator[Path]:
    """The lists of volumes and mounts that a new item would get into by way of values.yaml."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        last = inner[-1] if isinstance(inner, list) and inner else inner
        place = chart_value(last) if key in OF_VOLUMES and isinstance(last, Unknown) else None
        if place and (last is inner or look_up(values, place) == []):
            yield (*path, key)
        yield from _given(inner, values, (*path, key))


def _released(document: Plain) -> Plain:
    """An object that names no namespace is made in the one that the chart is installed into."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict) or metadata.get("namespace") is not None:
        return document
    return {**document, "metadata": {**metadata, "namespace": Unknown("{{ .Release.Namespace }}")}}


def _seen(node: Plain, given: _Given) -> Plain:
    if isinstance(node, dict):
        seen = {key: _image(inner, given) if key == "image" else _seen(inner, given) for key, inner in node.items()}
        odd = [key for key in seen if "{{" in key]
        return {**({name: Unknown(odd[0]) for name in INCLUDED} if odd else {}), **seen}
    if isinstance(node, list):
        return _items(node, [_seen(inner, given) for inner in node])
    if not isinstance(node, Unknown) or (place := chart_value(node)) is None:
        return node
    within = look_up(given.values, place[:-1])
    return node if within is None or place[-1] not in within else _switched(node, look_up(given.values, place))


def _items(node: list[Plain], seen: list[Plain]) -> list[Plain]:
    """The items of a list: what is filled in among them adds some of its own, which stand in another place, or none at its end."""
    while seen and seen[-1] == [] and isinstance(node[len(seen) - 1], Unknown):
        seen.pop()
    return [own if isinstance(own, Unknown) and isinstance(each, list) else each for own, each in zip(node, seen, strict=False)]


def _switched(node: Unknown, value: Plain) -> Plain:
    """What a helper makes of a value that has a switch of its own: the rest of it, and nothing that is told where that is off."""
    match = VALUE.fullmatch(node.text)
    if not match or not match["switched"] or not isinstance(value, dict) or "enabled" not in value:
        return value
    return {key: each for key, each in value.items() if key != "enabled"} if value["enabled"] is True else node


def _image(node: Plain, given: _Given) -> Plain:
    """An image with all parts filled in that the chart itself gives; as any other value where one of them is not told."""
    seen = _seen(node, given)
    if not isinstance(seen, Unknown):
        return seen
    spelt = OF_CHART.sub(lambda match: f'"{match[1]}{given.chart.get(_of_chart(match[3]), "")}{match[2]}"', seen.text)
    told = PART.sub(lambda match: _part(match, given) or match[0], PRINTED.sub(_spelt_out, spelt))
    return seen if "{{" in told else told


def _spelt_out(match: re.Match[str]) -> str:
    """What `printf` makes of several values, as actions one after the other."""
    words = re.split("%[sv]", match["form"])
    told = [one or several for one, several in ARGUMENT.findall(match["of"])]
    if len(words) != len(told) + 1 or "%" in "".join(words):
        return match[0]
    return words[0] + "".join(f"{{{{ {each} }}}}{word}" for each, word in zip(told, words[1:], strict=True))


def _part(match: re.Match[str], given: _Given) -> str:
    """What one action of an image's name writes; empty where that is not told."""
    value = look_up(given.values, tuple(match[1].split("."))) if match[1] else given.chart.get(_of_chart(match[2]))
    if value in (None, "") and (otherwise := DEFAULT.search(match[3])):
        value = otherwise[1] if otherwise[1] is not None else given.chart.get(_of_chart(otherwise[2]))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _of_chart(name: str) -> str:
    """A field of Chart.yaml, as templates call it: AppVersion is written appVersion."""
    return name[:1].lower() + name[1:]


def chart_value(value: Unknown) -> Path | None:
    """The value of values.yaml that an action writes as it is."""
    match = VALUE.fullmatch(value.text)
    return tuple(match["place"].split(".")) if match else None
