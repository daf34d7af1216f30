"""What several offers make in a template, by name: the key for data and logs, the bucket for access logs.

AWS KMS developer guide, key policies; Amazon CloudWatch Logs user guide, encrypt log data; Amazon S3 user guide, server access
logging; Elastic Load Balancing user guide, access logs of an application load balancer.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.error import BindingError
from setright.bindings.layouts._cloudformation_index import index
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.trees import as_list

ROOT = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
LOGS = {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"}
KEY_OF_LOGS = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

DATA_KEY: Plain = {  # it outlives its stack, as snapshots and buckets may: without it nobody reads them
    "Type": "AWS::KMS::Key",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "Description": {"Fn::Sub": "Data, logs and settings of ${AWS::StackName}"},
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
LOG_DAYS, OLD_DAYS, UPLOAD_DAYS = 365, 30, 7
LOG_RULE: Plain = {
    "Id": "old-logs",
    "Status": "Enabled",
    "Prefix": "",
    "ExpirationInDays": LOG_DAYS,
    "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_DAYS},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
}
LOG_BUCKET: Plain = {  # services that write logs may use no key of KMS
    "Type": "AWS::S3::Bucket",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        "LifecycleConfiguration": {"Rules": [LOG_RULE]},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        ),
        "VersioningConfiguration": {"Status": "Enabled"},
    },
}
IN_LOGS = {"Fn::Sub": "${AccessLogs.Arn}/*"}
LOG_POLICY: Plain = {
    "Type": "AWS::S3::BucketPolicy",
    "Properties": {
        "Bucket": {"Ref": "AccessLogs"},
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AccessLogs",
                    "Effect": "Allow",
                    "Principal": {"Service": ["logging.s3.amazonaws.com"]},
                    "Action": ["s3:PutObject"],
                    "Resource": IN_LOGS,
                    "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                },
                {
                    "Sid": "OnlyTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [{"Fn::GetAtt": ["AccessLogs", "Arn"]}, IN_LOGS],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        },
    },
}
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
BALANCER_LOGS: Plain = {
    "Sid": "BalancerLogs",
    "Effect": "Allow",
    "Principal": {"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
    "Action": ["s3:PutObject"],
    "Resource": {"Fn::Sub": "${AccessLogs.Arn}/*/AWSLogs/${AWS::AccountId}/*"},
}
POLICIES = ("KeyPolicy", "PolicyDocument")
BUNDLES: Mapping[str, Plain] = {"data-key": DATA_KEY, "log-bucket": LOG_BUCKET, "log-bucket-policy": LOG_POLICY}


def made(how: Mapping[str, Plain], template: Tree) -> dict[str, Plain]:
    """The resources that an offer makes by their logical ids; one that is only named is written out, for what the template has."""
    return {name: _for(template, _whole(body)) for name, body in how.get("makes", {}).items()}


def _for(template: Tree, body: Plain) -> Plain:
    """The policy of the bucket for logs lets in load balancers where there are some."""
    if body is not LOG_POLICY or not index(template).by_type.get(BALANCER):
        return body
    own = LOG_POLICY["Properties"]
    document = {**own["PolicyDocument"], "Statement": [*own["PolicyDocument"]["Statement"], BALANCER_LOGS]}
    return {**LOG_POLICY, "Properties": {**own, "PolicyDocument": document}}


def is_alike(have: Plain, want: Plain) -> bool:
    """Whether a resource of the template's own can stand for the one that would be made: type and names of parts."""
    return look_up(have, ("Type",)) == look_up(want, ("Type",)) and _called(have) == _called(want)


def _called(body: Plain) -> list[Plain]:
    """The names of a policy's statements, by which whom it lets in is known, and of the rules by which a bucket lets go."""
    statements = [each for name in POLICIES for each in as_list(look_up(body, ("Properties", name, "Statement")))]
    rules = as_list(look_up(body, ("Properties", "LifecycleConfiguration", "Rules")))
    return [*(look_up(each, ("Sid",)) for each in statements), *(look_up(each, ("Id",)) for each in rules)]


def _whole(body: Plain) -> Plain:
    if not isinstance(body, str):
        return body
    if body not in BUNDLES:
        raise BindingError(f"an offer makes {body}, of which nothing is known")
    return BUNDLES[body]
