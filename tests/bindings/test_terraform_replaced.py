"""What becomes of a resource with data in it, when an edit has the provider make a new one in its place."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit

DISK = {"type": "aws_disk", "names": "pascal", "replaced": ["Encrypted", "Options/Key"]}


def added(body: str, path: tuple[str, ...] = ("Encrypted",), folder: str = "") -> list[tuple[object, ...]]:
    file = f"{folder}main.tf"
    sources = {file: Source(file, "hcl", lenses.get("hcl", f'resource "aws_disk" "data" {{\n{body}}}\n'.encode()))}
    resource = terraform.view("k", DISK, sources)[0]
    edits = [each for _, each in terraform.edit(DISK, resource, [Edit(path, True)], [], sources)]
    return [each.path[4:] for each in edits if "lifecycle" in each.path and each.value is True]


@pytest.mark.parametrize("path", [("Encrypted",), ("Options", "Key")])
def test_the_old_one_is_kept_where_nothing_says_what_becomes_of_it(path: tuple[str, ...]) -> None:
    kept = [("lifecycle", 0, "prevent_destroy")]
    assert added("", path) == kept
    assert added("  lifecycle {\n    ignore_changes = [size]\n  }\n", path) == kept
    assert added("  force_destroy = false\n", path) == kept
    assert added("  skip_final_snapshot = true\n", path) == kept


@pytest.mark.parametrize("said", ["lifecycle {\n    prevent_destroy = false\n  }", "force_destroy = true", "force_delete = true"])
def test_what_the_code_says_of_its_end_stays(said: str) -> None:
    assert added(f"  {said}\n") == []


def test_what_is_changed_in_place_or_made_for_a_test_gets_no_such_line() -> None:
    assert added("", ("Size",)) == []
    assert added("", folder="tests/disk/") == []
