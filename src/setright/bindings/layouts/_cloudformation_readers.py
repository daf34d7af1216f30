"""Who reads a secret or a table by rights of its own, which do not reach as far as a key that is new.

AWS Secrets Manager User Guide, secret encryption and decryption; Amazon DynamoDB Developer Guide, encryption at rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_values import resource_type, uses
from setright.model import Tree

READING_NOTHING = ("AWS::SecretsManager::", "AWS::ApplicationAutoScaling::", "AWS::CloudWatch::")
WITH_RIGHTS = ("AWS::IAM::", "AWS::Serverless::")


def read_by(template: Tree, name: str, tree: Tree) -> str:
    """``by`` who names it, or has rights to all of its service: ``no`` where nothing in the template does."""
    return next((f"by {each}" for each in _readers(template, name)), "no")


def _readers(template: Tree, name: str) -> Iterator[str]:
    kind = resource_type(template["Resources"][name])
    service = "dynamodb" if kind == "AWS::Serverless::SimpleTable" else kind.split("::")[1].lower()
    yield from (part for part in ("Outputs", "Globals") if uses(template.get(part), name))
    for id_, other in template["Resources"].items():
        other_kind = resource_type(other)
        if id_ == name or other_kind.startswith(READING_NOTHING):
            continue
        if uses(other, name) or (other_kind.startswith(WITH_RIGHTS) and service in str(other.get("Properties")).lower()):
            yield id_
