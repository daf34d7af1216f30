"""By what a module may open an Azure storage account to everybody, and how its apps get their code."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

ACCOUNT: dict[str, Plain] = {"type": "azurerm_storage_account", "evidence": {"public": "public-azure"}}
APP: dict[str, Plain] = {
    "type": ["azurerm_linux_web_app", "azurerm_app_service", "azurerm_function_app"],
    "evidence": {"ftp": "ftp", "plain-http": "plain-http"},
}
DATA = 'resource "azurerm_storage_account" "data" {\n  name = "acmedata"\n}\n'
WEB = 'resource "azurerm_storage_account" "web" {\n  name = "acmeweb"\n}\n'


def told(layout: dict[str, Plain], files: dict[str, str], name: str = "") -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    found = terraform.view("k", layout, given)[0].tree["source"]
    return (found[name] if name else next(iter(found.values()))) if isinstance(found, dict) else None


def container(access: str, account: str = "azurerm_storage_account.data.name", tie: str = "storage_account_name") -> str:
    return f'resource "azurerm_storage_container" "c" {{\n  {tie} = {account}\n  container_access_type = {access}\n}}\n'


@pytest.mark.parametrize(
    "beside",
    [
        "",
        container('"private"'),
        container('"blob"', "azurerm_storage_account.web.name") + WEB,
        container('"blob"', '"another"'),
        'resource "azurerm_storage_container" "c" {\n  storage_account_id = azurerm_storage_account.data.id\n}\n',
    ],
)
def test_an_account_that_nothing_opens_is_not_public(beside: str) -> None:
    assert told(ACCOUNT, {"main.tf": DATA + beside}) == "no"


@pytest.mark.parametrize(
    ("beside", "way"),
    [
        (container('"blob"'), "azurerm_storage_container.c"),
        (container('"container"', "azurerm_storage_account.data.id", "storage_account_id"), "azurerm_storage_container.c"),
        (container("var.access"), "azurerm_storage_container.c"),
        (container('"blob"', "var.account"), "azurerm_storage_container.c"),
        (container('"blob"', "data.azurerm_storage_account.known.name"), "azurerm_storage_container.c"),
        (
            'resource "azurerm_cdn_endpoint" "e" {\n  origin_host_header = azurerm_storage_account.data.primary_blob_host\n}\n',
            "azurerm_cdn_endpoint.e",
        ),
        (
            'resource "azapi_resource" "c" {\n  parent_id = azurerm_storage_account.data.id\n}\n',
            "what azapi_resource.c makes",
        ),
    ],
)
def test_what_opens_an_account_is_named(beside: str, way: str) -> None:
    assert told(ACCOUNT, {"main.tf": DATA + beside}) == way


def test_a_container_that_another_directory_makes_is_seen() -> None:
    assert told(ACCOUNT, {"main.tf": DATA, "site/main.tf": container('"blob"', "var.account")}) == "azurerm_storage_container.c"


OLD = 'resource "azurerm_app_service" "a" {\n  %s\n}\n'
NEW = 'resource "azurerm_linux_web_app" "a" {\n  %s\n}\n'


@pytest.mark.parametrize(
    "app",
    [
        NEW % "site_config {\n  }",
        NEW % 'ftp_publish_basic_authentication_enabled = false\n  site_config {\n    ftps_state = "AllAllowed"\n  }',
        NEW % 'zip_deploy_file = "app.zip"\n  site_config {\n    ftps_state = "AllAllowed"\n  }',
        OLD % 'app_settings = {\n    WEBSITE_RUN_FROM_PACKAGE = "1"\n  }',
        OLD % 'site_config {\n    linux_fx_version = "DOCKER|nginx:1.27"\n  }',
        OLD % 'site_config {\n    scm_type = "VSTSRM"\n  }',
        OLD % ""
        + 'resource "azurerm_app_service_source_control" "s" {\n  app_id = azurerm_app_service.a.id\n  repo_url = "https://example.com"\n}\n',
    ],
)
def test_an_app_that_gets_its_code_otherwise_does_without_ftp(app: str) -> None:
    assert told(APP, {"main.tf": app}) == "no"


@pytest.mark.parametrize(
    "app",
    [
        OLD % "",
        OLD % 'site_config {\n    scm_type = "None"\n  }',
        OLD % 'site_config {\n    linux_fx_version = "NODE|20-lts"\n  }',
        OLD % 'app_settings = {\n    WEBSITE_RUN_FROM_PACKAGE = "0"\n  }',
        NEW % 'site_config {\n    ftps_state = "AllAllowed"\n  }',
        NEW % 'dynamic "site_config" {\n    for_each = var.sites\n    content {\n    }\n  }',
        'resource "azurerm_function_app" "a" {\n}\n',
    ],
)
def test_of_other_apps_it_cannot_be_told(app: str) -> None:
    assert told(APP, {"main.tf": app}) == "maybe"


@pytest.mark.parametrize(
    "app",
    [
        NEW % "client_certificate_enabled = true",
        NEW % 'client_certificate_enabled = true\n  client_certificate_mode = "Required"',
        OLD % 'client_cert_enabled = true\n  client_cert_mode = "Required"',
        NEW % "auth_settings_v2 {\n    auth_enabled = true\n  }",
    ],
)
def test_nobody_uses_an_app_over_plain_http_that_turns_them_away(app: str) -> None:
    assert told(APP, {"main.tf": app}, "plain-http") == "no"


@pytest.mark.parametrize(
    "app",
    [
        NEW % "",
        NEW % "client_certificate_enabled = var.ask",
        NEW % 'client_certificate_enabled = true\n  client_certificate_mode = "Optional"',
        NEW % 'client_certificate_enabled = true\n  client_certificate_exclusion_paths = "/public"',
        OLD % "client_cert_enabled = true",
        NEW % "auth_settings_v2 {\n    auth_enabled = true\n    require_https = false\n  }",
        NEW % "auth_settings_v2 {\n    auth_enabled = false\n  }",
    ],
)
def test_else_somebody_may(app: str) -> None:
    assert told(APP, {"main.tf": app}, "plain-http") == "maybe"


SERVER: dict[str, Plain] = {"type": "azurerm_mssql_server", "evidence": {"endpoint": "endpoint"}}
SQL = 'resource "azurerm_mssql_server" "main" {\n  name = "main"\n}\n'
ENDPOINT = 'resource "azurerm_private_endpoint" "e" {\n  target = azurerm_mssql_server.main.id\n%s}\n'


@pytest.mark.parametrize(
    ("beside", "what"),
    [
        ("", "none here"),
        (ENDPOINT % "", "without a zone"),
        (ENDPOINT % '  private_dns_zone_group {\n    name = "sql"\n  }\n', "with its zone"),
        ((ENDPOINT % "").replace("mssql_server.main", "mssql_server.other"), "none here"),
    ],
)
def test_whether_a_name_leads_to_a_private_endpoint_is_told(beside: str, what: str) -> None:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", (SQL + beside).encode()))}
    assert terraform.view("k", SERVER, given)[0].tree["source"] == {"endpoint": what}


SUBNET: dict[str, Plain] = {"type": "azurerm_subnet", "evidence": {"visitors": "subnet-visitors"}}
FRONT = 'resource "azurerm_subnet" "front" {\n  name = "front"\n}\n'
NIC = 'resource "azurerm_network_interface" "n" {\n  ip_configuration {\n    subnet_id = azurerm_subnet.front.id\n    %s\n  }\n}\n'
BALANCER = 'resource "azurerm_lb" "l" {\n  frontend_ip_configuration {\n    %s\n  }\n}\n'
POOL = (
    'resource "azurerm_network_interface_backend_address_pool_association" "p" {\n'
    "  network_interface_id = azurerm_network_interface.n.id\n}\n"
)


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "maybe others"),
        (NIC % "", "no"),
        (NIC % "" + 'data "azurerm_subnet" "s" {\n  name = "front"\n}\n', "maybe others"),
        (NIC % "" + 'output "s" {\n  value = azurerm_subnet.front.id\n}\n', "maybe whoever takes it from an output"),
        ('resource "azurerm_new" "n" {\n  subnet = azurerm_subnet.front.id\n}\n', "maybe azurerm_new.n"),
        (NIC % "public_ip_address_id = null", "no"),
        (NIC % "public_ip_address_id = azurerm_public_ip.n.id", "azurerm_network_interface.n"),
        (NIC % "" + POOL + BALANCER % "subnet_id = azurerm_subnet.front.id", "no"),
        (NIC % "" + POOL + BALANCER % "public_ip_address_id = azurerm_public_ip.l.id", "azurerm_network_interface.n"),
        (
            'resource "azurerm_kubernetes_cluster" "k" {\n  subnet = azurerm_subnet.front.id\n}\n',
            "azurerm_kubernetes_cluster.k",
        ),
    ],
)
def test_a_subnet_has_visitors_where_something_in_it_is_reached_from_outside(beside: str, who: str) -> None:
    assert told(SUBNET, {"main.tf": FRONT + beside}) == who


MACHINE: dict[str, Plain] = {"type": "azurerm_linux_virtual_machine", "evidence": {"extensions": "extensions"}}
VM = 'resource "azurerm_linux_virtual_machine" "a" {\n}\n'


@pytest.mark.parametrize(
    ("files", "by"),
    [
        ({"main.tf": VM}, "no"),
        (
            {
                "main.tf": VM + 'resource "azurerm_virtual_machine_extension" "e" {\n'
                "  virtual_machine_id = azurerm_linux_virtual_machine.a.id\n}\n"
            },
            "by azurerm_virtual_machine_extension.e",
        ),
        ({"main.tf": VM, "b/main.tf": 'resource "azurerm_backup_protected_vm" "b" {\n}\n'}, "no"),
        (
            {
                "main.tf": VM + 'output "id" {\n  value = azurerm_linux_virtual_machine.a.id\n}\n',
                "b/main.tf": 'resource "azurerm_backup_protected_vm" "b" {\n}\n',
            },
            "by azurerm_backup_protected_vm.b",
        ),
    ],
)
def test_what_puts_extensions_on_a_machine_is_named(files: dict[str, str], by: str) -> None:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    assert terraform.view("k", MACHINE, given)[0].tree["source"] == {"extensions": by}
