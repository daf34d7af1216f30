"""What several offers make in a template, by name: the key for data and logs.

AWS KMS developer guide, key policies; Amazon CloudWatch Logs user guide, encrypt log data.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import listed
from setright.bindings.trees import look_up
from setright.model import Plain

ROOT = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
LOGS = {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"}
KEY_OF_LOGS = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

DATA_KEY: Plain = {  # it outlives its stack, as snapshots and buckets may: without it nobody reads them
    "Type": "AWS::KMS::Key",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "Description": {"Fn::Sub": "Logs and settings of ${AWS::StackName}"},
        "EnableKeyRotation": True,
        "KeyPolicy": {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
                {
                    "Sid": "Logs",
                    "Effect": "Allow",
                    "Principal": {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}},
                    "Action": KEY_OF_LOGS,
                    "Resource": "*",
                    "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": LOGS}},
                },
            ],
        },
    },
}
BUNDLES: Mapping[str, Plain] = {"data-key": DATA_KEY}


def made(how: Mapping[str, Plain]) -> dict[str, Plain]:
    """The resources that an offer makes by their logical ids; one that is only named is written out."""
    return {name: _whole(body) for name, body in how.get("makes", {}).items()}


def is_alike(have: Plain, want: Plain) -> bool:
    """Whether a resource of the template's own can stand for the one that would be made: its type, and whom a key lets in."""
    return look_up(have, ("Type",)) == look_up(want, ("Type",)) and _let_in(have) == _let_in(want)


def _let_in(body: Plain) -> list[Plain]:
    return [look_up(each, ("Sid",)) for each in listed(look_up(body, ("Properties", "KeyPolicy", "Statement")))]


def _whole(body: Plain) -> Plain:
    if not isinstance(body, str):
        return body
    if body not in BUNDLES:
        raise BindingError(f"an offer makes {body}, of which nothing is known")
    return BUNDLES[body]
