"""Who in a module names a resource, who else gets to know it, and what tells that it is not to stay."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUCKET: dict[str, Plain] = {
    "type": "aws_s3_bucket",
    "evidence": {"readers": "readers", "handed-out": "handed-out", "listers": "listers", "logs": "logs"},
    "Policy": [{"in": "aws_s3_bucket_policy", "by": "bucket", "at": "policy", "json": True}],
}
BALANCER: dict[str, Plain] = {"type": "aws_lb", "evidence": {"throw-away": "throw-away"}}
DATA = 'resource "aws_s3_bucket" "data" {\n  bucket = "data"\n}\n'
DATA_WEB = 'resource "aws_s3_bucket" "data_web" {\n  bucket = "web"\n}\n'
READER = 'resource "aws_iam_role_policy" "app" {\n  policy = jsonencode({ Resource = "${aws_s3_bucket.data.arn}/*" })\n}\n'
GETS = (
    'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:%s"]\n'
    "    resources = [aws_s3_bucket.data.arn]\n  }\n}\n"
)
ADMIN = 'resource "aws_iam_role_policy" "all" {\n  policy = jsonencode({ Action = ["*"], Resource = "*" })\n}\n'
TRAIL = 'resource "aws_cloudtrail" "t" {\n  s3_bucket_name = aws_s3_bucket.data.id\n}\n'
EDGE = 'resource "aws_cloudfront_distribution" "d" {\n  %s {\n    bucket = aws_s3_bucket.data.bucket_domain_name\n  }\n}\n'
OBJECT = 'resource "aws_s3_object" "o" {\n  bucket = aws_s3_bucket.data.id\n%s}\n'
WEB = 'resource "aws_lb" "web" {\n  name = "web"\n}\n'


def told(layout: dict[str, Plain], text: str, folder: str = "") -> dict[str, Plain]:
    place = f"{folder}main.tf"
    given = {place: Source(place, "hcl", lenses.get("hcl", text.encode()))}
    found = terraform.view("k", layout, given)[0].tree.get("source")
    return found if isinstance(found, dict) else {}


def policy(effect: str) -> str:
    text = f'{{"Statement": [{{"Effect": "{effect}", "Principal": {{"AWS": "arn:aws:iam::1:root"}}, "Action": "s3:*"}}]}}'
    return f'resource "aws_s3_bucket_policy" "x" {{\n  bucket = aws_s3_bucket.data.id\n  policy = <<-E\n{text}\nE\n}}\n'


@pytest.mark.parametrize(
    "beside",
    [
        "",
        policy("Deny"),
        'resource "aws_codepipeline" "p" {\n  artifact_store {\n    location = aws_s3_bucket.data.id\n  }\n}\n',
        'resource "aws_s3_bucket_versioning" "x" {\n  bucket = aws_s3_bucket.data.id\n}\n',
        'resource "aws_s3_bucket_logging" "x" {\n  bucket = aws_s3_bucket.data.id\n  target_bucket = "logs"\n}\n',
        'output "web" {\n  value = aws_s3_bucket.data_web.id\n}\n' + DATA_WEB,
    ],
)
def test_a_bucket_that_only_roles_use_has_no_other_readers(beside: str) -> None:
    assert told(BUCKET, DATA + READER + beside)["readers"] == "no"


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        (policy("Allow"), "whom a policy lets in"),
        (OBJECT % '  etag = filemd5("x")\n', "an etag, which under a key is no checksum"),
        ('output "bucket" {\n  value = aws_s3_bucket.data.id\n}\n', "whoever takes it from an output"),
        ('module "cdn" {\n  source = "./cdn"\n  bucket = aws_s3_bucket.data.id\n}\n', "whoever takes it from a call of a module"),
        ('resource "aws_cloudtrail" "t" {\n  s3_bucket_name = aws_s3_bucket.data.id\n}\n', "aws_cloudtrail.t"),
        ('resource "aws_cloudtrail" "t" {\n  s3_bucket_name = "data"\n}\n', "aws_cloudtrail.t"),
        (
            'resource "aws_s3_bucket_logging" "x" {\n  bucket = "web"\n  target_bucket = aws_s3_bucket.data.id\n}\n',
            "aws_s3_bucket_logging.x",
        ),
        (
            'resource "aws_s3_bucket_replication_configuration" "x" {\n  bucket = aws_s3_bucket.data.id\n}\n',
            "aws_s3_bucket_replication_configuration.x",
        ),
        ('resource "aws_s3_bucket_website_configuration" "x" {\n  bucket = aws_s3_bucket.data.id\n}\n', "a web site"),
    ],
)
def test_who_else_reads_a_bucket_is_named(beside: str, who: str) -> None:
    assert told(BUCKET, DATA + READER + beside)["readers"] == who


def test_a_bucket_is_known_by_what_its_name_is_made_of() -> None:
    trail = 'resource "aws_cloudtrail" "t" {\n  s3_bucket_name = "${var.org}-logs"\n}\n'
    assert told(BUCKET, DATA.replace('"data"\n}', '"${var.org}-logs"\n}') + trail)["readers"] == "aws_cloudtrail.t"
    assert told(BUCKET, DATA.replace('"data"\n}', '"${var.org}-data"\n}') + trail)["readers"] != "aws_cloudtrail.t"


@pytest.mark.parametrize(
    ("beside", "by"),
    [
        ("", "no"),
        (TRAIL, "no"),
        (policy("Allow"), "no"),
        (policy("Allow").replace('{"AWS": "arn:aws:iam::1:root"}', '{"Service": "logging.s3.amazonaws.com"}'), "by a policy"),
        ('resource "aws_lb" "w" {\n  access_logs {\n    bucket = aws_s3_bucket.data.id\n  }\n}\n', "by aws_lb.w"),
        ('resource "aws_s3_bucket_logging" "l" {\n  bucket = aws_s3_bucket.data.id\n  target_bucket = "x"\n}\n', "no"),
        ('resource "aws_s3_bucket_logging" "l" {\n  target_bucket = aws_s3_bucket.data.id\n}\n', "by aws_s3_bucket_logging.l"),
    ],
)
def test_services_that_write_logs_into_a_bucket_are_named(beside: str, by: str) -> None:
    assert told(BUCKET, DATA + beside)["logs"] == by


@pytest.mark.parametrize("beside", ["", 'resource "aws_s3_bucket_versioning" "x" {\n  bucket = aws_s3_bucket.data.id\n}\n'])
def test_a_bucket_that_nothing_here_uses_is_for_somebody_elsewhere(beside: str) -> None:
    assert told(BUCKET, DATA + beside)["readers"] == "others, as nothing here does"


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        (TRAIL, "no"),
        (OBJECT % "", "no"),
        (GETS % "GetObject" + policy("Deny"), "no"),
        (GETS % "PutObject", "no"),
        (READER.replace("{ R", '{ Action = "s3:PutObject", Other = { Resource = "*" }, R'), "no"),
        (READER.replace("{ R", '{ Action = ["s3:PutObject", "*"], R'), "aws_iam_role_policy.app"),
        (READER.replace("{ R", '{ NotAction = "s3:PutObject", R'), "aws_iam_role_policy.app"),
        ("", "others, as nothing here does"),
        (GETS % "PutObjectAcl", "data.aws_iam_policy_document.d"),
        (GETS % "*", "data.aws_iam_policy_document.d"),
        (GETS % "Put*", "data.aws_iam_policy_document.d"),
        (READER, "aws_iam_role_policy.app"),
        (TRAIL + policy("Allow"), "whom a policy lets in"),
        (OBJECT % '  acl = "private"\n', "aws_s3_object.o"),
        (TRAIL + EDGE % "logging_config", "aws_cloudfront_distribution.d"),
        (TRAIL + EDGE % "origin", "no"),
        ('resource "aws_s3_bucket_logging" "l" {\n  target_bucket = aws_s3_bucket.data.id\n}\n', "aws_s3_bucket_logging.l"),
        (TRAIL + ADMIN, "aws_iam_role_policy.all"),
        (TRAIL + ADMIN.replace('["*"]', '"s3:*"'), "aws_iam_role_policy.all"),
        (TRAIL + ADMIN.replace('["*"]', '"s3:Get*"'), "no"),
        (TRAIL + 'output "bucket" {\n  value = aws_s3_bucket.data.id\n}\n', "whoever takes it from an output"),
        ('resource "aws_instance" "w" {\n  user_data = aws_s3_bucket.data.id\n}\n', "aws_instance.w"),
    ],
)
def test_who_may_put_objects_with_access_lists_is_named(beside: str, who: str) -> None:
    assert told(BUCKET, DATA + beside)["listers"] == who


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        (READER, "no"),
        ('resource "aws_ssm_parameter" "p" {\n  value = aws_s3_bucket.data.id\n}\n', "aws_ssm_parameter.p"),
        (
            'resource "aws_lambda_permission" "p" {\n  principal = "s3.amazonaws.com"\n  source_arn = aws_s3_bucket.data.arn\n}\n',
            "aws_lambda_permission.p",
        ),
    ],
)
def test_who_gets_to_know_a_bucket_may_set_its_notifications(beside: str, who: str) -> None:
    assert told(BUCKET, DATA + beside)["handed-out"] == who


@pytest.mark.parametrize(
    ("text", "folder", "sign"),
    [
        (WEB, "", "no"),
        (WEB, "latest/prod/", "no"),
        (WEB, "modules/web/tests/", "a folder for tests"),
        (WEB.replace('"web"\n', '"web-${terraform.workspace}"\n'), "", "a name that is made up"),
        (WEB.replace('"web"\n', "random_pet.name.id\n"), "", "a name that is made up"),
        (WEB + 'resource "aws_s3_bucket" "logs" {\n  force_destroy = true\n}\n', "", "force_destroy of aws_s3_bucket.logs"),
        (
            WEB.replace('"web"\n', '"${random_pet.a.id}"\n  lifecycle {\n    prevent_destroy = true\n  }\n'),
            "",
            "no",
        ),
    ],
)
def test_what_is_not_to_stay_shows_it(text: str, folder: str, sign: str) -> None:
    assert told(BALANCER, text, folder)["throw-away"] == sign


@pytest.mark.parametrize(
    ("ignored", "named"),
    [("[password, tags]", ["password", "tags"]), ('[tags["x"], user[0].password]', ["tags", "user"]), ("all", ["all"]), ("[]", [])],
)
def test_what_is_set_later_is_told(ignored: str, named: list[str]) -> None:
    text = f'resource "aws_lb" "x" {{\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n'
    assert told({"type": "aws_lb"}, text)["set-later"] == named
