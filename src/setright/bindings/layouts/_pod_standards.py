"""What the baseline of the Pod Security Standards refuses of a pod.

kubernetes.io/docs/concepts/security/pod-security-standards, Baseline.
"""

from __future__ import annotations

from collections.abc import Iterable

from setright.bindings.layouts._namespaces import NAMESPACE
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.layouts._relied_on import TEMPLATES
from setright.bindings.trees import look_up
from setright.model import Path, Tree
from setright.trees import as_list

ENFORCE: Path = ("metadata", "labels", "pod-security.kubernetes.io/enforce")
OF_NODE = ("hostNetwork", "hostPID", "hostIPC")
GIVEN = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}


def by_namespace(objects: Iterable[tuple[Tree, Tree]]) -> dict[str, list[Tree]]:
    """Objects, each given as it is placed too, by the namespace that they are in."""
    inside: dict[str, list[Tree]] = {}
    for placed, each in objects:
        inside.setdefault(str(look_up(placed, NAMESPACE)), []).append(each)
    return inside


def refused(objects: Iterable[Tree]) -> str:
    """The first of those objects whose pods the baseline refuses, and why; empty where it takes them all."""
    for each in objects:
        templates = [each if each.get("kind") == "Pod" else look_up(each, path) for path in TEMPLATES]
        if why := next((why for one in templates if isinstance(one, dict) and (why := _beyond(one))), ""):
            return f"{each.get('kind')}/{look_up(each, ('metadata', 'name'))} {why}"
    return ""


def _beyond(template: Tree) -> str:
    if name := next((name for name in OF_NODE if look_up(template, ("spec", name)) is True), ""):
        return f"has {name}"
    volumes = [each for each in as_list(look_up(template, ("spec", "volumes"))) if isinstance(each, dict)]
    if any("hostPath" in each for each in volumes):
        return "mounts a directory of its node"
    for _, container in containers(template):
        context = container.get("securityContext")
        if look_up(context, ("privileged",)) is True:
            return "is privileged"
        added = [str(name).removeprefix("CAP_") for name in as_list(look_up(context, ("capabilities", "add")))]
        if more := next((name for name in added if name not in GIVEN), ""):
            return f"adds {more}"
        ports = [each for each in as_list(container.get("ports")) if isinstance(each, dict)]
        if any(each.get("hostPort") for each in ports):
            return "opens a port on its node"
    return ""
