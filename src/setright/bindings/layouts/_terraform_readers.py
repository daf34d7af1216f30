"""Who reads a secret, a table or the like by rights of its own, which do not reach as far as a key that is new.

AWS Secrets Manager User Guide, secret encryption and decryption; Amazon S3 User Guide, protecting data with SSE-KMS; DynamoDB
Developer Guide, encryption at rest; Amazon Kinesis Data Streams Developer Guide, permissions to use user-generated KMS keys; AWS
Systems Manager User Guide, SecureString parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers, of
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

ABOUT_IT = late(  # what says how it is kept, fills it, or is put there by whoever deploys
    r"aws_secretsmanager_secret_version|aws_s3_(?:bucket_)?object(?:_copy)?|aws_lambda_(?:function|layer_version)|"
    r"aws_s3_bucket_(?:versioning|public_access_block|ownership_controls|logging|metric|acl|notification|"
    r"lifecycle_configuration|server_side_encryption_configuration)|"
    r"aws_dynamodb_(?:table_item|contributor_insights|tag)|aws_appautoscaling_\w+|aws_cloudwatch_(?:metric_alarm|dashboard)"
)
AT_LARGE = {  # rights to a service, which reach everything in it unless they name what they are for
    "aws_secretsmanager_secret": late(r"(?<![:\w])secretsmanager:|SecretsManagerReadWrite"),
    "aws_dynamodb_table": late(r"(?<![:\w])dynamodb:|policy/(?:service-role/)?\w*DynamoDB\w*"),
    "aws_kinesis_stream": late(r"(?<![:\w])kinesis:|policy/(?:service-role/)?\w*Kinesis\w*"),
    "aws_ssm_parameter": late(r"(?<![:\w])ssm:(?:Get\w*|\*)|policy/AmazonSSM(?:FullAccess|ReadOnlyAccess)"),
}


def read_by(module: Module, block: Block, tree: Tree) -> str:
    """``by`` who reads it, or all that is in its bucket or of its service: ``no`` where nothing says so."""
    return next((f"by {who}" for each in [block, *_bucket(module, block)] for who in _readers(module, each)), "no")


def _readers(module: Module, block: Block) -> Iterator[str]:
    yield from (other.address for other, _ in namers(module, block) if not ABOUT_IT.fullmatch(other.type))
    if (others := handed_out(module, block, {})) != "no":
        yield others
    if block.type in AT_LARGE:
        yield from (each for home in module.tree.values() for each in _at_large(home, block.type))


def _at_large(module: Module, kind: str) -> list[str]:
    """Who has rights to the service of a type and names nothing of that type that the directory makes: looked for once."""
    key = f"at large {kind}"
    if key not in module.notes:
        kinds = [each for each in sorted(module.types) if each.startswith("aws_iam_") or each == "data.aws_iam_policy_document"]
        there = [(each, _text(each.body)) for sort in kinds for each in module.resources(sort)]
        made = re.compile(rf"(?<![\w.-]){kind}\.")
        module.notes[key] = [each.address for each, text in there if AT_LARGE[kind].search(text) and not made.search(text)]
    found: list[str] = module.notes[key]
    return found


def _text(value: Plain) -> str:
    """All that a value says, expressions as they are written."""
    if isinstance(value, dict | list):
        return " ".join(_text(each) for each in (value.values() if isinstance(value, dict) else value))
    return value.text if isinstance(value, Unknown) else str(value)


def _bucket(module: Module, block: Block) -> Iterator[Block]:
    """The bucket that an object is in, where the module makes it."""
    raw = block.body.get("bucket")
    for each in module.resources("aws_s3_bucket"):
        if isinstance(raw, Unknown) and of(each).search(raw.text):
            yield each


POLICIES = ("aws_dynamodb_resource_policy", "aws_kinesis_resource_policy")


def outsiders(module: Module, block: Block, tree: Tree) -> str:
    """Who may use a table or a stream without being of the account, or may use only what a boundary says: ``no`` where nobody."""
    return next(_outsiders(module), "no")


def _outsiders(module: Module) -> Iterator[str]:
    for home in module.tree.values():
        yield from (each.address for kind in POLICIES for each in home.resources(kind))
        for kind in ("aws_iam_role", "aws_iam_user"):
            there = ((each, home.resolved(each.body.get("permissions_boundary"))) for each in home.resources(kind))
            yield from (each.address for each, bound in there if bound is not None)


TRAILS = {"aws_cloudtrail": "kms_key_id", "aws_config_delivery_channel": "s3_kms_key_arn"}  # each with its argument for a key
IN_ITS_NAME = late(r"\b(?:cloudtrail|config)\.amazonaws\.com")


def trails(module: Module, block: Block, tree: Tree) -> str:
    """Whether CloudTrail or Config write into a bucket without a key of their own, as nobody of the account: ``no``, or by what."""
    there = [(other, "s3_bucket_name" in keys) for other, keys in namers(module, block) if other.type in TRAILS]
    writers = [other for other, is_place in there if is_place]
    if bare := [each.address for each in writers if not each.body.get(TRAILS[each.type])]:
        return f"by {bare[0]}"
    return "by a policy" if not writers and IN_ITS_NAME.search(str(tree.get("Policy"))) else "no"


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"trails": trails, "read-by": read_by, "outsiders": outsiders}
