"""Who in a tree puts something into a service by the service's own address."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

CLUSTER: dict[str, Plain] = {
    "type": "aws_eks_cluster",
    "evidence": {"deployers": "deployers"},
    "modules": {"terraform-aws-modules/eks/aws": {"Public": {"at": "cluster_endpoint_public_access"}}},
}
MADE = 'resource "aws_eks_cluster" "main" {\n  name = "main"\n}\n'
CALLED = 'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  cluster_endpoint_public_access = true\n}\n'
RELEASE = 'resource "helm_release" "web" {\n  chart = "web"\n}\n'
LOCAL = 'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = "%s"\n  }\n}\n'


@pytest.mark.parametrize("cluster", [MADE, CALLED])
@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        ('resource "aws_iam_role" "r" {\n  name = "r"\n}\n', "no"),
        (LOCAL % "make", "no"),
        (RELEASE, "by helm_release.web"),
        ('resource "kubernetes_namespace_v1" "a" {\n  count = 2\n}\n', "by kubernetes_namespace_v1.a"),
        (LOCAL % "aws eks update-kubeconfig --name main", "by null_resource.x"),
    ],
)
def test_who_deploys_into_a_cluster_is_named_wherever_it_stands(cluster: str, beside: str, who: str) -> None:
    files = {"infra/main.tf": cluster, "apps/main.tf": beside}
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    (found,) = terraform.view("k", CLUSTER, given)
    assert found.tree["source"] == {"deployers": who}


VAULT = 'resource "azurerm_key_vault" "main" {\n  name = "main"\n}\nresource "azurerm_key_vault" "other" {\n  name = "other"\n}\n'
ACCOUNT = 'resource "azurerm_storage_account" "main" {\n  name = "main"\n%s}\n'
BACKEND = 'terraform {\n  backend "azurerm" {\n    storage_account_name = "%s"\n  }\n}\n'
KEYED = 'resource "azurerm_function_app" "f" {\n  storage_account_access_key = azurerm_storage_account.main.primary_access_key\n}\n'
CACHE = 'resource "azurerm_redis_cache" "main" {\n  name = "main"\n}\n'
USED = 'resource "azurerm_linux_web_app" "a" {\n  app_settings = { R = azurerm_redis_cache.main.primary_access_key }\n}\n'
ENDPOINT = 'resource "azurerm_private_endpoint" "e" {\n  target = azurerm_redis_cache.main.id\n}\n'
DATABASE = 'resource "aws_db_instance" "main" {\n  publicly_accessible = true\n}\n'
APP = 'resource "azurerm_linux_web_app" "main" {\n  name = "main"\n%s}\n'
SERVER = 'resource "azurerm_%s_server" "main" {\n  name = "main"\n}\n'
RULE = 'resource "azurerm_%s_rule" "r" {\n  server_id = %s\n}\n'
SECRET = 'resource "azurerm_key_vault_secret" "s" {\n  key_vault_id = %s\n}\n'
MADE_IN = 'resource "azurerm_storage_%s" "c" {\n  storage_account_%s\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (VAULT, "no"),
        (VAULT + SECRET % "azurerm_key_vault.main.id", "by azurerm_key_vault_secret.s"),
        (VAULT + SECRET % "azurerm_key_vault.other.id", "no"),
        (VAULT + SECRET % "var.vault", "by azurerm_key_vault_secret.s"),
        (VAULT + 'resource "azurerm_key_vault_access_policy" "p" {\n  key_vault_id = azurerm_key_vault.main.id\n}\n', "no"),
        (ACCOUNT % "", "no"),
        (ACCOUNT % "  static_website {\n  }\n", "by its static_website"),
        (ACCOUNT % "" + MADE_IN % ("container", "name = azurerm_storage_account.main.name"), "by azurerm_storage_container.c"),
        (ACCOUNT % "" + MADE_IN % ("container", 'name = "main"'), "by azurerm_storage_container.c"),
        (ACCOUNT % "" + MADE_IN % ("container", 'name = "another"'), "no"),
        (ACCOUNT % "" + MADE_IN % ("container", "id = azurerm_storage_account.main.id"), "no"),  # by Azure's management
        (
            ACCOUNT % "" + MADE_IN % ("data_lake_gen2_filesystem", "id = azurerm_storage_account.main.id"),
            "by azurerm_storage_data_lake_gen2_filesystem.c",
        ),
        (ACCOUNT % "" + KEYED, "by main.tf"),
        (ACCOUNT % "" + BACKEND % "main", "by Terraform's state"),
        (ACCOUNT % "" + BACKEND % "elsewhere", "no"),
        (ACCOUNT.replace('"main"', '"tfstate"') % "", "by Terraform's state"),
        (ACCOUNT % "" + LOCAL % "az storage blob upload -f a", "by null_resource.x"),
        (CACHE, "no"),
        (CACHE + USED, "by main.tf"),
        (CACHE + USED + ENDPOINT, "no"),
        (DATABASE + 'resource "aws_db_subnet_group" "a" {\n  name = "a"\n}\n', "no"),
        (DATABASE + 'resource "postgresql_role" "a" {\n  name = "a"\n}\n', "by postgresql_role.a"),
        (DATABASE + LOCAL % "psql -f schema.sql", "by null_resource.x"),
        (SERVER % "mssql" + RULE % ("mssql_firewall", "azurerm_mssql_server.main.id"), "by azurerm_mssql_firewall_rule.r"),
        (SERVER % "mssql" + RULE % ("postgresql_firewall", "azurerm_postgresql_server.other.id"), "no"),
        (SERVER % "mssql" + RULE % ("mssql_virtual_network", "var.server"), "by azurerm_mssql_virtual_network_rule.r"),
        (DATABASE + RULE % ("mssql_firewall", "var.server"), "no"),
        (APP % "", "no"),
        (APP % '  zip_deploy_file = "a.zip"\n', "by its zip_deploy_file"),
    ],
)
def test_who_fills_a_service_by_its_own_address_is_named(text: str, who: str) -> None:
    kind = text.split('"')[1]
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    found, *_ = terraform.view("k", {"type": kind, "evidence": {"deployers": "deployers"}}, given)
    assert found.tree["source"]["deployers"] == who


RULES = "azurerm_storage_account_network_rules"


def test_rules_that_stand_without_their_account_have_who_fills_some_account() -> None:
    layout: dict[str, Plain] = {
        "type": "azurerm_storage_account",
        "evidence": {"deployers": "deployers"},
        "Default": {
            "in": "azurerm_storage_account_network_rules",
            "by": "storage_account_id",
            "at": "default_action",
            "alone": True,
        },
    }
    rules = f'resource "{RULES}" "r" {{\n  storage_account_id = var.id\n  default_action = "Allow"\n}}\n'
    text = rules + MADE_IN % ("container", "name = var.name")
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    (found,) = terraform.view("k", layout, given)
    assert found.tree == {"Default": "Allow", "source": {"deployers": "by azurerm_storage_container.c"}}


REGISTRY = 'resource "azurerm_container_registry" "main" {\n  name = "main"\n}\n'
PULLS = """
resource "azurerm_role_assignment" "pull" {
  scope        = azurerm_container_registry.main.id
  principal_id = %s
}
"""
OWN_ENDPOINT = 'resource "azurerm_private_endpoint" "e" {\n  target = azurerm_container_registry.main.id\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (PULLS % "azurerm_kubernetes_cluster.k.kubelet_identity[0].object_id", "by azurerm_role_assignment.pull"),
        (PULLS % "azurerm_user_assigned_identity.a.principal_id", "by azurerm_role_assignment.pull"),
        (PULLS % "azurerm_kubernetes_cluster.k.kubelet_identity[0].object_id" + OWN_ENDPOINT, "no"),
        (PULLS % "data.azurerm_client_config.me.object_id", "no"),
        (PULLS % "var.team", "no"),
    ],
)
def test_what_this_code_starts_and_lets_in_by_a_role_is_named_where_there_is_no_private_endpoint(text: str, who: str) -> None:
    layout: dict[str, Plain] = {"type": "azurerm_container_registry", "evidence": {"deployers": "deployers"}}
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", (REGISTRY + text).encode()))}
    assert terraform.view("k", layout, given)[0].tree["source"] == {"deployers": who}
