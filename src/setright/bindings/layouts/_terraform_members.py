"""What is in a security group of a module: things that only answer, databases, or others that may call.

docs.aws.amazon.com: Amazon EFS, using VPC security groups; AWS PrivateLink, interface endpoints; Amazon RDS, controlling access
with security groups: what a database may send counts only where it acts as a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.model import Plain, Tree
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
RULES = late(r"aws_(?:default_)?security_group|aws_security_group_rule|aws_vpc_security_group_(?:in|e)gress_rule")
CALLS = (
    "domain",
    "iam_roles",
    "replication_source_identifier",
    "s3_import",
    "source_region",
)  # a directory, a bucket, a source elsewhere
ROLES = ("aws_db_instance_role_association", "aws_rds_cluster_role_association")
LOOKS_UP = ("data.aws_security_group", "data.aws_security_groups")


def members(module: Module, block: Block, tree: Tree) -> str:
    """``only answers``, ``databases``, or who else is in a group or may be put into it."""
    if (others := handed_out(module, block, tree)) != "no":
        return others
    there = [(each, keys) for each, keys in namers(module, block) if not RULES.fullmatch(each.type)]
    found = [each.address for home in module.tree.values() for kind in LOOKS_UP for each in home.resources(kind)]
    odd = [each.address for each, keys in there if _may_call(module, each, keys)]
    if odd or found:
        return next(iter([*odd, *found]))
    if not there:
        return "what nothing here tells"
    return "only answers" if all(each.type in ANSWERING for each, _ in there) else "databases"


def _may_call(module: Module, other: Block, keys: frozenset[str]) -> bool:
    """Whether what names a group is no database that this code has only answer, and nothing else that does."""
    if not keys - {"depends_on"} <= {(ANSWERING | DATABASES).get(other.type, "")}:
        return True
    return other.type in DATABASES and (any(key in other.body for key in CALLS) or any(map(module.resources, ROLES)))


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"members": members}
