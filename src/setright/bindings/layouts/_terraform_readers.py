"""Who reads a secret or an object by rights of its own, which do not reach as far as a key that is new.

AWS Secrets Manager User Guide, secret encryption and decryption; Amazon S3 User Guide, protecting data with SSE-KMS.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers, of
from setright.model import Tree, Unknown
from setright.patterns import late

ABOUT_IT = late(  # what says how it is kept, fills it, or is put there by whoever deploys
    r"aws_secretsmanager_secret_version|aws_s3_(?:bucket_)?object(?:_copy)?|aws_lambda_(?:function|layer_version)|"
    r"aws_s3_bucket_(?:versioning|public_access_block|ownership_controls|logging|metric|acl|notification|"
    r"lifecycle_configuration|server_side_encryption_configuration)"
)


def read_by(module: Module, block: Block, tree: Tree) -> str:
    """``by`` who reads it, or reads all that is in its bucket: ``no`` where nothing in the module says so."""
    return next((f"by {who}" for each in [block, *_bucket(module, block)] for who in _readers(module, each)), "no")


def _readers(module: Module, block: Block) -> Iterator[str]:
    yield from (other.address for other, _ in namers(module, block) if not ABOUT_IT.fullmatch(other.type))
    if (others := handed_out(module, block, {})) != "no":
        yield others


def _bucket(module: Module, block: Block) -> Iterator[Block]:
    """The bucket that an object is in, where the module makes it."""
    raw = block.body.get("bucket")
    for each in module.resources("aws_s3_bucket"):
        if isinstance(raw, Unknown) and of(each).search(raw.text):
            yield each
