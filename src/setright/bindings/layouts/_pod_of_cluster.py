"""Pods that a cluster itself rests on: what would stop them is for somebody who knows the cluster.

A pod of its control plane runs before pods have a network and may be needed while no registry answers; its keys belong to root;
what it takes grows with the cluster. One that brings a network plugin, or may change its node's network, gives others theirs.

Kubernetes documentation: Create static Pods; Network Plugins; kubeadm's Implementation details and feature gates.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._documents import trees_of
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.layouts._pod_volumes import uses_devices, writes_to_kernel
from setright.bindings.layouts._programs import speaking
from setright.bindings.layouts._shell_words import base
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree
from setright.patterns import late
from setright.trees import as_list

HOST_NETWORK: Path = ("spec", "hostNetwork")
POLICIES: Path = ("workload", "network_policies")
PROGRAMS = late(
    r"(?:kube-(?:apiserver|controller-manager|scheduler|proxy)|(?:[\w.]+-)*cloud-controller-manager|etcd|kubelet)(?:-\w+)?"
)
BEFORE_NETWORKS = late(  # taints of nodes that have no network yet
    r"node\.cloudprovider\.kubernetes\.io/uninitialized|node\.kubernetes\.io/(?:network-unavailable|not-ready)"
)
MOUNTS = late(
    r"fuse|(?:^|[^a-z])(?:csi|nfs|iscsi|ceph|gluster|lvm|zfs|drbd|device-plugin|snapshotter|dockerd|containerd|dind)(?:$|[^a-z])"
)
OF_CLUSTER = late(r"/etc/kubernetes(?:/.*)?|/var/lib/(?:etcd|kubelet)(?:/.*)?")
OF_NETWORKS = late(r"/opt/cni(?:/.*)?|/etc/cni(?:/.*)?|(?:/var)?/run/xtables\.lock|(?:/var)?/run/netns")
ANNOUNCES = late(r"metallb|keepalived|kube-vip|kube-router|bird|frr|openelb|calico|cilium|flannel|weave|antrea|multus")
ENTRANCES = late(r"(?:^|[^a-z])(?:ingress|traefik|haproxy|contour|envoy|skipper|kong|apisix)(?:$|[^a-z])")
MEASURES = late(r"node[-_]?exporter|netdata|datadog|(?:^|/)(?:collectd|telegraf|metricbeat|packetbeat)$")
USERS = ("runAsNonRoot", "runAsUser", "runAsGroup")
RIGHTS = frozenset({"NET_ADMIN", "CAP_NET_ADMIN", "ALL"})


def stopped(template: Tree, wanted: Edit) -> str:
    """Why an edit on a pod template as it is written would stop a pod that its cluster rests on; empty where it would not."""
    if wanted.path[-1] == "hostPort" and (name := _named(ENTRANCES, template)):
        return f"is {name}, which lets traffic into the cluster at its node's ports; put a load balancer before it first"
    if wanted.remove:
        return ""
    if (wanted.path == HOST_NETWORK or wanted.path[-1] == "privileged") and (why := _gives_networks(template)):
        return why
    if wanted.path == HOST_NETWORK and any(BEFORE_NETWORKS.fullmatch(str(each.get("key"))) for each in _tolerations(template)):
        return "starts on nodes that have no network yet but their own, as its tolerations say"
    if wanted.path[-1] == "privileged" and (why := _needs_privileges(template, look_up(template, wanted.path[:3]) or {})):
        return why
    program = _program(template)
    why = _why(wanted.path, wanted.value) if program else ""
    return f"runs {program} of a cluster: {why}" if why else ""


def _why(path: Path, value: Plain) -> str:
    if path == HOST_NETWORK:
        return "it must be there before pods have a network"
    if path == POLICIES:
        return "no policy holds in its node's network, and a static pod's file holds nothing else"
    if path[-1] in USERS:
        return "its keys on the node are for root; kubeadm's feature gate RootlessControlPlane gives it a user with its own"
    if path[-1] == "imagePullPolicy" and value == "Always":
        return "it must start while no registry answers"
    if len(path) > 1 and path[-2] == "limits":
        return "what it takes grows with the cluster, and at a limit the cluster stops; measure it first"
    return ""


def _program(template: Tree) -> str:
    """The program of a control plane that a pod of this node's network or files starts; empty for none."""
    if look_up(template, HOST_NETWORK) is not True and not any(map(OF_CLUSTER.fullmatch, _of_the_node(template))):
        return ""
    return next((name for _, each in containers(template) for name in _names(each) if PROGRAMS.fullmatch(name)), "")


def _names(container: Tree) -> list[str]:
    """What a container may start: its first words, and its image by its last name."""
    words = [str(each) for key in ("command", "args") for each in as_list(container.get(key))]
    image = str(container.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return [*(base(word) for word in words[:1]), image]


def _gives_networks(template: Tree) -> str:
    """Why a pod of its node's network may be who gives other pods theirs; empty where nothing tells so."""
    if look_up(template, HOST_NETWORK) is not True:
        return ""
    if path := next((path for path in _of_the_node(template) if OF_NETWORKS.fullmatch(path)), ""):
        return f"uses {path} of its node, as network plugins do, by which other pods have their network"
    contexts = [look_up(each, ("securityContext",)) for _, each in containers(template)]
    if any(look_up(each, ("privileged",)) is True for each in contexts):
        return "is privileged in its node's network, as who gives pods theirs; see what it does there first"
    if any(str(name) in RIGHTS for each in contexts for name in as_list(look_up(each, ("capabilities", "add")))):
        return "is in its node's network with NET_ADMIN, as who gives pods theirs; see what it does there first"
    if name := _named(ANNOUNCES, template):
        return f"is in its node's network to announce addresses there, as {name} does"
    if name := _named(ENTRANCES, template):
        return f"lets traffic into the cluster at its node's address, as {name} does; put a load balancer before it first"
    if name := _named(MEASURES, template):
        return f"measures its node's network, which only who is in it sees, as {name} does"
    return ""


def _named(programs: re.Pattern[str], template: Tree) -> str:
    """The program of these that one of a pod's images speaks of."""
    images = (str(each.get("image", "")) for _, each in containers(template))
    return next((name for each in images if programs.search(name := speaking(each))), "")


def _needs_privileges(template: Tree, container: Tree) -> str:
    """What of a container only one that is privileged may do; empty where nothing tells of such."""
    if path := uses_devices(template, container):
        return f"uses {path} of its node, which only who is privileged may open"
    if path := writes_to_kernel(template, container):
        return f"writes to {path} of its node, by which it changes the kernel's settings"
    image = str(container.get("image", "")).partition("@")[0]
    name = next((each for each in (*_names(container), speaking(image), image.rpartition("/")[2]) if MOUNTS.search(each)), "")
    return f"is {name}, which mounts file systems or starts containers on its node" if name else ""


def _tolerations(template: Tree) -> list[Tree]:
    return trees_of(look_up(template, ("spec", "tolerations")))


def _of_the_node(template: Tree) -> list[str]:
    """The places of its node that a pod uses."""
    paths = [look_up(each, ("hostPath", "path")) for each in trees_of(look_up(template, ("spec", "volumes")))]
    return [path for path in paths if isinstance(path, str)]
