"""What a manifest and the tree around it tell of a workload's needs, so that fears may be cleared by it.

Each attribute is a claim that is true, false, or absent where nothing can be told (a template's image, say):

    uses-api        it may call the Kubernetes API: a binding for the account it gets, an account that the tree does not make, or
                    signs of it
    calls-api       it is there to call the API: an operator, a controller, a script of kubectl
    holds-roles     a binding in the tree gives a role to its account, which it cannot use without a token
    names-account   it has an account that is made and bound elsewhere
    uses-node       privileged, more capabilities than a runtime gives, the node's namespaces, sockets or devices
    has-node-rights of those, privileged or more capabilities than a runtime gives
    sees-packets    it has such rights, or the node's network
    gains-rights    it may call set-user-id programs or ones with file capabilities
    raw-sockets     it may ping, sniff or speak routing protocols
    deep-syscalls   it may call what the runtime's seccomp profile refuses
    runs-as-root    not every container is sure to run as another user
    replaceable     its copies can be replaced at any time: what they keep is on disks that wait for the next copy, which does not
                    start before the last one ended, and it is no Job or pod by itself that may be there still
    pulled          every image comes from a registry, and nobody wrote that it may be one the node has
    copies          how many of it there are, where that is told
    volumes         "of values" where a chart's values name them: a release that names others takes away what a fix adds

and those of `_pod_needs`, by what is known of its images.

Kubernetes documentation: Configure Service Accounts, Images, Jobs (a Job's template is immutable), Pods (of one only its
image can be updated), Persistent Volumes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from setright.bindings.layouts import _programs
from setright.bindings.layouts._api_callers import chart, telling, works_by_its_token
from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._image_needs import Images, Needs, without_volumes
from setright.bindings.layouts._pod_annotations import is_default
from setright.bindings.layouts._pod_needs import (
    binds_by_its_files,
    cautions_of_images,
    is_unprivileged,
    kept_of_images,
    needs_of_images,
)
from setright.bindings.layouts._pod_needs import claims as claims_of
from setright.bindings.layouts._pod_needs import containers as containers_of
from setright.bindings.layouts._pod_words import says_low_port
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

ORDINARY = {  # what containerd, CRI-O and Docker give anyway
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
DEEP = {"ALL", "BPF", "PERFMON", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_RAWIO"}  # what the runtime's profile knows but in part
PASSING = {"emptyDir", "configMap", "secret", "downwardAPI", "projected", "gitRepo", "image", "ephemeral", "name"}
WAITING = {  # disks that are not of a node
    *("persistentVolumeClaim", "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "iscsi", "nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO"),
    *("storageos", "vsphereVolume"),
}
ONE_BY_ONE = (
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ReplicaSet",
    "StatefulSet",
)  # no copy starts beside one that it replaces
NODE_PATHS = late(r"/(?:dev|proc|sys|run|var/run|etc|lib/modules|boot)?(?:/.*)?")
OF_EACH_NODE = late(
    r"/(?:dev|proc|sys|run|var/run|etc|usr|lib|lib64|bin|sbin|boot|tmp|opt/cni|var/(?:log|lib/(?:kubelet|docker|containerd|cni)))(?:/.*)?"
)
RECREATED = late(r"helm\.sh/hook|argocd\.argoproj\.io/hook")
MENDS_RIGHTS = late(r"\bsudo\b|\bsetcap\b|chmod\s+(?:-\w+\s+)*(?:[ugoa]*\+[rwx]*s|[2-7][0-7]{3}\b)")
UNSURE = late(r"\$[({\w]|<|%|@@")  # what something else fills in
ACTS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
PING_OF_CLIENT = late(
    r"(\b(?:redis-cli|valkey-cli|mysqladmin|mariadb-admin|rabbitmq-diagnostics|rabbitmqctl|celery|mongo(?:sh)?|curl|wget)\b[^;&|]*?)"
    r"\bping\b"
)
SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


class Around(msgspec.Struct, frozen=True):
    """What of the rest of the tree matters to every workload."""

    bound: frozenset[str] = frozenset()  # service accounts that a binding names
    defaults: frozenset[tuple[str, str]] = frozenset()  # folders and namespaces whose account `default` it names
    idle: frozenset[tuple[str, str, str]] = frozenset()  # those (chart, namespace, name) that the tree makes and binds to nothing
    scaled: frozenset[str] = frozenset()  # workloads that an autoscaler names
    mended: tuple[str, ...] = ()  # Dockerfiles that prepare programs to gain rights
    quiet: frozenset[tuple[str, str, str]] = frozenset()  # service accounts (folder, namespace, name) that hand out no token
    telling: frozenset[str] = frozenset()  # config maps that tell a program to ask the API
    is_local: bool = False  # a tool in the tree loads images into nodes


def surroundings(placed: Sequence[tuple[str, Tree]], sources: Mapping[str, Source]) -> Around:
    """The surroundings of all workloads of a tree, read once from its objects, each with its file."""
    objects = [each for _, each in placed]
    scalers = [each for each in objects if each.get("kind") in SCALERS]
    return Around(
        frozenset(_text(subject.get("name")) for each in objects for subject in _subjects(each)),
        frozenset(_defaults(placed)),
        frozenset(_idle(placed)),
        frozenset(str(look_up(each, ("spec", "scaleTargetRef", "name"))) for each in scalers),
        tuple(locator for locator, source in sources.items() if source.lens == "dockerfile" and _mends(source.tree)),
        frozenset(
            (folder(file), str(look_up(each, ("metadata", "namespace")) or "default"), str(look_up(each, ("metadata", "name"))))
            for file, each in placed
            if each.get("kind") == "ServiceAccount" and each.get("automountServiceAccountToken") is False
        ),
        telling(objects),
        any(re.match(r"skaffold/|kind\.x-k8s\.io/", str(each.get("apiVersion"))) for each in objects),
    )


def _defaults(placed: Sequence[tuple[str, Tree]]) -> Iterator[tuple[str, str]]:
    for file, each in placed:
        for subject in _subjects(each):
            if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
                yield folder(file), str(subject.get("namespace", "default"))


def _idle(placed: Sequence[tuple[str, Tree]]) -> Iterator[tuple[str, str, str]]:
    """The accounts that the tree makes and binds to no role; none of a chart that binds one by a name that stands for nobody's."""
    bound: dict[str, set[str]] = {}
    made: dict[str, set[tuple[str, str]]] = {}
    for file, each in placed:
        bound.setdefault(chart(file), set()).update(_text(subject.get("name")) for subject in _subjects(each))
        if each.get("kind") == "ServiceAccount":
            namespace, name = (_text(look_up(each, ("metadata", key))) for key in ("namespace", "name"))
            made.setdefault(chart(file), set()).add((namespace, name))
    for own, accounts in made.items():
        unsure = {name for name in bound[own] if "{{" in name} - {name for _, name in accounts}
        taken = bound[own] | bound.get("", set())
        yield from ((own, *each) for each in accounts if not unsure and each[1] not in taken)


def _text(value: Plain) -> str:
    return value.text if isinstance(value, Unknown) else str(value)


def _subjects(manifest: Tree) -> list[Tree]:
    if not str(manifest.get("kind", "")).endswith("RoleBinding"):
        return []
    return [each for each in as_list(manifest.get("subjects")) if isinstance(each, dict)]


def is_quiet(tree: Tree, namespace: Plain, file: str, around: Around) -> bool:
    """Whether a pod template leaves it to its service account whether it gets a token, and that gives none."""
    spec = _spec(tree)
    account = _account(tree)
    near = (place for place, *known in around.quiet if known == [str(namespace), str(account)])
    return spec.get("automountServiceAccountToken") is None and any(namespace != "default" or each == folder(file) for each in near)


def told_of(tree: Tree, placed: tuple[str, Tree], around: Around, images: Images) -> Tree:
    """The claims about one workload; `tree` is its template as shown, `placed` its object, `images` what is known of images."""
    file, manifest = placed
    known = needs_of_images(tree, images)
    is_given = look_up(tree, ("workload", "volumes")) == "of values"
    sure = {place: without_volumes(each) if is_given else each for place, each in known.items()}
    pods = [(each, known.get(place, {})) for place, each in containers_of(tree)]
    containers = [each for each, _ in pods]
    claims: Tree = {
        "uses-node": _has_node_rights(containers) or _shares_node(tree),
        "has-node-rights": _has_node_rights(containers),
        "sees-packets": _has_node_rights(containers) or _spec(tree).get("hostNetwork") not in (None, False),
        "runs-as-root": not all(is_unprivileged(*each) for each in pods),
        "replaceable": _is_replaceable(tree, manifest, containers),
        **claims_of(tree, sure),
        **({"holds-roles": True} if _holds_roles(tree, file, manifest, around) else {}),
        **({"names-account": True} if _names_account(tree, file, around) and not _calls_none(pods) else {}),
        **({"image-needs": known} if known else {}),
        **({"image-cautions": cautions} if (cautions := cautions_of_images(tree, images)) else {}),
        **({"image-capabilities": kept} if (kept := kept_of_images(tree, known, images)) else {}),
    }
    if (copies := _copies(manifest, around)) is not None:
        claims["copies"] = copies
    is_pulled = not around.is_local and all(_is_pulled(each) for each in containers)
    names = [_programs.told_of_name(each.get("image")) for each in containers]
    if not containers or not all(each and not UNSURE.search(each) for each in names):
        return claims
    containers = [{**each, "image": name} for each, name in zip(containers, names, strict=True)]
    pods = [(each, needs) for each, (_, needs) in zip(containers, pods, strict=True)]
    said, values = " ".join(map(_said, containers)), " ".join(map(_values, containers))
    is_sure = any(_programs.surely_calls_api(str(each["image"]), _said(each), _values(each)) for each in containers)
    if is_sure or works_by_its_token(tree, manifest, said, around.telling):
        claims["calls-api"] = True
    words = " ".join([*(_programs.speaking(str(each)) for each in names), PING_OF_CLIENT.sub(r"\1", said)])
    calls_api = _programs.API.search(" ".join(_of_api(*each) for each in pods)) or bool(_programs.VALUES_OF_API.search(values))
    return claims | {
        "uses-api": calls_api or _may_use_api(tree, file, around),
        "gains-rights": _gains_rights(pods, words, values, around, _spec(tree).get("hostNetwork") not in (None, False)),
        "raw-sockets": _programs.RAW_SOCKETS.search(words)
        or bool(_programs.VALUES_OF_PACKETS.search(values))
        or any("NET_RAW" in _added(each) for each in containers),
        "deep-syscalls": _programs.DEEP_SYSCALLS.search(words)
        or bool(_programs.VALUES_OF_CALLS.search(values))
        or _is_unconfined(tree, manifest, containers)
        or any(DEEP & set(_added(each)) for each in containers),
        "pulled": is_pulled,
    }


def _mends(dockerfile: Tree) -> bool:
    runs = [str(each.get("value")) for each in as_list(dockerfile.get("instructions")) if isinstance(each, dict)]
    return any(MENDS_RIGHTS.search(each) for each in runs)


def _said(container: Tree) -> str:
    """Every word of a container's commands, in lower case; neither their options nor the addresses that its probes ask."""
    return " ".join(each for each in _words(container) if not each.startswith("-"))


def _of_api(container: Tree, needs: Needs) -> str:
    """What of a container may tell that it calls the API; of one that surely does not, whatever it is told, what runs beside it."""
    if needs.get("api") != "none":
        return f"{_programs.speaking(str(container['image']))} {_said(container)}"
    return _said({key: value for key, value in container.items() if key in ACTS})


def _values(container: Tree) -> str:
    """Every option of its commands, and every name and value of its environment, in lower case."""
    options = [each for each in _words(container) if each.startswith("-")]
    return " ".join([*options, *(text.lower() for text in _strings(container.get("env")))])


def _words(container: Tree) -> list[str]:
    acts = [step.get("exec") for key in ACTS for step in _steps(container.get(key)) if isinstance(step, dict)]
    return [text.lower() for each in (container.get("command"), container.get("args"), acts) for text in _strings(each)]


def _steps(act: Plain) -> list[Plain]:
    """A probe, or what a lifecycle does at its start and end."""
    return [act, *act.values()] if isinstance(act, dict) else []


def _strings(value: Plain) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, Unknown):
        yield value.text
    elif isinstance(value, str):
        yield value


def _account(tree: Tree) -> Plain:
    spec = _spec(tree)
    return spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"


def _holds_roles(tree: Tree, file: str, manifest: Tree, around: Around) -> bool:
    """Whether a binding names its account: `default` in its own namespace, or in its folder where none is named."""
    account = _text(_account(tree))
    if account != "default":
        return account in around.bound
    namespace = str(look_up(manifest, ("metadata", "namespace")) or "default")
    return any(own == namespace and (own != "default" or place == folder(file)) for place, own in around.defaults)


def _names_account(tree: Tree, file: str, around: Around) -> bool:
    """Whether it has an account of its own, of which the tree does not tell that it holds no role."""
    account, namespace = _text(_account(tree)), _text(look_up(tree, ("workload", "namespace")))
    return account != "default" and not any((chart(file), each, account) in around.idle for each in (namespace, "None"))


def _calls_none(pods: Sequence[tuple[Tree, Needs]]) -> bool:
    """Whether it is known of every program that it does not call the API."""
    return all(needs.get("api") == "none" for _, needs in pods)


def _may_use_api(tree: Tree, file: str, around: Around) -> bool:
    """Whether it is given what the API asks of who calls: a token that is wished for, or an account that may hold a role."""
    spec = _spec(tree)
    annotations = look_up(tree, ("metadata", "annotations"))
    return (
        _names_account(tree, file, around)
        or spec.get("automountServiceAccountToken") is True
        or any(name == "default" or name.startswith("system:serviceaccounts") for name in around.bound)
        or any(_programs.INJECTS.search(str(key)) for key in (annotations if isinstance(annotations, dict) else ()))
        or any("serviceAccountToken" in str(each) for each in as_list(spec.get("volumes")))
    )


def _spec(tree: Tree) -> Tree:
    spec = tree.get("spec")
    return spec if isinstance(spec, dict) else {}


def _has_node_rights(containers: Sequence[Tree]) -> bool:
    contexts = [look_up(each, ("securityContext",)) for each in containers]
    asked = [look_up(each, (key,)) for each in contexts for key in ("privileged", "procMount")]
    return any(each not in (None, False, "Default") for each in asked) or any(set(_added(each)) - ORDINARY for each in containers)


def _shares_node(tree: Tree) -> bool:
    spec = _spec(tree)
    paths = [look_up(each, ("hostPath", "path")) for each in as_list(spec.get("volumes"))]
    return any(spec.get(key) not in (None, False) for key in ("hostPID", "hostIPC", "hostNetwork")) or any(
        path is not None and (not isinstance(path, str) or NODE_PATHS.fullmatch(path)) for path in paths
    )


def _added(container: Tree) -> list[str]:
    names = look_up(container, ("securityContext", "capabilities", "add"))
    return [str(each).removeprefix("CAP_") for each in as_list(names)]


def _gains_rights(pods: Sequence[tuple[Tree, Needs]], words: str, values: str, around: Around, shares_network: bool) -> bool:
    """Also where someone said so, or a Dockerfile of the tree prepares such programs in an image of that name.

    Who is not root has capabilities that are added to it by programs alone that may gain them; for low ports there is another way
    but where the pod has the network of its node.
    """
    allowed = [look_up(each, ("securityContext", "allowPrivilegeEscalation")) for each, _ in pods]
    if True in allowed or all(each is False for each in allowed):
        return True in allowed
    if any(
        _added(each) and is_unprivileged(each, needs) and (shares_network or not binds_by_its_files(each)) for each, needs in pods
    ):
        return True
    if any(not needs and says_low_port(each) and look_up(each, ("securityContext", "runAsUser")) != 0 for each, needs in pods):
        return True  # nobody knows who that is, and whether its file lets him
    names = {_programs.program(each["image"]).rpartition("/")[2] for each, _ in pods}
    built = [locator.lower().split("/") for locator in around.mended]
    return bool(_programs.GAINS_RIGHTS.search(words) or _programs.VALUES_OF_RIGHTS.search(values)) or any(
        len(parts) < 2 or any(name in part for name in names for part in parts) for parts in built
    )


def _is_unconfined(tree: Tree, manifest: Tree, containers: Sequence[Tree]) -> bool:
    """Whether somebody chose another seccomp profile, in the old annotations or in the field."""
    profiles = [look_up(each, ("securityContext", "seccompProfile", "type")) for each in (*containers, tree.get("spec"))]
    annotated = [look_up(each, ("metadata", "annotations")) for each in (tree, manifest)]
    return any(each not in (None, "RuntimeDefault") for each in profiles) or any(
        "seccomp" in str(key) and not is_default(str(key), each[key])
        for each in annotated
        if isinstance(each, dict)
        for key in each
    )


def _is_replaceable(tree: Tree, manifest: Tree, containers: Sequence[Tree]) -> bool:
    volumes = [each for each in as_list(look_up(tree, ("spec", "volumes"))) if isinstance(each, dict)]
    kept = {key for each in volumes if not _is_of_each_node(each, containers) for key in each} - PASSING
    if manifest.get("kind") in ONE_BY_ONE or _ends_first(manifest):
        kept -= WAITING
    if manifest.get("kind") == "DaemonSet":  # whose next copy is on the same node
        kept -= {"hostPath"}
    is_run = manifest.get("kind") == "CronJob"  # whose next one comes at its time, whatever changes
    if kept and not is_run and not all(_programs.keeps_nothing(each.get("image")) for each in containers):
        return False
    return manifest.get("kind") not in ("Job", "Pod") or _is_made_anew(manifest)


def _is_of_each_node(volume: Tree, containers: Sequence[Tree]) -> bool:
    """Whether a directory of the node is one that each node has, or is for reading: nothing that a workload kept is in it."""
    path = look_up(volume, ("hostPath", "path"))
    mounts = [each for container in containers for each in as_list(container.get("volumeMounts")) if isinstance(each, dict)]
    own = [each for each in mounts if each.get("name") == volume.get("name")]
    is_read = bool(own) and all(each.get("readOnly") is True for each in own)
    return isinstance(path, str) and (is_read or OF_EACH_NODE.fullmatch(path) is not None)


def _ends_first(manifest: Tree) -> bool:
    """Whether a Deployment ends its copies before it starts the next ones."""
    surge = look_up(manifest, ("spec", "strategy", "rollingUpdate", "maxSurge"))
    return look_up(manifest, ("spec", "strategy", "type")) == "Recreate" or surge in (0, "0", "0%")


def _is_made_anew(manifest: Tree) -> bool:
    """Whether no Job or pod of that name is there when it is applied again: one that is there refuses another template."""
    hooks = look_up(manifest, ("metadata", "annotations"))
    is_hook = isinstance(hooks, dict) and any(RECREATED.search(str(key)) for key in hooks)
    ends = [look_up(manifest, path) for path in (("metadata", "generateName"), ("spec", "ttlSecondsAfterFinished"))]
    return is_hook or ends != [None, None]


def _is_pulled(container: Tree) -> bool:
    return container.get("imagePullPolicy") in (None, "Always") and _programs.is_pulled(container.get("image"))


def _copies(manifest: Tree, around: Around) -> int | None:
    if manifest.get("kind") in ("DaemonSet", "ScaledJob") or str(look_up(manifest, ("metadata", "name"))) in around.scaled:
        return None
    key = "parallelism" if manifest.get("kind") == "Job" else "replicas"
    told = look_up(manifest, ("spec", key))
    return 1 if told is None else told if isinstance(told, int) else None
