"""Which functions CloudFront runs."""

import pytest
from tests.bindings.test_terraform_users import DATA, EDGE, told

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain, Unknown

KIND: dict[str, Plain] = {"type": "aws_lambda_function", "evidence": {"edge": "edge-function"}}
F = 'resource "aws_lambda_function" "f" {\n  role = aws_iam_role.r.arn\n}\n'
ROLE = 'resource "aws_iam_role" "r" {\n  assume_role_policy = %s\n}\n'
TRUST = 'jsonencode({ Statement = [{ Principal = { Service = ["%s"] } }] })'
DOCUMENT = 'data "aws_iam_policy_document" "t" {\n  statement {\n    principals {\n      identifiers = ["%s"]\n    }\n  }\n}\n'
DISTRIBUTION = (
    'resource "aws_cloudfront_distribution" "d" {\n  default_cache_behavior {\n    lambda_function_association {\n'
    "      lambda_arn = aws_lambda_function.%s.qualified_arn\n    }\n  }\n}\n"
)


@pytest.mark.parametrize(
    ("beside", "by"),
    [
        ("", "no"),
        (ROLE % (TRUST % "lambda.amazonaws.com"), "no"),
        (ROLE % (TRUST % "edgelambda.amazonaws.com"), "by aws_iam_role.r"),
        (ROLE % "data.aws_iam_policy_document.t.json" + DOCUMENT % "edgelambda.amazonaws.com", "by aws_iam_role.r"),
        (ROLE % "data.aws_iam_policy_document.t.json" + DOCUMENT % "lambda.amazonaws.com", "no"),
        (DISTRIBUTION % "f", "by aws_cloudfront_distribution.d"),
        (DISTRIBUTION % "other", "no"),
    ],
)
def test_a_function_at_the_edge_is_known_by_who_runs_it(beside: str, by: str) -> None:
    assert told(KIND, F + beside) == {"edge": by}


@pytest.mark.parametrize(("block", "by"), [("logging_config", "by aws_cloudfront_distribution.d"), ("origin", "no")])
def test_cloudfront_writes_its_logs_into_the_bucket_that_it_names_for_them(block: str, by: str) -> None:
    assert told({"type": "aws_s3_bucket", "evidence": {"logs": "edge-logs"}}, DATA + EDGE % block)["logs"] == by


def test_a_distribution_elsewhere_runs_the_function_that_it_got() -> None:
    out = 'output "arn" {\n  value = aws_lambda_function.f.qualified_arn\n}\n'
    call = 'module "f" {\n  source = "./f"\n}\n'
    web = DISTRIBUTION.replace("aws_lambda_function.%s.qualified_arn", "module.f.arn")
    assert across({"f/main.tf": F + out, "main.tf": call + web}) == {"edge": "by a distribution elsewhere"}
    assert across({"f/main.tf": F + out, "main.tf": call + web.replace("module.f", "module.g")}) == {"edge": "no"}


def across(files: dict[str, str]) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    return terraform.view("k", KIND, given)[0].tree["source"]


@pytest.mark.parametrize(
    ("bucket", "form"),
    [
        ("aws_s3_bucket.logs.id", "another"),
        ("aws_s3_bucket.logs[0].bucket", "another"),
        ('"acme-logs"', "another"),
        ("aws_s3_bucket.logs.bucket_regional_domain_name", "a domain name"),
        ("module.logs.s3_bucket_bucket_domain_name", "a domain name"),
        ('"${aws_s3_bucket.logs.id}.s3.amazonaws.com"', "a domain name"),
        ("module.logs.name", Unknown("module.logs.name")),
        ('""', "none"),
    ],
)
def test_a_distribution_takes_a_bucket_by_its_domain_name_alone(bucket: str, form: Plain) -> None:
    at: dict[str, Plain] = {"DistributionConfig/Logging/Bucket": {"at": "logging_config/bucket"}}
    kind: dict[str, Plain] = {"type": "aws_cloudfront_distribution", "evidence": {"place": "log-place"}, **at}
    assert told(kind, f'resource "aws_cloudfront_distribution" "d" {{\n  logging_config {{\n    bucket = {bucket}\n  }}\n}}\n') == {
        "place": form
    }
