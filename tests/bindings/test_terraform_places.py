"""What an entry may say of its places: types, provider versions, maps, and blocks of keys and values."""

import re
from collections.abc import Mapping

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_versions import NEWEST, parse_constraint
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Unknown

SQL: dict[str, Plain] = {
    "type": "sql",
    "names": "camel",
    "settings/databaseFlags": {"at": "settings/database_flags", "keyed": {"name": "value"}},
}
TLS: Path = ("properties", "tls")
VM: dict[str, Plain] = {
    "type": ["vm_linux", "vm_old"],
    "names": "camel",
    "properties/tls": [{"at": "min_tls", "since": "3.0"}, {"at": "tls", "until": "3.0"}],
    "properties/agent": {"at": "agent", "of": "vm_linux"},
    "metadata/block-keys": {"at": "metadata/block-keys", "map": True},
}


def sources(files: Mapping[str, str]) -> dict[str, Source]:
    return {name: Source(name, "hcl", lenses.get("hcl", text.encode())) for name, text in files.items()}


def seen(layout: Mapping[str, Plain], text: str) -> list[Resource]:
    return terraform.view("k", layout, sources({"main.tf": text}))


def fixed(layout: Mapping[str, Plain], text: str, path: Path, value: Plain, around: Mapping[str, str] | None = None) -> str:
    """The first resource's file after the edit, which must then be seen."""
    given = sources({**(around or {}), "main.tf": text})
    resource = terraform.view("k", layout, given)[0]
    placed = terraform.edit(layout, resource, [Edit(path, value)], [], given)
    after = lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()
    node: Plain = terraform.view("k", layout, sources({**(around or {}), "main.tf": after}))[0].tree
    for key in path:
        node = node[key]
    assert node == value
    return after


FLAGS = """resource "sql" "x" {
  name = "x"

  settings {
    tier = "small"

    database_flags {
      name  = "log_checkpoints"
      value = "off"
    }
  }
}
"""


def test_blocks_of_keys_and_values_are_a_mapping() -> None:
    assert seen(SQL, FLAGS)[0].tree == {"name": "x", "settings": {"tier": "small", "databaseFlags": {"log_checkpoints": "off"}}}


def test_a_key_changes_where_it_stands_and_a_new_one_follows_the_others() -> None:
    assert fixed(SQL, FLAGS, ("settings", "databaseFlags", "log_checkpoints"), "on") == FLAGS.replace('"off"', '"on"')
    after = fixed(SQL, FLAGS, ("settings", "databaseFlags", "log_duration"), "on")
    new = '    }\n\n    database_flags {\n      name  = "log_duration"\n      value = "on"\n    }\n  }\n}\n'
    assert after == FLAGS.replace("    }\n  }\n}\n", new)


def test_two_new_keys_are_two_blocks() -> None:
    given = sources({"main.tf": FLAGS})
    at = ("settings", "databaseFlags")
    edits = [Edit((*at, key), "on") for key in ("log_duration", "log_locks", "log_checkpoints")]
    placed = terraform.edit(SQL, terraform.view("k", SQL, given)[0], edits, [], given)
    after = lenses.put("hcl", FLAGS.encode(), [edit for _, edit in placed]).decode()
    assert seen(SQL, after)[0].tree["settings"]["databaseFlags"] == dict.fromkeys(
        ("log_checkpoints", "log_duration", "log_locks"), "on"
    )


def test_keys_made_by_an_expression_are_not_told() -> None:
    made = 'dynamic "database_flags" {\n      for_each = var.flags\n      content {\n      }\n    }\n'
    text = FLAGS[: FLAGS.index("database_flags")] + made + "  }\n}\n"
    assert isinstance(seen(SQL, text)[0].tree["settings"]["databaseFlags"], Unknown)
    with pytest.raises(BindingError, match="dynamic"):
        fixed(SQL, text, ("settings", "databaseFlags", "a"), "on")


def test_keys_that_a_dynamic_block_makes_of_what_is_told_are_seen_and_changed_there() -> None:
    made = 'dynamic "database_flags" {\n      for_each = { a = "on", b = "off" }\n      content {\n        '
    made += "name  = database_flags.key\n        value = database_flags.value\n      }\n    }\n"
    text = FLAGS.replace('tier = "small"\n', made)
    assert (
        seen(SQL, text)[0].tree["settings"]["databaseFlags"] | {"a": "on", "b": "off"}
        == (seen(SQL, text)[0].tree["settings"]["databaseFlags"])
    )
    with pytest.raises(BindingError, match="dynamic"):
        fixed(SQL, text, ("settings", "databaseFlags", "b"), "on")


@pytest.mark.parametrize("given", ["[var.flag]", '["${var.flag}"]', '[{ name = var.flag, value = "on" }]'])
def test_keys_of_which_one_is_told_elsewhere_are_not_told(given: str) -> None:
    text = FLAGS[: FLAGS.index("database_flags")] + f"database_flags = {given}\n  }}\n}}\n"
    assert isinstance(seen(SQL, text)[0].tree["settings"]["databaseFlags"], Unknown)


OLD = 'resource "vm_old" "x" {\n  name = "x"\n}\n'


def test_every_type_of_a_kind_is_seen_and_one_without_a_place_says_so() -> None:
    both = OLD + 'resource "vm_linux" "y" {\n  agent = true\n}\n'
    assert [(r.name, r.tree) for r in seen(VM, both)] == [
        ("vm_linux.y", {"properties": {"agent": True}}),
        ("vm_old.x", {"name": "x"}),
    ]
    with pytest.raises(BindingError, match="vm_old cannot say properties/agent"):
        fixed(VM, OLD, ("properties", "agent"), True)


@pytest.mark.parametrize(
    ("asked", "name"),
    [("", "min_tls"), ("~> 2.5", "tls"), ("< 3.0.0", "tls"), (">= 2.0", "min_tls"), ("~> 3.1", "min_tls"), ("= 2.99.0", "tls")],
)
def test_an_argument_is_one_that_the_provider_asked_for_has(asked: str, name: str) -> None:
    versions = f'terraform {{\n  required_providers {{\n    vm = {{\n      version = "{asked}"\n    }}\n  }}\n}}\n'
    around = {"versions.tf": versions} if asked else {}
    assert re.search(rf"^  {name} += ", fixed(VM, OLD, TLS, "1.2", around), re.MULTILINE)


def test_a_block_that_says_something_old_is_for_an_old_provider() -> None:
    layout: dict[str, Plain] = {
        "type": "azurerm_x",
        "properties/channel": [{"at": "new_channel", "since": "4.0"}, {"at": "old_channel", "until": "4.0"}],
        "properties/rbac": {"at": "old_rbac", "until": "3.0"},
        "properties/net": {"at": "net/old_net", "until": "3.0"},
    }
    plain = 'resource "azurerm_x" "x" {\n  name = "x"\n}\n'
    old = plain.replace("}\n", "  old_rbac = true\n}\n")
    may_be_new = plain.replace("}\n", '  dynamic "net" {\n    for_each = var.nets\n    content {\n    }\n  }\n}\n')
    beside_old = plain + 'resource "azurerm_app_service" "y" {\n}\n'
    path = ("properties", "channel")
    assert "new_channel" in fixed(layout, plain, path, "patch")
    assert "new_channel" in fixed(layout, may_be_new, path, "patch")
    assert "old_channel" in fixed(layout, old, path, "patch")
    assert "old_channel" in fixed(layout, beside_old, path, "patch")
    old_argument = plain + 'resource "azurerm_subnet" "y" {\n  address_prefix = "10.0.1.0/24"\n}\n'
    assert "old_channel" in fixed(layout, old_argument, path, "patch")


def test_a_place_has_the_words_of_the_provider_that_is_asked_for() -> None:
    layout: dict[str, Plain] = {
        "type": "azurerm_x",
        "sku/tier": [{"at": "tier", "since": "3.51"}, {"at": "tier", "until": "3.51", "values": {"Standard": "Paid"}}],
    }
    said = 'resource "azurerm_x" "x" {\n  tier = "Free"\n}\n'
    old = 'terraform {\n  required_providers {\n    azurerm = {\n      version = "3.22.0"\n    }\n  }\n}\n'
    for around, word in ({}, "Standard"), ({"versions.tf": old}, "Paid"):
        given = sources({**around, "main.tf": said})
        resource = terraform.view("k", layout, given)[0]
        placed = terraform.edit(layout, resource, [Edit(("sku", "tier"), "Standard")], [], given)
        assert [edit.value for _, edit in placed] == [word]


def test_a_value_is_one_that_the_provider_asked_for_takes() -> None:
    layout: dict[str, Plain] = {"type": "aws_x", "Runtime": {"at": "runtime", "newer": {"b2": "5.32"}}}
    said = 'resource "aws_x" "x" {\n  runtime = "b1"\n}\n'
    old = 'terraform {\n  required_providers {\n    aws = {\n      version = "~> 4.0"\n    }\n  }\n}\n'
    assert '"b2"' in fixed(layout, said, ("Runtime",), "b2")
    assert '"b3"' in fixed(layout, said, ("Runtime",), "b3", {"versions.tf": old})
    with pytest.raises(BindingError, match="b2 needs version 5.32 of the provider, not ~> 4.0"):
        fixed(layout, said, ("Runtime",), "b2", {"versions.tf": old})


def test_an_old_yes_or_no_is_not_given_a_new_word() -> None:
    layout: dict[str, Plain] = {
        "type": "sql",
        "properties/mode": [
            {"at": "mode", "since": "5.0"},
            {"at": "strict", "until": "6.0", "values": {"ALL": True, "NONE": False}},
        ],
    }
    with pytest.raises(BindingError, match="cannot say SOME"):
        fixed(layout, 'resource "sql" "x" {\n  strict = false\n}\n', ("properties", "mode"), "SOME")


def test_an_argument_that_no_version_asked_for_has_is_refused() -> None:
    new_only: dict[str, Plain] = {"type": "vm_old", "properties/tls": {"at": "min_tls", "since": "3.0"}}
    pinned = 'provider "vm" {\n  version = "2.1"\n}\n'
    with pytest.raises(BindingError, match=r"min_tls needs another version of the provider than 2\.1"):
        fixed(new_only, OLD + pinned, TLS, "1.2")


def test_a_key_of_a_map_is_no_block() -> None:
    path = ("metadata", "block-keys")
    new = OLD.replace("}\n", '\n  metadata = {\n    block-keys = "true"\n  }\n}\n')
    assert fixed(VM, OLD, path, "true") == new
    there = OLD.replace("}\n", '  metadata = {\n    a = "b"\n  }\n}\n')
    assert fixed(VM, there, path, "true") == there.replace('    a = "b"\n', '    a          = "b"\n    block-keys = "true"\n')


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("~> 2.5", (2, 5), (2, *NEWEST)),
        ("~> 2.5.1", (2, 5, 1), (2, 5, *NEWEST)),
        (">= 2.0, < 4.0", (2, 0), (3, *NEWEST)),
        ("= 1.2.3", (1, 2, 3), (1, 2, 3)),
        ("!= 2.0", (), NEWEST),
        ("nonsense", (), NEWEST),
    ],
)
def test_a_constraint_is_a_least_and_a_most(text: str, least: tuple[int, ...], most: tuple[int, ...]) -> None:
    assert parse_constraint(text)[:2] == (least, most)


# --- alone, else, refers, and policies of data blocks ---------------------------------------------------------------

GROUP: dict[str, Plain] = {
    "type": "group",
    "Rules": [
        {"at": "ingress", "items": {"Port": "port"}, "spread": {"Cidr": "cidrs"}},
        {"in": "rule", "by": "group_id", "alone": True, "items": {"Port": "port"}, "spread": {"Cidr": "cidrs"}},
    ],
    "Open": {"in": "door", "by": "group_id", "at": "open", "else": True},
}
RULE = 'resource "rule" "x" {\n  group_id = %s\n  port     = 22\n  cidrs    = ["10.0.0.0/8", "0.0.0.0/0"]\n}\n'


def test_a_resource_beside_of_a_group_that_is_not_here_answers_for_itself():
    [alone] = seen(GROUP, RULE % "var.group")
    assert (alone.name, alone.only) == ("rule.x", ("Rules",))
    assert alone.tree == {"Rules": [{"Port": 22, "Cidr": "10.0.0.0/8"}, {"Port": 22, "Cidr": "0.0.0.0/0"}]}


def test_a_resource_beside_that_belongs_to_a_group_is_told_with_it_only():
    assert [r.name for r in seen(GROUP, 'resource "group" "g" {}\n' + RULE % "group.g.id")] == ["group.g"]


def test_an_item_of_a_resource_that_stands_alone_is_removed_where_it_stands():
    given = sources({"main.tf": RULE % '"sg-1"'})
    [alone] = terraform.view("k", GROUP, given)
    placed = terraform.edit(GROUP, alone, [Edit(("Rules", 1), remove=True)], [], given)
    assert placed == [("main.tf", Edit(("resource", "rule", "x", 0, "cidrs", 1), remove=True))]
    assert terraform.locate(GROUP, alone, ("Rules", 1), given) == ("main.tf", ("resource", "rule", "x", 0))


def test_what_a_place_does_not_say_is_what_the_entry_says_holds_then():
    assert seen(GROUP, 'resource "group" "g" {}\n')[0].tree == {"Open": True}
    closed = 'resource "group" "g" {}\nresource "door" "d" {\n  group_id = group.g.id\n  open     = %s\n}\n'
    assert seen(GROUP, closed % "false")[0].tree == {"Open": False}
    assert seen(GROUP, closed % "null")[0].tree == {"Open": True}


def test_a_reference_to_a_resource_of_the_type_named_is_known_by_its_address():
    layout: dict[str, Plain] = {"type": "grant", "Policy": {"at": "arn", "refers": "policy"}}
    assert seen(layout, 'resource "grant" "g" {\n  arn = policy.own.arn\n}\n')[0].tree == {"Policy": "policy.own"}
    assert seen(layout, 'resource "grant" "g" {\n  arn = var.arn\n}\n')[0].tree == {"Policy": Unknown("var.arn")}


POLICY: dict[str, Plain] = {
    "type": ["policy", "data.aws_iam_policy_document"],
    "Document": [
        {"of": "data.aws_iam_policy_document", "at": "", "json": True},
        {"at": "policy", "json": True},
    ],
}
DATA = 'data "aws_iam_policy_document" "d" {\n  statement {\n    actions   = ["s3:*"]\n    resources = ["*"]%s\n  }\n}\n'


def test_a_policy_that_only_a_data_block_makes_is_told_by_its_place():
    given = sources({"main.tf": DATA % ""})
    [alone] = terraform.view("k", POLICY, given)
    assert alone.name == "data.aws_iam_policy_document.d"
    assert alone.tree == {"Document": {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}}
    path = ("data", "aws_iam_policy_document", "d", 0, "statement", 0)
    assert terraform.locate(POLICY, alone, ("Document", "Statement", 0), given) == ("main.tf", path)


def test_a_data_block_that_a_policy_takes_is_told_with_that_policy_only():
    taken = 'resource "policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
    assert [r.name for r in seen(POLICY, DATA % "" + taken)] == ["policy.p"]


def test_a_data_block_with_principals_is_a_resources_policy_and_not_told():
    principals = '\n    principals {\n      type        = "AWS"\n      identifiers = ["*"]\n    }'
    assert seen(POLICY, DATA % principals) == []


def test_json_with_a_comma_too_many_is_read_all_the_same():
    text = '{"Statement": [{"Effect": "Allow", "Action": ["a,]", ],},],}'
    given = f'resource "policy" "p" {{\n  policy = <<-EOT\n    {text}\n  EOT\n}}\n'
    assert seen(POLICY, given)[0].tree == {"Document": {"Statement": [{"Effect": "Allow", "Action": ["a,]"]}]}}


# --- rules that can be described ------------------------------------------------------------------------------------

RULES: dict[str, Plain] = {
    "type": "group",
    "In": [
        {
            "at": "ingress",
            "describe": "in",
            "items": {"IpProtocol": "protocol", "FromPort": "from_port", "ToPort": "to_port", "Description": "description"},
            "spread": {"CidrIp": "cidrs", "SourceSecurityGroupId": "groups"},
        }
    ],
}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            'protocol = "tcp"\nfrom_port = 22\nto_port = 22\ncidrs = ["10.0.0.0/8"]\ngroups = [group.app.id]',
            "SSH from 10.0.0.0/8, app",
        ),
        ('protocol = "-1"\ncidrs = ["0.0.0.0/0"]', "All traffic from anywhere"),
        ('protocol = "udp"\nfrom_port = 1\nto_port = 9\nself = true', "UDP ports 1-9 from this group"),
        ('protocol = "tcp"\nfrom_port = var.port\nto_port = var.port\ncidrs = var.offices', "TCP port port from offices"),
        ('protocol = "tcp"\nfrom_port = 22\nto_port = 22\ncidrs = [var.net, "b"]', "SSH from net, b"),
        ('protocol = "tcp"\nfrom_port = 7\nto_port = 7\ncidrs = ["a", "b", "c", "d"]', "TCP port 7 from a, b, c and 1 more"),
    ],
)
def test_a_rule_is_described_as_a_whole_by_what_it_says(rule: str, words: str) -> None:
    known = 'variable "net" {\n  default = "10.9.0.0/16"\n}\n'
    given = sources({"main.tf": 'resource "group" "g" {\n  ingress {\n' + rule + "\n  }\n}\n", "variables.tf": known})
    resource = terraform.view("k", RULES, given)[0]
    edits = [Edit(("In", n, "module-description"), "offered") for n in range(len(resource.tree["In"]))]
    assert all(item["module-description"] == "offered" for item in resource.tree["In"])
    placed = terraform.edit(RULES, resource, edits, [], given)
    assert set(placed) == {("main.tf", Edit(("resource", "group", "g", 0, "ingress", 0, "description"), words))}


def test_a_rule_that_says_what_it_is_for_is_left_alone() -> None:
    given = sources({"main.tf": 'resource "group" "g" {\n  ingress {\n    description = "x"\n    cidrs = ["a"]\n  }\n}\n'})
    assert terraform.view("k", RULES, given)[0].tree["In"] == [{"Description": "x", "CidrIp": "a"}]


# --- calls of modules from a registry -------------------------------------------------------------------------------

CALLED: dict[str, Plain] = {
    "type": "bucket",
    "modules": {
        "registry/bucket/x": {
            "Versioning/Status": {
                "at": "versioning/enabled",
                "map": True,
                "values": {"Enabled": True, "Off": False},
                "else": "Off",
            },
            "Acl": {"at": "acl"},
        }
    },
}
CALL = 'module "b" {\n  source  = "registry/bucket/x"\n  version = "1.0.0"\n}\n'


def test_a_call_of_a_known_module_is_judged_for_what_is_told_of_it_only() -> None:
    [call] = seen(CALLED, CALL + CALL.replace("bucket", "other").replace('"b"', '"c"'))
    assert (call.name, call.tree, call.only) == ("module.b", {"Versioning": {"Status": "Off"}}, ("Versioning", "Acl"))


def test_an_argument_of_a_call_is_set_where_the_call_stands() -> None:
    new = fixed(CALLED, CALL, ("Versioning", "Status"), "Enabled")
    assert new == CALL.replace("}", "\n  versioning = {\n    enabled = true\n  }\n}")
    after = fixed(CALLED, CALL.replace("}", "  versioning = { enabled = false }\n}"), ("Versioning", "Status"), "Enabled")
    assert "versioning = { enabled = true }" in after


def test_the_place_of_a_value_of_a_call_is_its_argument() -> None:
    given = sources({"main.tf": CALL.replace("}", '  acl = "x"\n}')})
    [call] = terraform.view("k", CALLED, given)
    assert terraform.locate(CALLED, call, ("Acl",), given) == ("main.tf", ("module", "b", 0, "acl"))


def test_an_empty_text_or_list_is_none() -> None:
    (queue,) = seen(
        {"type": "queue", "Key": {"at": "key"}}, 'resource "queue" "q" {\n  key = ""\n  name = ""\n  users = []\n  on = false\n}\n'
    )
    assert queue.tree == {"On": False}


def test_a_document_with_small_keys_is_told_in_the_names_of_the_kind() -> None:
    task = {"type": "task", "Containers": {"at": "containers", "json": True, "capital": True}}
    for written in ('jsonencode([{ name = "web", readOnly = true }])', '<<EOF\n[{"name": "web", "readOnly": true}]\nEOF'):
        (found,) = seen(task, f'resource "task" "t" {{\n  containers = {written}\n}}\n')
        assert found.tree == {"Containers": [{"Name": "web", "ReadOnly": True}]}


def test_a_yes_or_no_is_left_for_a_place_beside_it_that_can_say_the_word() -> None:
    layout: dict[str, Plain] = {
        "type": "stream",
        "Encryption/KeyType": [{"at": "sse/key_type"}, {"at": "sse/enabled", "values": {"OWNED": True}}],
    }
    text = 'resource "stream" "x" {\n  sse {\n    enabled = true\n  }\n}\n'
    after = fixed(layout, text, ("Encryption", "KeyType"), "MINE")
    assert after == text.replace("    enabled = true\n", '    enabled  = true\n    key_type = "MINE"\n')


def test_a_word_is_given_beside_an_old_yes_or_no_where_the_provider_surely_has_it() -> None:
    asked = 'terraform {\n  required_providers {\n    sql = {\n      version = ">= 5.1, < 6"\n    }\n  }\n}\n'
    layout: dict[str, Plain] = {
        "type": "sql",
        "properties/mode": [
            {"at": "mode", "since": "5.0"},
            {"at": "strict", "until": "6.0", "values": {"ALL": True, "NONE": False}},
        ],
    }
    text = asked + 'resource "sql" "x" {\n  strict = false\n}\n'
    assert fixed(layout, text, ("properties", "mode"), "SOME") == text.replace("false\n", 'false\n  mode   = "SOME"\n')


def test_of_several_that_are_for_one_resource_each_is_told() -> None:
    layout = {
        "type": "aws_s3_bucket",
        "known-as": "bucket",
        "Policy": [{"in": "aws_s3_bucket_policy", "by": "bucket", "at": "policy", "alone": True}, {"at": "policy"}],
    }
    text = 'resource "aws_s3_bucket" "own" {\n  bucket = "b"\n  policy = "inside"\n}\n'
    text += 'resource "aws_s3_bucket" "bare" {\n  bucket = "b"\n}\n'
    for label in ("x", "y"):
        text += f'resource "aws_s3_bucket_policy" "{label}" {{\n  bucket = "b"\n  policy = "{label}"\n}}\n'
    found = terraform.view("bucket", layout, {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})
    assert {each.name: each.tree["Policy"] for each in found} == {
        "aws_s3_bucket.own": "inside",
        "aws_s3_bucket.bare": "x",
        "aws_s3_bucket_policy.y": "y",
    }


def test_of_a_resource_that_stands_alone_only_what_it_sets_is_known() -> None:
    layout = {
        "type": "account",
        "names": "camel",
        "properties/acls/action": [{"in": "rules", "by": "account_id", "at": "action", "alone": True}],
    }
    text = 'resource "rules" "x" {\n  account_id = var.account\n  action = "Allow"\n}\n'
    (found,) = terraform.view("account", layout, {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})
    assert (found.only, found.known) == (("properties",), (("properties", "acls", "action"),))
