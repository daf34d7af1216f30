"""Who in a module reads the public address of an Azure machine."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

KIND: dict[str, Plain] = {"type": "azurerm_network_interface", "evidence": {"address": "public-address"}}
CARD = 'resource "azurerm_network_interface" "n" {\n  ip_configuration {\n    public_ip_address_id = azurerm_public_ip.p.id\n}\n}\n'
MADE = 'resource "azurerm_public_ip" "p" {\n  name = "p"\n}\n'
MACHINE = 'resource "azurerm_linux_virtual_machine" "v" {\n  network_interface_ids = [azurerm_network_interface.n.id]\n}\n'
LOOK = 'data "azurerm_public_ip" "l" {\n  name = azurerm_public_ip.p.name\n}\n'
READ = 'output "ip" {\n  value = %s\n}\n'


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("", "no"),
        (READ % "azurerm_public_ip.p.id", "no"),
        (READ % "azurerm_public_ip.p.ip_address", "by output.ip"),
        (READ % "azurerm_public_ip.other.ip_address", "no"),
        (READ % '"ssh ops@${azurerm_public_ip.p.fqdn}"', "by output.ip"),
        (MACHINE + READ % "azurerm_linux_virtual_machine.v.public_ip_address", "by output.ip"),
        (MACHINE + READ % "azurerm_linux_virtual_machine.v.private_ip_address", "no"),
        (LOOK, "by data.azurerm_public_ip.l"),
    ],
)
def test_an_address_that_somebody_reads_is_told(text: str, by: str) -> None:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", (CARD + MADE + text).encode()))}
    (found,) = terraform.view("k", KIND, given)
    assert found.tree["source"] == {"address": by}
