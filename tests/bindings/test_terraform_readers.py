"""Who reads a secret or an object by rights of its own."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUCKET = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
OBJECT = 'resource "aws_s3_object" "x" {\n  bucket = aws_s3_bucket.b.id\n}\n' + BUCKET
SECRET = 'resource "aws_secretsmanager_secret" "x" {\n  name = "x"\n}\n'
POLICY = 'resource "aws_iam_role_policy" "p" {\n  policy = jsonencode({ Resource = %s })\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (SECRET, "no"),
        (SECRET + 'resource "aws_secretsmanager_secret_version" "v" {\n  secret_id = aws_secretsmanager_secret.x.id\n}\n', "no"),
        (SECRET + POLICY % "aws_secretsmanager_secret.x.arn", "by aws_iam_role_policy.p"),
        (SECRET + 'output "o" {\n  value = aws_secretsmanager_secret.x.arn\n}\n', "by whoever takes it from an output"),
        (OBJECT, "no"),
        (OBJECT + 'resource "aws_lambda_function" "f" {\n  s3_key = aws_s3_object.x.key\n}\n', "no"),
        (OBJECT + POLICY % '"${aws_s3_bucket.b.arn}/*"', "by aws_iam_role_policy.p"),
        (OBJECT + POLICY % "aws_s3_bucket.other.arn", "no"),
    ],
)
def test_who_reads_it_is_named(text: str, who: str) -> None:
    kind = "aws_s3_object" if text.startswith(OBJECT) else "aws_secretsmanager_secret"
    layout: dict[str, Plain] = {"type": kind, "evidence": {"read-by": "read-by"}}
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    (found,) = terraform.view("k", layout, given)
    assert found.tree["source"] == {"read-by": who}
