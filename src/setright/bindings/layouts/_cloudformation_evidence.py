"""What a template tells of a resource that clears a fear: whom it lets in, what its deletion does.

`source/deletion-policy` is what the resource says itself, `source/serverless` that SAM makes it; an entry's
`evidence: {NAME: FUNCTION}` gives `source/NAME`.
AWS CloudFormation User Guide, DeletionPolicy; Amazon S3 User Guide, the meaning of "public".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts import _cloudformation_serverless as serverless
from setright.bindings.layouts._cloudformation_values import function, of_type, referred
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

PREFIX = "source"
CANNED_PUBLIC = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")


def view(layout: Mapping[str, Plain], template: Tree, name: str, tree: Tree) -> Tree:
    """All evidence there is on a resource, for the kind's tree; `tree` is what is known of it so far."""
    found = {key: FUNCTIONS[named](template, name, tree) for key, named in layout.get("evidence", {}).items()}
    deletion = look_up(template, ("Resources", name, "DeletionPolicy"))
    found |= {"deletion-policy": deletion} if isinstance(deletion, str) else {}
    found |= {"serverless": "yes"} if serverless.is_one(layout, template, name) else {}
    return {PREFIX: found} if found else {}


def _public(template: Tree, name: str, tree: Tree) -> str:
    """By what a bucket may be open to everybody: ``no`` where nothing in the template speaks for it."""
    return ", ".join(dict.fromkeys(_ways(template, name, tree))) or "no"


def _ways(template: Tree, name: str, tree: Tree) -> Iterator[str]:
    if "WebsiteConfiguration" in tree:
        yield "a web site"
    canned = tree.get("AccessControl")
    if canned in CANNED_PUBLIC or isinstance(canned, Unknown):
        yield "an access list"
    block = tree.get("PublicAccessBlockConfiguration")
    if isinstance(block, Unknown) or (
        isinstance(block, dict) and not all(str(value).lower() == "true" for value in block.values())
    ):
        yield "settings that allow it"
    buckets = dict(of_type(template, "AWS::S3::Bucket"))
    for _, policy in of_type(template, "AWS::S3::BucketPolicy"):
        target = referred(policy.get("Bucket"))
        if (target == name or target not in buckets) and not _closed(look_up(policy, ("PolicyDocument",))):
            yield "a policy"


def _closed(policy: Plain) -> bool:
    """Whether every statement surely lets in only those it names, or only on a condition."""
    statements = look_up(policy, ("Statement",))
    listed = statements if isinstance(statements, list) else [statements]
    return all(isinstance(each, dict) and not function(each) and _narrow(each) for each in listed)


def _narrow(statement: Tree) -> bool:
    if statement.get("Effect") == "Deny" or statement.get("Condition"):
        return True
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return named is not None and not isinstance(named, Unknown) and "*" not in (named if isinstance(named, list) else [named])


def _senders(template: Tree, name: str, tree: Tree) -> str:
    """Whether a policy of the template lets anybody send to a queue besides roles: ``no``, or ``a policy``."""
    for _, policy in of_type(template, "AWS::SQS::QueuePolicy"):
        queues = policy.get("Queues")
        if not isinstance(queues, list) or any(referred(queue) in (name, None) for queue in queues):
            return "a policy"
    return "no"


FUNCTIONS: Mapping[str, Callable[[Tree, str, Tree], str]] = {"public": _public, "senders": _senders}
