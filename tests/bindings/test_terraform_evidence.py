"""What a module tells of a resource that clears a fear."""

import gzip
from base64 import b64encode
from collections.abc import Callable, Mapping

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUCKET: dict[str, Plain] = {
    "type": "aws_s3_bucket",
    "evidence": {"public": "public"},
    "AccessControl": [{"in": "aws_s3_bucket_acl", "by": "bucket", "at": "acl"}, {"at": "acl"}],
    "PublicAccessBlockConfiguration": {"in": "aws_s3_bucket_public_access_block", "by": "bucket"},
    "Policy": [{"in": "aws_s3_bucket_policy", "by": "bucket", "at": "policy", "json": True}, {"at": "policy", "json": True}],
}
OLD = "an image of unknown age"
MACHINE: dict[str, Plain] = {"type": "aws_instance", "evidence": {"metadata": "metadata"}}
DATA = 'resource "aws_s3_bucket" "data" {\n  bucket = "data"\n}\n'
IMAGE = (
    'data "aws_ami" "i" {\n  most_recent = true\n  filter {\n    name   = "name"\n    values = ["ubuntu-noble-24.04-*"]\n  }\n}\n'
)
TOKENS = IMAGE.replace("ubuntu-noble-24.04-*", "al2023-ami-2023*-x86_64").replace("  most", '  owners = ["amazon"]\n  most')
EVERYBODY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}'
ROLE = '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:GetObject"}]}'


def sources(files: Mapping[str, str]) -> dict[str, Source]:
    return {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}


def told(layout: Mapping[str, Plain], files: str | dict[str, str]) -> Plain:
    given = sources({"main.tf": files} if isinstance(files, str) else files)
    return terraform.view("k", layout, given)[0].tree.get("source")


def beside(kind: str, body: str, bucket: str = "aws_s3_bucket.data.id") -> str:
    return DATA + f'resource "{kind}" "x" {{\n  bucket = {bucket}\n{body}\n}}\n'


def policy(text: str, bucket: str = "aws_s3_bucket.data.id") -> str:
    return beside("aws_s3_bucket_policy", f"policy = <<-E\n{text}\nE", bucket)


@pytest.mark.parametrize(
    "text",
    [
        DATA,
        policy(ROLE),
        policy(EVERYBODY.replace('"Action"', '"Condition": {"Bool": {}}, "Action"')),
        policy(EVERYBODY.replace("Allow", "Deny")),
        beside("aws_s3_bucket_public_access_block", "block_public_acls = true"),
        beside("aws_s3_object", 'key = "k"'),
        DATA
        + 'resource "aws_s3_bucket" "web" {\n  bucket = "web"\n}\n'
        + beside("aws_s3_object", 'acl = "public-read"', '"web"')[len(DATA) :],
    ],
)
def test_a_bucket_that_nothing_opens_is_not_public(text: str) -> None:
    assert told(BUCKET, text) == {"public": "no"}


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (beside("aws_s3_bucket_website_configuration", ""), "a web site"),
        (beside("aws_s3_bucket_website_configuration", "", "var.bucket"), "a web site"),
        (DATA.replace("}", "  website {}\n}"), "a web site"),
        (beside("aws_s3_bucket_acl", 'acl = "public-read"'), "an access list"),
        (beside("aws_s3_bucket_acl", "acl = var.acl"), "an access list"),
        (beside("aws_s3_bucket_acl", "access_control_policy {}"), "an access list"),
        (beside("aws_s3_bucket_public_access_block", "block_public_acls = false"), "settings that allow it"),
        (policy(EVERYBODY), "a policy for all"),
        (policy(EVERYBODY.replace("s3:GetObject", "s3:*")), "a policy"),
        (beside("aws_s3_bucket_policy", "policy = var.policy"), "a policy"),
        (beside("aws_s3_object", 'acl = "public-read"'), "an object's access list"),
    ],
)
def test_what_may_open_a_bucket_is_named(text: str, way: str) -> None:
    assert told(BUCKET, text) == {"public": way}


def test_a_policy_in_another_directory_for_a_bucket_it_was_given_counts() -> None:
    assert told(BUCKET, {"bucket/main.tf": DATA, "web/main.tf": policy(EVERYBODY, "module.bucket.id").replace(DATA, "")}) == {
        "public": "a policy"
    }


def test_nothing_asks_for_the_metadata_of_a_recent_machine_without_a_role() -> None:
    assert told(MACHINE, IMAGE + 'resource "aws_instance" "w" {\n  ami = data.aws_ami.i.id\n}\n') == {"metadata": "no"}
    script = (
        'resource "aws_instance" "w" {\n  ami = data.aws_ami.i.id\n  user_data = <<-E\n    apt-get update ${aws_eip.x.ip}\n  E\n}\n'
    )
    assert told(MACHINE, IMAGE + script) == {"metadata": "no"}


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress])
@pytest.mark.parametrize(
    ("script", "who"), [(b"curl http://169.254.169.254/latest", "its first script"), (b"apt-get -y update", "no")]
)
def test_a_first_script_is_read_however_it_is_packed(pack: Callable[[bytes], bytes], script: bytes, who: str) -> None:
    data = f'  user_data_base64 = "{b64encode(pack(script)).decode()}"\n'
    machine = f'resource "aws_instance" "w" {{\n  ami = data.aws_ami.i.id\n{data}}}\n'
    assert told(MACHINE, IMAGE + machine) == {"metadata": who}


PROFILE = """
resource "aws_iam_role" "r" {}
resource "aws_iam_instance_profile" "p" {
  role = aws_iam_role.r.name
}
"""
AGENT = """
resource "aws_iam_role_policy_attachment" "a" {
  role = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}
"""
INLINE = 'resource "aws_iam_role_policy" "i" {\n  role = aws_iam_role.r.id\n  policy = var.p\n}\n'
PARAMETER = 'data "aws_ssm_parameter" "i" {\n  name = "/aws/service/%s"\n}\n'
LATEST = 'resource "aws_instance" "w" {\n  ami = %s\n}\n'


@pytest.mark.parametrize(
    ("machine", "asks"),
    [
        (PARAMETER % "ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" + LATEST % "data.aws_ssm_parameter.i.value", "no"),
        (
            PARAMETER % "canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
            + LATEST % "data.aws_ssm_parameter.i.value",
            "no",
        ),
        (LATEST % '"resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"', "no"),
        (LATEST % '"resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2012-R2_RTM-English-64Bit-Base"', OLD),
        (PARAMETER % "ami-amazon-linux-latest/amzn-ami-hvm-x86_64-gp2" + LATEST % "data.aws_ssm_parameter.i.value", OLD),
        (LATEST % '"resolve:ssm:/acme/base-image"', OLD),
    ],
)
def test_images_that_their_maker_names_as_the_latest_are_recent(machine: str, asks: str) -> None:
    assert told(MACHINE, machine) == {"metadata": asks}


@pytest.mark.parametrize(
    ("body", "image", "who"),
    [
        ("iam_instance_profile = var.p", IMAGE, "its role"),
        ("iam_instance_profile = var.p", TOKENS, "no"),
        ('user_data = "curl http://169.254.169.254/latest/meta-data"', TOKENS, "its first script"),
        ('iam_instance_profile = var.p\n  metadata_options {\n    http_tokens = "optional"\n  }', TOKENS, "its role"),
        ("iam_instance_profile = var.p", TOKENS.replace("amazon", "self"), "its role"),
        ("launch_template {\n  id = var.t\n}", IMAGE, "its role"),
        ('user_data = "curl http://169.254.169.254/latest/meta-data"', IMAGE, "its first script"),
        ('user_data = "docker run app"', IMAGE, "its first script"),
        ('user_data = file("x.sh")', IMAGE, "a script that is told elsewhere"),
        ('user_data = "echo ${var.db_host} ${local.app-name} ${module.net.zone}"', IMAGE, "no"),
        ('user_data = "echo ${var.db_host} ${var.commands}"', IMAGE, "a script that is told elsewhere"),
        ("iam_instance_profile = aws_iam_instance_profile.p.name", IMAGE + PROFILE, "no"),
        ("iam_instance_profile = aws_iam_instance_profile.p.name", IMAGE + PROFILE + AGENT, "no"),
        ("iam_instance_profile = aws_iam_instance_profile.p.name", IMAGE + PROFILE + AGENT.replace("AmazonSSM", "x"), "its role"),
        ("iam_instance_profile = aws_iam_instance_profile.p.name", IMAGE + PROFILE + INLINE, "its role"),
        ("user_data = data.template_file.x.rendered", IMAGE, "a script that is told elsewhere"),
        ("", IMAGE.replace("noble-24.04", "trusty-14.04"), "an image of unknown age"),
        ("", IMAGE.replace("true", "false"), "an image of unknown age"),
        ("", "", "an image of unknown age"),
    ],
)
def test_what_may_ask_for_metadata_is_named(body: str, image: str, who: str) -> None:
    assert told(MACHINE, image + f'resource "aws_instance" "w" {{\n  ami = data.aws_ami.i.id\n  {body}\n}}\n') == {"metadata": who}


def test_what_deletion_does_is_told() -> None:
    kept = 'resource "db" "x" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'
    assert told({"type": "db"}, kept) == {"deletion-policy": "Retain"}
    assert told({"type": "db"}, 'resource "db" "x" {\n  skip_final_snapshot = false\n}\n') == {"deletion-policy": "Snapshot"}
    assert told({"type": "db"}, 'resource "db" "x" {\n  skip_final_snapshot = true\n}\n') is None
    unsaid = told({"type": "aws_db_instance"}, 'resource "aws_db_instance" "x" {\n}\n')
    assert unsaid == {"deletion-policy": "Snapshot"}  # it is made unless it is skipped


NETWORK: dict[str, Plain] = {"type": "aws_vpc", "evidence": {"default-group": "default-group"}}
VPC = 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "no"),
        ('resource "aws_instance" "w" {\n  vpc_security_group_ids = [aws_security_group.w.id]\n}\n', "no"),
        ('resource "aws_vpc_endpoint" "s3" {\n  service_name = "s3"\n}\n', "no"),
        ('resource "aws_lb" "n" {\n  load_balancer_type = "network"\n}\n', "no"),
        ('resource "aws_instance" "w" {\n  ami = "a"\n}\n', "aws_instance.w"),
        ('resource "aws_vpc_endpoint" "e" {\n  vpc_endpoint_type = "Interface"\n}\n', "aws_vpc_endpoint.e"),
        ('output "net" {\n  value = aws_vpc.main.id\n}\n', "others that get the network"),
        ('module "app" {\n  source = "x"\n  subnet = aws_subnet.a.id\n}\n', "others that get the network"),
        ("locals {\n  group = aws_vpc.main.default_security_group_id\n}\n", "what names it"),
        ('data "aws_security_group" "d" {\n  name = "default"\n}\n', "what names it"),
        ('output "group" {\n  value = aws_db_subnet_group.data.name\n}\n', "others that get the network"),
        ('output "group" {\n  value = aws_security_group.web.id\n}\n', "no"),
        ('resource "aws_ecs_service" "s" {\n  network_configuration {\n    subnets = []\n  }\n}\n', "aws_ecs_service.s"),
        ('resource "aws_ecs_service" "s" {\n  network_configuration {\n    security_groups = [local.g]\n  }\n}\n', "no"),
        ('resource "aws_opensearch_domain" "outside" {\n  domain_name = "logs"\n}\n', "no"),
    ],
)
def test_who_may_be_in_the_default_group_is_named(text: str, who: str) -> None:
    assert told(NETWORK, VPC + text) == {"default-group": who}


NETWORK_FILES = {
    "net/main.tf": VPC + 'output "subnets" {\n  value = aws_subnet.a[*].id\n}\n',
    "app/main.tf": 'variable "where" {}\nresource "aws_instance" "w" {\n  subnet_id = var.where\n  security_groups = [var.g]\n}\n',
    "live/main.tf": (
        'module "net" {\n  source = "../net"\n}\nlocals {\n  subnets = module.net.subnets\n}\n'
        'module "app" {\n  source = "../app"\n  where = local.subnets[0]\n}\n'
    ),
}


@pytest.mark.parametrize(
    ("locator", "more", "who"),
    [
        ("live/main.tf", "", "no"),
        ("live/main.tf", 'output "app" {\n  value = module.app.address\n}\n', "no"),
        ("live/main.tf", 'output "subnets" {\n  value = local.subnets\n}\n', "others that get the network"),
        ("live/main.tf", 'module "db" {\n  source = "x/y/z"\n  subnets = local.subnets\n}\n', "others that get the network"),
        ("live/main.tf", 'resource "aws_instance" "bare" {\n}\n', "aws_instance.bare of live"),
        ("app/main.tf", 'output "where" {\n  value = var.where\n}\n', "no"),
        ("app/main.tf", 'resource "aws_mq_broker" "bare" {\n}\n', "aws_mq_broker.bare of app"),
        ("net/main.tf", 'resource "aws_lb" "bare" {\n}\n', "aws_lb.bare"),
        ("else/main.tf", 'resource "aws_instance" "bare" {\n}\n', "no"),
        ("else/main.tf", 'data "aws_vpc" "n" {\n}\nresource "aws_instance" "b" {\n}\n', "aws_instance.b of else"),
    ],
)
def test_a_network_is_followed_to_all_who_get_it(locator: str, more: str, who: str) -> None:
    texts = {**NETWORK_FILES, locator: NETWORK_FILES.get(locator, "") + more}
    seen = terraform.view("k", NETWORK, sources(texts))
    assert [each.tree["source"] for each in seen] == [{"default-group": who}]


def test_a_tenant_that_comes_later_is_seen_though_the_network_stays_the_same() -> None:
    before = sources(NETWORK_FILES)
    assert terraform.view("k", NETWORK, before)[0].tree["source"] == {"default-group": "no"}
    after = {**before, **sources({"app/main.tf": 'resource "aws_instance" "bare" {\n}\n'})}
    assert terraform.view("k", NETWORK, after)[0].tree["source"] == {"default-group": "aws_instance.bare of app"}


@pytest.mark.parametrize(
    ("domain", "sign"),
    [
        ("aws_lb.shop.dns_name", "no"),
        ("aws_lb.plain.dns_name", "the balancer aws_lb.plain"),
        ("aws_lb.both.dns_name", "no"),
        ("aws_s3_bucket_website_configuration.shop.website_endpoint", "a web site"),
    ],
)
def test_an_origin_that_speaks_no_https_is_seen(domain: str, sign: str) -> None:
    edge = {"type": "aws_cloudfront_distribution", "evidence": {"plain-origin": "plain-origin"}}
    text = f'resource "aws_cloudfront_distribution" "shop" {{\n  origin {{\n    domain_name = {domain}\n  }}\n}}\n'
    for name, listeners in {"shop": (), "plain": ("HTTP",), "both": ("HTTP", "HTTPS")}.items():
        text += f'resource "aws_lb" "{name}" {{}}\n'
        text += "".join(
            f'resource "aws_lb_listener" "{name}_{each}" {{\n  load_balancer_arn = aws_lb.{name}.arn\n  protocol = "{each}"\n}}\n'
            for each in listeners
        )
    assert told(edge, text) == {"plain-origin": sign}


@pytest.mark.parametrize(
    ("domain", "by"), [("aws_s3_bucket.data.bucket_domain_name", "by aws_cloudfront_distribution.shop"), ("x", "no")]
)
def test_a_bucket_that_cloudfront_serves_is_seen(domain: str, by: str) -> None:
    text = f'resource "aws_cloudfront_distribution" "shop" {{\n  origin {{\n    domain_name = {domain}\n  }}\n}}\n'
    bucket = {"type": "aws_s3_bucket", "evidence": {"edge": "edge"}}
    assert told(bucket, 'resource "aws_s3_bucket" "data" {}\n' + text) == {"edge": by}


KEPT = {"type": "aws_s3_bucket", "evidence": {"old-versions": "old-versions"}}
TRAIL = 'resource "aws_cloudtrail" "all" {\n  s3_bucket_name = aws_s3_bucket.logs.id\n}\n'
RULE = 'resource "aws_s3_bucket_lifecycle_configuration" "x" {\n  bucket = aws_s3_bucket.logs.id\n  rule {\n    WHAT {}\n  }\n}\n'
WRITER = 'resource "aws_iam_role_policy" "app" {\n  policy = jsonencode({ Resource = aws_s3_bucket.logs.arn })\n}\n'
FILLED = 'resource "aws_s3_object" "o" {\n  bucket = aws_s3_bucket.logs.id\n}\n'
ADMIN = 'resource "aws_iam_role_policy" "all" {\n  policy = jsonencode({ Action = "s3:*", Resource = "*" })\n}\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "what nothing here tells"),
        (TRAIL, "little"),
        (TRAIL + RULE.replace("WHAT", "abort_incomplete_multipart_upload"), "little"),
        (TRAIL + RULE.replace("WHAT", "expiration"), "all that its rules expire"),
        (TRAIL + WRITER, "aws_iam_role_policy.app"),
        ('resource "aws_lambda_function" "f" {\n  s3_bucket = aws_s3_bucket.logs.id\n}\n', "little"),
        (FILLED, "little"),
        (FILLED + WRITER.replace("{ R", '{ Action = ["s3:GetObject", "s3:List*"], R'), "little"),
        (FILLED + WRITER.replace("{ R", '{ Action = ["s3:GetObject", "s3:PutObject"], R'), "aws_iam_role_policy.app"),
        (FILLED + WRITER.replace("{ R", '{ Action = ["s3:GetObject", "*"], R'), "aws_iam_role_policy.app"),
        (FILLED + WRITER.replace("{ R", '{ NotAction = ["s3:GetObject"], R'), "aws_iam_role_policy.app"),
        (FILLED + ADMIN, "what nothing here tells"),
        (TRAIL + 'output "logs" {\n  value = aws_s3_bucket.logs.id\n}\n', "whoever takes it from an output"),
        (TRAIL.replace("s3_bucket_name", "cloud_watch_logs_group_arn"), "aws_cloudtrail.all"),
    ],
)
def test_what_old_versions_come_to_is_told(text: str, what: str) -> None:
    assert told(KEPT, 'resource "aws_s3_bucket" "logs" {}\n' + text) == {"old-versions": what}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no"),
        (TRAIL, "by aws_cloudtrail.all"),
        (TRAIL.replace("}", "  kms_key_id = aws_kms_key.k.arn\n}"), "no"),
        (TRAIL.replace("s3_bucket_name", "cloud_watch_logs_group_arn"), "no"),
        (TRAIL.replace("aws_cloudtrail", "aws_config_delivery_channel"), "by aws_config_delivery_channel.all"),
    ],
)
def test_what_writes_its_records_into_a_bucket_as_nobody_of_the_account_is_named(text: str, what: str) -> None:
    layout = {"type": "aws_s3_bucket", "evidence": {"trails": "trails"}}
    assert told(layout, 'resource "aws_s3_bucket" "logs" {}\n' + text) == {"trails": what}


@pytest.mark.parametrize(("label", "name"), [("tfstate", "acme"), ("this", "acme-terraform-state"), ("tf-state", "${var.name}")])
def test_old_versions_of_a_state_come_to_little(label: str, name: str) -> None:
    text = (
        f'resource "aws_s3_bucket" "{label}" {{\n  bucket = "{name}"\n}}\noutput "x" {{\n  value = aws_s3_bucket.{label}.id\n}}\n'
    )
    assert told(KEPT, text) == {"old-versions": "little"}


@pytest.mark.parametrize(
    ("inside", "beside", "what"),
    [
        ("", "", "no"),
        ('source {\n    buildspec = "docker build -t app ."\n  }', "", "by aws_codebuild_project.app"),
        ('source {\n    buildspec = "phases: {build: {commands: make}}"\n  }', "", "no"),
        ('source {\n    buildspec = file("buildspec.yml")\n  }', "", "elsewhere"),
        ('source {\n    type = "CODECOMMIT"\n  }', "", "elsewhere"),
        (
            "",
            'data "aws_iam_policy_document" "x" {\n  statement {\n    actions = ["ecr:PutImage"]\n  }\n}\n',
            "by data.aws_iam_policy_document.x",
        ),
        ("", 'data "aws_iam_policy_document" "x" {\n  statement {\n    actions = ["ecr:BatchGetImage"]\n  }\n}\n', "no"),
    ],
)
def test_what_says_that_a_build_makes_images_is_named(inside: str, beside: str, what: str) -> None:
    build = {"type": "aws_codebuild_project", "evidence": {"images-made": "images-made"}}
    assert told(build, f'resource "aws_codebuild_project" "app" {{\n  {inside}\n}}\n{beside}') == {"images-made": what}


@pytest.mark.parametrize(("tag", "who"), [("latest", "by aws_ecs_task_definition.app"), ("${var.tag}", "no"), ("latest-1", "no")])
def test_who_takes_an_image_by_a_tag_that_moves_is_named(tag: str, who: str) -> None:
    repository = {"type": "aws_ecr_repository", "evidence": {"moving-tags": "moving-tags"}}
    image = f'jsonencode([{{ image = "${{aws_ecr_repository.app.repository_url}}:{tag}" }}])'
    task = f'resource "aws_ecs_task_definition" "app" {{\n  container_definitions = {image}\n}}\n'
    assert told(repository, 'resource "aws_ecr_repository" "app" {}\n' + task) == {"moving-tags": who}


def test_a_build_in_another_directory_that_pushes_a_tag_that_moves_is_seen() -> None:
    repository = {"type": "aws_ecr_repository", "evidence": {"moving-tags": "moving-tags"}}
    texts = {
        "ecr/main.tf": 'resource "aws_ecr_repository" "app" {}\n',
        "build/main.tf": 'locals {\n  spec = "docker push $URL:latest"\n}\n',
    }
    assert told(repository, texts) == {"moving-tags": "by build/main.tf"}


LOOKED_UP = (
    'data "aws_vpc" "v" {\n  %s\n}\n\ndata "aws_subnets" "x" {\n  filter {\n    name   = "vpc-id"\n    values = [%s]\n  }\n}\n'
)
GATEWAY = 'resource "aws_nat_gateway" "g" {\n  subnet_id = aws_subnet.public.id\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "others, as nothing here does"),
        (GATEWAY, "no"),
        (GATEWAY + 'resource "aws_instance" "i" {\n  subnet_id = aws_subnet.public.id\n}\n', "aws_instance.i"),
        (
            'resource "aws_instance" "i" {\n  subnet_id = aws_subnet.public.id\n  associate_public_ip_address = true\n}\n',
            "no",
        ),
        ('resource "aws_default_network_acl" "a" {\n  subnet_ids = [aws_subnet.public.id]\n}\n', "no"),
        (GATEWAY + 'output "o" {\n  value = aws_subnet.public.id\n}\n', "whoever takes it from an output"),
        (GATEWAY + 'data "aws_subnets" "all" {}\n', "data.aws_subnets.all"),
    ],
)
def test_who_starts_something_in_a_subnet_is_named(text: str, who: str) -> None:
    subnet = {"type": "aws_subnet", "evidence": {"starters": "starters"}}
    assert told(subnet, 'resource "aws_subnet" "public" {}\n' + text) == {"starters": who}
    apart = {"network/main.tf": 'resource "aws_subnet" "public" {}\n' + GATEWAY, "app/main.tf": 'data "aws_subnet_ids" "x" {}\n'}
    assert told(subnet, apart) == {"starters": "data.aws_subnet_ids.x"}


@pytest.mark.parametrize(
    ("look", "who"),
    [
        ('data "aws_subnets" "x" {\n  filter {\n    name   = "default-for-az"\n    values = ["true"]\n  }\n}\n', "no"),
        ('data "aws_subnet" "x" {\n  default_for_az = true\n}\n', "no"),
        ('data "aws_subnet" "x" {\n  default_for_az = var.any\n}\n', "data.aws_subnet.x"),
        (LOOKED_UP % ("default = true", "data.aws_vpc.v.id"), "no"),
        (LOOKED_UP % ("", "data.aws_vpc.v.id"), "data.aws_subnets.x"),
        (LOOKED_UP % ("default = true", "aws_default_vpc.v.id"), "no"),
        (LOOKED_UP % ("default = true", "var.vpc"), "data.aws_subnets.x"),
    ],
)
def test_a_lookup_of_what_aws_made_by_itself_finds_no_subnet_that_is_made(look: str, who: str) -> None:
    subnet = {"type": "aws_subnet", "evidence": {"starters": "starters"}}
    made = 'resource "aws_vpc" "own" {}\n\nresource "aws_subnet" "public" {\n  vpc_id = aws_vpc.own.id\n}\n'
    assert told(subnet, {"network/main.tf": made + GATEWAY, "app/main.tf": look}) == {"starters": who}
