"""Keys that AWS manages, looked up by their alias: what a reference to the lookup stands for.

registry.terraform.io: hashicorp/aws, data sources aws_kms_key and aws_kms_alias. AWS KMS: names below alias/aws/ are AWS's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from setright.model import Plain, Tree
from setright.patterns import late

LOOKUP = late(
    r'(?:"\$\{\s*)?(data\.aws_kms_(?:key|alias))\.([\w-]+)(?:\[0\])?\.(?:arn|id|key_id|name|target_key_arn|target_key_id)(?:\s*\}")?'
)
ASKED = {"data.aws_kms_key": "key_id", "data.aws_kms_alias": "name"}
OWN = "alias/aws/"


class _Bodied(Protocol):
    """A block as it stands in a file."""

    @property
    def body(self) -> Tree: ...


def managed_alias(text: str, lookups: Callable[[str, str], Iterable[_Bodied]], resolved: Callable[[Plain], Plain]) -> str | None:
    """The alias of the AWS managed key that a reference finds; None of any other. `lookups`: the blocks of a type and a name."""
    told = LOOKUP.fullmatch(text) if "data.aws_kms_" in text else None
    if told is None:
        return None
    asked = (resolved(block.body.get(ASKED[told[1]])) for block in lookups(told[1], told[2]))
    return next((each for each in asked if isinstance(each, str) and OWN in each), None)
