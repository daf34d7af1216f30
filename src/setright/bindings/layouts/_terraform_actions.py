"""What the actions that a policy allows can do to a bucket, as far as its text surely tells.

docs.aws.amazon.com/service-authorization: actions, resources, and condition keys for Amazon S3.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block
from setright.model import Plain
from setright.patterns import late

POLICY = late(r"data\.aws_iam_policy_document|aws_iam_\w*policy")
ACTION = late(r"\bs3:\w+")
EVERYTHING = late(r"[\"']\*[\"']|[Nn]ot_?[Aa]ctions?\b")  # among actions, or all but those that are named
PUTS_LISTS = late(r"\bs3:(?:P\w*)?\*|\bs3:PutObject(?:\*|A\w*)")
READS = late(r"\bs3:(?:Get|List|Head)\w*\*?")
ANY_S3 = late(r"\bs3:[\w*]*")
ALL_PLACES = late(r"(?:[Rr]esources?|[Pp]rincipals?|identifiers|AWS)\W{1,40}\*[\"']")  # which says what for, or for whom


def lists_nothing(statements: Plain, effect: str) -> bool:
    """Whether what allows something says which actions of S3, and none that sets access lists."""
    told = list(_allowing(statements, effect))
    named = all(ACTION.search(text) and not PUTS_LISTS.search(text) for text in told)
    return isinstance(statements, list) and named and not _all(told)


def only_reads(other: Block) -> bool:
    """Whether a block is a policy that says which actions of S3, and none that puts or deletes objects."""
    told = list(_allowing(other.body.get("statement", [other.body]), "effect")) if POLICY.fullmatch(other.type) else []
    actions = [action for text in told for action in ANY_S3.findall(text)]
    return bool(actions) and all(map(READS.fullmatch, actions)) and not _all(told)


def _allowing(statements: Plain, effect: str) -> Iterator[str]:
    """The texts of the statements that allow something, but for the wildcards of what for and for whom."""
    for each in statements if isinstance(statements, list) else ():
        if not isinstance(each, dict) or each.get(effect) != "Deny":
            yield ALL_PLACES.sub("", str(each))


def _all(told: list[str]) -> bool:
    return any(EVERYTHING.search(text) for text in told)
