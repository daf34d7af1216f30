"""Whose logs a policy is for: of a service that writes all of its own below one name, where that service alone acts by it.

AWS Lambda Developer Guide, CloudWatch Logs with Lambda; AWS CodeBuild User Guide, logs of builds: the names of their log groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.bindings.layouts._terraform_values import mentions
from setright.bindings.trees import look_up
from setright.model import Path, Tree, Unknown
from setright.patterns import late

SERVICES = {"lambda.amazonaws.com": "lambda", "codebuild.amazonaws.com": "codebuild"}
ANYBODY = late(r"\b(?:AWS|Federated|CanonicalUser)\b")
PRINCIPAL = late(r"[\w.-]+\.amazonaws\.com(?:\.cn)?")
OWN_NAME: dict[str, Path] = {
    "aws_lambda_function": ("logging_config", 0, "log_group"),
    "aws_codebuild_project": ("logs_config", 0, "cloudwatch_logs", 0, "group_name"),
}
TAKES_POLICIES = frozenset(("aws_iam_policy", "aws_iam_role_policy"))
ATTACHES = frozenset(("aws_iam_role_policy_attachment",))
ELSEWHERE = re.compile(r"aws-(?:cn|us-gov)|(?:cn|us-gov)-\w+-\d")  # where ARNs begin otherwise
OTHERS = "others"


def log_writers(module: Module, block: Block, tree: Tree) -> str:
    """``lambda`` or ``codebuild`` where roles of that alone have the policy and it logs by its usual names; or ``others``."""
    if "own log names" not in module.notes:
        module.notes["own log names"] = _names_its_own(module)
    if module.notes["own log names"]:
        return OTHERS
    roles = list(_roles(module, block, 0))
    told = {_service(module, role) if role is not None else OTHERS for role in roles}
    return told.pop() if len(told) == 1 else OTHERS


def _names_its_own(module: Module) -> bool:
    """Whether ARNs begin otherwise in the module, or something in it logs below a name of its own."""
    if any(ELSEWHERE.search(str(source.tree)) for source in module.sources.values()):
        return True
    return any(look_up(each.body, path) is not None for kind, path in OWN_NAME.items() for each in module.resources(kind))


def _roles(module: Module, block: Block, depth: int) -> Iterator[Block | None]:
    """The roles that have a policy; None for each that is not of this module, or cannot be told."""
    if handed_out(module, block, {}) != "no" or depth > 2:
        yield None
        return
    if block.type == "aws_iam_role_policy":
        yield _role(module, block)
    for other, keys in namers(module, block):
        if other.type in TAKES_POLICIES and "policy" in keys:
            yield from _roles(module, other, depth + 1)
        else:
            yield _role(module, other) if other.type in ATTACHES else None


def _role(module: Module, block: Block) -> Block | None:
    raw = module.resolved(block.body.get("role"))
    found = [each for each in module.resources("aws_iam_role") if mentions(raw, re.compile(rf"\b{re.escape(each.address)}\b"))]
    return found[0] if len(found) == 1 and isinstance(raw, Unknown) else None


def _service(module: Module, role: Block) -> str:
    """The one service that may act by a role; ``others`` for more, and for anybody else."""
    said = str(module.resolved(role.body.get("assume_role_policy")))
    said += "".join(str(each.body) for each in module.resources("data.aws_iam_policy_document") if f"{each.address}." in said)
    who = set(PRINCIPAL.findall(said))
    return SERVICES.get(who.pop(), OTHERS) if len(who) == 1 and not ANYBODY.search(said) else OTHERS
