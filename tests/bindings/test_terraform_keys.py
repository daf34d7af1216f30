"""Who in a module logs in to a service by a key that the service gives out."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUS = 'resource "azurerm_servicebus_namespace" "x" {\n  name = "x"\n}\n'
USED = 'resource "azurerm_linux_web_app" "a" {\n  app_settings = {\n    A = %s\n  }\n}\n'
RULE = 'resource "azurerm_servicebus_namespace_authorization_rule" "r" {\n  namespace_id = %s\n}\n'
LOOK = 'data "azurerm_servicebus_namespace" "l" {\n  name = %s\n}\n'
X = "azurerm_servicebus_namespace.x"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "no"),
        (USED % f"{X}.name", "no"),
        (USED % f"{X}.id", "no"),
        (USED % f"{X}.default_primary_connection_string", "by main.tf"),
        (USED % f'"Endpoint=${{{X}.default_primary_key}}"', "by main.tf"),
        (USED % f"{X}[0].primary_read_key[0].connection_string", "by main.tf"),
        (USED % "azurerm_servicebus_namespace.y.default_primary_connection_string", "no"),
        (USED % "azurerm_servicebus_namespace.xy.default_primary_connection_string", "no"),
        (f'output "o" {{\n  value = {X}.default_secondary_key\n}}\n', "by main.tf"),
        (f"locals {{\n  password = {X}.admin_password\n}}\n", "by main.tf"),
        (RULE % f"{X}.id", "by azurerm_servicebus_namespace_authorization_rule.r"),
        (RULE % "azurerm_servicebus_namespace.y.id", "no"),
        (LOOK % f"{X}.name" + USED % "data.azurerm_servicebus_namespace.l.default_primary_key", "by main.tf"),
        (LOOK % '"x"' + USED % "data.azurerm_servicebus_namespace.l.default_primary_key", "by main.tf"),
        (LOOK % '"y"' + USED % "data.azurerm_servicebus_namespace.l.default_primary_key", "no"),
    ],
)
def test_who_uses_what_a_service_gives_out_is_named(text: str, who: str) -> None:
    layout: dict[str, Plain] = {"type": "azurerm_servicebus_namespace", "evidence": {"key-users": "key-users"}}
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", (BUS + text).encode()))}
    (found,) = terraform.view("k", layout, given)
    assert found.tree["source"] == {"key-users": who}
