"""Who reads a secret or a table by rights of its own, which do not reach as far as a key that is new.

AWS Secrets Manager User Guide, secret encryption and decryption; Amazon DynamoDB Developer Guide, encryption at rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_values import resource_type, uses
from setright.model import Tree

READING_NOTHING = ("AWS::SecretsManager::", "AWS::ApplicationAutoScaling::", "AWS::CloudWatch::")
WITH_RIGHTS = ("AWS::IAM::", "AWS::Serverless::")
TRAILS = {"AWS::CloudTrail::Trail": "KMSKeyId", "AWS::Config::DeliveryChannel": "S3KmsKeyArn"}  # each with its property for a key
IN_ITS_NAME = re.compile(r"\b(?:cloudtrail|config)\.amazonaws\.com")


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


def trails(template: Tree, name: str, tree: Tree) -> str:
    """Whether CloudTrail or Config write into a bucket without a key of their own, as nobody of the account: ``no``, or by what."""
    there = [(id_, other.get("Properties"), TRAILS.get(resource_type(other))) for id_, other in template["Resources"].items()]
    known = [(id_, own, key) for id_, own, key in there if key and isinstance(own, dict)]
    writers = [(id_, own.get(key)) for id_, own, key in known if uses(own.get("S3BucketName"), name)]
    if bare := [id_ for id_, given in writers if not given]:
        return f"by {bare[0]}"
    return "by a policy" if not writers and IN_ITS_NAME.search(str(tree.get("Policy"))) else "no"
