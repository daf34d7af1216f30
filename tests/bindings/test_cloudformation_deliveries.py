"""What services of AWS bring into a bucket in their own name."""

import pytest

from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Plain

HELD: dict[str, Plain] = {"in": "AWS::S3::BucketPolicy", "by": "Bucket", "at": "PolicyDocument"}
BUCKET: dict[str, Plain] = {"type": "AWS::S3::Bucket", "Policy": HELD, "evidence": {"deliveries": "deliveries"}}
MAIL = "Keep: {Type: 'AWS::SES::ReceiptRule', Properties: {Rule: {Actions: [{S3Action: {BucketName: !Ref Data}}]}}}"
STOCK = "Stock: {Type: 'AWS::Redshift::Cluster', Properties: {%s: {BucketName: !Ref Data}}}"
STATEMENT = "{Effect: %s, Principal: {Service: [ses.amazonaws.com]}, Action: [%s], Resource: '*'}"
POLICY = "Policy: {Type: 'AWS::S3::BucketPolicy', Properties: {Bucket: !Ref Data, PolicyDocument: {Statement: [%s]}}}"


@pytest.mark.parametrize(
    ("rest", "by"),
    [
        ("Other: {Type: 'AWS::S3::Bucket'}", "no"),
        (MAIL, "by Keep"),
        (STOCK % "LoggingProperties", "by Stock"),
        (STOCK % "Tags", "no"),
        (POLICY % STATEMENT % ("Allow", "'s3:PutObject'"), "by a policy"),
        (POLICY % STATEMENT % ("Allow", "'s3:GetObject'"), "no"),
        (POLICY % STATEMENT % ("Deny", "'s3:PutObject'"), "no"),
    ],
)
def test_what_services_bring_in_their_own_name_is_seen(rest: str, by: str) -> None:
    text = f"Resources:\n  Data: {{Type: 'AWS::S3::Bucket'}}\n  {rest}\n"
    given = {"t": Source("t", "yaml", get("yaml", text.encode()))}
    assert cloudformation.view("k", BUCKET, given)[0].tree["source"] == {"deliveries": by}
