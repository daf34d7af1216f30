"""The name under which nodes of AKS run for as long as their pool is made anew, without which Terraform refuses to do that.

registry.terraform.io, azurerm_kubernetes_cluster and azurerm_kubernetes_cluster_node_pool (`temporary_name_for_rotation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Entry
from setright.bindings.layouts._terraform_usable import usable
from setright.bindings.layouts._terraform_versions import constraint
from setright.model import Edit, Path

WHOLE = "azurerm_kubernetes_cluster"
POOLS: Mapping[str, Path] = {
    WHOLE: ("properties", "agentPoolProfiles", 0),
    "azurerm_kubernetes_cluster_node_pool": ("properties",),
}
ANEW = ("enableEncryptionAtHost", "enableNodePublicIP", "maxPods", "onlyCriticalAddonsEnabled", "osDiskType")
NAME, VALUE = "rotationName", "rotation"


def with_rotation(told: Entry, module: Module, block: Block, edits: Sequence[Edit]) -> list[Edit]:
    """The edits, with a name for the rotation where they need one and none is there.

    Raises BindingError where the provider does not know of it: for a new pool it makes the whole cluster anew.
    """
    pool = POOLS.get(block.type)
    if pool is None or not any(edit.path[:-1] == pool and edit.path[-1] in ANEW for edit in edits):
        return list(edits)
    spec = told.spec_of((*pool, NAME))
    is_open = spec.path == (*pool, NAME) and find.spot(told, module, block, spec.path) is None
    if not is_open:
        return list(edits)
    if any(usable(told, module, block, place) for place in spec.places):
        return [*edits, Edit(spec.path, VALUE)]
    if block.type == WHOLE:
        asked = constraint(module, "azurerm").text or "the one this is written for"
        raise BindingError(
            f"{block.locator}: {block.address}: {asked} of the provider makes a cluster anew for this, with all in it"
        )
    return list(edits)
