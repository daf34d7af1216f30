"""Who in a module reads the address of a Google machine or database, and whether a machine has another way out to what it fetches.

cloud.google.com/nat/docs/overview, sql/docs/mysql/connect-overview; registry.terraform.io, google_compute_instance
(`network_interface.0.access_config.0.nat_ip`) and google_sql_database_instance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers, of, tellers
from setright.bindings.layouts._terraform_values import mentions
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

ITSELF = late(r"\bself\.network_interface\b[^\s\"}]*access_config")
FETCHES = late(  # commands by which a machine loads what it needs when it starts
    r"\b(?:apt|apt-get|yum|dnf|zypper|apk|snap|pip3?|npm|gem)\s+(?:-\S+\s+)*(?:install|update|upgrade|add)\b"
    r"|\b(?:curl|wget)\s|\bgit\s+clone\b|\b(?:docker|podman)\s+(?:run|pull)\b|\bgcr\.io\b|docker\.io\b"
)
SCRIPTS = ("metadata", "metadata_startup_script")
STARTS = ("startup-script", "startup-script-url", "user-data", "windows-startup-script-ps1")
DECLARED = "gce-container-declaration"  # a container whose image the machine pulls when it starts
DEFAULT = late(r"(?:.*/)?default")  # the network that a project has from its beginning
UNREAD = late(r"\b(?:file|filebase64|templatefile)\s*\(|\bdata\.(?:template_)?cloudinit_config\b")
TEMPLATE = late(r"\bdata\.template_file\.([\w-]+)(?:\[[^\]]*\])?\.rendered\b")
CERTIFICATE = "google_sql_ssl_cert"
NETWORKS, NAT = ("google_compute_network", "module.terraform-google-modules/network/google"), "google_compute_router_nat"
WORKLOADS = late(r"helm_release|kubectl_manifest|kubernetes_(?:manifest|deployment|stateful_set|daemonset|daemon_set|pod|job)\w*")
LEADING = late(r"module\..*(?:nat|rout|egress|proxy)")  # a call that may make another way out


def address(module: Module, block: Block, tree: Tree) -> str:
    """What needs the address: ``by`` who reads it, ``the only way out`` of what fetches something at its start, else ``no``."""
    if mentions(block.body, ITSELF):
        return f"by {block.address} itself"
    if (reader := reader_of(module, block, r"[^\s\"}]*\baccess_config")) != "no":
        return reader  # where it is gone, an expression that leads to it has no value, and Terraform stops
    return "the only way out" if _is_way_out(module, block) else "no"


def clients(module: Module, block: Block, tree: Tree) -> str:
    """``by`` who takes a database's address to connect to it, and not through a connector or with a certificate; else ``no``."""
    if any(home.resources(CERTIFICATE) for home in module.tree.values()):
        return "no"
    return reader_of(module, block, r"[^\s\"}]*\.(?:private_ip_address|public_ip_address|first_ip_address|ip_address)\b")


def reader_of(module: Module, block: Block, attribute: str) -> str:
    """``by`` what names an attribute of a resource: an output, a local value, a call, another resource; else ``no``."""
    leading = re.compile(rf"(?<![\w.-]){re.escape(block.address)}(?![\w-]){attribute}")
    told = (f"by {called}" for called, body in tellers(module, block) if mentions(body, leading))
    there = (f"by {each.address}" for each, _ in namers(module, block) if mentions(each.body, leading))
    return next(told, next(there, "no"))


def _is_way_out(module: Module, block: Block) -> bool:
    """Whether it fetches something when it starts, or by a file that is not read, and its code makes a network and no NAT."""
    said = " ".join(_said(module.resolved(block.body.get(key))) for key in SCRIPTS)
    metadata = block.body.get("metadata")
    scripts = [metadata.get(key) for key in STARTS] if isinstance(metadata, dict) else []
    unread = any(_is_elsewhere(module, raw) for raw in (*scripts, block.body.get(SCRIPTS[1])))
    pulls = isinstance(metadata, dict) and DECLARED in metadata
    return (unread or pulls or FETCHES.search(said) is not None) and _has_no_nat(module, _is_in_default(module, block))


def _is_in_default(module: Module, block: Block) -> bool:
    there = block.body.get("network_interface")
    named = [module.resolved(each.get("network")) for each in there if isinstance(each, dict)] if isinstance(there, list) else []
    return any(isinstance(each, str) and DEFAULT.fullmatch(each) for each in named)


def _is_elsewhere(module: Module, raw: Plain) -> bool:
    """Whether a script is in a file, or in a template of which nothing says that it fetches nothing."""
    value = module.resolved(raw)
    told = TEMPLATE.search(value.text) if isinstance(value, Unknown) else None
    if told is None:
        return isinstance(value, Unknown) and UNREAD.search(value.text) is not None
    there = (each.body.get("template") for each in module.resources("data.template_file") if each.path[2] == told[1])
    text = module.resolved(next(there, None))
    return FETCHES.search(_said(text)) is not None or (isinstance(text, Unknown) and UNREAD.search(text.text) is not None)


def nodes(module: Module, block: Block, tree: Tree) -> str:
    """``public addresses`` where pods of this code load their images by the nodes' own, since its network has no other way out."""
    loads = any(WORKLOADS.match(kind) for home in module.tree.values() for kind in home.types)
    return "public addresses" if loads and _has_no_nat(module) else "others"


def _has_no_nat(module: Module, bare: bool = False) -> bool:
    """Whether the tree makes a network, or what it makes is in one that has none by itself, and nothing that leads out of it."""
    homes = list(module.tree.values())
    if any(home.resources(NAT) or any(map(LEADING.match, home.types)) for home in homes):
        return False
    return bare or any(home.resources(kind) for home in homes for kind in NETWORKS)


def _said(value: Plain) -> str:
    if isinstance(value, dict | list):
        return " ".join(map(_said, value.values() if isinstance(value, dict) else value))
    return value.text if isinstance(value, Unknown) else str(value)


def identities(module: Module, block: Block, tree: Tree) -> str:
    """Whether the cluster of a pool has Workload Identity: ``yes`` or ``no``; ``elsewhere`` where no cluster here is its own."""
    tie = module.resolved(block.body.get("cluster"))
    clusters = module.resources("google_container_cluster")
    named = [each for each in clusters if isinstance(tie, Unknown) and of(each).search(tie.text)]
    named = named or [each for each in clusters if same(tie, module.resolved(each.body.get("name")))]
    if not named:
        return "elsewhere"
    return "yes" if all({"workload_identity_config", "dynamic"} & each.body.keys() for each in named) else "no"


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "address": address,
    "sql-clients": clients,
    "nodes-way-out": nodes,
    "pool-identities": identities,
}
