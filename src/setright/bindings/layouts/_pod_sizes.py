"""How much memory and processor time a container is told to take, by which no limit may be smaller.

Kubernetes documentation: Resource Management for Pods and Containers, Quantity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from setright.bindings.layouts._compose_memory import in_bytes, memory_told
from setright.bindings.layouts._pod_needs import cautions
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Resource, Tree
from setright.trees import as_list

QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(|m|k|[MGTPE]i?|Ki)")
UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "Ki": 2.0**10} | {
    f"{letter}{i}": (1e3 if not i else 2.0**10) ** power for power, letter in enumerate("MGTPE", 2) for i in ("", "i")
}
OVER_REQUEST = 2  # what a container asks for is what it takes on a quiet day
MEBIBYTE = UNITS["Mi"]


def quantity(value: Plain) -> float | None:
    """A Kubernetes quantity as a number; None for what is none."""
    m = QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    return float(m[1]) * UNITS[m[2]] if m else None


def enough(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    """An edit that limits a container, with as much as it is told to take where that is more."""
    name = wanted.path[-1]
    limit = quantity(wanted.value)
    if wanted.path[3:] not in (("resources", "limits", "memory"), ("resources", "limits", "cpu")) or wanted.remove or not limit:
        return wanted
    container = look_up(raw, wanted.path[:3])
    asked = quantity(look_up(container, ("resources", "requests", name))) or 0
    needed = OVER_REQUEST * asked if asked > limit else 0
    if name == "memory":
        known = in_bytes(cautions(resource, wanted.path).get("memory"))
        needed = max(needed, memory_told(" ".join(_words(container))), known)
    return Edit(wanted.path, _written(str(name), needed)) if needed > limit else wanted


def _written(name: str, needed: float) -> Plain:
    if name == "memory":
        return f"{math.ceil(needed / MEBIBYTE)}Mi"
    return int(needed) if needed == int(needed) else f"{math.ceil(needed * 1000)}m"


def _words(container: Tree) -> Iterator[str]:
    yield str(container.get("image", ""))
    for key in ("command", "args"):
        yield from map(str, as_list(container.get(key)))
    for each in as_list(container.get("env")):
        if isinstance(each, dict):
            yield f"{each.get('name')}={each.get('value')}"
