"""Who may be in the default security group of a network: what is started in it without groups, wherever the network is handed to.

A directory hands its network on by the arguments of a call or by its outputs, be it by way of locals or subnet groups. What nobody
in the tree calls hands its outputs to whoever reads them. Another directory may look a network up by itself.
docs.aws.amazon.com/vpc, default security groups: what names no group when it is made is in the default one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.trees import texts_in
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

GROUPS = {  # the arguments that put a resource into groups of its own; below a block where only that puts it into a network
    "aws_instance": "vpc_security_group_ids security_groups network_interface launch_template",
    "aws_launch_template": "vpc_security_group_ids network_interfaces",
    "aws_launch_configuration": "security_groups",
    "aws_spot_instance_request": "vpc_security_group_ids security_groups",
    "aws_network_interface": "security_groups",
    "aws_lb": "security_groups",
    "aws_alb": "security_groups",
    "aws_elb": "security_groups",
    "aws_db_instance": "vpc_security_group_ids",
    "aws_rds_cluster": "vpc_security_group_ids",
    "aws_docdb_cluster": "vpc_security_group_ids",
    "aws_neptune_cluster": "vpc_security_group_ids",
    "aws_redshift_cluster": "vpc_security_group_ids",
    "aws_elasticache_cluster": "security_group_ids replication_group_id",
    "aws_elasticache_replication_group": "security_group_ids global_replication_group_id",
    "aws_memorydb_cluster": "security_group_ids",
    "aws_dax_cluster": "security_group_ids",
    "aws_efs_mount_target": "security_groups",
    "aws_fsx_lustre_file_system": "security_group_ids",
    "aws_fsx_windows_file_system": "security_group_ids",
    "aws_fsx_ontap_file_system": "security_group_ids",
    "aws_fsx_openzfs_file_system": "security_group_ids",
    "aws_mq_broker": "security_groups",
    "aws_vpc_endpoint": "security_group_ids",
    "aws_ec2_client_vpn_endpoint": "security_group_ids",
    "aws_dms_replication_instance": "vpc_security_group_ids",
    "aws_sagemaker_notebook_instance": "security_groups",
    "aws_workspaces_directory": "workspace_creation_properties",
    "aws_ecs_service": "network_configuration/security_groups",
    "aws_opensearch_domain": "vpc_options/security_group_ids",
    "aws_elasticsearch_domain": "vpc_options/security_group_ids",
    "aws_transfer_server": "endpoint_details/security_group_ids",
}
NETWORK = r"aws_vpc\.|aws_default_vpc\.|aws_\w*subnet\w*\."
DEFAULT_GROUP = late(r"\bdefault_security_group_id\b")
LOOKED_UP = frozenset(f"data.aws_{each}" for each in ("vpc", "vpcs", "subnet", "subnets", "subnet_ids"))
OTHERS = "others that get the network"

Call = tuple[str, str, str | None, Tree]  # the directory that calls, the call's name, the directory called, and the arguments


class Directory(NamedTuple):
    """What a directory says of networks: its files, the types in it, and what it starts without groups."""

    trees: tuple[Tree, ...]
    types: frozenset[str]
    groupless: str


def groupless(blocks: Iterable[tuple[str, str, Tree]]) -> str:
    """The address of the first of the resources (type, address, body) that is in no group of its own; empty where all are."""
    return next((address for kind, address, body in blocks if not _has_groups(kind, body)), "")


def _has_groups(kind: str, body: Tree) -> bool:
    """Whether a resource says its groups, or is never in one: a gateway endpoint, a balancer of connections."""
    outer, _, inner = GROUPS[kind].rpartition("/")
    if outer:
        blocks = body.get(outer)
        told = all(isinstance(each, dict) and inner in each for each in blocks) if isinstance(blocks, list) else blocks is None
        return told and outer not in (body.get("dynamic") or {})
    endpoint = kind == "aws_vpc_endpoint" and body.get("vpc_endpoint_type", "Gateway") == "Gateway"
    return not set(inner.split()).isdisjoint(body) or endpoint or body.get("load_balancer_type") in ("network", "gateway")


def tenants(directories: Mapping[str, Directory], calls: Sequence[Call]) -> tuple[tuple[str, str], ...]:
    """Who may be in the default groups of each directory's networks: ``no`` where nobody is."""
    homes = [folder for folder, each in directories.items() if "aws_vpc" in each.types]
    return tuple((folder, _tenant(directories, calls, folder)) for folder in homes)


def _tenant(directories: Mapping[str, Directory], calls: Sequence[Call], home: str) -> str:
    reached = _Reached(directories, calls, home)
    if reached.leaves:
        return OTHERS
    looking = {folder for folder, each in directories.items() if not LOOKED_UP.isdisjoint(each.types)}
    for folder in [home, *sorted((reached.known.keys() | looking) - {home})]:
        if any(_names_default_group(tree) for tree in directories[folder].trees):
            return "what names it"
        if found := directories[folder].groupless:
            return found if folder == home else f"{found} of {folder or 'the directory above all'}"
    return "no"


def _names_default_group(tree: Tree) -> bool:
    """Whether a file uses the default group, by the network's attribute or by looking for the group of that name."""
    asked = (tree.get("data") or {}).get("aws_security_group")
    return any(DEFAULT_GROUP.search(text) for text in _expressions(tree)) or "default" in texts_in(asked)


class _Reached:
    """The directories that get to know a network, each with how it is named there, and whether anybody else does."""

    def __init__(self, directories: Mapping[str, Directory], calls: Sequence[Call], home: str) -> None:
        self.directories, self.calls = directories, calls
        self.known: dict[str, set[str]] = {home: {NETWORK}}
        self.told: set[str] = set()  # those whose outputs name it
        self.leaves = False
        before = -1
        while before != (before := sum(map(len, self.known.values())) + len(self.told)):
            for folder in list(self.known):
                self._passes_on(folder)

    def _passes_on(self, folder: str) -> None:
        """What a directory does with the network: its locals, its calls, its outputs."""
        trees = self.directories[folder].trees
        held = [pair for tree in trees for each in _listed(tree.get("locals")) for pair in each.items()]
        self.known[folder].update(rf"local\.{re.escape(name)}\b" for name, value in held if self._is_named(folder, value))
        for caller, name, target, body in self.calls:
            if caller == folder:
                self._calls(folder, name, target, body)
        if any(self._is_named(folder, tree.get("output")) for tree in trees):
            self.told.add(folder)
            above = [caller for caller, _, target, _ in self.calls if target == folder]
            self.leaves = self.leaves or not above
            for caller in above:
                self.known.setdefault(caller, set())

    def _calls(self, folder: str, name: str, target: str | None, body: Tree) -> None:
        given = {rf"var\.{re.escape(key)}\b" for key, value in body.items() if self._is_named(folder, value)}
        if given and target in self.directories:
            self.known.setdefault(str(target), set()).update(given)
        elif given:
            self.leaves = True
        if target in self.told:
            self.known[folder].add(rf"module\.{re.escape(name)}\b")

    def _is_named(self, folder: str, value: Plain) -> bool:
        named = "|".join(sorted(self.known[folder]))
        return bool(named) and any(re.search(rf"(?<![\w-])(?:{named})", text) for text in _expressions(value))


def _listed(value: Plain) -> list[Tree]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _expressions(value: Plain) -> Iterator[str]:
    """The texts of all expressions in a value."""
    if isinstance(value, Unknown):
        yield value.text
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _expressions(item)
