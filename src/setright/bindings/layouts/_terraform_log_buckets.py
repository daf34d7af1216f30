"""Whether a bucket that takes logs already takes them from others, too: its policy may let in one source, or below one prefix.

Amazon S3 User Guide, permissions for log delivery: whoever may not write there writes nothing, and nobody is told.
"""

from __future__ import annotations

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_policy import DATA
from setright.bindings.layouts._terraform_ties import BUCKET, of_bucket
from setright.model import Plain, Unknown
from setright.patterns import late

POLICY = "aws_s3_bucket_policy"
ONE_SOURCE = "SourceArn"
BELOW = late(r"(?:\barn\}|\bbucket\}|\bid\}|:::[\w.-]+)/(?!\*)")  # a prefix


def takes_from_all(module: Module, value: Plain, service: str) -> bool:
    """Whether what a service writes into the bucket may come from any source, below any prefix, as far as its policies tell."""
    found = BUCKET.match(value.text) if isinstance(value, Unknown) else None
    block = next((each for each in module.resources("aws_s3_bucket") if found and each.address == found[1]), None)
    if block is None:
        return True
    said = (text for each in of_bucket(module, block, POLICY) for text in _said(module, each))
    return not any(ONE_SOURCE in text or BELOW.search(text) for text in said if service in text)


def _said(module: Module, policy: Block) -> list[str]:
    """What a policy says: itself, or the data block that writes it."""
    raw = policy.body.get("policy")
    named = DATA.fullmatch(raw.text) if isinstance(raw, Unknown) else None
    if named is None:
        return [str(raw)]
    return [str(each.body) for each in module.resources(f"data.{named[1]}") if each.path[-2] == named[2]]
