"""Pod templates as controls see them: what the API server and the kubelet fill in, and where a new value belongs.

Kubernetes API reference, PodTemplateSpec, PodSecurityContext, SecurityContext, ResourceRequirements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError, Missing
from setright.bindings.layouts import _pod_annotations
from setright.bindings.layouts._image_locks import is_kept
from setright.bindings.layouts._pod_needs import besides
from setright.bindings.layouts._pod_of_cluster import stopped
from setright.bindings.layouts._pod_sizes import enough, quantity
from setright.bindings.layouts._programs import is_loaded, is_withdrawn
from setright.bindings.layouts._services import probed
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.trees import as_list, same

READ_ONLY = ("kind", "workload")
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
PROBES = ("livenessProbe", "readinessProbe")
PATIENT = {"periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 6}  # two minutes of silence
STARTING = {"periodSeconds": 10, "failureThreshold": 360}  # an hour: programs that load models or mend data take their time
OLD = ("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2")  # of servers up to Kubernetes 1.15
NEWER = {"seccompProfile": "1.19", "appArmorProfile": "1.30", "startupProbe": "1.16", "sysctls": "1.22"}
AS_LONG = {"initialDelaySeconds": 3600}  # where nothing can ask whether it has started
KNATIVE = ("Configuration", "Service")  # whose templates take little but containers
ALL, RAW = "ALL", "NET_RAW"
MISSING = "missing"
POD_WIDE = ("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions")


def as_shown(tree: Tree, manifest: Tree) -> Tree:
    """A pod template with what its containers do not say themselves, and what surrounds it."""
    if manifest.get("apiVersion") in OLD:
        tree = _pod_annotations.with_profiles(tree, CONTAINERS)
    return {**tree, **_inherited(tree), "kind": manifest["kind"], "workload": _workload(manifest, tree)}


def placed(resource: Resource, raw: Tree, edits: Sequence[Edit]) -> list[Edit]:
    """Edits on a template as it is shown, as edits on the template as it is written (`raw`).

    A value that all containers shall have and none says itself goes to the pod. Raises BindingError for what is only
    told, or what the API server would refuse.
    """
    found: list[Edit] = []
    for each in edits:
        if each.path[1:2] and each.path[1] in CONTAINERS and _is_odd(raw, each.path):
            raise BindingError(f"{resource.name}: spec/{each.path[1]} has a form that Kubernetes does not know")
        if why := stopped(raw, each):
            raise BindingError(f"{resource.name}: {why}")
    edits = besides(resource, raw, edits)
    for wanted in edits:
        each = enough(resource, raw, _dropped(raw, _probe(resource, raw, wanted)))
        _refuse(resource, raw, each)
        if resource.tree["kind"] in KNATIVE and each.path[1:2] != ("containers",):
            raise BindingError(
                f"{resource.name}: Knative takes {'/'.join(map(str, each.path))} only where a feature is switched on"
            )
        smaller = _spelt_out(raw, _as_old(resource, raw, _lifted(resource, raw, each, edits)))
        found += [small for small in smaller if small not in found]
        found += _starting(resource, raw, wanted, each)
    return found


def _is_odd(raw: Tree, path: Path) -> bool:
    """Whether a path leads into what is no container, and nothing tells that something else makes it."""
    return not isinstance(look_up(raw, path[:2]), Unknown) and not isinstance(look_up(raw, path[:3]), dict)


def place(raw: Plain, path: Path) -> Path:
    """Where a value that is shown stands in the template; () for what the whole object tells."""
    if path[:1] and path[0] in READ_ONLY:
        is_image = path[1:2] == ("images",) and len(path) > 2 and isinstance(raw, dict)
        return _image_place(raw, path[2]) if is_image else ()
    if is_pod_wide(path) and look_up(raw, path[:5]) is None and look_up(raw, _at_pod(path[:5])) is not None:
        return _at_pod(path)
    return path


def is_pod_wide(path: Path) -> bool:
    """Whether a path leads to a setting of a container that its pod can give it."""
    return len(path) > 4 and path[0] == "spec" and path[1] in CONTAINERS and path[3] == "securityContext" and path[4] in POD_WIDE


def _at_pod(path: Path) -> Path:
    return ("spec", *path[3:])


def _probe(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    """A probe that is asked for as ``tcp``, on the port that the container declares or a Service sends to."""
    if wanted.value != "tcp" or wanted.path[-1] not in PROBES:
        return wanted
    container = look_up(raw, wanted.path[:-1])
    is_alone = len(as_list(look_up(raw, ("spec", "containers")))) == 1
    port = probed(container, resource.tree["workload"].get("served", ()), is_alone) if isinstance(container, dict) else None
    if port is None:
        raise Missing(f"{resource.name}: {wanted.path[-1]}: the container declares no port to ask; name what answers when it works")
    patient = {} if wanted.path[-1] != "livenessProbe" else {**AS_LONG, **PATIENT} if _is_old(resource) else PATIENT
    return Edit(wanted.path, {"tcpSocket": {"port": port}, **patient})


def _starting(resource: Resource, raw: Tree, wanted: Edit, probe: Edit) -> list[Edit]:
    """The probe of its start, before which a liveness probe that is asked for as ``tcp`` does not begin."""
    at = (*wanted.path[:-1], "startupProbe")
    if wanted.value != "tcp" or wanted.path[-1] != "livenessProbe" or look_up(raw, at) is not None or _is_old(resource):
        return []
    return [Edit(at, {"tcpSocket": probe.value["tcpSocket"], **STARTING})]


def _is_old(resource: Resource) -> bool:
    return look_up(resource.tree, ("workload", "api")) in OLD


def _as_old(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    """A seccomp profile as servers up to 1.15 read it."""
    if not _is_old(resource) or not _pod_annotations.is_profile(wanted):
        return wanted
    return _pod_annotations.written(resource.name, raw, wanted)


def _dropped(raw: Tree, wanted: Edit) -> Edit:
    """ALL in the place of NET_RAW alone, which it holds."""
    if wanted.path[-2:] != ("capabilities", "drop") or wanted.value != [RAW, ALL] or look_up(raw, wanted.path) != [RAW]:
        return wanted
    return Edit((*wanted.path, 0), ALL)


def _refuse(resource: Resource, raw: Tree, wanted: Edit) -> None:
    name = resource.name
    told = "/".join(map(str, wanted.path))
    if wanted.path[0] in READ_ONLY:
        raise BindingError(f"{name}: {told} is read off the object; change the object by hand")
    newer = next((key for key in wanted.path if key in NEWER), None)
    if newer and not wanted.remove and _is_old(resource) and not _pod_annotations.is_profile(wanted):
        api = resource.tree["workload"]["api"]
        since = NEWER[str(newer)]
        raise BindingError(
            f"{name}: {newer} asks for Kubernetes {since} or newer, and servers of {api} are older; move it to apps/v1"
        )
    if wanted.path[-1] == "imagePullPolicy" and look_up(raw, wanted.path) == "Never":
        raise BindingError(f"{name}: an image that is never pulled is only on its node; put it into a registry first")
    if wanted.path[-1] == "imagePullPolicy" and is_withdrawn(look_up(raw, (*wanted.path[:-1], "image"))):
        raise BindingError(f"{name}: its image left its registry, and only nodes that have it start it; take it from another first")
    if wanted.path[-1] == "imagePullPolicy" and is_loaded(look_up(raw, wanted.path[:-1])):
        raise BindingError(f"{name}: by its name its image is loaded into its node; put it into a registry first")
    if wanted.path[-1] == "hostPort" and resource.tree["workload"].get("asked-at-node"):
        raise BindingError(
            f"{name}: is reached at its node's address, which others are told (status.hostIP); give them a Service first"
        )
    if wanted.path[1:2] == CONTAINERS[:1] and not look_up(raw, wanted.path[:2]):
        raise BindingError(f"{name}: it has no containers; write them")
    if wanted.remove and place(raw, wanted.path) != wanted.path:
        raise BindingError(f"{name}: {told} comes from the pod's securityContext; remove it there")
    if len(wanted.path) > 1 and wanted.path[-2] == "limits" and not wanted.remove:
        _refuse_below_request(name, raw, wanted)


def _lifted(resource: Resource, raw: Tree, wanted: Edit, edits: Sequence[Edit]) -> Edit:
    """The edit at the pod, where every container without a value of its own gets the same one."""
    if (
        resource.tree["kind"] in KNATIVE
        or wanted.remove
        or not is_pod_wide(wanted.path)
        or look_up(raw, wanted.path[:5]) is not None
    ):
        return wanted
    silent = [at for at, _ in _containers(raw) if look_up(raw, (*at, *wanted.path[3:5])) is None]
    alike = {e.path[:3] for e in edits if e.path[3:] == wanted.path[3:] and same(e.value, wanted.value) and not e.remove}
    return Edit(_at_pod(wanted.path), wanted.value) if alike.issuperset(silent) else wanted


def _spelt_out(raw: Tree, wanted: Edit) -> list[Edit]:
    """A first request beside limits: the requests that the limits stood for are written too."""
    requests, limits = wanted.path[:-1], (*wanted.path[:-2], "limits")
    if wanted.remove or requests[-1:] != ("requests",) or look_up(raw, requests) is not None:
        return [wanted]
    others = look_up(raw, limits)
    stood = others.items() if isinstance(others, dict) else ()
    return [Edit((*requests, key), value) for key, value in stood if key != wanted.path[-1] and value is not None] + [wanted]


def _workload(manifest: Tree, tree: Tree) -> Tree:
    """What controls may ask of the object around a pod template."""
    metadata = told(manifest.get("metadata") if isinstance(manifest.get("metadata"), dict) else {})
    system = look_up(tree, ("spec", "os", "name")) or look_up(tree, ("spec", "nodeSelector", "kubernetes.io/os")) or "linux"
    facts = {
        "name": metadata.get("name"),
        "api": api if (api := manifest.get("apiVersion")) in OLD else None,
        "namespace": metadata.get("namespace") or "default",
        "labels": metadata.get("labels"),
        "replicas": look_up(manifest, ("spec", "replicas")),
        "os": system,
        "images": [_kept(_image(container.get("image")), container) for _, container in _containers(tree)],
    }
    return {key: value for key, value in facts.items() if value is not None}


def _containers(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Every container with its place."""
    for name in CONTAINERS:
        listed = look_up(tree, ("spec", name))
        for i, container in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(container, dict):
                yield ("spec", name, i), container


def _image(reference: Plain) -> Tree:
    """An image reference and what of it says which one: its digest, else its tag."""
    if not isinstance(reference, str):
        return {"image": reference, "version": reference} if isinstance(reference, Unknown) else {}
    head, _, image_digest = reference.partition("@")
    tag = head.rpartition("/")[2].partition(":")[2]
    version = image_digest or tag
    return {"image": reference, **({"version": version} if version else {})}


def _kept(image: Tree, container: Tree) -> Tree:
    """An image, and whether its registry has it for good and nodes may ask there."""
    reference = image.get("image")
    is_asked = isinstance(reference, str) and container.get("imagePullPolicy") != "Never"
    return image | ({"kept": True} if is_asked and is_kept(str(reference)) else {})


def _image_place(tree: Tree, index: Plain) -> Path:
    places = [place for place, _ in _containers(tree)]
    return (*places[index], "image") if isinstance(index, int) and index < len(places) else ()


def _inherited(tree: Tree) -> Tree:
    """The pod's `spec` with each container as the API server and the kubelet fill it in; without containers that are no list."""
    spec = tree.get("spec")
    if not isinstance(spec, dict):
        return {}
    spec = {key: value for key, value in spec.items() if key not in CONTAINERS or not isinstance(value, dict)}
    if spec.get(CONTAINERS[0], MISSING) in (None, []):  # the API server refuses it: one of which nothing is told
        spec[CONTAINERS[0]] = [{}]
    context = spec.get("securityContext")
    given = {key: context[key] for key in POD_WIDE if context.get(key) is not None} if isinstance(context, dict) else {}
    lists = {name: [_with(given, each) for each in spec[name]] for name in CONTAINERS if isinstance(spec.get(name), list)}
    return {"spec": {**spec, **lists}}


def _with(given: Tree, container: Plain) -> Plain:
    if not isinstance(container, dict):
        return container
    filled = dict(container)
    own = container.get("securityContext")
    if given and (own is None or isinstance(own, dict)):
        filled["securityContext"] = {**given, **_set(own)}
    if isinstance(own := filled.get("securityContext"), dict):
        filled["securityContext"] = {**own, **_implied(own)}
    if container.get("imagePullPolicy") is None and isinstance(
        version := _image(container.get("image")).get("version", "latest"), str
    ):
        filled |= {"imagePullPolicy": "Always"} if version == "latest" or ":" in version else {}  # a digest is what it is
    resources = container.get("resources")
    if isinstance(resources, dict) and isinstance(limits := resources.get("limits"), dict):
        requests = resources.get("requests")
        if requests is None or isinstance(requests, dict):
            filled["resources"] = {**resources, "requests": {**limits, **_set(requests)}}
    return filled


def _implied(context: Tree) -> Tree:
    """What a security context says in other words: a user that is not root, and all capabilities for raw sockets too."""
    told: Tree = {}
    if isinstance(user := context.get("runAsUser"), int) and user > 0:
        told["runAsNonRoot"] = True
    if isinstance(dropped := look_up(context, ("capabilities", "drop")), list) and {ALL, ALL.lower()} & set(map(str, dropped)):
        told["capabilities"] = {
            **context["capabilities"],
            "drop": [*dropped, *(each for each in (ALL, RAW) if each not in dropped)],
        }
    return told


def _set(mapping: Tree | None) -> Tree:
    return {key: value for key, value in (mapping or {}).items() if value is not None}


def _refuse_below_request(name: str, raw: Tree, wanted: Edit) -> None:
    """The API server takes no limit that is below what the container asks for."""
    asked = look_up(raw, (*wanted.path[:-2], "requests", wanted.path[-1]))
    if asked is not None and not (quantity(asked) or math.inf) <= (quantity(wanted.value) or 0):
        shown = asked.text if isinstance(asked, Unknown) else asked
        raise BindingError(f"{name}: a limit of {wanted.value} is below the request of {shown}; set a higher one")


def told(value: Plain) -> Plain:
    """The tree with what a template will fill in as Unknown."""
    sort = value.__class__
    if sort is dict:
        return {key: told(inner) for key, inner in value.items()}
    if sort is list:
        return [told(inner) for inner in value]
    return Unknown(value) if sort is str and "{{" in value else value
