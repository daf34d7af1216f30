"""What a module for a provider of long ago may be given."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_ages import FLOORS, refuse_too_new
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain

STORE = 'provider "azurerm" {\n  version = "%s"\n}\n\nresource "azurerm_storage_account" "a" {\n  min_tls_version = "TLS1_0"\n}\n'
HOME: Path = ("resource", "azurerm_storage_account", "a", 0)


def allowed(version: str, path: Path, value: Plain) -> bool:
    source = Source("main.tf", "hcl", lenses.get("hcl", (STORE % version).encode()))
    try:
        refuse_too_new(modules({"main.tf": source})[""], "main.tf", Edit(path, value))
    except BindingError as error:
        assert version in str(error)
        return False
    return True


@pytest.mark.parametrize(
    ("path", "value", "is_old"),
    [
        ((*HOME, "enable_https_traffic_only"), True, True),
        ((*HOME, "network_rules", 0, "bypass"), ["AzureServices"], True),
        ((*HOME, "min_tls_version"), "TLS1_2", True),  # it stands there
        ((*HOME, "blob_properties", 0, "versioning_enabled"), True, False),
        ((*HOME, "blob_properties", 0), {"delete_retention_policy": [{"days": 7}]}, False),
        (("resource", "azurerm_storage_account_network_rules", "a", 0), {"default_action": "Deny"}, False),
        (("variable", "x", 0, "default"), True, True),
    ],
)
def test_an_old_provider_gets_what_it_is_known_to_have(path: Path, value: Plain, is_old: bool) -> None:
    assert allowed("~> 1.27.0", path, value) == is_old
    assert allowed("~> 2.0", path, value)


def test_what_came_with_a_version_is_for_later_ones() -> None:
    cache: Path = ("resource", "azurerm_redis_cache", "a", 0, "minimum_tls_version")
    assert not allowed("1.32.0", cache, "1.2")
    assert allowed("1.33.0", cache, "1.2")


def test_the_floors_are_of_providers_that_bindings_speak_of() -> None:
    assert set(FLOORS) == {"aws", "azurerm", "google"}
