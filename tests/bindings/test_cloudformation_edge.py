"""What CloudFront runs and writes."""

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.model import Plain, Unknown

FUNCTION: dict[str, Plain] = {"type": "AWS::Lambda::Function", "evidence": {"edge": "edge-function"}}
BUCKET: dict[str, Plain] = {"type": "AWS::S3::Bucket", "evidence": {"edge": "edge-logs"}}
HEADERS = "  Headers: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn}}\n"
VERSION = "  V1: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Headers}}\n"
LOGS = "  Logs: {Type: AWS::S3::Bucket}\n"
EDGE = "  Edge: {Type: AWS::CloudFront::Distribution, Properties: {DistributionConfig: {%s}}}\n"


def told(layout: dict[str, Plain], text: str) -> Plain:
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", ("Resources:\n" + text).encode()))}
    return cloudformation.view("k", layout, given)[0].tree["source"]["edge"]


@pytest.mark.parametrize(
    ("beside", "by"),
    [
        (VERSION + EDGE % "DefaultCacheBehavior: {LambdaFunctionAssociations: [{LambdaFunctionARN: !Ref V1}]}", "by Edge"),
        (EDGE % "DefaultCacheBehavior: {LambdaFunctionAssociations: [{LambdaFunctionARN: !GetAtt Headers.Version}]}", "by Edge"),
        ("  Role: {Type: AWS::IAM::Role, Properties: {Trust: [lambda.amazonaws.com, edgelambda.amazonaws.com]}}\n", "by Role"),
        (VERSION + EDGE % "Enabled: true", "no"),
    ],
)
def test_a_function_is_run_by_cloudfront_where_the_template_says_so(beside: str, by: str) -> None:
    assert told(FUNCTION, HEADERS + beside) == by


@pytest.mark.parametrize(
    ("config", "by"),
    [
        ("Logging: {Bucket: !GetAtt Logs.DomainName}", "by Edge"),
        ("Logging: {Bucket: !Sub '${Logs}.s3.amazonaws.com'}", "by Edge"),
        ("Origins: [{DomainName: !GetAtt Logs.DomainName}]", "no"),
    ],
)
def test_cloudfront_writes_its_logs_into_the_bucket_that_it_names_for_them(config: str, by: str) -> None:
    assert told(BUCKET, LOGS + EDGE % config) == by


@pytest.mark.parametrize(
    ("bucket", "form"),
    [
        ("!Ref Logs", "another"),
        ('!Sub "${Logs}"', "another"),
        ("{'Fn::GetAtt': [Logs, Arn]}", "another"),
        ("acme-logs", "another"),
        ("{'Fn::GetAtt': [Logs, RegionalDomainName]}", "a domain name"),
        ('!Sub "${Logs}.s3.amazonaws.com"', "a domain name"),
        ("{'Fn::Join': ['', [{Ref: Logs}, .s3.amazonaws.com]]}", "a domain name"),
        ("!Ref Given", Unknown("!Ref Given")),
        ("!Ref AWS::NoValue", "none"),
        ('""', "none"),
    ],
)
def test_a_distribution_takes_a_bucket_by_its_domain_name_alone(bucket: str, form: Plain) -> None:
    layout: dict[str, Plain] = {"type": "AWS::CloudFront::Distribution", "evidence": {"edge": "log-place"}}
    assert told(layout, LOGS + EDGE % f"Logging: {{Bucket: {bucket}}}") == form
