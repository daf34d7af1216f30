"""Ports of a chart's pods that values give: what a fix says of them is said by name, or by the same value, and goes with it.

Kubernetes API reference, ContainerPort (name), Probe, NetworkPolicyPort; helm.sh/docs/chart_template_guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from setright.bindings.layouts._documents import trees_of
from setright.bindings.layouts._helm import chart_value
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Resource, Tree, Unknown

Ports = Mapping[int, Plain]  # a number that values give -> the name of the port, else what fills it in
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def with_ports_of_values(
    placed: Sequence[tuple[str, Edit]], resource: Resource, sources: Mapping[str, Source]
) -> list[tuple[str, Edit]]:
    """Edits on a chart's template with the ports in them as the template says them."""
    locator, base = resource.home
    source = sources.get(locator)
    written = look_up(source.tree, base) if source and source.lens == "helm" else None
    if not isinstance(written, dict):
        return list(placed)
    shown = dict(containers(resource.tree))
    ports = {place: _ports(each, shown.get(place, {})) for place, each in containers(written)}
    every = {number: said for own in ports.values() for number, said in own.items()}
    return [(at, _said(each, ports, every)) for at, each in placed]


def _ports(container: Tree, shown: Tree) -> Ports:
    pairs = zip(trees_of(look_up(container, ("ports",))), trees_of(look_up(shown, ("ports",))), strict=False)
    return {
        seen["containerPort"]: name if isinstance(name := own.get("name"), str) else number
        for own, seen in pairs
        if isinstance(number := own.get("containerPort"), Unknown)
        and chart_value(number)
        and isinstance(seen.get("containerPort"), int)
    }


def _is_of_values(port: Plain) -> bool:
    return isinstance(port, Unknown) and chart_value(port) is not None


def _said(edit: Edit, ports: Mapping[str, Ports], every: Ports) -> Edit:
    if isinstance(edit.value, dict) and edit.value.get("kind") == "NetworkPolicy":
        return replace(edit, value=_replaced(edit.value, every))
    if edit.path[-1] in PROBES and len(edit.path) > 2:
        return replace(edit, value=_replaced(edit.value, ports.get("/".join(map(str, edit.path[-3:-1])), {})))
    return edit


def _replaced(value: Plain, ports: Ports) -> Plain:
    if isinstance(value, dict):
        return {
            key: ports.get(each, each) if key == "port" and isinstance(each, int) else _replaced(each, ports)
            for key, each in value.items()
        }
    return [_replaced(each, ports) for each in value] if isinstance(value, list) else value
