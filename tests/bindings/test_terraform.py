"""Terraform modules as resources of a kind, and edits on a kind as edits on their files."""

import re
from collections.abc import Mapping

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_find, terraform
from setright.bindings.layouts._terraform_spec import snake, unsnake
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Unknown

BUCKET: dict[str, Plain] = {
    "type": "aws_s3_bucket",
    "known-as": "bucket",
    "PublicAccessBlockConfiguration": {"in": "aws_s3_bucket_public_access_block", "by": "bucket"},
    "VersioningConfiguration/Status": [
        {"in": "aws_s3_bucket_versioning", "by": "bucket", "at": "versioning_configuration/status"},
        {"at": "versioning/enabled", "values": {"Enabled": True, "Suspended": False}},
    ],
    "Rules/0/Default/KMSKey": {"in": "aws_s3_enc", "by": "bucket", "at": "rule/default/kms_key"},
}
STATUS: Path = ("VersioningConfiguration", "Status")
BLOCK: Path = ("PublicAccessBlockConfiguration", "BlockPublicAcls")
PLAIN = 'resource "aws_s3_bucket" "logs" {\n  bucket = "acme"\n}\n'


def sources(files: Mapping[str, str]) -> dict[str, Source]:
    return {name: Source(name, "hcl", lenses.get("hcl", text.encode())) for name, text in files.items()}


def seen(files: Mapping[str, str] | str, layout: Mapping[str, Plain] = BUCKET) -> list[Resource]:
    return terraform.view("k", layout, sources({"main.tf": files} if isinstance(files, str) else files))


def fixed(files: Mapping[str, str] | str, *edits: Edit, layout: Mapping[str, Plain] = BUCKET, name: str = "") -> dict[str, str]:
    """The files after the edits, which must then be seen."""
    texts = {"main.tf": files} if isinstance(files, str) else dict(files)
    given = sources(texts)
    resource = next(r for r in terraform.view("k", layout, given) if name in r.name)
    placed = terraform.edit(layout, resource, edits, [], given)
    for locator in dict.fromkeys(locator for locator, _ in placed):
        mine = [edit for where, edit in placed if where == locator]
        texts[locator] = lenses.put("hcl", texts[locator].encode(), mine).decode()
    after = next(r for r in seen(texts, layout) if r.name == resource.name)
    for edit in edits:
        node: Plain = after.tree
        for key in edit.path if not edit.remove else ():
            node = node[key]
        assert edit.remove or node == edit.value
    return texts


def version(by: str, status: str = '"Enabled"', more: str = "") -> str:
    inner = f"  versioning_configuration {{\n    status = {status}\n  }}\n"
    return f'resource "aws_s3_bucket_versioning" "v" {{\n{more}  bucket = {by}\n{inner}}}\n'


def test_names_go_to_and_fro() -> None:
    pairs = {
        "BlockPublicAcls": "block_public_acls",
        "VpcId": "vpc_id",
        "EbsOptimized": "ebs_optimized",
        "HttpTokens": "http_tokens",
    }
    assert {pascal: snake(pascal) for pascal in pairs} == pairs
    assert {unsnake(name, "pascal"): name for name in pairs.values()} == pairs
    assert (snake("SSEAlgorithm"), snake("publicAccess"), unsnake("log_bucket", "camel")) == (
        "sse_algorithm",
        "public_access",
        "logBucket",
    )


def test_arguments_map_by_name_and_one_block_is_itself() -> None:
    text = 'resource "t" "x" {\n  vpc_id = "v"\n  tags = { my_key = 1 }\n  opts {\n    http_tokens = "x"\n  }\n'
    text += "  d {}\n  d {}\n  count = 2\n}\n"
    resource = seen(text, {"type": "t"})[0]
    assert resource.tree == {"VpcId": "v", "Tags": {"my_key": 1}, "Opts": {"HttpTokens": "x"}, "D": [{}, {}]}
    assert (resource.name, resource.home) == ("t.x", ("main.tf", ("resource", "t", "x", 0)))


def test_a_resource_below_the_root_is_named_with_its_directory_and_one_counted_to_none_is_none() -> None:
    text = PLAIN + 'resource "aws_s3_bucket" "off" {\n  count = local.n\n}\nlocals {\n  n = 0\n}\n'
    assert [r.name for r in seen({"modules/a/main.tf": text})] == ["modules/a/aws_s3_bucket.logs"]


@pytest.mark.parametrize(
    "by",
    [
        "aws_s3_bucket.logs.id",
        "aws_s3_bucket.logs.bucket",
        "aws_s3_bucket.logs[0].id",
        "aws_s3_bucket.logs [0].id",
        "aws_s3_bucket.logs[count.index].id",
        '"${aws_s3_bucket.logs.id}"',
        '"acme"',
        "local.name",
    ],
)
def test_a_resource_beside_belongs_by_reference_or_by_name(by: str) -> None:
    files = {"main.tf": PLAIN, "locals.tf": 'locals {\n  name = "acme"\n}\n', "v.tf": version(by)}
    assert seen(files)[0].tree["VersioningConfiguration"] == {"Status": "Enabled"}
    assert fixed(files, Edit(STATUS, "Suspended"))["v.tf"] == version(by, '"Suspended"')


@pytest.mark.parametrize("by", ["aws_s3_bucket.logs2.id", '"other"', "data.aws_s3_bucket.logs.id"])
def test_what_belongs_to_another_is_left_to_it(by: str) -> None:
    assert "VersioningConfiguration" not in seen(PLAIN + version(by))[0].tree


def test_what_belongs_is_looked_for_among_what_names_it_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = _terraform_find.belongs
    monkeypatch.setattr(_terraform_find, "belongs", lambda *given: asked.append(given[3].address) or real(*given))
    text = "".join((PLAIN + version("aws_s3_bucket.logs.id")).replace("logs", f"b{n}").replace('"v"', f'"v{n}"') for n in range(50))
    found = seen(text.replace('bucket = "acme"', "force_destroy = true"))
    assert [each.tree["VersioningConfiguration"]["Status"] for each in found] == ["Enabled"] * 50
    assert sorted(set(asked)) == sorted(f"aws_s3_bucket_versioning.v{n}" for n in range(50))
    assert len(asked) <= 4 * 50


def test_what_may_belong_is_unknown_and_not_guessed() -> None:
    files = PLAIN + version("module.x.name")
    assert isinstance(seen(files)[0].tree["VersioningConfiguration"]["Status"], Unknown)
    with pytest.raises(BindingError, match="may be for it"):
        fixed(files, Edit(STATUS, "Enabled"))


def test_what_is_only_made_on_a_condition_is_unknown() -> None:
    maybe = version("aws_s3_bucket.logs.id", more="  count = var.on ? 1 : 0\n")
    assert isinstance(seen(PLAIN + maybe)[0].tree["VersioningConfiguration"]["Status"], Unknown)
    same = PLAIN.replace("{\n", "{\n  count = var.on ? 1 : 0\n", 1) + maybe
    assert seen(same)[0].tree["VersioningConfiguration"]["Status"] == "Enabled"


def test_the_first_place_that_is_there_counts_and_is_written() -> None:
    inline = PLAIN.replace("}\n", "\n  versioning {\n    mfa_delete = true\n  }\n}\n")
    after = fixed(inline, Edit(STATUS, "Enabled"))["main.tf"]
    assert after == inline.replace("    mfa_delete = true\n", "    mfa_delete = true\n    enabled    = true\n")
    assert seen(after)[0].tree["VersioningConfiguration"]["Status"] == "Enabled"


def test_new_resources_stand_behind_their_own_and_hold_all_that_is_new() -> None:
    text = PLAIN + '\noutput "o" {\n  value = 1\n}\n'
    edits = [
        Edit(BLOCK, True),
        Edit(("PublicAccessBlockConfiguration",), {"IgnorePublicAcls": True}),
        Edit(("Rules", 0, "Default", "KMSKey"), "k"),
    ]
    placed = terraform.edit(BUCKET, seen(text)[0], edits, [], sources({"main.tf": text}))
    assert len(placed) == 2
    assert lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode() == PLAIN + (
        '\nresource "aws_s3_bucket_public_access_block" "logs" {\n  bucket             = aws_s3_bucket.logs.id\n'
        "  block_public_acls  = true\n  ignore_public_acls = true\n}\n"
        '\nresource "aws_s3_enc" "logs" {\n  bucket = aws_s3_bucket.logs.id\n\n'
        '  rule {\n    default {\n      kms_key = "k"\n    }\n  }\n}\n'
        '\noutput "o" {\n  value = 1\n}\n'
    )


@pytest.mark.parametrize(
    ("own", "tie"),
    [
        ("count = 2", ["count", "= length(aws_s3_bucket.logs)", "= aws_s3_bucket.logs[count.index].id"]),
        ("for_each = var.names", ["for_each", "= aws_s3_bucket.logs\n", "= each.value.id"]),
        ("provider = aws.west", ["provider", "= aws.west", "= aws_s3_bucket.logs.id"]),
    ],
)
def test_a_new_resource_is_made_as_often_and_by_the_same_provider(own: str, tie: list[str]) -> None:
    after = fixed(PLAIN.replace("{\n", f"{{\n  {own}\n", 1), Edit(BLOCK, True))["main.tf"]
    new = after[after.index("aws_s3_bucket_public_access_block") :]
    assert all(part in new for part in tie)


def test_a_name_that_is_taken_is_not_taken_twice() -> None:
    other = 'resource "aws_s3_bucket_public_access_block" "logs" {\n  bucket = "other"\n}\n'
    with pytest.raises(BindingError, match="is there already"):
        fixed(PLAIN + other, Edit(BLOCK, True))


VARIABLE = 'variable "on" {\n  default = false\n}\n'
BY_VARIABLE = (
    PLAIN
    + version("aws_s3_bucket.logs.id").replace('"Enabled"', "var.status")
    + 'variable "status" {\n  default = "Suspended"\n}\n'
)


def test_a_default_that_nothing_else_uses_is_changed_where_it_stands() -> None:
    assert seen(BY_VARIABLE)[0].tree["VersioningConfiguration"]["Status"] == "Suspended"
    after = fixed(BY_VARIABLE, Edit(STATUS, "Enabled"))["main.tf"]
    assert after == BY_VARIABLE.replace('"Suspended"', '"Enabled"')


def test_a_default_that_something_else_uses_is_left_to_people() -> None:
    with pytest.raises(BindingError, match=r"main.tf: .*var.status, which is used 2 times"):
        fixed(BY_VARIABLE + 'output "x" {\n  value = "${var.status}!"\n}\n', Edit(STATUS, "Enabled"))


def test_a_caller_that_does_not_set_it_leaves_the_default() -> None:
    files = {"m/main.tf": BY_VARIABLE, "main.tf": 'module "b" {\n  source = "./m"\n}\n'}
    assert seen(files)[0].tree["VersioningConfiguration"]["Status"] == "Suspended"


def test_an_expression_or_a_dynamic_block_is_unknown_and_not_overwritten() -> None:
    layout = {"type": "t", "Opts/On": {"at": "opts/on"}}
    for body in (
        "  opts {\n    on = lookup(var.x, 1)\n  }\n",
        '  dynamic "opts" {\n    for_each = var.x\n    content {\n    }\n  }\n',
    ):
        text = f'resource "t" "x" {{\n{body}}}\n'
        assert isinstance(seen(text, layout)[0].tree["Opts"]["On"], Unknown)
        with pytest.raises(BindingError):
            fixed(text, Edit(("Opts", "On"), True), layout=layout)


def test_a_text_that_is_json_is_read_where_the_entry_says_so() -> None:
    layout = {"type": "t", "Policy": {"at": "policy", "json": True}}
    assert seen('resource "t" "x" {\n  policy = <<E\n{"A": 1}\nE\n}\n', layout)[0].tree == {"Policy": {"A": 1}}
    assert isinstance(seen('resource "t" "x" {\n  policy = "{"\n}\n', layout)[0].tree["Policy"], Unknown)


GROUP: dict[str, Plain] = {
    "type": "sg",
    "Ingress": [
        {"at": "ingress", "items": {"FromPort": "from_port"}, "spread": {"CidrIp": "cidr_blocks", "CidrIpv6": "ipv6_cidr_blocks"}},
        {
            "in": "rule",
            "by": "group",
            "where": {"type": "ingress"},
            "items": {"FromPort": "from_port"},
            "spread": {"CidrIp": "cidr"},
        },
    ],
}
RULES = """resource "sg" "x" {
  ingress {
    from_port        = 22
    cidr_blocks      = ["0.0.0.0/0", "10.0.0.0/8"]
    ipv6_cidr_blocks = ["::/0"]
  }

  ingress {
    from_port   = 80
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "rule" "x" {
  type      = "ingress"
  group     = sg.x.id
  from_port = 443
  cidr      = "0.0.0.0/0"
}
"""


def test_a_block_stands_for_as_many_items_as_its_lists_have() -> None:
    found = [(rule["FromPort"], rule.get("CidrIp") or rule.get("CidrIpv6")) for rule in seen(RULES, GROUP)[0].tree["Ingress"]]
    assert found == [(22, "0.0.0.0/0"), (22, "10.0.0.0/8"), (22, "::/0"), (80, "0.0.0.0/0"), (443, "0.0.0.0/0")]


@pytest.mark.parametrize(
    ("number", "gone", "instead"),
    [
        (0, '["0.0.0.0/0", "10.0.0.0/8"]', '["10.0.0.0/8"]'),
        (2, '    ipv6_cidr_blocks = ["::/0"]\n', ""),
        (3, '\n  ingress {\n    from_port   = 80\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n', ""),
        (4, RULES[RULES.index('\nresource "rule"') :], ""),
    ],
)
def test_an_item_goes_with_no_more_than_what_is_its_own(number: int, gone: str, instead: str) -> None:
    after = fixed(RULES, Edit(("Ingress", number), remove=True), layout=GROUP)["main.tf"]
    assert re.sub(" +", " ", after) == re.sub(" +", " ", RULES.replace(gone, instead))
    assert len(seen(after, GROUP)[0].tree["Ingress"]) == 4


def test_an_item_changes_alone_or_not_at_all() -> None:
    after = fixed(RULES, Edit(("Ingress", 0, "CidrIp"), "10.1.0.0/16"), Edit(("Ingress", 3, "FromPort"), 8080), layout=GROUP)[
        "main.tf"
    ]
    assert after == RULES.replace('["0.0.0.0/0", "10', '["10.1.0.0/16", "10').replace("= 80\n", "= 8080\n")
    with pytest.raises(BindingError, match="shares its block"):
        fixed(RULES, Edit(("Ingress", 0, "FromPort"), 23), layout=GROUP)


def test_a_group_that_goes_takes_its_resource_along() -> None:
    beside = '\nresource "aws_s3_bucket_public_access_block" "b" {\n  bucket = aws_s3_bucket.logs.id\n}\n'
    assert fixed(PLAIN + beside, Edit(("PublicAccessBlockConfiguration",), remove=True))["main.tf"] == PLAIN


def test_a_value_is_located_where_it_stands_and_else_at_its_resource() -> None:
    given = sources({"main.tf": PLAIN, "v.tf": version("aws_s3_bucket.logs.id")})
    resource = terraform.view("k", BUCKET, given)[0]
    assert terraform.locate(BUCKET, resource, STATUS, given)[0] == "v.tf"
    assert terraform.locate(BUCKET, resource, BLOCK, given) == resource.home


@pytest.mark.parametrize(
    "entry", [{}, {"type": "t", "A": {"inside": "x"}}, {"type": "t", "A": {"in": "x"}}, {"type": "t", "names": "odd"}]
)
def test_an_entry_that_says_something_else_is_refused_where_its_type_is(entry: dict[str, Plain]) -> None:
    with pytest.raises(BindingError):
        seen(f'{PLAIN}\nresource "t" "x" {{}}\n', entry)
