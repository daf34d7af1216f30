"""What a new Terraform resource says besides, told from the block that it is for."""

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit

LAYOUT = {
    "type": "azurerm_subnet",
    "names": "camel",
    "group": {
        "in": "azurerm_network_security_group",
        "by": "resource_group_name",
        "with": {
            "name": {"is": '"${{self}.name}-nsg"'},
            "location": {"is": "{virtual_network_name}.location"},
            "tag": "of {tie}",
            "other": {"is": "x.{name}{index}.id"},
            "label": {"is": '"{name}{apart}"'},
        },
    },
}


def made(head: str, network: str = "azurerm_virtual_network.main.name") -> str:
    text = f'resource "azurerm_subnet" "a" {{\n{head}  virtual_network_name = {network}\n}}\n'
    sources = {"main.tf": Source("main.tf", "hcl", get("hcl", text.encode()))}
    (resource,) = terraform.view("subnet", LAYOUT, sources)
    placed = terraform.edit(LAYOUT, resource, [Edit(("group",), {})], [], sources)
    return put("hcl", text.encode(), [edit for _, edit in placed]).decode().removeprefix(text)


@pytest.mark.parametrize(
    ("head", "itself", "index", "label"),
    [
        ("", "azurerm_subnet.a", "", "a"),
        ("  count = 2\n", "azurerm_subnet.a[count.index]", "[count.index]", "a-${count.index}"),
        ('  for_each = toset(["x"])\n', "each.value", "[each.key]", "a-${substr(md5(each.key), 0, 8)}"),
    ],
)
def test_it_speaks_of_the_block_its_instances_and_what_the_block_refers_to(head: str, itself: str, index: str, label: str) -> None:
    text = made(head)
    assert f'"${{{itself}.name}}-nsg"' in text
    assert f'"of ${{{itself}.id}}"' in text
    assert f"x.a{index}.id" in text
    assert f'= "{label}"\n' in text
    assert "azurerm_virtual_network.main.location" in text


def test_a_reference_in_quotes_is_one_as_well() -> None:
    assert "azurerm_virtual_network.main.location" in made("", '"${azurerm_virtual_network.main.name}"')


def test_what_refers_to_no_resource_is_left_to_a_person() -> None:
    with pytest.raises(BindingError, match="virtual_network_name refers to no resource"):
        made("", '"main"')
