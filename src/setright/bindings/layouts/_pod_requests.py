"""What a container asks of its node beside a limit that it had not before.

Kubernetes documentation: Resource Management for Pods and Containers.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.trees import look_up
from setright.model import Edit, Path, Tree

LITTLE: Mapping[Path, str] = {("cpu",): "10m", ("memory",): "16Mi"}  # of what idles
MODEST: Mapping[Path, str] = {("cpu",): "50m", ("memory",): "64Mi"}


def asking_little(raw: Tree, wanted: Edit, is_idle: bool) -> list[Edit]:
    """A request beside a limit: the API server takes the limit for one where there is none, and nodes would soon be full."""
    requests = (*wanted.path[:3], "resources", "requests", *wanted.path[5:])
    is_limit = wanted.path[3:5] == ("resources", "limits") and wanted.path[5:] in LITTLE and not wanted.remove
    if not is_limit or not isinstance(asked := look_up(raw, requests[:-1]) or {}, dict) or asked.get(requests[-1]) is not None:
        return []
    return [Edit(requests, (LITTLE if is_idle else MODEST)[wanted.path[5:]])]
