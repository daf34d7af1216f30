"""Who in a tree talks to the Kubernetes API of a cluster from where Terraform runs.

registry.terraform.io: hashicorp/kubernetes, hashicorp/helm, gavinbunney/kubectl; developer.hashicorp.com/terraform: local-exec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Tree
from setright.patterns import late

THROUGH_IT = late(r"(?:data\.)?(?:kubernetes|helm|kubectl|k8s|argocd|flux)_\w+")
LOCAL = ("null_resource", "terraform_data")
BY_HAND = late(r"\b(?:kubectl|helm|eksctl)\b|update-kubeconfig|get-credentials")


def view(layout: Mapping[str, Plain], module: Module, block: Block) -> Tree:
    """What is told of a cluster that a call of a module makes, for the kind's tree."""
    named = [key for key, function in layout.get("evidence", {}).items() if function == "deployers"]
    return {"source": {key: deployers(module, block, {}) for key in named}} if named else {}


def deployers(module: Module, block: Block, tree: Tree) -> str:
    """``by`` what the tree, wherever it is, puts something into a cluster: ``no`` where nothing does."""
    return next((f"by {address}" for home in module.tree.values() for address in _through(home)), "no")


def _through(module: Module) -> Iterator[str]:
    if "deployers" not in module.notes:
        module.notes["deployers"] = [each for kind in sorted(module.types) for each in _of(module, kind)][:1]
    yield from module.notes["deployers"]


def _of(module: Module, kind: str) -> Iterator[str]:
    for each in module.resources(kind) if THROUGH_IT.fullmatch(kind) or kind in LOCAL else ():
        if kind not in LOCAL or BY_HAND.search(str(each.body.get("provisioner"))):
            yield each.address
