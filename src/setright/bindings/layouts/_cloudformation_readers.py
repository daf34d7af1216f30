"""Who reads a secret or a table by rights of its own, which do not reach as far as a key that is new.

AWS Secrets Manager User Guide, secret encryption and decryption; Amazon DynamoDB Developer Guide, encryption at rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_index import index, mentions, speakers, users
from setright.bindings.layouts._cloudformation_values import resource_type, uses
from setright.bindings.trees import look_up
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
    yield from (part for part in ("Outputs", "Globals") if mentions(template, part, name))
    there = template["Resources"]

    def with_rights() -> list[str]:
        holders = [id_ for id_, other in there.items() if resource_type(other).startswith(WITH_RIGHTS)]
        return [id_ for id_ in holders if service in str(there[id_].get("Properties")).lower()]

    holders = index(template).kept(("rights to", service), None, with_rights)
    yield from (id_ for id_ in users(template, name) if not resource_type(there[id_]).startswith(READING_NOTHING))
    yield from (id_ for id_ in holders if id_ != name)


def trails(template: Tree, name: str, tree: Tree) -> str:
    """Whether CloudTrail or Config write into a bucket without a key of their own, as nobody of the account: ``no``, or by what."""
    there = [(id_, template["Resources"][id_]) for id_ in speakers(template, name)]
    known = [(id_, look_up(other, ("Properties",)), TRAILS.get(resource_type(other))) for id_, other in there]
    own = [(id_, body, key) for id_, body, key in known if key and isinstance(body, dict)]
    writers = [(id_, body.get(key)) for id_, body, key in own if uses(body.get("S3BucketName"), name)]
    if bare := [id_ for id_, given in writers if not given]:
        return f"by {bare[0]}"
    return "by a policy" if not writers and IN_ITS_NAME.search(str(tree.get("Policy"))) else "no"
