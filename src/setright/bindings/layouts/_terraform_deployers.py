"""Who in a tree puts something into a service by the service's own address, from where Terraform runs.

registry.terraform.io: hashicorp/kubernetes, hashicorp/helm, gavinbunney/kubectl, hashicorp/azurerm (what it does by the data planes
of Key Vault, Storage and App Configuration), cyrilgdn/postgresql, petoju/mysql, betr-io/mssql, brainly/redshift, cyrilgdn/rabbitmq,
kreuzwerker/docker; developer.hashicorp.com/terraform: local-exec, azurerm backend; Azure SQL Database, connectivity settings: deny
public network access.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from setright.bindings.layouts._terraform_keys import key_users
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers, of
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

STATE = late(r"tf-?state|terraform[-_.]?state", re.I)
LOCAL = ("null_resource", "terraform_data")
NOTHING = late(r"(?!)")
GRANTS, WHOM = ("azurerm_role_assignment", "azurerm_key_vault_access_policy"), ("principal_id", "object_id")
IDENTITY = late(r"\.(?:kubelet_)?identity\b|azurerm_user_assigned_identity\.")


class Plane(NamedTuple):
    """How a service is filled: by resources and data of such types, commands in local-exec, or arguments of its own."""

    through: re.Pattern[str] = NOTHING
    by_hand: re.Pattern[str] = NOTHING
    ties: tuple[str, ...] = ()  # the arguments that tell which one is filled; without any, each may be
    own: tuple[str, ...] = ()
    by_key: bool = False  # whoever has its key comes by its own address, too
    by_role: bool = False  # so does what this code starts and gives a role in it


CLUSTER = Plane(
    late(r"(?:data\.)?(?:kubernetes|helm|kubectl|k8s|argocd|flux)_\w+"),
    late(r"\b(?:kubectl|helm|eksctl)\b|update-kubeconfig|get-credentials"),
)
DATABASE_TYPES = r"(?:data\.)?(?:postgresql|mysql|mssql|sqlserver|sql|redshift)_\w+"
DATABASE_WORDS = late(r"\b(?:psql|mysql|mariadb|sqlcmd|pg_restore|pg_dump|mysqldump|liquibase|flyway)\b|invoke-sqlcmd", re.I)
DATABASE = Plane(late(DATABASE_TYPES), DATABASE_WORDS)
SERVER = Plane(  # Azure refuses rules for a public address that is off, and whom they let in comes by that
    late(
        DATABASE_TYPES + r"|azurerm_(?:mssql|sql|postgresql|mysql|mariadb)(?:_flexible_server)?_(?:firewall|virtual_network)_rule"
    ),
    DATABASE_WORDS,
    ("server_id", "server_name"),
)
VAULT = Plane(
    late(r"(?:data\.)?azurerm_key_vault_(?:secrets?|key|certificates?\w*|managed_storage_account\w*)"),
    late(r"\baz\s+keyvault\s+(?:secret|key|certificate|storage)\b"),
    ("key_vault_id",),
    by_role=True,
)
STORAGE = Plane(
    late(
        r"(?:data\.)?azurerm_storage_(?:blobs?|containers?|queues?|shares?|share_\w+|tables?|table_\w+|data_lake_gen2_\w+|"
        r"account_static_website|account_queue_properties)"
    ),
    late(r"\baz\s+storage\s+(?:blob|container|copy|directory|queue|share|file|entity|table|fs)\b|\bazcopy\b"),
    ("storage_account_name", "storage_account_id"),
    ("static_website", "queue_properties"),
    by_key=True,
)
SETTINGS = Plane(
    late(r"(?:data\.)?azurerm_app_configuration_(?:keys?|feature)"), late(r"\baz\s+appconfig\b"), ("configuration_store_id",)
)
REGISTRY = Plane(
    late(r"(?:data\.)?docker_registry_\w+|docker_(?:image|tag)"),
    late(r"\bdocker\s+(?:image\s+)?(?:push|login|buildx)\b|\bpodman\b|\bbuildah\b|\bskopeo\b|\bcrane\b|\baz\s+acr\b"),
    by_key=True,
    by_role=True,
)
STORE = Plane(by_key=True)
APP = Plane(by_hand=late(r"\baz\s+(?:webapp|functionapp)\b|\bfunc\s+azure\b"), own=("zip_deploy_file",))
BROKER = Plane(late(r"(?:data\.)?rabbitmq_\w+"), late(r"\brabbitmqadmin\b"))
PLANES: Mapping[str, Plane] = {
    **dict.fromkeys(("aws_eks_cluster", "azurerm_kubernetes_cluster", "google_container_cluster"), CLUSTER),
    **dict.fromkeys(("aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster"), DATABASE),
    **dict.fromkeys(("azurerm_mssql_server", "azurerm_sql_server", "azurerm_mariadb_server"), SERVER),
    **{f"azurerm_{sort}_{server}": SERVER for sort in ("postgresql", "mysql") for server in ("server", "flexible_server")},
    **dict.fromkeys(("azurerm_storage_account", "azurerm_storage_account_network_rules"), STORAGE),
    "azurerm_key_vault": VAULT,
    "azurerm_app_configuration": SETTINGS,
    "azurerm_container_registry": REGISTRY,
    "azurerm_cosmosdb_account": STORE,
    "azurerm_redis_cache": STORE,
    "aws_mq_broker": BROKER,
}
BY_MANAGEMENT = ("container", "queue", "share", "table")  # of Storage, where the account's id is given


def view(layout: Mapping[str, Plain], module: Module, block: Block) -> Tree:
    """What is told of what a call of a module makes, or of what only a part stands of here, for the kind's tree."""
    named = [key for key, function in layout.get("evidence", {}).items() if function == "deployers"]
    made = layout["type"] if isinstance(layout["type"], str) else layout["type"][0]
    return {"source": {key: _told(_plane(made), module, block) for key in named}} if named else {}


def deployers(module: Module, block: Block, tree: Tree) -> str:
    """``by`` what the tree, wherever it is, puts something into a service: ``no`` where nothing does."""
    return _told(_plane(block.type), module, block)


def _plane(kind: str) -> Plane:
    return PLANES.get(kind, APP)


def _told(plane: Plane, module: Module, block: Block) -> str:
    by_itself = ["provisioner"] if _is_local(plane, block) else [key for key in plane.own if key in block.body]
    if by_itself:
        return f"by its {by_itself[0]}"
    if plane is STORAGE and _holds_state(module, block):
        return "by Terraform's state"
    if plane.by_key and (who := key_users(module, block, {})) != "no" and (plane is STORAGE or not _has_endpoint(module, block)):
        return who
    if plane.by_role and (program := _with_role(module, block)) and not _has_endpoint(module, block):
        return f"by {program}"
    found = ((home, each) for home in module.tree.values() for each in _through(plane, home))
    return next((f"by {each.address}" for home, each in found if _is_into(plane, module, block, home, each)), "no")


def _has_endpoint(module: Module, block: Block) -> bool:
    return any(each.type == "azurerm_private_endpoint" for each, _ in namers(module, block))


def _with_role(module: Module, block: Block) -> str:
    """The grant by which something that this code starts uses the service, by its identity; empty where there is none."""
    grants = (each for each, _ in namers(module, block) if each.type in GRANTS)
    return next((each.address for each in grants if IDENTITY.search(str([each.body.get(key) for key in WHOM]))), "")


def _holds_state(module: Module, block: Block) -> bool:
    """Whether an account is, or is called as if it were, where Terraform keeps what it knows."""
    name = module.resolved(block.body.get("name"))
    blocks = (each for _, said, _ in module.told.providers if isinstance(said, list) for each in said)
    backends = [look_up(each, ("backend", "azurerm", 0)) for each in blocks]
    is_told = any(same(look_up(each, ("storage_account_name",)), name) for each in backends if each is not None)
    return is_told or STATE.search(f"{block.address} {name}") is not None


def _through(plane: Plane, module: Module) -> list[Block]:
    """What fills services of a kind, in one directory: looked for once."""
    key = f"deployers {plane.through.pattern} {plane.by_hand.pattern}"
    if key not in module.notes:
        kinds = [kind for kind in sorted(module.types) if kind in LOCAL or plane.through.fullmatch(kind)]
        there = [each for kind in kinds for each in module.resources(kind)]
        module.notes[key] = [each for each in there if each.type not in LOCAL or _is_local(plane, each)]
    found: list[Block] = module.notes[key]
    return found


def _is_local(plane: Plane, block: Block) -> bool:
    return "provisioner" in block.body and plane.by_hand.search(str(block.body["provisioner"])) is not None


def _is_into(plane: Plane, module: Module, block: Block, home: Module, other: Block) -> bool:
    """Whether something surely or maybe goes into this one, and not by Azure's management."""
    named = next((key for key in plane.ties if key in other.body), None)
    if named == "storage_account_id" and other.type.rpartition("_")[2] in BY_MANAGEMENT:
        return False
    tie = home.resolved(other.body.get(named)) if named is not None else None
    if tie is None or not block.type.startswith("azurerm_") or block.type not in PLANES:
        return True
    if isinstance(tie, Unknown) and re.search(rf"(?<!data\.)\b(?:{block.type}|azurerm_\w+_server)\.", tie.text):
        return home is module and of(block).search(tie.text) is not None
    return isinstance(tie, Unknown) or same(tie, module.resolved(block.body.get("name")))
