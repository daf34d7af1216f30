"""What is told of a module's variables by who calls it, of expressions that lead to known values, and of dynamic blocks."""

from __future__ import annotations

import pytest
from tests.bindings.test_terraform import BY_VARIABLE, GROUP, PLAIN, STATUS, fixed, seen, version

from setright.bindings.error import BindingError
from setright.model import Edit, Plain, Unknown


@pytest.mark.parametrize(
    "setter",
    [
        {"main.tf": 'module "b" {\n  source = "./m"\n  status = "Off"\n}\n'},
        {"a/b/main.tf": 'module "b" {\n  source = "../../m"\n  status = local.s\n}\nlocals {\n  s = "Off"\n}\n'},
        {"m/terraform.tfvars": 'status = "Off"\n'},
    ],
)
def test_what_one_caller_sets_is_read_and_changed_there(setter: dict[str, str]) -> None:
    files = {"m/main.tf": BY_VARIABLE, **setter}
    assert seen(files)[0].tree["VersioningConfiguration"]["Status"] == "Off"
    [(name, text)] = setter.items()
    after = fixed(files, Edit(STATUS, "Enabled"))
    assert after[name] == text.replace("Off", "Enabled")
    assert after["m/main.tf"] == BY_VARIABLE


def call(name: str, status: str) -> str:
    return f'module "{name}" {{\n  source = "./m"\n  {status}\n}}\n'


@pytest.mark.parametrize(
    ("setters", "told"),
    [
        ({"main.tf": call("a", 'status = "Off"') + call("b", 'status = "Enabled"')}, Unknown("var.status")),
        ({"main.tf": call("a", 'status = "Off"') + call("b", "")}, Unknown("var.status")),
        ({"main.tf": call("a", "status = var.other")}, Unknown("var.status")),
        ({"main.tf": call("a", 'status = "Off"') + call("b", 'status = "Off"')}, "Off"),
        ({"main.tf": call("a", 'status = "Off"'), "m/test.tfvars": 'status = "On"\n'}, Unknown("var.status")),
    ],
)
def test_callers_are_believed_where_they_agree_and_left_to_people(setters: dict[str, str], told: Plain) -> None:
    files = {"m/main.tf": BY_VARIABLE, **setters}
    assert seen(files)[0].tree["VersioningConfiguration"]["Status"] == told
    with pytest.raises(BindingError, match="change it where that is set"):
        fixed({name: text.replace("var.other", "data.x.y.z") for name, text in files.items()}, Edit(STATUS, "Enabled"))


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("local.o.a", "Off"),
        ('local.o["b"][1]', "Off"),
        ('"${local.o.a}"', "Off"),
        ('"${local.o.n}-${var.d}x"', "3-dx"),
        ('"${local.o.missing}"', Unknown('"${local.o.missing}"')),
        ("local.o.b[7]", Unknown("local.o.b[7]")),
        ('"${upper(var.d)}"', "D"),
        ('"${md5(var.d)}"', Unknown('"${md5(var.d)}"')),
        ('lookup(local.o, "a", "On")', "Off"),
        ('lookup(var.open, "a", "On")', Unknown('lookup(var.open, "a", "On")')),
        ('try(local.o.missing, coalesce(var.none, "Off"))', "Off"),
        ('try(var.open.missing, "Off")', Unknown('try(var.open.missing, "Off")')),
        ('merge(local.o, { a = "On", id = data.x.y.id }).a', "On"),
        ('element([for each in local.o.b : lower(each) if each != "On"], 5)', "off"),
        ('{ for key, each in local.o : "${key}!" => each }["a!"]', "Off"),
        ('length(concat(local.o.b, ["x"])) == 3 && !contains(local.o.b, "x") ? "On" : "Off"', "On"),
        ('var.open == "a" || local.o.t ? "On" : "Off"', "On"),
        (
            'var.open == "a" && local.o.t ? data.x.y.z : "Off"',
            Unknown('var.open == "a" && local.o.t ? data.x.y.z : "Off"', (Unknown("data.x.y.z"), "Off")),
        ),
        ('join("-", ["O", tostring(local.o.n), base64decode("Zg==")])', "O-3-f"),
        ("cidrhost(local.o.a, 1)", Unknown("cidrhost(local.o.a, 1)")),
    ],
)
def test_an_expression_that_leads_into_a_known_value_is_told(expression: str, told: Plain) -> None:
    known = 'locals {\n  o = { a = "Off", b = ["On", "Off"], n = 3, t = true }\n}\nvariable "d" {\n  default = "d"\n}\n'
    known += 'variable "none" {\n  default = null\n}\nvariable "open" {\n}\n'
    text = PLAIN + version("aws_s3_bucket.logs.id").replace('"Enabled"', expression) + known
    assert seen(text)[0].tree["VersioningConfiguration"]["Status"] == told
    with pytest.raises(BindingError, match="change it where that is set"):
        fixed(text, Edit(STATUS, "Enabled"))


DYNAMIC = """resource "sg" "x" {
  dynamic "ingress" {
    for_each = %s
    %s
    content {
      from_port   = %s
      cidr_blocks = [rule.value["cidr"]]
    }
  }
}
locals {
  rules = [{ port = 22, cidr = "0.0.0.0/0" }, { cidr = "10.0.0.0/8" }]
  named = { a = { port = 22, cidr = "0.0.0.0/0" } }
}
variable "rules" {
}
variable "off" {
  default = false
}
"""


@pytest.mark.parametrize(
    ("each", "port", "told"),
    [
        ("local.rules", 'lookup(rule.value, "port", 80)', [22, 80]),
        ("local.rules", "try(rule.value.port, null)", [22, None]),
        ("local.named", "rule.value.port", [22]),
        ("toset(local.rules)", "rule.key", [0, 1]),
        ("[]", "1", None),
        ("var.off ? [1] : []", "1", None),
        ("var.off ? [] : local.rules", 'lookup(rule.value, "port", 80)', [22, 80]),
    ],
)
def test_what_a_dynamic_block_makes_of_known_values_is_told(each: str, port: str, told: Plain) -> None:
    text = DYNAMIC % (each, "iterator = rule", port)
    items = seen(text, GROUP)[0].tree.get("Ingress")
    assert items == (told and [{"CidrIp": c} | ({} if p is None else {"FromPort": p}) for p, c in zip(told, CIDRS, strict=False)])
    for index, _ in enumerate(told or ()):
        with pytest.raises(BindingError, match="made by an expression"):
            fixed(text, Edit(("Ingress", index), remove=True), layout=GROUP)


CIDRS = ("0.0.0.0/0", "10.0.0.0/8")


@pytest.mark.parametrize(("each", "told"), [('["Off"]', "Off"), ("[]", None), ("var.open", Unknown("dynamic 'versioning'"))])
def test_what_stands_in_a_lone_block_that_a_dynamic_one_makes_is_told_and_changed_there(each: str, told: Plain) -> None:
    layout = {"type": "b", "Here": {"at": "versioning/status"}}
    block = f'dynamic "versioning" {{\n    for_each = {each}\n    content {{\n      status = versioning.value\n    }}\n  }}'
    text = f'resource "b" "x" {{\n  {block}\n}}\nvariable "open" {{\n}}\n'
    assert seen(text, layout)[0].tree.get("Here") == told
    by_name = seen(text, {"type": "b"})[0].tree.get("Versioning")
    assert by_name == ({"Status": told} if told == "Off" else told)
    with pytest.raises(BindingError, match="dynamic"):
        fixed(text, Edit(("Here",), "On"), layout=layout)


def test_blocks_that_an_expression_gives_are_told_and_changed_where_they_come_from() -> None:
    text = DYNAMIC % ("[]", "", "1") + 'resource "sg" "y" {\n  ingress = [for r in %s : { cidr_blocks = [r.cidr] }]\n}\n'
    assert seen(text % "local.rules", GROUP)[1].tree["Ingress"] == [{"CidrIp": each} for each in CIDRS]
    assert seen(text % "var.rules", GROUP)[1].tree["Ingress"] == [Unknown("[for r in var.rules : { cidr_blocks = [r.cidr] }]")]
    only = text.partition("locals")[2]
    with pytest.raises(BindingError, match="made by an expression"):
        fixed(f"locals{only}" % "local.rules", Edit(("Ingress", 0), remove=True), layout=GROUP)


@pytest.mark.parametrize("each", ["var.rules", "[for r in var.rules : r]", "merge(local.named, var.rules)"])
def test_what_a_dynamic_block_makes_of_others_is_not(each: str) -> None:
    assert seen(DYNAMIC % (each, "iterator = rule", "1"), GROUP)[0].tree["Ingress"] == [Unknown("dynamic 'ingress'")]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('var.unset ? "On" : "Off"', Unknown('var.unset ? "On" : "Off"', ("On", "Off"))),
        ('data.a.b.c ? "On" : "Off"', Unknown('data.a.b.c ? "On" : "Off"', ("On", "Off"))),
        ('data.a.b.c == "p" && !var.x ? "Off" : "Off"', "Off"),
        (
            'data.a.b.c ? "On" : data.a.b.d ? "Off" : null',
            Unknown('data.a.b.c ? "On" : data.a.b.d ? "Off" : null', ("On", "Off", None)),
        ),
        ('"${data.a.b.c ? "On" : "Off"}"', Unknown('"${data.a.b.c ? "On" : "Off"}"', ("On", "Off"))),
        ('f("a ? b : c") ? "Off" : "Off"', "Off"),
        ('data.a.b.c ? "On" : local.o.a', Unknown('data.a.b.c ? "On" : local.o.a', ("On", "Off"))),
        ('data.a.b.c ? var.unset : "Off"', Unknown('data.a.b.c ? var.unset : "Off"', (Unknown("var.unset"), "Off"))),
        ("data.a.b.c ? var.unset : data.x.y.z", Unknown("data.a.b.c ? var.unset : data.x.y.z")),
        ('data.a.b.c ? "${var.unset}-On" : [1]', Unknown('data.a.b.c ? "${var.unset}-On" : [1]')),
        ('"why? so: ${data.a.b.c}"', Unknown('"why? so: ${data.a.b.c}"')),
    ],
)
def test_a_choice_that_nothing_decides_is_one_of_its_branches(expression: str, told: Plain) -> None:
    files = {"main.tf": BY_VARIABLE.replace("var.status", expression) + 'locals {\n  o = { a = "Off" }\n}\n'}
    assert seen(files)[0].tree["VersioningConfiguration"]["Status"] == told


def test_a_choice_of_which_no_branch_is_right_becomes_what_is() -> None:
    files = {"main.tf": BY_VARIABLE.replace("var.status", 'data.a.b.c ? "Off" : "Suspended"')}
    assert fixed(files, Edit(STATUS, "Enabled"))["main.tf"] == BY_VARIABLE.replace("var.status", '"Enabled"')


def test_a_choice_of_which_one_branch_is_right_is_left_to_its_author() -> None:
    files = {"main.tf": BY_VARIABLE.replace("var.status", 'data.a.b.c ? "Enabled" : "Suspended"')}
    with pytest.raises(BindingError, match="change it where that is set"):
        fixed(files, Edit(STATUS, "Enabled"))
