"""Who works by the token of its service account, by what the tree itself says of it.

Kubernetes documentation: Configure Service Accounts; prometheus.io, kubernetes_sd_config. First containers stood in annotations
until Kubernetes 1.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

OPERATES = late(r"(?:^|[\s/_-])(?:operator|controller(?:-manager)?|provisioner)(?:$|[\s_-])")
READS_TOKEN = late(
    r"serviceaccount/token|kubernetes\.default\.svc|kubernetes_sd_config|\bkubectl +(?:-\S+ +\S+ +)*[a-z]"
    r"|\n *kubernetes [\w.-]+(?: [\w.-]+)* *[{\n]"  # of CoreDNS
)
FIRST = "init-containers"
USES_OF_TOKEN = {  # by what is told of a workload
    "holds-roles": "a binding gives a role to its account, which it cannot use without its token",
    "calls-api": "is there to call the Kubernetes API, which it cannot do without its token",
    "names-account": "has an account that is made elsewhere; see there whether it holds a role, which it needs its token for",
}


def use_of_token(workload: Tree) -> str:
    """What a workload surely needs its token for, or may by an account that nothing here tells of; empty for nothing."""
    return next((use for claim, use in USES_OF_TOKEN.items() if workload.get(claim) is True), "")


def chart(file: str) -> str:
    """The chart of a template; empty for other files."""
    head, found, _ = file.rpartition("templates/")
    return head if found else ""


def telling(objects: Sequence[Tree]) -> frozenset[str]:
    """The config maps that have a program find its targets in the API, or read its token."""
    maps = (each for each in objects if each.get("kind") == "ConfigMap")
    return frozenset(str(look_up(each, ("metadata", "name"))) for each in maps if READS_TOKEN.search(_text(each.get("data"))))


def works_by_its_token(tree: Tree, manifest: Tree, said: str, maps: frozenset[str]) -> bool:
    """Whether it reads its token by its path, has one of those `maps`, or operates with an account that was made for it."""
    annotations = look_up(tree, ("metadata", "annotations"))
    first = [str(value) for key, value in annotations.items() if FIRST in str(key)] if isinstance(annotations, dict) else []
    if READS_TOKEN.search(" ".join([said, *first])) or not maps.isdisjoint(_mounted(tree)):
        return True
    name = _text(look_up(manifest, ("metadata", "name")))
    account = look_up(tree, ("spec", "serviceAccountName")) or look_up(tree, ("spec", "serviceAccount"))
    return account not in (None, "default") and OPERATES.search(f"{said} {name}") is not None


def _mounted(tree: Tree) -> Iterator[str]:
    volumes = [each for each in as_list(look_up(tree, ("spec", "volumes"))) if isinstance(each, dict)]
    for each in volumes:
        parts = [each, *(part for part in as_list(look_up(each, ("projected", "sources"))) if isinstance(part, dict))]
        yield from (str(look_up(part, ("configMap", "name"))) for part in parts if part.get("configMap"))


def _text(value: Plain) -> str:
    if isinstance(value, dict):
        return "\n".join(map(_text, value.values()))
    return value.text if isinstance(value, Unknown) else str(value)
