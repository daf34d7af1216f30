"""What a machine runs when it starts first and what its role is for, and whether that may ask for its metadata.

docs.aws.amazon.com: Amazon EC2, instance metadata and user data; AWS Systems Manager, SSM Agent and the Instance Metadata Service;
developer.hashicorp.com/terraform/language: strings and templates.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._documents import ASKS_METADATA, unpacked
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.model import Plain, Unknown
from setright.patterns import late

ELSEWHERE = late(r"\b(?:file|filebase64|templatefile|data|var|local|module)\b\s*[.(]")
PART = late(  # what a template only puts in, and is by its name a single word: a name, an address, a password
    r"\$\{\s*(?:var|local|module\.[\w-]+|data\.aws_[\w-]+\.[\w-]+)\.(?:[\w-]*[_-])?"
    r"(?:address|arn|auth|bucket|cidr|database|db|domain|endpoint|env|environment|fqdn|host|hostname|id|ip|key|name|password|port|"
    r"project|queue|region|secret|stage|table|token|topic|url|user|username|version|zone)\s*\}",
    re.I,
)

REFERRED = late(r'(?:"\$\{\s*)?(aws_iam_\w+)\.([\w-]+)')
ATTACHED, OWN = "aws_iam_role_policy_attachment", frozenset(("inline_policy", "managed_policy_arns", "dynamic"))
AGENTS = late(r"policy/(?:AmazonSSM(?:ManagedInstanceCore|PatchAssociation)|CloudWatchAgentServerPolicy)\b")


def script(module: Module, raw: Plain) -> str:
    """Who may ask for metadata, of what a machine runs when it starts first; empty where nothing of it does."""
    value = module.resolved(raw)
    text = value.text if isinstance(value, Unknown) else unpacked(str(value or ""))
    if ASKS_METADATA.search(text):
        return "its first script"
    return "a script that is told elsewhere" if isinstance(value, Unknown) and ELSEWHERE.search(PART.sub("", text)) else ""


def only_agents(module: Module, block: Block) -> bool:
    """Whether the machine's role is for nothing but Amazon's own agents, which ask for tokens since long."""
    profile = _named(module, "aws_iam_instance_profile", block.body.get("iam_instance_profile"))
    role = _named(module, "aws_iam_role", profile.body.get("role")) if profile else None
    if role is None or not OWN.isdisjoint(role.body) or handed_out(module, role, {}) != "no":
        return False
    others = [each for each, _ in namers(module, role) if each.type != "aws_iam_instance_profile"]
    return all(each.type == ATTACHED and AGENTS.search(str(each.body.get("policy_arn"))) for each in others)


def _named(module: Module, kind: str, raw: Plain) -> Block | None:
    """The resource of a type that an argument refers to."""
    told = REFERRED.match(raw.text) if isinstance(raw, Unknown) else None
    there = module.resources(kind) if told and told[1] == kind else ()
    return next((each for each in there if told and each.path[2] == told[2]), None)
