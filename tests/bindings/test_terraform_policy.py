"""JSON documents as Terraform writes them: heredocs, jsonencode, policy documents; and lists that the kind sees otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_policy import _literal, policy_document
from setright.bindings.source import Source
from setright.model import Edit, Plain, Resource, Unknown

POLICY: dict[str, Plain] = {"type": "aws_iam_policy", "PolicyDocument": {"at": "policy", "json": True}}
STATEMENT = {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}
DATA = """
resource "aws_iam_policy" "p" {
  policy = data.aws_iam_policy_document.d.json
}

data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:Get*"]
    resources = ["a"]
  }
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.b.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
"""


def sources(text: str) -> dict[str, Source]:
    return {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}


def seen(layout: dict[str, Plain], text: str) -> Resource:
    return terraform.view("k", layout, sources(text))[0]


def statements(expression: str) -> Plain:
    return seen(POLICY, f'resource "aws_iam_policy" "p" {{\n  policy = {expression}\n}}\n').tree["PolicyDocument"]["Statement"]


@pytest.mark.parametrize(
    "expression",
    [
        '<<EOF\n{"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}\nEOF',
        '<<-EOF\n  {"Statement": {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}}\n  EOF',
        'jsonencode({Statement = [{Effect = "Allow", Action = ["s3:*"], Resource = "*"}]})',
        'jsonencode({\n # all\n "Statement": [{\n Effect = "Allow" // yes\n  Action = [\n "s3:*",\n ]\n  Resource = "*"\n  }]\n})',
    ],
)
def test_a_policy_reads_the_same_however_it_is_written(expression: str) -> None:
    assert statements(expression) == [STATEMENT]


def test_what_an_expression_gives_is_unknown_and_the_rest_is_told() -> None:
    told = statements(
        'jsonencode({Statement = [{Effect = "Allow", Resource = "${a.b}*", Action = concat(["a"], var.x)}, local.more]})'
    )
    assert told == [
        {"Effect": "Allow", "Resource": Unknown('"${a.b}*"'), "Action": Unknown('concat(["a"], var.x)')},
        Unknown("local.more"),
    ]
    assert statements('<<EOF\n{"Statement": [{"Resource": "${a.b}*"}]}\nEOF') == [{"Resource": Unknown("${a.b}*")}]


def test_a_caller_that_can_be_no_star_is_known() -> None:
    callers = (
        "aws_iam_role.a.arn",
        "data.aws_caller_identity.current.account_id",
        "aws_cloudfront_origin_access_identity.o[0].iam_arn",
    )
    for caller in callers:
        assert statements(f"jsonencode({{Statement = [{{Principal = {{AWS = {caller}}}}}]}})") == [{"Principal": {"AWS": caller}}]
    for caller in ("var.caller_arn", "local.a.arn", "module.a.arn", "aws_iam_role.a.name"):
        assert statements(f"jsonencode({{Statement = [{{Principal = {{AWS = {caller}}}}}]}})") == [
            {"Principal": {"AWS": Unknown(caller)}}
        ]


@pytest.mark.parametrize(
    ("expression", "is_known"),
    [
        ("aws_s3_bucket.b.arn", True),
        ('"${aws_s3_bucket.b.arn}/*"', True),
        ('"arn:aws:s3:::${var.name}"', True),
        ("var.resources", False),
        ('"${var.prefix}*"', False),
        ('var.all ? "*" : "${aws_s3_bucket.b.arn}/*"', False),
        ('"${var.all ? "*" : "x"}"', False),
    ],
)
def test_what_a_statement_is_about_is_known_where_it_is_surely_not_everything(expression: str, is_known: bool) -> None:
    [told] = statements(f'jsonencode({{ Statement = [{{ Effect = "Allow", Action = "s3:*", Resource = {expression} }}] }})')
    assert isinstance(told["Resource"], Unknown) != is_known
    [told] = statements(f'jsonencode({{ Statement = [{{ Effect = "Allow", Action = "s3:*", Resource = ["a", {expression}] }}] }})')
    assert isinstance(told["Resource"][1], Unknown) != is_known


def test_a_policy_document_is_seen_as_the_policy_it_makes() -> None:
    told = seen(POLICY, DATA).tree["PolicyDocument"]["Statement"]
    assert told[0] == {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["a"]}
    assert told[1]["Effect"] == "Deny"
    assert told[1]["Principal"] == "*"
    assert told[1]["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert told[1]["Resource"] == [Unknown("aws_s3_bucket.b.arn")]


def test_the_place_of_a_statement_is_where_its_block_stands() -> None:
    given_sources = sources(DATA)
    resource = terraform.view("k", POLICY, given_sources)[0]
    place = terraform.locate(POLICY, resource, ("PolicyDocument", "Statement", 1, "Action"), given_sources)
    assert place == ("main.tf", ("data", "aws_iam_policy_document", "d", 0, "statement", 1))


def test_a_policy_that_a_local_holds_is_read_and_not_edited_from_where_it_is_used() -> None:
    held = 'locals {\n  d = { Statement = [{ Effect = "Allow", Action = local.a, Resource = "*" }] }\n  a = ["s3:*"]\n}\n'
    text = 'resource "aws_iam_policy" "p" {\n  policy = jsonencode(local.d)\n}\n' + held
    told = seen(POLICY, text)
    assert told.tree["PolicyDocument"] == {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}
    with pytest.raises(BindingError, match="a document in the source"):
        terraform.edit(POLICY, told, [Edit(("PolicyDocument", "Statement", 0, "Resource"), "x")], [], sources(text))


def test_a_policy_that_another_block_makes_is_not_edited_as_a_text() -> None:
    given_sources = sources('resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n' + DATA)
    resource = terraform.view("k", POLICY, given_sources)[0]
    with pytest.raises(BindingError, match="is written by data.aws_iam_policy_document.d"):
        terraform.edit(POLICY, resource, [Edit(("PolicyDocument", "Version"), "2012-10-17")], [], given_sources)


@given(st.text(alphabet='{}[]=:,"\n ab1#/$.()*\\', max_size=80))
def test_any_text_is_read_to_its_end(text: str) -> None:
    _literal(text)


LOGS: dict[str, Plain] = {
    "type": "aws_eks_cluster",
    "Logging/EnabledTypes": {"at": "enabled_cluster_log_types", "each": "Type"},
    "Volumes": {"at": "volume", "items": {"Name": "name", "Efs/Transit": "efs/transit"}},
}
CLUSTER = """resource "aws_eks_cluster" "c" {
  enabled_cluster_log_types = ["api"]

  volume {
    name = "files"

    efs {
      id = "fs-1"
    }
  }
}
"""


def test_a_list_of_values_is_seen_and_written_as_mappings() -> None:
    given_sources = sources(CLUSTER)
    resource = terraform.view("k", LOGS, given_sources)[0]
    assert resource.tree["Logging"]["EnabledTypes"] == [{"Type": "api"}]
    edits = [Edit(("Logging", "EnabledTypes"), [{"Type": "api"}, {"Type": "audit"}])]
    placed = terraform.edit(LOGS, resource, edits, [], given_sources)
    assert placed == [("main.tf", Edit(("resource", "aws_eks_cluster", "c", 0, "enabled_cluster_log_types"), ["api", "audit"]))]


def test_an_item_is_edited_below_its_own_blocks() -> None:
    given_sources = sources(CLUSTER)
    resource = terraform.view("k", LOGS, given_sources)[0]
    placed = terraform.edit(LOGS, resource, [Edit(("Volumes", 0, "Efs", "Transit"), "ENABLED")], [], given_sources)
    after = lenses.put("hcl", CLUSTER.encode(), [edit for _, edit in placed]).decode()
    assert '      id      = "fs-1"\n      transit = "ENABLED"\n' in after
    assert seen(LOGS, after).tree["Volumes"] == [{"Name": "files", "Efs": {"Transit": "ENABLED"}}]


def test_an_empty_mapping_makes_the_resource_beside() -> None:
    layout: dict[str, Plain] = {"type": "aws_vpc", "Group": {"in": "aws_default_security_group", "by": "vpc_id"}}
    given_sources = sources('resource "aws_vpc" "v" {\n}\n')
    resource = terraform.view("k", layout, given_sources)[0]
    placed = terraform.edit(layout, resource, [Edit(("Group",), {})], [], given_sources)
    assert placed == [
        ("main.tf", Edit(("resource", "aws_default_security_group", "v", 0), {"vpc_id": Unknown("aws_vpc.v.id")})),
    ]


def test_a_policy_of_google_cloud_is_read_from_its_data_block() -> None:
    text = (
        'data "google_iam_policy" "p" {\n  binding {\n    role = "r"\n    members = ["allUsers"]\n  }\n}\n'
        'resource "google_kms_key_ring_iam_policy" "k" {\n  policy_data = data.google_iam_policy.p.policy_data\n}\n'
    )
    layout: dict[str, Plain] = {"type": "google_kms_key_ring_iam_policy", "policyData": {"at": "policy_data", "json": True}}
    assert seen(layout, text).tree["policyData"] == {"bindings": [{"role": "r", "members": ["allUsers"]}]}


def test_a_principal_that_begins_as_an_arn_is_somebody() -> None:
    statements = '{ Principal = { AWS = ["arn:aws:iam::${var.a}:root", var.b] } }, { Principal = { AWS = "${var.c}" } }'
    told = policy_document(Module("", {}, frozenset()), Unknown(f"jsonencode({{ Statement = [{statements}] }})"))
    first, second = (each["Principal"]["AWS"] for each in told["Statement"])
    assert first == ["arn:aws:iam::${var.a}:root", Unknown("var.b")]
    assert isinstance(second, Unknown)


def test_principals_and_conditions_that_stand_in_several_blocks_all_count() -> None:
    blocks = (
        'principals {\n type = "AWS"\n identifiers = ["*"]\n}\nprincipals {\n type = "AWS"\n identifiers = [var.a]\n}\n'
        'not_principals {\n type = "AWS"\n identifiers = ["b"]\n}\n'
        'condition {\n test = "StringEquals"\n variable = "c"\n values = ["1"]\n}\n'
        'condition {\n test = "StringEquals"\n variable = "d"\n values = ["2"]\n}\n'
    )
    text = (
        'resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
        f'data "aws_iam_policy_document" "d" {{\n  statement {{\n{blocks}  }}\n}}\n'
    )
    [statement] = seen(POLICY, text).tree["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": ["*", Unknown("var.a")]}
    assert statement["NotPrincipal"] == {"AWS": ["b"]}
    assert statement["Condition"] == {"StringEquals": {"c": ["1"], "d": ["2"]}}
