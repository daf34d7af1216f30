"""What the images of a pod's containers need: as claims about the pod, and as what edits must set besides.

Each claim is there only where it holds for every container that its control would change, by what it says or by what is known of
its image:

    uses-capabilities: false    it uses none of the capabilities that a runtime gives
    capabilities: told          it is known which of them it uses
    can-leave-root: true        it runs as another user than root, or would run the same as one
    any-user, any-group: true   it would run the same as a user or group that nobody knows
    writes: told                it is known where it writes outside of its volumes
    idle: true                  it waits, and uses neither processor nor memory worth naming

Kubernetes documentation: Configure a Security Context, Volumes (emptyDir), Images (USER by name is no proof that it is not root).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _pod_volumes
from setright.bindings.layouts._api_callers import use_of_token
from setright.bindings.layouts._image_needs import Images, Needs, Started, capabilities_of, cautions_of, covers, needs_of
from setright.bindings.layouts._pod_groups import FOR_ROOT_ALONE, is_for_root_alone, refused_for_group
from setright.bindings.layouts._pod_requests import asking_little
from setright.bindings.layouts._pod_volumes import KNATIVE, USER, given_to, has_disk_of_node, is_without_data, mounted
from setright.bindings.layouts._pod_words import acts, needs_of_words, refused, says_low_port, scratch
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.trees import as_list

NOBODY = 10001  # a user that no node and no image gives to anybody
CONTAINERS = ("containers", "initContainers")
READ_ONLY = ("securityContext", "readOnlyRootFilesystem")
NON_ROOT = ("securityContext", "runAsNonRoot")
GAINS = ("securityContext", "allowPrivilegeEscalation")
TOKEN = ("spec", "automountServiceAccountToken")
DROPS, ADDS = ("securityContext", "capabilities", "drop"), ("securityContext", "capabilities", "add")
KNOWN = ("workload", "image-needs")
KEPT = ("workload", "image-capabilities")
FILES_OF_OTHERS = "DAC_OVERRIDE"  # root's right to files that are not its own
BINDS_LOW_PORTS = "NET_BIND_SERVICE"
LOW_PORTS: Tree = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}  # which every node allows since Kubernetes 1.22
LOGS, SHOWN = "/var/log", {"uses-capabilities": False, "capabilities": "told", "writes": "told"}


def needs_of_images(tree: Tree, images: Images) -> dict[str, Needs]:
    """What is known of the image of each container, by its place: ``containers/0``."""
    known = {place: needs_of(each.get("image"), _started(each), images) for place, each in containers(tree)}
    return {place: needs for place, needs in known.items() if needs}


def cautions_of_images(tree: Tree, images: Images) -> dict[str, Needs]:
    """What any version of each container's image takes and changes, however its program is started, by its place."""
    found = {place: cautions_of(each.get("image"), images, _started(each)) for place, each in containers(tree)}
    return {place: cautions for place, cautions in found.items() if cautions}


def kept_of_images(tree: Tree, known: Mapping[str, Needs], images: Images) -> dict[str, list[str]]:
    """The capabilities that each container keeps where it drops all, by its place; however it is started."""
    found: dict[str, list[str]] = {}
    for place, each in containers(tree):
        needs = known.get(place, {})
        if not is_unprivileged(each, needs):
            found[place] = _among_others(tree, needs.get("capabilities", capabilities_of(each.get("image"), images)))
    return {place: kept for place, kept in found.items() if kept}


def _among_others(tree: Tree, used: list[str]) -> list[str]:
    """Root that finds files of others on a disk of its node needs its right to them."""
    return sorted({*used, FILES_OF_OTHERS}) if used and has_disk_of_node(tree) else used


def claims(tree: Tree, known: Mapping[str, Needs]) -> Tree:
    """The claims about a pod; `tree` is its template as shown."""
    pods = [(each, known.get(place, {})) for place, each in containers(tree)]
    if not pods:
        return {}
    held = {
        "uses-capabilities": all(_uses_none(tree, *each, len(pods) == 1) for each in pods),
        "capabilities": all(_uses_none(tree, *each, len(pods) == 1) or each[1].get("capabilities") for each in pods),
        "can-leave-root": all(_can_leave_root(tree, *each, len(pods) == 1) for each in pods),
        "any-user": all(_is_any_user(tree, *each) for each in pods),
        "any-group": all(needs.get("anyone") is True or _needs_no_root(tree, each, needs) for each, needs in pods),
        "writes": all(look_up(each, READ_ONLY) is True or "writes" in needs for each, needs in pods),
        "idle": all(needs.get("idle") is True for _, needs in pods),
    }
    return {key: SHOWN.get(key, True) for key, holds in held.items() if holds}


def is_unprivileged(container: Tree, needs: Needs) -> bool:
    """Whether a container is sure to run as another user than root, by what it says or else by its image."""
    user = look_up(container, USER)
    if user is not None:
        return isinstance(user, int) and user > 0
    return look_up(container, NON_ROOT) is True or needs.get("user", 0) > 0


def besides(resource: Resource, raw: Tree, edits: Sequence[Edit]) -> list[Edit]:
    """The edits with what else they must set, so that the images run as before. Raises BindingError where that has no place."""
    for each in edits:
        _refuse_what_stops(resource, raw, each)
    ways = (_as_user, _given_back, _taken_back)
    more = [other for each in edits for way in ways for other in way(resource, raw, each)]
    more += [other for each in edits for other in asking_little(raw, each, _of(resource, each.path).get("idle") is True)]
    more += _low_ports(resource, raw, edits)
    more += _pod_volumes.group_of_volumes(resource, raw, [*edits, *more])
    more += _scratch(resource, raw, [*edits, *more])
    if more and any(each.path[1] == "volumes" for each in more) and resource.tree["kind"] in KNATIVE:
        raise BindingError(f"{resource.name}: Knative takes emptyDir volumes only where a feature is switched on")
    return [_own_user(resource, each) for each in edits] + more


def _refuse_what_stops(resource: Resource, raw: Tree, wanted: Edit) -> None:
    """What could not do its work then, by its own words or by the roles that its account holds, is for somebody who knows it."""
    if wanted.path == TOKEN and wanted.value is False and (use := use_of_token(resource.tree["workload"])):
        raise BindingError(f"{resource.name}: {use}")
    container = look_up(raw, wanted.path[:3])
    if wanted.remove or wanted.path[3:4] != ("securityContext",) or not isinstance(container, dict):
        return
    shown, needs = look_up(resource.tree, wanted.path[:3]), _of(resource, wanted.path)
    why = refused(container, wanted.path[4:], wanted.value) or refused_for_group(
        shown, {**cautions(resource, wanted.path), **needs}, wanted
    )
    if wanted.path[3:] == USER and _keeps_files_of_its_user(raw, container, needs):
        why = "keeps files on a volume that belong to the user of its image"
    elif wanted.path[3:] == NON_ROOT and _is_root_for_its_files(raw, container, needs):
        why = "starts as root, to whom its files on a volume belong"
    elif _leaves_root(wanted) and (owned := _pod_volumes.owned(container, cautions(resource, wanted.path).get("owns", {}))):
        why = f"starts only where {owned} belongs to it; give it a folder of its own below a volume first"
    elif _leaves_root(wanted) and (for_root := _for_root_alone(resource, raw, wanted.path)):
        why = for_root
    elif wanted.path[3:] == USER and wanted.value != 0 and (user := given_to(raw, container)) not in ("", str(wanted.value)):
        why = f"has files that another container gives to user {user}"
    elif wanted.path[3:] == READ_ONLY and wanted.value is True and (path := _changed(container, cautions(resource, wanted.path))):
        why = f"writes to {path} when it starts"
    elif wanted.path[3:] == USER and _has_files_of_its_user(needs):
        why = "starts as the user of its image, to whom its files belong; build one that any user may run"
    elif not why and wanted.path[3:] == USER and look_up(shown, USER) is not None and not _is_any_user(resource.tree, shown, needs):
        why = f"is told to run as user {look_up(shown, USER)}; find out which files belong to that number first"
    if why:
        name = container.get("name", wanted.path[2])
        raise BindingError(f"{resource.name}: container {name.text if isinstance(name, Unknown) else name} {why}")


def _for_root_alone(resource: Resource, raw: Tree, path: Path) -> str:
    """What a container could not use as another user than root, which it may be now; empty for nothing."""
    container, needs = look_up(resource.tree, path[:3]), _of(resource, path)
    if is_for_root_alone(container, cautions(resource, path)):
        return FOR_ROOT_ALONE
    if look_up(raw, ("spec", "hostNetwork")) and _opens_low_ports(container, needs):
        return "opens a port below 1024 of its node's network, which only root may there"
    takes_group = not needs.get("data") and resource.tree["kind"] not in KNATIVE
    return "" if is_unprivileged(container, needs) else _pod_volumes.for_root_alone(raw, look_up(raw, path[:3]), takes_group)


def cautions(resource: Resource, path: Path) -> Needs:
    """What `cautions_of_images` says of the container that a path leads into."""
    told: Needs = (look_up(resource.tree, ("workload", "image-cautions")) or {}).get("/".join(map(str, path[1:3])), {})
    return told


def _changed(container: Tree, needs: Needs) -> str:
    """A file of its image's own that it writes when it starts, where no volume stands; empty for none."""
    return next((str(own) for own in needs.get("changes", ()) if not any(covers(each, own) for each in mounted(container))), "")


def containers(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Every container that a pod starts by itself, with its place: ``containers/0``."""
    for key in CONTAINERS:
        for index, each in enumerate(as_list(look_up(tree, ("spec", key)))):
            if isinstance(each, dict):
                yield f"{key}/{index}", each


def _started(container: Tree) -> Started:
    entry, words = as_list(container.get("command")), as_list(container.get("args"))
    variables = [each for each in as_list(container.get("env")) if isinstance(each, dict)]
    values = [each.get("value", "") for each in variables]
    is_told = not any(isinstance(each, Unknown) for each in (*entry, *words, *values))
    return Started(
        [str(each) for each in entry],
        [str(each) for each in words],
        [str(each) for each in values],
        mounted(container),
        acts(container),
        is_whole=is_told and not container.get("envFrom"),
        names=[str(each.get("name")) for each in variables],
    )


def _uses_none(tree: Tree, container: Tree, needs: Needs, is_alone: bool) -> bool:
    """Root that stays root needs the right to other users' files where it finds some, on a disk of its node."""
    if is_unprivileged(container, needs) or _may_skip_root(tree, container, needs, is_alone):
        return True
    return needs.get("capabilities") == [] and not has_disk_of_node(tree)


def _can_leave_root(tree: Tree, container: Tree, needs: Needs, is_alone: bool) -> bool:
    if (
        is_unprivileged(container, needs)
        or (needs.get("anyone") and look_up(container, USER) is None)
        or _needs_no_root(tree, container, needs)
    ):
        return True
    return _may_skip_root(tree, container, needs, is_alone)


def _may_skip_root(tree: Tree, container: Tree, needs: Needs, is_alone: bool) -> bool:
    """Whether it may start as the user for which its image gives root up: nothing waits for it that root must hand over first."""
    return look_up(container, USER) is None and "steps-to" in needs and not _has_files(tree, container, needs, is_alone)


def _needs_no_root(tree: Tree, container: Tree, needs: Needs) -> bool:
    """Whether its image starts as root for nothing but low ports and the folders it writes to, which others can be given too."""
    if not needs.get("rootless") or "writes" not in needs or look_up(container, USER) is not None:
        return False
    own = (*needs["writes"], *needs.get("volumes", ()), LOGS)
    kept = [path for path in mounted(container) if any(covers(each, path) or covers(path, each) for each in own)]
    return not kept or is_without_data(tree, container)


def _has_files(tree: Tree, container: Tree, needs: Needs, is_alone: bool) -> bool:
    """Whether a volume stands where the image keeps its files, of which some may be another user's."""
    owns = (*needs.get("volumes", ()), *needs.get("keeps", ()))
    kept = [path for path in mounted(container) if any(covers(own, path) or covers(path, own) for own in owns)]
    return bool(kept) and not (is_alone and is_without_data(tree, container))


def _keeps_files_of_its_user(tree: Tree, container: Tree, needs: Needs) -> bool:
    """Whether its image keeps data that a user whom nobody knows could not read, on a volume that outlives it."""
    is_anyones = needs.get("anyone") or needs.get("user", 0) >= NOBODY
    return bool(needs.get("data")) and not is_anyones and _has_files(tree, container, needs, len(list(containers(tree))) == 1)


def _is_root_for_its_files(tree: Tree, container: Tree, needs: Needs) -> bool:
    """Whether it could not start as another user than root, and as one would not find the data that it keeps."""
    stays = "steps-to" not in needs or needs.get("private")
    return needs.get("user") == 0 and bool(stays) and _keeps_files_of_its_user(tree, container, needs)


def _has_files_of_its_user(needs: Needs) -> bool:
    """Whether its image has a user of its own, and nobody knows whether another finds all that it writes to, or may write there."""
    is_anyones = needs.keys() & {"anyone", "any-user"} or ("writes" in needs and "keeps" not in needs)
    return 0 < needs.get("user", 0) < NOBODY and not is_anyones


def _is_any_user(tree: Tree, container: Tree, needs: Needs) -> bool:
    if needs.get("anyone"):
        return True
    if (look_up(container, USER) is None and needs.get("user", 0) >= NOBODY) or _needs_no_root(tree, container, needs):
        return True
    is_free = needs.get("any-user") and look_up(container, ("securityContext", "runAsGroup")) is None
    return bool(is_free) and is_without_data(tree, container)


def _of(resource: Resource, path: Path) -> Needs:
    """What is known of the image of the container that a path leads into."""
    needs: Needs = (look_up(resource.tree, KNOWN) or {}).get("/".join(map(str, path[1:3])), {})
    return needs


def _as_user(resource: Resource, raw: Tree, wanted: Edit) -> list[Edit]:
    """The user's number where the image starts as root or says its user by name, of which the kubelet cannot tell who it is."""
    if wanted.remove or not (wanted.path[3:] == NON_ROOT or _drops_all(wanted)):
        return []
    if any(look_up(raw, (*of, *USER)) is not None for of in (wanted.path[:3], wanted.path[:1])):
        return []
    needs = _of(resource, wanted.path)
    user = None
    if wanted.path[3:] == NON_ROOT:
        is_root = needs.get("anyone") or needs.get("user") == 0
        own = _steps_to(resource, wanted.path) or (cautions(resource, wanted.path).get("steps-to") if is_root else None)
        user = own or (NOBODY if is_root else needs.get("user") if "named" in needs else None)
    elif _drops_all(wanted) and look_up(resource.tree, ("workload", "uses-capabilities")) is False:
        user = _steps_to(resource, wanted.path)
    return [Edit((*wanted.path[:3], *USER), user)] if user else []


def _steps_to(resource: Resource, path: Path) -> Plain:
    """The user for which its image gives root up, or nobody where another finds all the same."""
    needs = _of(resource, path)
    return NOBODY if _needs_no_root(resource.tree, look_up(resource.tree, path[:3]), needs) else needs.get("steps-to")


def _given_back(resource: Resource, raw: Tree, wanted: Edit) -> list[Edit]:
    """The capabilities that its image uses, where all are dropped and it goes on as root."""
    if not _drops_all(wanted) or _as_user(resource, raw, wanted):
        return []
    kept = list((look_up(resource.tree, KEPT) or {}).get("/".join(map(str, wanted.path[1:3])), []))
    if not is_unprivileged(look_up(raw, wanted.path[:3]), {}):
        kept += [each for each in needs_of_words(look_up(raw, wanted.path[:3])).capabilities if each not in kept]
    kept += [BINDS_LOW_PORTS] if BINDS_LOW_PORTS not in kept and _stays_root_for_ports(resource, raw, wanted.path) else []
    have = as_list(look_up(raw, (*wanted.path[:3], *ADDS)))
    new = [each for each in kept if each not in {str(name).removeprefix("CAP_") for name in have}]
    return [Edit((*wanted.path[:3], *ADDS), [*have, *new])] if new else []


def _stays_root_for_ports(resource: Resource, raw: Tree, path: Path) -> bool:
    """Whether it opens a low port as root, and no fix takes root from it: the sysctl has no place, or files of its node need it."""
    shown = resource.tree
    has_way = look_up(shown, ("workload", "api")) is None and look_up(raw, ("spec", "hostNetwork")) in (None, False)
    is_bound = not has_way or shown["kind"] in KNATIVE or _for_root_alone(resource, raw, path)
    return bool(is_bound) and _opens_low_ports(look_up(shown, path[:3]), _of(resource, path))


def _drops_all(wanted: Edit) -> bool:
    return wanted.path[3:6] == DROPS and not wanted.remove and "ALL" in as_list(wanted.value)


def _taken_back(resource: Resource, raw: Tree, wanted: Edit) -> list[Edit]:
    """The capabilities that its image uses as root only, where it is another user from now on: they give such a user nothing.

    Where it has none yet, the edit keeps a fix of the same round from giving it some.
    """
    is_user = wanted.path[3:] == NON_ROOT or (wanted.path[3:] == USER and wanted.value != 0)
    if wanted.remove or not is_user:
        return []
    stays_root = wanted.path[3:] == NON_ROOT and look_up(raw, (*wanted.path[:3], *USER)) == 0
    have = as_list(look_up(raw, (*wanted.path[:3], *ADDS)))
    kept = (look_up(resource.tree, KEPT) or {}).get("/".join(map(str, wanted.path[1:3])), [])
    left = [each for each in have if each not in kept or each == BINDS_LOW_PORTS]
    if stays_root or not kept or (have and left == have):
        return []
    at = (*wanted.path[:3], *ADDS)
    return [Edit(at, left) if left else Edit(at, remove=True)]


def _low_ports(resource: Resource, raw: Tree, edits: Sequence[Edit]) -> list[Edit]:
    """The pod's leave to open low ports without root, where a container that does is another user from now on: a safe sysctl."""
    shown = resource.tree
    leaving = [e for e in edits if _leaves_root(e) and _opens_low_ports(look_up(shown, e.path[:3]), _of(resource, e.path))]
    leaving += [e for e in edits if e.path[3:] == GAINS and e.value is False and binds_by_its_files(look_up(shown, e.path[:3]))]
    context = look_up(raw, ("spec", "securityContext"))
    have = as_list(context.get("sysctls")) if isinstance(context, dict) else []
    is_there = any(isinstance(each, dict) and each.get("name") == LOW_PORTS["name"] for each in have)
    if not leaving or is_there or look_up(raw, ("spec", "hostNetwork")) not in (None, False) or resource.tree["kind"] in KNATIVE:
        return []
    return [Edit(("spec", "securityContext", "sysctls", len(have)), LOW_PORTS)]


def binds_by_its_files(container: Tree) -> bool:
    """Whether it is no root and has one capability added, for low ports: such a user has it by programs that gain it alone."""
    return is_unprivileged(container, {}) and [str(each).removeprefix("CAP_") for each in as_list(look_up(container, ADDS))] == [
        BINDS_LOW_PORTS
    ]


def _leaves_root(edit: Edit) -> bool:
    return not edit.remove and (edit.path[3:] == NON_ROOT or (edit.path[3:] == USER and edit.value != 0))


def _opens_low_ports(container: Tree, needs: Needs) -> bool:
    if is_unprivileged(container, needs):
        return False
    return BINDS_LOW_PORTS in needs.get("capabilities", ()) or says_low_port(container)


def _own_user(resource: Resource, wanted: Edit) -> Edit:
    """The image's own user in the place of one that nobody knows, where it is as high."""
    own = _of(resource, wanted.path).get("user", 0)
    is_lower = wanted.path[3:] == USER and isinstance(wanted.value, int) and not wanted.remove and own > wanted.value
    return Edit(wanted.path, own) if is_lower else wanted


def _scratch(resource: Resource, raw: Tree, edits: Sequence[Edit]) -> Iterator[Edit]:
    """An empty volume for each path that an image writes to, beside a root file system that is read-only now."""
    which = [each for each in edits if (each.path[3:] == READ_ONLY and each.value is True) or _is_rootless_then(resource, each)]
    becoming = {each.path[:3]: each for each in which}.values()
    if not becoming:
        return
    volumes = as_list(look_up(raw, ("spec", "volumes")))
    taken = _pod_volumes.names_of_volumes(raw)
    behind = len(volumes)
    is_alone = len(list(containers(raw))) == 1
    for wanted in becoming:
        container = look_up(raw, wanted.path[:3])
        mounts = len(as_list(container.get("volumeMounts")))
        least = [*cautions(resource, wanted.path).get("writes", ()), *_pod_volumes.EVERYBODYS]
        for path in _unmounted(container, _of(resource, wanted.path), [] if resource.tree["kind"] in KNATIVE else least):
            name = _pod_volumes.name_of_volume(path, "" if is_alone else container.get("name"), taken)
            yield Edit((*wanted.path[:3], "volumeMounts", mounts), {"name": name, "mountPath": path})
            yield Edit(("spec", "volumes", behind), {"name": name, "emptyDir": {}})
            taken, behind, mounts = {*taken, name}, behind + 1, mounts + 1


def _is_rootless_then(resource: Resource, wanted: Edit) -> bool:
    return _leaves_root(wanted) and bool(_of(resource, wanted.path).get("rootless"))


def _unmounted(container: Tree, needs: Needs, least: Sequence[str]) -> list[Plain]:
    """What it writes to and no volume covers, and its own volumes in which none stands: runtimes do not all make those."""
    there = mounted(container)
    paths = dict.fromkeys([*needs.get("writes", least), *needs.get("keeps", ()), *scratch(container)])
    written = [path for path in paths if not any(covers(each, path) for each in there)]
    if "writes" not in needs and not needs.get("data"):
        return written
    own = [path for path in needs.get("volumes", ()) if not any(covers(each, path) or covers(path, each) for each in there)]
    return [*written, *own]
