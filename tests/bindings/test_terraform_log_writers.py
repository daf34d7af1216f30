"""Whose logs a policy is for, and the statement of a data block that is narrowed to them."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_log_writers import log_writers
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.source import Source
from setright.model import Edit, Plain

TRUST = 'jsonencode({Statement = [{Action = "sts:AssumeRole", Principal = {%s}}]})'
ROLE = 'resource "aws_iam_role" "r" {\n  assume_role_policy = %s\n}\n'
LAMBDA = ROLE % (TRUST % 'Service = "lambda.amazonaws.com"')
INLINE = 'resource "aws_iam_role_policy" "p" {\n  role   = aws_iam_role.r.id\n  policy = "{}"\n}\n'
MANAGED = 'resource "aws_iam_policy" "p" {\n  policy = "{}"\n}\n'
TIE = 'resource "aws_iam_role_policy_attachment" "a" {\n  role       = %s\n  policy_arn = aws_iam_policy.p.arn\n}\n'
OUTPUT = 'output "p" {\n  value = aws_iam_policy.p.arn\n}\n'
OWN = 'resource "aws_lambda_function" "f" {\n  logging_config {\n    log_group = "mine"\n  }\n}\n'


def whose(text: str) -> str:
    module = modules({"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})[""]
    policies = [each for kind in ("aws_iam_policy", "aws_iam_role_policy") for each in module.resources(kind)]
    return log_writers(module, policies[0], {})


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (LAMBDA + INLINE, "lambda"),
        (ROLE % (TRUST % 'Service = "codebuild.amazonaws.com"') + INLINE, "codebuild"),
        (LAMBDA + MANAGED + TIE % "aws_iam_role.r.name", "lambda"),
        (LAMBDA + MANAGED, "others"),  # nobody here has it
        (LAMBDA + MANAGED + TIE % "var.role", "others"),
        (LAMBDA + MANAGED + TIE % "aws_iam_role.r.name" + OUTPUT, "others"),
        (ROLE % (TRUST % 'Service = ["lambda.amazonaws.com", "ec2.amazonaws.com"]') + INLINE, "others"),
        (ROLE % (TRUST % 'AWS = "*", Service = "lambda.amazonaws.com"') + INLINE, "others"),
        (LAMBDA + INLINE + OWN, "others"),
        (LAMBDA + INLINE + 'provider "aws" {\n  region = "cn-north-1"\n}\n', "others"),
    ],
)
def test_a_policy_is_for_the_logs_of_the_one_service_that_has_it(text: str, who: str) -> None:
    assert whose(text) == who


KIND: dict[str, Plain] = {"type": "aws_iam_policy", "PolicyDocument": {"at": "policy", "json": True}}
DATA = 'data "aws_iam_policy_document" "d" {\n  statement {\n    actions   = ["logs:PutLogEvents"]\n    resources = ["*"]\n  }\n}\n'
TAKES = 'resource "aws_iam_policy" "%s" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'


def narrowed(text: str, key: str = "Resource") -> str:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    resource = terraform.view("k", KIND, given)[0]
    placed = terraform.edit(KIND, resource, [Edit(("PolicyDocument", "Statement", 0, key), "arn:x")], [], given)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


def test_a_statement_of_a_data_block_names_its_resources() -> None:
    assert narrowed(DATA + TAKES % "p") == (DATA + TAKES % "p").replace('["*"]', '["arn:x"]')


def test_a_data_block_that_others_take_stays_and_so_does_all_else_in_it() -> None:
    for text, key in ((DATA + TAKES % "p" + TAKES % "q", "Resource"), (DATA + TAKES % "p", "Action")):
        with pytest.raises(BindingError, match="is written by"):
            narrowed(text, key)
