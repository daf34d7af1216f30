"""Which buckets that take logs take them from other buckets as well."""

import pytest

from setright import lenses
from setright.bindings.layouts._terraform_log_buckets import takes_from_all
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.source import Source
from setright.model import Unknown

BUCKET = 'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n'
POLICY = 'resource "aws_s3_bucket_policy" "logs" {\n  bucket = aws_s3_bucket.logs.id\n  policy = %s\n}\n'
STATEMENT = (
    '[{Effect = "Allow", Principal = {Service = "%s"}, Action = "s3:PutObject", Resource = "${aws_s3_bucket.logs.arn}/%s"%s}]'
)
ONE = ', Condition = {ArnLike = {"aws:SourceArn" = aws_s3_bucket.web.arn}}'
DATA = """data "aws_iam_policy_document" "logs" {
  statement {
    resources = ["${aws_s3_bucket.logs.arn}/%s"]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
  }
}
"""


def takes(more: str) -> bool:
    source = Source("main.tf", "hcl", lenses.get("hcl", (BUCKET + more).encode()))
    found = modules({"main.tf": source})[""]
    return takes_from_all(found, Unknown("aws_s3_bucket.logs.id"), "logging.s3.amazonaws.com")


@pytest.mark.parametrize(
    ("service", "below", "condition", "open_to_all"),
    [
        ("logging.s3.amazonaws.com", "*", "", True),
        ("logging.s3.amazonaws.com", "*", ONE, False),
        ("logging.s3.amazonaws.com", "web/*", "", False),
        ("delivery.logs.amazonaws.com", "web/*", ONE, True),  # it says nothing of this service
    ],
)
def test_a_policy_may_let_in_one_source_or_one_prefix(service: str, below: str, condition: str, open_to_all: bool) -> None:
    statements = STATEMENT % (service, below, condition)
    assert takes(POLICY % f'jsonencode({{Version = "2012-10-17", Statement = {statements}}})') == open_to_all


def test_what_a_data_block_says_counts_too() -> None:
    named = POLICY % "data.aws_iam_policy_document.logs.json"
    assert takes(DATA % "*" + named)
    assert not takes(DATA % "web/*" + named)


def test_a_bucket_without_a_policy_is_let_in_otherwise() -> None:
    assert takes("")
