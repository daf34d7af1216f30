"""Which sizes of Azure machines have room for a node's system on the host's own disk."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

KIND: dict[str, Plain] = {"type": "azurerm_kubernetes_cluster", "evidence": {"disk-room": "disk-room"}}


@pytest.mark.parametrize(
    ("said", "room"),
    [
        ('vm_size = "Standard_D2_v2"', "no"),
        ('vm_size = "Standard_D2s_v3"', "no"),
        ('vm_size = "Standard_D2s_v3"\n    os_disk_size_gb = 30', "maybe"),
        ('vm_size = "Standard_DS2_v2"', "no"),
        ('vm_size = "Standard_DS3_v2"', "maybe"),
        ('vm_size = "Standard_D8s_v3"', "maybe"),
        ('vm_size = "Standard_D4s_v5"', "no"),
        ('vm_size = "Standard_D4ds_v5"', "maybe"),
        ('vm_size = "Standard_F8s_v2"', "maybe"),
        ('vm_size = "Standard_B2ms"', "no"),
        ('vm_size = "Standard_NC6s_v3"', "maybe"),
        ("vm_size = var.size", "maybe"),
    ],
)
def test_a_size_with_too_small_a_disk_is_known(said: str, room: str) -> None:
    text = f'resource "azurerm_kubernetes_cluster" "a" {{\n  default_node_pool {{\n    {said}\n  }}\n}}\n'
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    assert terraform.view("k", KIND, given)[0].tree["source"] == {"disk-room": room}
