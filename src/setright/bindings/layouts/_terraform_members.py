"""What is in a security group of a module: things that only answer, databases, what calls inside its network, or others.

docs.aws.amazon.com: Amazon EFS, using VPC security groups; AWS PrivateLink, interface endpoints; Amazon RDS, controlling access
with security groups: what a database may send counts only where it acts as a client. Elastic Load Balancing, security groups of
load balancers; Amazon EKS, security group requirements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_lookups import finders
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers, of, tellers
from setright.bindings.layouts._terraform_values import mentions
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

ANSWERING = {"aws_efs_mount_target": "security_groups", "aws_vpc_endpoint": "security_group_ids"}
DATABASES = {
    "aws_dax_cluster": "security_group_ids",
    "aws_db_instance": "vpc_security_group_ids",
    "aws_docdb_cluster": "vpc_security_group_ids",
    "aws_elasticache_cluster": "security_group_ids",
    "aws_elasticache_replication_group": "security_group_ids",
    "aws_elasticache_serverless_cache": "security_group_ids",
    "aws_memorydb_cluster": "security_group_ids",
    "aws_neptune_cluster": "vpc_security_group_ids",
    "aws_rds_cluster": "vpc_security_group_ids",
}
INSIDE = {"aws_alb": "security_groups", "aws_eks_cluster": "vpc_config", "aws_lb": "security_groups"}
LISTENERS = ("aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule")
LOGS_IN = late(r"authenticate-(?:oidc|cognito)|jwt-validation")  # for which a balancer calls who knows the people
NETWORK = late(r'(?:"\$\{\s*)?((?:data\.)?aws_vpc\.[\w-]+)\.id(?:\s*\}")?')
MORE_NETWORK = "aws_vpc_ipv4_cidr_block_association"
EVERYBODY = frozenset({"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1", "2000::/3"})
OFFERED = "template-network"  # set by a fix: the addresses of the network that the group is in
RULES = late(r"aws_(?:default_)?security_group|aws_security_group_rule|aws_vpc_security_group_(?:in|e)gress_rule")
# a directory, a bucket, a source elsewhere
CALLS = ("domain", "iam_roles", "replication_source_identifier", "s3_import", "source_region")
ROLES = ("aws_db_instance_role_association", "aws_rds_cluster_role_association")
LOOKS_UP = ("data.aws_security_group", "data.aws_security_groups")
MODULES = {  # well-known ones that put databases into the groups they are given, by this argument
    "terraform-aws-modules/elasticache/aws": "security_group_ids",
    "terraform-aws-modules/rds-aurora/aws": "vpc_security_group_ids",
    "terraform-aws-modules/rds/aws": "vpc_security_group_ids",
}


def members(module: Module, block: Block, tree: Tree) -> str:
    """``only answers``, ``databases``, ``calls inside``, or who else is in a group or may be put into it."""
    calls = _calls_with(module, block)
    if (others := handed_out(module, block, tree)) != "no" and not (calls and all(calls) and not _told(module, block)):
        return others
    named = [(each, keys) for each, keys in namers(module, block) if not RULES.fullmatch(each.type)]
    there = [(each, keys) for each, keys in named if not (calls and each.address.startswith("module."))]
    found = finders(module, block, LOOKS_UP)
    if (
        there
        and not calls
        and not found
        and network(module, block)
        and all(_calls_inside(module, each, keys) for each, keys in there)
    ):
        return "calls inside"
    odd = [each.address for each, keys in there if _may_call(module, each, keys)]
    if callers := [*odd, *found]:
        return callers[0]
    if not there and not calls:
        return "what nothing here tells"
    return "only answers" if not calls and all(each.type in ANSWERING for each, _ in there) else "databases"


def _told(module: Module, block: Block) -> bool:
    return any(called.startswith("output.") for called, _ in tellers(module, block))


def _calls_with(module: Module, block: Block) -> list[bool]:
    """For each call of a module that is given a group, whether that surely only puts databases into it."""
    named = of(block)
    told = (blocks for called, blocks in tellers(module, block) if called.startswith("module."))
    bodies = (body for blocks in told for body in (blocks if isinstance(blocks, list) else [blocks]))
    return [_makes_databases(body, named) for body in bodies if mentions(body, named)]


def _makes_databases(body: Tree, named: re.Pattern[str]) -> bool:
    own = MODULES.get(str(body.get("source")).partition("//")[0].removeprefix("registry.terraform.io/"), "")
    return not any(key in body for key in CALLS) and all(key == own for key, value in body.items() if mentions(value, named))


def _may_call(module: Module, other: Block, keys: frozenset[str]) -> bool:
    """Whether what names a group is no database that this code has only answer, and nothing else that does."""
    if not keys - {"depends_on"} <= {(ANSWERING | DATABASES).get(other.type, "")}:
        return True
    return other.type in DATABASES and (any(key in other.body for key in CALLS) or any(map(module.resources, ROLES)))


def _calls_inside(module: Module, other: Block, keys: frozenset[str]) -> bool:
    """Whether what names a group hands on what comes in, to targets or nodes in its network."""
    told = any(LOGS_IN.search(str(each.body)) for kind in LISTENERS for each in module.resources(kind))
    return INSIDE.get(other.type, "") in keys and keys <= {INSIDE.get(other.type, ""), "depends_on"} and not told


def network(module: Module, block: Block) -> str:
    """The expression for the addresses of the network that a group is in; empty where the module has no word for them."""
    raw = block.body.get("vpc_id")
    told = NETWORK.fullmatch(raw.text) if isinstance(raw, Unknown) else None
    one = told is not None and not module.resources(MORE_NETWORK) and _is_single(module, told[1])
    return f"{told[1]}.cidr_block" if told and one else ""


def said(module: Module, block: Block, description: str) -> str:
    """The description of a rule, which stays true when the rule is for the network alone."""
    return description.replace(" to anywhere", " out") if members(module, block, {}) == "calls inside" else description


def _is_single(module: Module, address: str) -> bool:
    kind = address.rpartition(".")[0]
    there = [each for each in module.resources(kind) if each.address == address]
    return bool(there) and not {"count", "for_each", "ipv6_cidr_block"} & there[0].body.keys()


def ways_in(module: Module, block: Block, tree: Tree) -> str:
    """``for everybody`` where each rule of a group lets everybody in, so that nobody reaches it without these; or ``for some``."""
    rules = tree.get("SecurityGroupIngress")
    named = [[each.get("CidrIp"), each.get("CidrIpv6")] if isinstance(each, dict) else [] for each in rules or ()]
    is_open = [any(isinstance(end, str) and end in EVERYBODY for end in ends) for ends in named]
    return "for everybody" if is_open and all(is_open) else "for some"


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"members": members, "ways-in": ways_in}
