"""What a module tells of Azure resources: by what a storage account is open to everybody, how an app is used, what a subnet serves.

learn.microsoft.com: storage, anonymous read access; app service, deploy by FTP, run from package, disable basic authentication,
set up TLS mutual authentication, authentication and authorization.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers, of
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

OWN_ACCOUNT = late(r"(?<!data\.)\bazurerm_storage_account\.")
CONTAINER = "azurerm_storage_container"
TIES = ("storage_account_name", "storage_account_id")
SERVERS = ("azurerm_cdn_", "azurerm_frontdoor", "azurerm_application_gateway", "azurerm_storage_account_static_website")
OTHER_MAKERS = ("azapi_", "azurerm_resource_group_template_deployment", "azurerm_template_deployment")  # what they make is not told


def public(module: Module, block: Block, tree: Tree) -> str:
    """By what a storage account may be open to everybody: ``no`` where nothing in the tree speaks for it."""
    return ", ".join(dict.fromkeys(_ways(module, block))) or "no"


def _ways(module: Module, block: Block) -> Iterator[str]:
    if {"static_website", "dynamic"} & block.body.keys():
        yield "a web site"
    for other, _ in namers(module, block):
        if other.type.startswith(SERVERS):
            yield other.address
        elif other.type.startswith(OTHER_MAKERS):
            yield f"what {other.address} makes"
    for home, container in _containers(module, block):
        access = home.resolved(container.body.get("container_access_type"))
        if access not in (None, "private"):
            yield container.address


def _containers(module: Module, block: Block) -> Iterator[tuple[Module, Block]]:
    """The containers that are, or may be, in the account, also where another directory got it from elsewhere."""
    for home in module.tree.values():
        for container in home.resources(CONTAINER) if CONTAINER in home.types else ():
            if _is_in(
                module, block, home, home.resolved(next((container.body[tie] for tie in TIES if tie in container.body), None))
            ):
                yield home, container


def _is_in(module: Module, block: Block, home: Module, tie: Plain) -> bool:
    if isinstance(tie, Unknown) and OWN_ACCOUNT.search(tie.text):
        return home is module and of(block).search(tie.text) is not None
    return isinstance(tie, Unknown) or same(tie, module.resolved(block.body.get("name")))


# --- apps -----------------------------------------------------------------------------------------------------------

CODE = ("azurerm_linux_", "azurerm_windows_")  # types that turn FTP off where nothing is said
PIPELINES = frozenset(
    (
        "BitbucketGit",
        "BitbucketHg",
        "CodePlexGit",
        "CodePlexHg",
        "ExternalGit",
        "ExternalHg",
        "GitHub",
        "LocalGit",
        "Tfs",
        "VSO",
        "VSTSRM",
    )
)
PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"
SOURCES = ("azurerm_app_service_source_control", "azurerm_app_service_source_control_slot")


def ftp(module: Module, block: Block, tree: Tree) -> str:
    """Whether code may come over FTP: ``no`` where it is off, or where something tells how the code comes instead."""
    state = within(block.body, ("site_config", "ftps_state"))
    if block.type.startswith(CODE) and state is None:
        return "no"
    if same(module.resolved(block.body.get("ftp_publish_basic_authentication_enabled")), False):
        return "no"
    return "no" if any(_ways_in(module, block)) else "maybe"


def _ways_in(module: Module, block: Block) -> Iterator[bool]:
    """What tells how an app gets its code: an image, a package that it runs from, a repository."""
    yield "zip_deploy_file" in block.body
    settings = module.resolved(block.body.get("app_settings"))
    yield isinstance(settings, dict) and settings.get(PACKAGE) not in (None, "", "0", 0, False)
    for argument in ("linux_fx_version", "windows_fx_version"):
        given = _site(module, block, argument)
        yield isinstance(given, str) and given.upper().startswith(("DOCKER|", "COMPOSE|"))
    for argument in ("docker_image", "docker_image_name", "docker_container_name", "docker"):
        found = within(block.body, ("site_config", "application_stack", argument))
        yield found is not None and "dynamic" not in found[0]
    yield _site(module, block, "scm_type") in PIPELINES
    yield any(other.type in SOURCES and "app_id" in keys for other, keys in namers(module, block))


def _site(module: Module, block: Block, argument: str) -> Plain:
    found = within(block.body, ("site_config", argument))
    return module.resolved(found[1]) if found is not None else None


ASK_ALL = ("azurerm_linux_web_app", "azurerm_windows_web_app")  # types that require the certificate where no mode is given
MODES = ("client_certificate_mode", "client_cert_mode")
CERTIFICATES = ("client_certificate_enabled", "client_cert_enabled")


def plain_http(module: Module, block: Block, tree: Tree) -> str:
    """Whether somebody may use an app over plain HTTP: ``no`` where it turns everybody away who does."""
    if any(same(module.resolved(block.body.get(each)), True) for each in CERTIFICATES):
        default = "Required" if block.type.startswith(ASK_ALL) else None
        mode = next((module.resolved(block.body[each]) for each in MODES if each in block.body), default)
        if mode == "Required" and "client_certificate_exclusion_paths" not in block.body:
            return "no"
    login, https = (_login(module, block, each) for each in ("auth_enabled", "require_https"))
    return "no" if same(login, True) and (https is None or same(https, True)) else "maybe"


def _login(module: Module, block: Block, argument: str) -> Plain:
    found = within(block.body, ("auth_settings_v2", argument))
    return module.resolved(found[1]) if found is not None else None


# --- private endpoints ----------------------------------------------------------------------------------------------

ENDPOINT, ZONE = "azurerm_private_endpoint", "private_dns_zone_group"


def endpoint(module: Module, block: Block, tree: Tree) -> str:
    """Whether clients find a service inside their network: ``with its zone`` where its name leads them to a private endpoint."""
    there = [each.body for each, _ in namers(module, block) if each.type == ENDPOINT]
    return "with its zone" if any(ZONE in each for each in there) else "without a zone" if there else "none here"


# --- subnets ---------------------------------------------------------------------------------------------------------

SERVING = frozenset(  # what is made to be reached from outside its subnet, or what Azure itself must reach there
    (
        "azurerm_api_management",
        "azurerm_app_service_environment",
        "azurerm_app_service_environment_v3",
        "azurerm_application_gateway",
        "azurerm_container_app_environment",
        "azurerm_databricks_workspace",
        "azurerm_hdinsight_hadoop_cluster",
        "azurerm_kubernetes_cluster",
        "azurerm_kubernetes_cluster_node_pool",
        "azurerm_mssql_managed_instance",
        "azurerm_mssql_managed_instance_failover_group",
    )
)
OWN_ADDRESS = frozenset(("public_ip_address_id", "public_ip_address"))
BEHIND_BALANCER = frozenset(
    (
        "load_balancer_backend_address_pool_ids",
        "load_balancer_backend_address_pools_ids",
        "load_balancer_inbound_nat_rules_ids",
        "azurerm_network_interface_backend_address_pool_association",
        "azurerm_network_interface_nat_rule_association",
    )
)


QUIET = frozenset(  # what is in a subnet, or speaks of it, and is reached from within the network at most
    (
        "azurerm_app_service_virtual_network_swift_connection",
        "azurerm_function_app",
        "azurerm_lb",
        "azurerm_linux_function_app",
        "azurerm_linux_virtual_machine_scale_set",
        "azurerm_linux_web_app",
        "azurerm_mssql_virtual_network_rule",
        "azurerm_mysql_flexible_server",
        "azurerm_network_interface",
        "azurerm_postgresql_flexible_server",
        "azurerm_private_endpoint",
        "azurerm_storage_account",
        "azurerm_storage_account_network_rules",
        "azurerm_subnet_nat_gateway_association",
        "azurerm_windows_function_app",
        "azurerm_windows_virtual_machine_scale_set",
        "azurerm_windows_web_app",
    )
)


def visitors(module: Module, block: Block, tree: Tree) -> str:
    """What in a subnet is reached from outside the network, by its address; ``no`` where all that uses it is known not to be."""
    there = [each for each, _ in namers(module, block)]
    if served := next((each for each in there if each.type in SERVING or _has_door(module, each)), None):
        return served.address
    if (others := handed_out(module, block, tree)) != "no":
        return f"maybe {others}"
    odd = [f"maybe {each.address}" for each in there if each.type not in QUIET]
    looking = any(other.resources("data.azurerm_subnet") for other in module.tree.values())
    return next(iter(odd), "no" if there and not looking else "maybe others")


def _has_door(module: Module, block: Block) -> bool:
    """Whether what is in a subnet has a public address, its own or a load balancer's."""
    said = {*_keys(block.body), *(other.type for other, _ in namers(module, block))}
    return bool(said & OWN_ADDRESS) or bool(said & BEHIND_BALANCER and any(map(_keeps_public, module.resources("azurerm_lb"))))


def _keeps_public(balancer: Block) -> bool:
    return bool({"public_ip_address_id", "public_ip_prefix_id", "dynamic"} & set(_keys(balancer.body)))


def _keys(value: Plain) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (key for key, inner in value.items() if inner is not None)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


EXTENDING = (  # what comes to a machine as an extension
    *("azurerm_virtual_machine_extension", "azurerm_virtual_machine_run_command", "azurerm_backup_protected_vm"),
    *("azurerm_monitor_data_collection_rule_association", "azurerm_policy_virtual_machine_configuration_assignment"),
    *("azurerm_security_center_server_vulnerability_assessment", "azurerm_site_recovery_replicated_vm"),
)


def extensions(module: Module, block: Block, tree: Tree) -> str:
    """``by`` what puts an extension on a machine; ``no`` where nothing here does."""
    if told := next((each.address for each, _ in namers(module, block) if each.type in EXTENDING), ""):
        return f"by {told}"
    homes = [home for home in module.tree.values() if home is not module] if handed_out(module, block, tree) != "no" else []
    return next((f"by {each.address}" for home in homes for kind in EXTENDING for each in home.resources(kind)), "no")


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "public-azure": public,
    "ftp": ftp,
    "plain-http": plain_http,
    "endpoint": endpoint,
    "subnet-visitors": visitors,
    "extensions": extensions,
}
