"""Seccomp profiles where old servers read them: in annotations of the pod template.

Until Kubernetes 1.18 a kubelet knew no other place; since 1.27 none reads that one any more. So they are told of objects whose API
version newer servers do not serve, and of those alone. `docker/default` is what all of them know, `runtime/default` but those from
1.11 on.

Kubernetes documentation, Pod Security Policies (seccomp); changes of 1.11 and 1.27.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.error import BindingError
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree, Unknown

ANNOTATIONS = ("metadata", "annotations")
OF_POD = "seccomp.security.alpha.kubernetes.io/pod"
OF_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
PROFILE = ("seccompProfile", "type")
TYPES = {"docker/default": "RuntimeDefault", "runtime/default": "RuntimeDefault", "unconfined": "Unconfined"}
DEFAULT = "docker/default"


def is_default(key: str, profile: Plain) -> bool:
    """Whether an annotation asks for no profile but the runtime's own."""
    return (key == OF_POD or key.startswith(OF_CONTAINER)) and TYPES.get(str(profile)) == "RuntimeDefault"


def with_profiles(tree: Tree, containers: Sequence[str]) -> Tree:
    """A pod template with the profiles of its annotations at each container that has none of its own."""
    annotations, spec = look_up(tree, ANNOTATIONS), tree.get("spec")
    if not isinstance(annotations, dict) or not isinstance(spec, dict):
        return tree
    said = {key: value for key, value in annotations.items() if key == OF_POD or key.startswith(OF_CONTAINER)}
    if not said:
        return tree
    lists = {name: [_with(said, each) for each in spec[name]] for name in containers if isinstance(spec.get(name), list)}
    return {**tree, "spec": {**spec, **lists}}


def is_profile(wanted: Edit) -> bool:
    """Whether an edit asks for the runtime's own profile, which an annotation can say."""
    return wanted.path[-2:] == PROFILE and wanted.value == "RuntimeDefault" and not wanted.remove


def written(name: str, raw: Tree, wanted: Edit) -> Edit:
    """The edit of a profile at a pod or a container as one of its annotations. Raises BindingError where it has no place there."""
    metadata = raw.get("metadata")
    annotations = look_up(raw, ANNOTATIONS)
    if isinstance(metadata, Unknown | list) or isinstance(annotations, Unknown) or _is_filled_in(metadata, annotations):
        raise BindingError(f"{name}: its annotations are filled in when it is made; add {OF_POD}: {DEFAULT} there")
    if (key := _key(raw, wanted.path)) is None:
        raise BindingError(f"{name}: {'/'.join(map(str, wanted.path[:3]))} has no name, which its annotation needs; name it")
    return Edit((*ANNOTATIONS, key), DEFAULT)


def _key(raw: Tree, path: Path) -> str | None:
    if path[1:2] == ("securityContext",):
        return OF_POD
    container = look_up(raw, (*path[:3], "name"))
    return OF_CONTAINER + container if isinstance(container, str) and "{{" not in container else None


def _is_filled_in(*mappings: Plain) -> bool:
    return any("{{" in str(key) for each in mappings if isinstance(each, dict) for key in each)


def _with(said: Tree, container: Plain) -> Plain:
    if not isinstance(container, dict):
        return container
    profile = said.get(f"{OF_CONTAINER}{container.get('name')}", said.get(OF_POD))
    if profile is None:
        return container
    own = container.get("securityContext")
    if not isinstance(own, dict | None) or look_up(own, PROFILE) is not None:
        return container
    return {**container, "securityContext": {**(own or {}), "seccompProfile": {"type": _type(profile)}}}


def _type(profile: Plain) -> Plain:
    """The type that the field of newer servers has for it."""
    if isinstance(profile, Unknown):
        return profile
    return "Localhost" if str(profile).startswith("localhost/") else TYPES.get(str(profile), Unknown(str(profile)))
