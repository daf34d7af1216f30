"""What a module tells of Azure resources: by what a storage account is open to everybody, and how an app is used.

learn.microsoft.com: storage, anonymous read access; app service, deploy by FTP, run from package, disable basic authentication,
set up TLS mutual authentication, authentication and authorization.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers, of
from setright.bindings.trees import same
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

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


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "public-azure": public,
    "ftp": ftp,
    "plain-http": plain_http,
    "endpoint": endpoint,
}
