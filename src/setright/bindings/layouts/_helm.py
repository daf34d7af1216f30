"""Charts: what their templates say with the values of values.yaml filled in, and where such a value is set.

A template's value that is one of `.Values` (``{{ .Values.image.pullPolicy }}``, ``{{- toYaml .Values.resources | nindent 12 }}``)
is seen as values.yaml has it, and edited there. Whatever else is filled in cannot be told.

helm.sh/docs/chart_template_guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Unknown
from setright.patterns import late

VALUE = late(
    r"\{\{-?\s*(?:toYaml\s+)?\(?\$?\.Values\.([\w.-]+)\)?(?:\s*\|\s*(?:toYaml|quote|squote|trim|n?indent\s+\d+|default\s+\"?[\w.]*\"?))*\s*-?\}\}"
)
DOCUMENT = ("documents", 0)
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
        node = look_up(node, (key,))
        if isinstance(node, Unknown):
            place = _named(node)
            if place is None or values_of(locator) not in sources:
                told = "/".join(map(str, edit.path[2 : i + 1]))
                raise BindingError(f"{locator}: {told} is {node.text}; set it where that is made")
            return values_of(locator), Edit((*DOCUMENT, *place, *edit.path[i + 1 :]), edit.value, edit.remove)
    return locator, edit


def values_of(template: str) -> str:
    """The values.yaml of a template's chart."""
    chart = folder(template[: template.rindex("templates/")] + "x")
    return f"{chart}/values.yaml" if chart else "values.yaml"


def _filled(template: Source, sources: Mapping[str, Source]) -> Source:
    values = sources.get(values_of(template.locator))
    given = look_up(values.tree, DOCUMENT) if values else None
    tree = _seen(template.tree, given if isinstance(given, dict) else {})
    documents = [_released(each) for each in tree.get("documents", ())]
    return Source(template.locator, template.lens, {"documents": documents}, template.exists)


def _released(document: Plain) -> Plain:
    """An object that names no namespace is made in the one that the chart is installed into."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict) or metadata.get("namespace") is not None:
        return document
    return {**document, "metadata": {**metadata, "namespace": Unknown("{{ .Release.Namespace }}")}}


def _seen(node: Plain, values: Plain) -> Plain:
    if isinstance(node, dict):
        seen = {key: _seen(inner, values) for key, inner in node.items()}
        odd = [key for key in seen if "{{" in key]
        return {**({name: Unknown(odd[0]) for name in INCLUDED} if odd else {}), **seen}
    if isinstance(node, list):
        return [_seen(inner, values) for inner in node]
    if not isinstance(node, Unknown) or (place := _named(node)) is None:
        return node
    return node if look_up(values, place[:-1]) is None or place[-1] not in look_up(values, place[:-1]) else look_up(values, place)


def _named(value: Unknown) -> Path | None:
    """The value of values.yaml that an action writes as it is."""
    match = VALUE.fullmatch(value.text)
    return tuple(match[1].split(".")) if match else None
