"""The name under which nodes of AKS run while their pool is made anew."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain

PODS: Path = ("properties", "agentPoolProfiles", 0, "maxPods")
CLUSTER: dict[str, Plain] = {
    "type": "azurerm_kubernetes_cluster",
    "names": "camel",
    "properties/agentPoolProfiles/0/maxPods": {"at": "default_node_pool/max_pods"},
    "properties/agentPoolProfiles/0/rotationName": {"at": "default_node_pool/temporary_name_for_rotation", "since": "3.59"},
    "properties/tier": {"at": "tier"},
}
POOL = 'resource "azurerm_kubernetes_cluster" "a" {\n  default_node_pool {\n    name = "system"\n%s  }\n}\n'
OLD = 'terraform {\n  required_providers {\n    azurerm = {\n      version = "~> 3.20.0"\n    }\n  }\n}\n'


def fixed(text: str, path: Path, value: Plain, layout: dict[str, Plain] = CLUSTER) -> str:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    resource = terraform.view("k", layout, given)[0]
    placed = terraform.edit(layout, resource, [Edit(path, value)], [], given)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


def test_a_pool_that_is_made_anew_gets_a_name_for_that_time() -> None:
    assert 'temporary_name_for_rotation = "rotation"' in fixed(POOL % "", PODS, 50)


def test_the_name_that_somebody_gave_stays() -> None:
    after = fixed(POOL % '    temporary_name_for_rotation = "mine"\n', PODS, 50)
    assert after.count("temporary_name_for_rotation") == 1
    assert '"mine"' in after


def test_what_changes_no_pool_gets_none() -> None:
    assert "temporary_name" not in fixed(POOL % "", ("properties", "tier"), "Standard")


def test_a_provider_that_would_make_the_whole_cluster_anew_is_left_alone() -> None:
    with pytest.raises(BindingError, match="makes a cluster anew"):
        fixed(OLD + POOL % "", PODS, 50)
    assert "max_pods" in fixed(OLD + POOL % '    temporary_name_for_rotation = "mine"\n', PODS, 50)


def test_a_pool_of_its_own_is_made_anew_without_a_name_where_the_provider_knows_none() -> None:
    own: dict[str, Plain] = {
        "type": "azurerm_kubernetes_cluster_node_pool",
        "names": "camel",
        "properties/maxPods": {"at": "max_pods"},
        "properties/rotationName": {"at": "temporary_name_for_rotation", "since": "3.59"},
    }
    pool = 'resource "azurerm_kubernetes_cluster_node_pool" "a" {\n  name = "work"\n}\n'
    assert "temporary_name" not in fixed(OLD + pool, ("properties", "maxPods"), 50, own)
    assert "temporary_name" in fixed(pool, ("properties", "maxPods"), 50, own)
