"""Edits inside JSON documents that stand in Terraform source: laws, style, and what is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_json import encoded
from setright.bindings.layouts._terraform_policy import written
from setright.bindings.layouts._terraform_text import Unreadable, rewritten
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Unknown

LAYOUT: dict[str, Plain] = {
    "type": "aws_ecs_task_definition",
    "Containers": {"at": "container_definitions", "json": True, "capital": True},
}
TASK = 'resource "aws_ecs_task_definition" "web" {\n  family = "web"\n  container_definitions = %s\n}\n'
KEYS = st.sampled_from(["name", "Sid", "aws:SourceArn", "a b"])
LEAVES: st.SearchStrategy[Plain] = st.sampled_from(["x", 1, True, None, 'q"', "a, b", "# no comment", [], {}])
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)


def put(expression: str, *edits: Edit, more: str = "") -> str:
    text = (TASK % expression + more).encode()
    sources = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text))}
    (resource,) = terraform.view("k", LAYOUT, sources)
    placed = terraform.edit(LAYOUT, resource, list(edits), [], sources)
    return lenses.put("hcl", text, [edit for _, edit in placed]).decode()


def test_a_key_joins_its_object_and_nothing_else_moves() -> None:
    before = 'jsonencode([\n    {\n      name  = "a" # one\n      image = var.image\n    },\n    { name = "b" }, // two\n  ])'
    after = put(before, Edit(("Containers", 0, "ReadonlyRootFilesystem"), True), Edit(("Containers", 1, "Privileged"), False))
    assert after == TASK % (
        'jsonencode([\n    {\n      name                   = "a" # one\n      image                  = var.image\n'
        '      readonlyRootFilesystem = true\n    },\n    { name = "b", privileged = false }, // two\n  ])'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<<EOF\n[{"name": "${var.x}"}]\nEOF', '<<EOF\n[{"name": "${var.x}", "user": "1000"}]\nEOF'),
        (
            '<<-EOF\n    [\n      {\n        "name": "a"\n      }\n    ]\n  EOF',
            '<<-EOF\n    [\n      {\n        "name": "a",\n        "user": "1000"\n      }\n    ]\n  EOF',
        ),
        (
            '<<EOF\n[{"name": "${join(",", ["a}", "b"])}"}]\nEOF',
            '<<EOF\n[{"name": "${join(",", ["a}", "b"])}", "user": "1000"}]\nEOF',
        ),
        ('jsonencode([{ name = "${x["a"]}/*" }])', 'jsonencode([{ name = "${x["a"]}/*", user = "1000" }])'),
        ('<<EOF\n[{"name": "$${no}"}]\nEOF', '<<EOF\n[{"name": "$${no}", "user": "1000"}]\nEOF'),
        ('"[{\\"name\\": \\"a\\"}]"', '"[{\\"name\\": \\"a\\", \\"user\\": \\"1000\\"}]"'),
        ('jsonencode([{ "name" : "a" }])', 'jsonencode([{ "name" : "a", "user": "1000" }])'),
        ('jsonencode([\n  {\n    name = "a",\n  }\n])', 'jsonencode([\n  {\n    name = "a",\n    user = "1000",\n  }\n])'),
    ],
)
def test_a_document_keeps_its_form(before: str, after: str) -> None:
    assert put(before, Edit(("Containers", 0, "User"), "1000")) == TASK % after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<<EOF\n[{"name": "${var.x}"}]\nEOF', '<<EOF\n[{"name": "${var.x}", "user": "${aws_x.y.id}"}]\nEOF'),
        ('jsonencode([{ "name" : var.x }])', 'jsonencode([{ "name" : var.x, "user": aws_x.y.id }])'),
        ("jsonencode([{ name = var.x }])", "jsonencode([{ name = var.x, user = aws_x.y.id }])"),
    ],
)
def test_a_document_is_given_an_expression_as_its_form_has_it(before: str, after: str) -> None:
    assert put(before, Edit(("Containers", 0, "User"), Unknown("aws_x.y.id"))) == TASK % after


@pytest.mark.parametrize("form", ['"[{\\"name\\": \\"a\\", \\"cpu\\": 10}]"', '<<EOF\n[\n  {"name": "a", "cpu": 10}\n]\nEOF'])
def test_a_text_that_takes_no_expression_becomes_a_call(form: str) -> None:
    after = put(form, Edit(("Containers", 0, "User"), Unknown("aws_x.y.id")))
    assert after == TASK % 'jsonencode([{\n    name = "a"\n    cpu  = 10\n    user = aws_x.y.id\n  }])'


def test_a_text_that_would_be_filled_in_as_a_call_stays() -> None:
    with pytest.raises(BindingError, match="change it there"):
        put('"[{\\"name\\": \\"$${a}\\"}]"', Edit(("Containers", 0, "User"), Unknown("aws_x.y.id")))


def test_what_goes_takes_its_line_and_its_comma() -> None:
    before = 'jsonencode([\n    {\n      name = "a"\n      privileged = true # why\n      image = "b"\n    }\n  ])'
    assert put(before, Edit(("Containers", 0, "Image"), remove=True)) == TASK % before.replace('\n      image = "b"', "")
    text = '[\n  {"a": 1},\n  {"b": 2},\n  {"c": 3}\n]'
    assert rewritten(text, (1,), None, True, True) == '[\n  {"a": 1},\n  {"c": 3}\n]'
    assert rewritten(text, (2,), None, True, True) == '[\n  {"a": 1},\n  {"b": 2}\n]'


def test_a_document_behind_a_local_of_its_own_is_edited_there() -> None:
    more = 'locals {\n  tasks = jsonencode([{ name = "a" }])\n}\n'
    after = put("local.tasks", Edit(("Containers", 0, "Privileged"), False), more=more)
    assert after.endswith('locals {\n  tasks = jsonencode([{ name = "a", privileged = false }])\n}\n')
    with pytest.raises(BindingError, match="used 2 times"):
        put("local.tasks", Edit(("Containers", 0, "Privileged"), False), more=more + 'output "o" {\n  value = local.tasks\n}\n')


@pytest.mark.parametrize(
    "expression",
    [
        'jsonencode([merge(local.x, { name = "a" })])',
        "jsonencode([for x in var.y : { name = x }])",
        'file("tasks.json")',
        '<<EOF\n[{"name": "${join(",", {"a" = {"b" = {}}})}"}]\nEOF',
        '<<EOF\n[%{ if var.x }{"name": "a"}%{ endif }]\nEOF',
    ],
)
def test_what_expressions_make_is_not_edited(expression: str) -> None:
    with pytest.raises(BindingError, match="a document in the source"):
        put(expression, Edit(("Containers", 0, "Privileged"), False))


@given(TREES, st.sampled_from(["compact", "lines", "hcl"]), LEAVES, st.booleans(), st.data())
@settings(max_examples=500, deadline=None)
def test_an_edit_says_what_was_asked_and_nothing_else(
    tree: Plain, form: str, value: Plain, remove: bool, data: st.DataObject
) -> None:
    paths = list(_paths(tree))
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    raw = json.dumps(tree, indent=2 if form == "lines" else None) if form != "hcl" else Unknown(encoded(tree, "  "))
    text = raw.text[len("jsonencode(") : -1] if isinstance(raw, Unknown) else raw
    new = rewritten(text, path, value, remove, form != "hcl")
    told = written(None, Unknown(f"jsonencode({new})") if form == "hcl" else new)  # type: ignore[arg-type]  # a literal asks no module
    assert told == lenses.edited({"tree": json.loads(json.dumps(tree))}, [Edit(("tree", *path), value, remove)])["tree"]
    assert remove or rewritten(new, path, value, remove, form != "hcl") == new


def _paths(tree: Plain, path: Path = ()) -> list[Path]:
    if isinstance(tree, dict):
        return [(*path, "new"), *((*path, key) for key in tree), *(p for key, x in tree.items() for p in _paths(x, (*path, key)))]
    if isinstance(tree, list):
        return [
            (*path, len(tree)),
            *((*path, n) for n in range(len(tree))),
            *(p for n, x in enumerate(tree) for p in _paths(x, (*path, n))),
        ]
    return []


@given(st.text(alphabet='{}[]=:,"\n ab1#/$.()*\\', max_size=80))
def test_any_text_is_edited_or_refused(text: str) -> None:
    for path in (("a",), (0, "b"), ("a", 0)):
        for remove in (False, True):
            with suppress(Unreadable):
                rewritten(text, path, 1, remove, False)
