"""Which resources of other directories belong to one here."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain, Unknown

KIND: dict[str, Plain] = {"type": "aws_store", "Block": {"in": "aws_store_block", "by": "store", "at": "on"}}
STORE = 'resource "aws_store" "s" {\n  name = "s"\n}\n'
OUT = 'output "id" {\n  value = %s\n}\n'
CALL = 'module "%s" {\n  source = "%s"\n%s}\n'
BESIDE = 'resource "aws_store_block" "b" {\n  store = %s\n  on    = true\n}\n'


def told(files: dict[str, str]) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    return terraform.view("k", KIND, given)[0].tree.get("Block")


@pytest.mark.parametrize("value", ["aws_store.s.id", 'try(aws_store.s[0].id, "")', '"${aws_store.s.id}"'])
def test_what_got_it_by_an_output_may_be_for_it(value: str) -> None:
    files = {"s/main.tf": STORE + OUT % value, "main.tf": CALL % ("s", "./s", "") + BESIDE % "module.s.id"}
    assert told(files) == Unknown("the root: aws_store_block.b is for it")


def test_what_got_it_as_a_variable_of_a_call_may_be_for_it() -> None:
    store = {"s/main.tf": STORE + OUT % "aws_store.s.id", "b/main.tf": BESIDE % "var.store"}
    root = CALL % ("s", "./s", "") + CALL % ("b", "./b", "  store = module.s.id\n")
    assert told({**store, "main.tf": root}) == Unknown("b: aws_store_block.b is for it")
    other = root.replace("module.s.id", "module.other.id")
    assert told({**store, "main.tf": other}) is None


def test_each_of_several_that_are_handed_over_is_meant() -> None:
    each = BESIDE.replace("store =", "for_each = module.s.id\n  store =") % "each.value"
    files = {"s/main.tf": STORE + OUT % "aws_store.s", "main.tf": CALL % ("s", "./s", "") + each}
    assert told(files) == Unknown("the root: aws_store_block.b is for it")


def test_directories_that_call_each_other_end() -> None:
    loop = CALL % ("b", "../b", "  store = var.store\n") + BESIDE % "var.store"
    assert told({"a/main.tf": STORE, "b/main.tf": loop}) is None
