"""The containers of a pod one by one: what the pod's claims would be if it held but one of them.

So what is sure of one container lets its fixes go ahead while another waits for its owner. What a pod's containers share counts
for each of them: the pod's own settings, and the files on volumes that several of them mount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from setright.bindings.layouts._services import serves_alone
from setright.bindings.trees import look_up
from setright.model import Path, Tree
from setright.trees import as_list

CONTAINERS = ("containers", "initContainers")
OF_RIGHTS = ("uses-node", "has-node-rights", "sees-packets", "runs-as-root", "gains-rights", "raw-sockets", "deep-syscalls")
OF_ONE = (*OF_RIGHTS, "pulled", "writes", "idle")
OF_FILES = ("capabilities", "uses-capabilities", "can-leave-root", "any-user", "any-group")
READ_BY_ALL = {"configMap", "secret", "projected", "downwardAPI"}


def claims_alone(tree: Tree, claims: Callable[[Tree], Tree]) -> dict[Path, Tree]:
    """By the place of each container, what `claims` says of a pod with that one alone; nothing for a pod of one."""
    spec = tree.get("spec")
    if not isinstance(spec, dict) or len(placed := list(_placed(spec))) < 2:
        return {}
    shares_all = spec.get("shareProcessNamespace") not in (None, False)
    found: dict[Path, Tree] = {}
    for place, each in placed:
        told = claims({**tree, "spec": _alone(spec, place, each)})
        others = [other for at, other in placed if at != place]
        told = {key: told[key] for key in (*OF_ONE, *OF_FILES) if key in told}
        found[place] = _of_its_own(told) if shares_all or _shares_files(spec, each, others) else told
    return found


def parts(tree: Tree, alone: Mapping[Path, Tree], served: Sequence[int]) -> dict[Path, Tree]:
    """The pod as it were with each container alone; `served` are the ports that Services send to."""
    if not alone:
        return {}
    workload, found = tree["workload"], {}
    for place, own in alone.items():
        shared = {key: value for key, value in workload.items() if key not in OF_ONE and (key not in OF_FILES or key not in own)}
        probes = serves_alone(look_up(tree, place), tree, served)
        found[place] = {**tree, "workload": {**shared, **own, "probes-are-served": probes}}
    for number, image in enumerate(workload["images"]):
        found[("workload", "images", number)] = {**tree, "workload": {**workload, "images": [image]}}
    return found


def _placed(spec: Tree) -> Iterator[tuple[Path, Tree]]:
    for key in CONTAINERS:
        for index, each in enumerate(as_list(spec.get(key))):
            if isinstance(each, dict):
                yield ("spec", key, index), each


def _alone(spec: Tree, place: Path, container: Tree) -> Tree:
    """A pod's `spec` with one container and the volumes that it mounts."""
    mounted = _mounted(container)
    volumes = [each for each in as_list(spec.get("volumes")) if isinstance(each, dict) and str(each.get("name")) in mounted]
    return {**spec, **{key: [] for key in CONTAINERS}, str(place[1]): [container], "volumes": volumes}


def _mounted(container: Tree) -> set[str]:
    mounts = [*as_list(container.get("volumeMounts")), *as_list(container.get("volumeDevices"))]
    return {str(each.get("name")) for each in mounts if isinstance(each, dict)}


def _shares_files(spec: Tree, container: Tree, others: Sequence[Tree]) -> bool:
    """Whether another container may write what this one reads, or the other way round."""
    shared = _mounted(container) & {name for other in others for name in _mounted(other)}
    volumes = {str(each.get("name")): each for each in as_list(spec.get("volumes")) if isinstance(each, dict)}
    return any(name not in volumes or not READ_BY_ALL & volumes[name].keys() for name in shared)


def _of_its_own(told: Tree) -> Tree:
    return {key: value for key, value in told.items() if key not in OF_FILES}
