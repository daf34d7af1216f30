"""What a module gets besides, so that a resource of it can be put right."""

from collections.abc import Mapping

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_bundles import bundled
from setright.bindings.layouts._terraform_json import encoded
from setright.bindings.source import Source
from setright.model import Edit, Plain, Unknown

FUNCTION: dict[str, Plain] = {
    "type": "fn",
    "offers": {
        "queue": {
            "at": "Failed/Target",
            "value": {"is": "queue.failed.arn"},
            "makes": {"resource/queue/failed": {"days": 14}},
            "grant": {"role": "role", "named": "send", "to": "sqs:SendMessage", "on": "queue.failed.arn"},
            "with": {"Failed/Sort": "{name}/"},
            "given": {"Failed/Sort": "own"},
        }
    },
}
BUCKET: dict[str, Plain] = {
    "type": "bucket",
    "LogTo": {"in": "bucket_log", "by": "bucket", "at": "target"},
    "offers": {
        "logs": {"at": "LogTo", "has": [{"type": "bucket", "where": {"acl": "log"}}, {"type": "bucket_log", "by": "target"}]}
    },
}
ROLE = 'resource "aws_iam_role" "r" {\n  name = "r"\n}\n'
FN = 'resource "fn" "f" {\n  role = aws_iam_role.r.arn\n}\n'
FN_WITH_VAR = 'resource "fn" "f" {\n  role = aws_iam_role.r.arn\n\n  failed {\n    target = var.to\n  }\n}\n'


def put_right(
    layout: Mapping[str, Plain], files: Mapping[str, str], name: str, offer: str, value: Plain = "offered"
) -> dict[str, str]:
    """The files that change where a resource takes an offer."""
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    resource = next(r for r in terraform.view("k", layout, given) if r.name == name)
    placed = terraform.edit(layout, resource, [Edit(("template", offer), value)], [], given)
    changed = {at: [edit for where, edit in placed if where == at] for at in files}
    return {at: lenses.put("hcl", files[at].encode(), edits).decode() for at, edits in changed.items() if edits}


def offered(layout: Mapping[str, Plain], text: str) -> list[Plain]:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    return [r.tree.get("template") for r in terraform.view("k", layout, given)]


def test_what_is_made_goes_to_one_file_whoever_asks_and_the_grant_to_the_roles() -> None:
    after = put_right(FUNCTION, {"fn.tf": FN, "main.tf": "\n", "role.tf": ROLE}, "fn.f", "queue")
    assert after["fn.tf"] == (
        'resource "fn" "f" {\n  role = aws_iam_role.r.arn\n\n  failed {\n    target = queue.failed.arn\n    sort   = "f/"\n  }\n}\n'
    )
    assert after["main.tf"].lstrip() == 'resource "queue" "failed" {\n  days = 14\n}\n'
    assert after["role.tf"] == ROLE + (
        '\nresource "aws_iam_role_policy" "r_send" {\n  role = aws_iam_role.r.id\n  policy = jsonencode({\n'
        '    Version = "2012-10-17"\n    Statement = [{\n      Effect   = "Allow"\n      Action   = "sqs:SendMessage"\n'
        "      Resource = queue.failed.arn\n    }]\n  })\n}\n"
    )


def test_what_the_module_has_is_not_made_again() -> None:
    after = put_right(FUNCTION, {"main.tf": FN + ROLE, "q.tf": 'resource "queue" "failed" {}\n'}, "fn.f", "queue")
    assert list(after) == ["main.tf"]


def test_what_is_made_for_others_alone_is_not_made_where_those_are_there() -> None:
    key: Plain = {"description": "k"}
    vault: Plain = {"name": "v", "kms_key_arn": {"is": "aws_kms_key.data.arn"}}
    makes: Plain = {"data/aws_region/current": {}, "resource/aws_kms_key/data": key, "resource/aws_backup_vault/v": vault}
    layout: dict[str, Plain] = {
        "type": "fs",
        "offers": {"vault": {"at": "Vault", "value": {"is": "aws_backup_vault.v.id"}, "makes": makes}},
    }
    fs, own = 'resource "fs" "f" {\n}\n', 'resource "aws_backup_vault" "v" {\n  name = "mine"\n}\n'
    made = put_right(layout, {"fs.tf": fs, "main.tf": "\n"}, "fs.f", "vault")["main.tf"]
    assert "aws_kms_key" in made
    assert "aws_region" not in made
    assert put_right(layout, {"fs.tf": fs, "main.tf": own}, "fs.f", "vault") == {
        "fs.tf": fs.replace("{", "{\n  vault = aws_backup_vault.v.id", 1)
    }


def test_a_value_of_its_own_makes_nothing() -> None:
    after = put_right(FUNCTION, {"main.tf": FN + ROLE}, "fn.f", "queue", "arn:own")
    assert after["main.tf"] == (FN + ROLE).replace(
        "r.arn\n}", 'r.arn\n\n  failed {\n    target = "arn:own"\n    sort   = "own"\n  }\n}'
    )


def test_the_role_of_a_grant_may_stand_in_a_nested_block() -> None:
    layout: dict[str, Plain] = {
        "type": "plan",
        "offers": {
            "key": {
                "at": "Key",
                "value": {"is": "key.k.arn"},
                "grant": {"role": "to/role", "named": "use", "to": "use", "on": "key.k.arn"},
            }
        },
    }
    text = 'resource "plan" "p" {\n  to {\n    role = aws_iam_role.r.arn\n  }\n}\n'
    after = put_right(layout, {"main.tf": text + ROLE}, "plan.p", "key")["main.tf"]
    assert "  key = key.k.arn\n" in after
    assert 'resource "aws_iam_role_policy" "r_use" {' in after


@pytest.mark.parametrize(
    "text",
    [
        FN,
        FN.replace("aws_iam_role.r.arn", '"arn:aws:iam::1:role/r"') + ROLE,
        FN + ROLE.replace("name", "count = 2\n  name"),
        FN.replace("{", "{\n  provider = aws.west") + ROLE,
    ],
)
def test_nothing_is_offered_where_the_role_or_the_provider_is_not_of_this_module(text: str) -> None:
    assert offered(FUNCTION, text) == [None]


def test_a_bucket_logs_to_the_one_that_is_there_for_logs_which_does_not_log_to_itself() -> None:
    text = 'resource "bucket" "logs" {\n  acl = "log"\n}\nresource "bucket" "data" {}\n'
    assert offered(BUCKET, text) == [None, {"logs": "offered"}]
    after = put_right(BUCKET, {"main.tf": text}, "bucket.data", "logs")
    assert after["main.tf"] == text + '\nresource "bucket_log" "data" {\n  bucket = bucket.data.id\n  target = bucket.logs.id\n}\n'


def test_a_bucket_logs_where_others_of_the_module_do() -> None:
    log = 'resource "bucket_log" "b" {\n  bucket = bucket.b.id\n  target = "l"\n}\n'
    text = 'resource "bucket" "a" {}\nresource "bucket" "b" {}\n' + log
    after = put_right(BUCKET, {"main.tf": text}, "bucket.a", "logs")
    assert 'bucket = bucket.a.id\n  target = "l"\n' in after["main.tf"]


def test_an_offer_that_is_not_open_is_refused() -> None:
    with pytest.raises(BindingError, match="cannot get queue besides"):
        put_right(FUNCTION, {"main.tf": FN}, "fn.f", "queue")


def test_documents_are_laid_out_as_fmt_does() -> None:
    value: Plain = {"A": 1, "Long": ["a", "b"], "Deep": {"x y": Unknown("var.x"), "b": True}, "None": []}
    assert (
        encoded(value, "")
        == 'jsonencode({\n  A    = 1\n  Long = ["a", "b"]\n  Deep = {\n    "x y" = var.x\n    b     = true\n  }\n  None = []\n})'
    )


def test_several_objects_stand_each_on_its_own() -> None:
    assert encoded([{"A": 1}, {"B": 2}], "") == "jsonencode([\n  {\n    A = 1\n  },\n  {\n    B = 2\n  },\n])"
    assert encoded([{"A": 1}], "") == "jsonencode([{\n  A = 1\n}])"


def test_what_several_offers_make_is_named() -> None:
    layout = {"type": "fn", "offers": {"key": {"at": "Key", "value": {"is": "aws_kms_key.data.arn"}, "makes": "data-key"}}}
    after = put_right(layout, {"main.tf": FN}, "fn.f", "key")
    assert 'resource "aws_kms_key" "data" {' in after["main.tf"] and "key  = aws_kms_key.data.arn" in after["main.tf"]


def test_a_name_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(BindingError, match="no 'nothing'"):
        list(bundled("nothing"))


ITS_ROLE = 'resource "aws_iam_role" "log" {\n  %s\n}\n'


@pytest.mark.parametrize(
    ("own", "is_offered"),
    [
        ("", True),
        (ITS_ROLE % 'assume_role_policy = jsonencode({ Service = "net.amazonaws.com" })', True),
        (ITS_ROLE % 'assume_role_policy = jsonencode({ Service = "other.amazonaws.com" })', False),
        (ITS_ROLE % 'count = 1\n  assume_role_policy = jsonencode({ Service = "net.amazonaws.com" })', False),
        ('resource "aws_kms_key" "data" {\n  policy = jsonencode({ Service = "logs.eu-west-1.amazonaws.com" })\n}\n', True),
        ('resource "aws_kms_key" "data" {\n  description = "mine"\n}\n', False),
        ('data "aws_region" "current" {\n  count = var.on ? 1 : 0\n}\n', False),
    ],
)
def test_a_block_of_somebody_elses_by_that_name_takes_the_offer_away(own: str, is_offered: bool) -> None:
    makes: Plain = {
        "data/aws_region/current": {},
        "resource/aws_kms_key/data": {"policy": {"json": {"Service": "logs.eu-west-1.amazonaws.com"}}},
        "resource/aws_cloudwatch_log_group/log": {"kms_key_id": {"is": "aws_kms_key.data.arn"}},
        "resource/aws_iam_role/log": {"assume_role_policy": {"json": {"Service": "net.amazonaws.com"}}},
    }
    offer: Plain = {"at": "Log", "value": {"is": "aws_cloudwatch_log_group.log.arn"}, "makes": makes}
    (given,) = offered({"type": "net", "offers": {"log": offer}}, 'resource "net" "n" {\n}\n' + own)
    assert ("log" in given if isinstance(given, dict) else False) is is_offered


NET = 'module "net" {\n  source = "%s"\n}\n'
POLICY = 'resource "aws_iam_role_policy_attachment" "p" {\n  role = "app"\n}\n'
KEY: dict[str, Plain] = {
    "type": "fn",
    "offers": {"key": {"at": "Key", "value": {"is": "aws_kms_key.data.arn"}, "makes": "data-key"}},
}


@pytest.mark.parametrize(
    ("files", "made"),
    [
        ({"main.tf": POLICY + NET % "./net", "net/main.tf": FN}, True),
        ({"main.tf": NET % "./net" + NET.replace('"net"', '"app"') % "./app", "net/main.tf": FN, "app/main.tf": ROLE}, True),
        ({"main.tf": NET % "./net", "net/main.tf": FN + NET % "../in", "in/main.tf": POLICY}, True),
        ({"main.tf": NET % "./net" + NET.replace('"net"', '"k"') % "terraform-aws-modules/eks/aws", "net/main.tf": FN}, True),
        ({"a/main.tf": POLICY + NET % "../net", "b/main.tf": NET % "../net", "net/main.tf": FN}, False),
        ({"app/main.tf": ROLE, "net/main.tf": FN}, False),
        ({"main.tf": NET % "./net", "net/main.tf": FN}, False),
    ],
)
def test_who_makes_roles_wherever_a_module_is_deployed_may_make_one_in_it(files: dict[str, str], made: bool) -> None:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    told = terraform.view("k", KEY, given)[0].tree["template"]
    assert isinstance(told, dict) and told.get("makes") == (["AWS::IAM::Role"] if made else None)


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({"main.tf": FN_WITH_VAR, "v.tf": 'variable "to" {\n  default = "old"\n}\n'}, ""),
        (
            {
                "call.tf": 'module "m" {\n  source = "./m"\n  to     = null\n}\n',
                "m/main.tf": FN_WITH_VAR,
                "m/v.tf": 'variable "to" {}\n',
            },
            "",
        ),
        ({"main.tf": FN_WITH_VAR.replace("var.", "local."), "l.tf": "locals {\n  to = null\n}\n"}, "l.tf"),
    ],
)
def test_what_a_resource_of_the_module_tells_is_written_where_it_is_known_alone(files: dict[str, str], changed: str) -> None:
    name = "m/fn.f" if "m/main.tf" in files else "fn.f"
    try:
        after = put_right(FUNCTION, files | {"role.tf": ROLE, "m/role.tf": ROLE}, name, "queue")
    except BindingError as error:
        assert "give it a value where it is set" in str(error)
        assert not changed
    else:
        assert "to = queue.failed.arn" in after[changed]


def test_a_variable_that_nobody_gives_a_value_still_comes_first() -> None:
    files = {"main.tf": FN_WITH_VAR, "v.tf": 'variable "to" {\n  default = null\n}\n', "role.tf": ROLE}
    after = put_right(FUNCTION, files, "fn.f", "queue")
    assert "    target = coalesce(var.to, queue.failed.arn)\n" in after["main.tf"]
    assert "v.tf" not in after


def test_a_value_goes_where_it_can_be_said_before_there_is_anything() -> None:
    places: Plain = [{"at": "crypt/on", "values": {"OWNED": True}}, {"at": "crypt/sort"}]
    layout: dict[str, Plain] = {"type": "stream", "Sort": places}
    text = 'resource "stream" "s" {\n  name = "s"\n}\n'
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    (resource,) = terraform.view("k", layout, given)
    for value, written in (("OWNED", "    on = true\n"), ("MANAGED", '    sort = "MANAGED"\n')):
        placed = terraform.edit(layout, resource, [Edit(("Sort",), value)], [], given)
        assert written in lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


@pytest.mark.parametrize(
    ("files", "home"),
    [
        ({"a.tf": FN, "kms.tf": "\n", "main.tf": ROLE}, "main.tf"),
        ({"a.tf": FN, "kms.tf": "\n", "role.tf": ROLE}, "kms.tf"),
        ({"a.tf": FN, "work.tf": ROLE + 'resource "other" "one" {\n}\n'}, "work.tf"),
    ],
)
def test_what_is_made_goes_to_the_file_where_people_look_for_it(files: dict[str, str], home: str) -> None:
    after = put_right(FUNCTION, files, "fn.f", "queue")
    assert 'resource "queue" "failed"' in after[home]


WAITING: dict[str, Plain] = {
    "type": "domain",
    "offers": {
        "logs": {
            "at": "Log",
            "value": {"is": "group.logs.arn"},
            "makes": {"resource/policy/logs": {"a": 1}},
            "after": "policy.logs",
        }
    },
}


@pytest.mark.parametrize(
    ("there", "after"),
    [
        ("", "  depends_on = [policy.logs]\n"),
        ("  depends_on = [queue.a]\n", "  depends_on = [queue.a, policy.logs]\n"),
        ("  depends_on = [policy.logs]\n", "  depends_on = [policy.logs]\n"),
    ],
)
def test_what_is_asked_at_once_whether_it_may_is_made_after_the_policy(there: str, after: str) -> None:
    text = put_right(WAITING, {"main.tf": f'resource "domain" "d" {{\n{there}}}\n'}, "domain.d", "logs")["main.tf"]
    assert " ".join(after.split()) in " ".join(text.split())


def test_in_json_what_it_is_made_after_is_a_text() -> None:
    source = {"main.tf.json": Source("main.tf.json", "json", {"resource": {"domain": {"d": {}}}})}
    resource = terraform.view("k", WAITING, source)[0]
    made = [edit for _, edit in terraform.edit(WAITING, resource, [Edit(("template", "logs"), "offered")], [], source)]
    assert [each.value for each in made if each.path[-1] == "depends_on"] == [["policy.logs"]]
