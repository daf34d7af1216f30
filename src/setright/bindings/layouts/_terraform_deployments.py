"""What Terraform makes together: which directories are only ever made by somebody who may make roles.

developer.hashicorp.com/terraform/language/modules: a directory that no other calls is deployed by itself, with all that it calls.
Who may give rights to a role, a user or a group may as well make a role; PowerUserAccess may neither (AWS managed policies).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

ROLE_MAKERS = frozenset(
    (
        *("aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_policy", "aws_iam_policy_attachment"),
        *("aws_iam_user", "aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_group_policy"),
        *("aws_iam_group_policy_attachment", "module.terraform-aws-modules/eks/aws", "module.terraform-aws-modules/lambda/aws"),
    )
)
ROLE_MODULES = "module.terraform-aws-modules/iam/aws//"


def makes_roles(types: AbstractSet[str]) -> bool:
    """Whether a directory with blocks of these types makes roles, or gives rights as who makes roles may."""
    return not ROLE_MAKERS.isdisjoint(types) or any(each.startswith(ROLE_MODULES) for each in types)


def with_roles(calls: Mapping[str, AbstractSet[str]], makers: AbstractSet[str]) -> frozenset[str]:
    """The directories of which every deployment makes roles; `calls` are those that each directory calls."""
    called = {each for callees in calls.values() for each in callees}
    deployed = {root: _reached(calls, root) for root in calls if root not in called}
    without = {folder for reached in deployed.values() if makers.isdisjoint(reached) for folder in reached}
    return frozenset(folder for reached in deployed.values() for folder in reached) - without


def _reached(calls: Mapping[str, AbstractSet[str]], root: str) -> set[str]:
    """A directory and all that it calls, at any depth."""
    reached, waiting = {root}, [root]
    while waiting:
        fresh = set(calls.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    return reached
