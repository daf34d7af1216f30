"""What the volumes of a pod tell of the user that its containers must be.

Kubernetes documentation: Volumes (hostPath), Persistent Volumes, Configure a Security Context (fsGroup).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.patterns import late
from setright.trees import as_list

USER = ("securityContext", "runAsUser")
KNATIVE = ("Configuration", "Service")  # whose templates take little but containers
WITHOUT_DATA = {"name", "configMap", "secret", "projected", "downwardAPI", "emptyDir"}
EVERYBODYS = ("/tmp",)  # noqa: S108 - in the container: what programs write of which nothing is known
CLAIM = "persistentVolumeClaim"
OF_FILES = ("configMap", "downwardAPI", "projected", "secret")
READ_BY_OTHERS = 0o004
RUN_BY_OWNER, RUN_BY_GROUP = 0o100, 0o010
NO_NAME, LONGEST_NAME = late(r"[^a-z0-9-]+"), 60  # a name has 63 characters at most, of which a number may be the last
NOBODYS = 10001  # a group that no node and no image gives to anybody
LEAVING = (USER, ("securityContext", "runAsNonRoot"))
GIVES = late(r"\bchown (?:-\S+ )*(\d+)(?:[:.]\d*)? ")
EVERYBODYS_OF_NODE = late(r"/(?:tmp|var/tmp|dev/shm|proc|sys)(?:/.*)?")  # others may write there, or root does by other rights
KERNEL = late(r"/(?:proc|sys)(?:/.*)?")
DEVICES = late(r"/dev(?:/(?!shm(?:/|$)|log$).*)?")
HIDDEN_BY_ROOT = late(r"/var/(?:log|lib/(?:docker|containerd))(?:/.*)?|/(?:var/)?run/.*\.sock")  # others may not read there


def mounted(container: Tree) -> list[str]:
    """Where volumes stand in a container."""
    return [str(each.get("mountPath", "")).rstrip("/") or "/" for each in _mounts(container)]


def has_disk_of_node(tree: Tree) -> bool:
    """Whether a pod has a directory of its node."""
    return any("hostPath" in each for each in _volumes(tree).values())


def is_without_data(tree: Tree, container: Tree) -> bool:
    """Whether its volumes hold no files that others wrote."""
    volumes = _volumes(tree)
    names = {each.get("name") for each in _mounts(container)}
    return all(name in volumes and volumes[name].keys() <= WITHOUT_DATA for name in names)


def writes_to_disks(tree: Tree, container: Tree) -> bool:
    """Whether it mounts a claim, one that a StatefulSet makes too, and not for reading."""
    volumes = _volumes(tree)
    return any(
        CLAIM in volumes.get(each.get("name"), {CLAIM: {}}) for each in _mounts(container) if each.get("readOnly") is not True
    )


def given_to(tree: Tree, container: Tree) -> str:
    """The number of the user to whom a container that starts before gives what this one mounts too; empty for none."""
    mine = {each.get("name") for each in _mounts(container)}
    for other in as_list(look_up(tree, ("spec", "initContainers"))):
        if isinstance(other, dict) and other is not container and mine & {each.get("name") for each in _mounts(other)}:
            text = " ".join(str(each) for key in ("command", "args") for each in as_list(other.get(key)))
            if (found := GIVES.search(text)) and found[1] != "0":
                return found[1]
    return ""


def owned(container: Tree, folders: Tree) -> str:
    """A folder that its program must own, by the variable that tells another, which none but root can make its own; or empty."""
    told = {str(each.get("name")): each.get("value") for each in as_list(container.get("env")) if isinstance(each, dict)}
    for name, usual in folders.items():
        path = told.get(name) if isinstance(told.get(name), str) else usual
        if not any(str(path).startswith(mount.rstrip("/") + "/") for mount in mounted(container)) or name not in told:
            return str(path)
    return ""


def for_root_alone(tree: Tree, container: Tree, takes_group: bool) -> str:
    """What a container uses of its volumes that it could use as root alone; empty for nothing, and where a group of the pod's
    may read it as well, which `group_of_volumes` gives: databases refuse keys that others than their user read."""
    if path := _of_root_of_node(tree, container):
        return f"uses {path} of its node or another host, which is for root alone"
    if path := _of_root_by_its_mode(tree, container, takes_group):
        return f"has files at {path} that their volume's mode opens to root alone; give the pod a fsGroup first"
    return ""


def _of_root_of_node(tree: Tree, container: Tree) -> str:
    """A place on its node, or on another host's disk, to which Kubernetes gives no group; empty for none."""
    volumes = _volumes(tree)
    for mount in _mounts(container):
        volume = volumes.get(mount.get("name"), {})
        path = look_up(volume, ("hostPath", "path")) or look_up(volume, ("nfs", "path"))
        if isinstance(path, str) and (
            HIDDEN_BY_ROOT.fullmatch(path) or not (mount.get("readOnly") or EVERYBODYS_OF_NODE.fullmatch(path))
        ):
            return path
    return ""


def uses_devices(tree: Tree, container: Tree) -> str:
    """Where the devices of its node stand in a pod that may open them by being privileged alone; empty for nowhere."""
    return next((path for path, _ in _paths_of_node(tree, container) if DEVICES.fullmatch(path)), "")


def writes_to_kernel(tree: Tree, container: Tree) -> str:
    """Where the settings of its node's kernel stand in a container that may write to them; empty for nowhere."""
    return next((path for path, may_write in _paths_of_node(tree, container) if may_write and KERNEL.fullmatch(path)), "")


def _paths_of_node(tree: Tree, container: Tree) -> Iterator[tuple[str, bool]]:
    """The paths of its node that a container mounts, and whether it may write there."""
    volumes = _volumes(tree)
    for each in _mounts(container):
        path = look_up(volumes.get(each.get("name"), {}), ("hostPath", "path"))
        if isinstance(path, str):
            yield path, each.get("readOnly") is not True


def _of_root_by_its_mode(tree: Tree, container: Tree, takes_group: bool) -> str:
    """Where files stand that their volume's mode opens to no others, nor to a group that the pod has, or takes; empty for nowhere.

    Kubernetes lets such a group read every file, and run those alone that the mode has it run.
    """
    if look_up(tree, ("spec", "securityContext", "fsGroup")) is not None:
        return ""
    volumes = _volumes(tree)
    closed = [(str(each.get("mountPath")), _closed(volumes.get(each.get("name"), {}))) for each in _mounts(container)]
    return next((path for path, modes in closed if any(not takes_group or _is_run_by_owner(mode) for mode in modes)), "")


def _is_run_by_owner(mode: int) -> bool:
    return bool(mode & RUN_BY_OWNER) and not mode & RUN_BY_GROUP


def _closed(volume: Tree) -> list[int]:
    """The modes that it tells of its files which let no others read them."""
    told = [volume[kind] for kind in OF_FILES if isinstance(volume.get(kind), dict)]
    modes = [each.get("defaultMode") for each in told]
    modes += [item.get("mode") for each in told for item in as_list(each.get("items")) if isinstance(item, dict)]
    return [mode for mode in modes if isinstance(mode, int) and not mode & READ_BY_OTHERS]


def name_of_volume(path: str, container: Plain, taken: set[str]) -> str:
    """A name for a volume after its path and its container, where that has one that is told, as short as none has it yet."""
    words = [word for each in path.split("/") if (word := NO_NAME.sub("-", each.lower()).strip("-"))]
    owner = [container] if isinstance(container, str) and container else []
    named = ["-".join([*owner, *of])[-LONGEST_NAME:].lstrip("-") for of in (words[-1:], words)]
    free = [each for each in named if each not in taken]
    return free[0] if free else next(each for each in (f"{named[1]}-{n}" for n in count(2)) if each not in taken)


def names_of_volumes(tree: Tree) -> set[str]:
    """The names that a pod's volumes have, also those that a StatefulSet claims for it, which only mounts tell here."""
    pods = [each for key in ("containers", "initContainers") for each in as_list(look_up(tree, ("spec", key)))]
    return {*map(str, _volumes(tree)), *(str(each.get("name")) for pod in pods if isinstance(pod, dict) for each in _mounts(pod))}


def group_of_volumes(resource: Resource, raw: Tree, edits: Sequence[Edit]) -> list[Edit]:
    """A group for the pod's volumes where a container becomes a user who could not write to what root wrote there, nor read what
    their mode keeps for root."""
    leaving = [each for each in edits if each.path[3:] in LEAVING and each.value not in (0, False) and not each.remove]
    given = [each for each in leaving if each.path[3:] == USER]
    users = [each.value for each in given if writes_to_disks(raw, look_up(raw, each.path[:3]))]
    if not users and any(_reads_as_root(resource, raw, each.path) for each in leaving):
        users = [*(each.value for each in given), NOBODYS]
    is_told = look_up(raw, ("spec", "securityContext", "fsGroup")) is not None
    if not users or is_told or resource.tree["kind"] in KNATIVE:
        return []
    return [Edit(("spec", "securityContext", "fsGroup"), users[0])]


def _reads_as_root(resource: Resource, raw: Tree, path: Path) -> bool:
    """Whether a container that nothing tells to be another user than root reads what a volume's mode keeps for root."""
    known = look_up(resource.tree, ("workload", "image-needs", "/".join(map(str, path[1:3])), "user"))
    said = look_up(resource.tree, (*path[:3], *USER))
    is_root = (said if said is not None else known or 0) == 0
    return is_root and bool(_of_root_by_its_mode(raw, look_up(raw, path[:3]), takes_group=False))


def _mounts(container: Tree) -> list[Tree]:
    return _named(container.get("volumeMounts"))


def _volumes(tree: Tree) -> dict[Plain, Tree]:
    return {each.get("name"): each for each in _named(look_up(tree, ("spec", "volumes")))}


def _named(things: Plain) -> list[Tree]:
    return [each for each in as_list(things) if isinstance(each, dict) and not isinstance(each.get("name"), dict | list)]
