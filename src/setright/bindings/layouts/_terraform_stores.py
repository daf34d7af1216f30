"""The module's own key, open to who may use its stores: through the service of a store, as the key is that AWS manages for it.

Who may read a table, a stream, a secret, a parameter, an object, a function's variables or may publish to a topic needs no right
to such a key. Other accounts, and services that come in their own name, have none. AWS KMS Developer Guide, AWS managed keys,
``kms:ViaService`` and ``kms:CallerAccount``; Amazon DynamoDB Developer Guide, encryption at rest: usage notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from setright.bindings.layouts._terraform_bundles import through
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_values import mentions
from setright.model import Plain

KEY = ("resource", "aws_kms_key", "data")
SERVICES = {
    "aws_dynamodb_table": "dynamodb",
    "aws_kinesis_stream": "kinesis",
    "aws_lambda_function": "lambda",
    "aws_s3_bucket": "s3",
    "aws_secretsmanager_secret": "secretsmanager",
    "aws_ssm_parameter": "ssm",
}
ELSEWHERE = ("replica", "replication_configuration")  # its copies elsewhere need keys of their own
ONLY_WITH = {"aws_lambda_function": "environment"}  # what it keeps under a key


def opened(module: Module, path: tuple[str, ...], body: Plain) -> Plain:
    """The key that is made, with a statement for the stores of the module; any other block as it is."""
    services = sorted({service for kind, service in SERVICES.items() if any(_keeps(each) for each in module.resources(kind))})
    if path != KEY or not services or not isinstance(body, Mapping):
        return body
    policy = body["policy"]["json"]
    return {**body, "policy": {"json": {**policy, "Statement": [*policy["Statement"], through(*services)]}}}


def _keeps(block: Block) -> bool:
    name = ONLY_WITH.get(block.type)
    return name is None or name in block.body or name in (block.body.get("dynamic") or {})


def lets_in(module: Module, block: Block, key: str, service: str) -> bool:
    """Whether a key of the module, as it is or as it would be made, is open through a service to who uses this store."""
    if any(key in block.body for key in ELSEWHERE):
        return False
    there = [each for each in module.resources("aws_kms_key") if f"{each.address}." in f"{key}."]
    through = re.compile(rf"(?<![\w.-]){service}\.")
    return all(mentions(each.body, through) and mentions(each.body, re.compile("kms:ViaService")) for each in there)
