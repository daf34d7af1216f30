"""How Terraform source sets up its providers."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform_providers as providers
from setright.bindings.source import Source
from setright.model import Edit, Resource, Unknown

MAIN = """\
variable "key" {
  default = "abc"
}
variable "token" {}

provider "aws" {
  alias      = "west"
  access_key = var.key
  token      = var.token

  assume_role {
    role_arn = "arn:aws:iam::1:role/x"
  }
}
"""
JSON = '{"provider": {"datadog": {"api_key": "abc"}}}'


def seen(locator: str, lens: str, text: str) -> tuple[dict[str, Source], list[Resource]]:
    given = {locator: Source(locator, lens, lenses.get(lens, text.encode()))}
    return given, providers.view("k", {}, given)


def test_a_provider_has_its_name_and_its_arguments_filled_in():
    given, (found,) = seen("net/main.tf", "hcl", MAIN)
    assert found.name == "net/provider.aws.west"
    assert found.tree == {"name": "aws", "arguments": {"alias": "west", "access_key": "abc", "token": Unknown("var.token")}}
    assert providers.locate({}, found, ("arguments", "token"), given) == ("net/main.tf", ("provider", "aws", 0, "token"))
    assert providers.locate({}, found, (), given) == ("net/main.tf", ("provider", "aws", 0))


def test_json_is_read_as_well():
    given, (found,) = seen("main.tf.json", "json", JSON)
    assert found.tree == {"name": "datadog", "arguments": {"api_key": "abc"}}
    assert providers.locate({}, found, ("arguments", "api_key"), given) == ("main.tf.json", ("provider", "datadog", "api_key"))


def test_only_a_person_changes_it():
    given, (found,) = seen("main.tf", "hcl", MAIN)
    with pytest.raises(BindingError, match="by hand"):
        providers.edit({}, found, [Edit(("arguments", "token"), remove=True)], [], given)
