"""What becomes of a resource with data in it, when an edit has CloudFormation make a new one in its place."""

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.model import Edit

DATABASE = {"type": "AWS::X", "replaced": {"by": ["Encrypted"], "as": "Snapshot", "named": "Id"}}


def policies(own: str, wanted: str = "Encrypted") -> set[str]:
    text = "Resources:\n  Main:\n    Type: AWS::X\n" + own
    sources = {"t": Source("t", "yaml", lenses.get("yaml", text.encode()))}
    resource = cloudformation.view("k", DATABASE, sources)[0]
    edits = [each for _, each in cloudformation.edit(DATABASE, resource, [Edit((wanted,), True)], [], sources)]
    return {f"{each.path[-1]}: {each.value}" for each in edits if str(each.path[-1]).endswith("Policy")}


def test_the_old_one_is_kept_where_nothing_says_what_becomes_of_it() -> None:
    assert policies("") == {"DeletionPolicy: Snapshot", "UpdateReplacePolicy: Snapshot"}
    for policy in ("Retain", "Delete"):
        assert policies(f"    DeletionPolicy: {policy}\n") == {"UpdateReplacePolicy: Snapshot"}
    set_by = "    Properties: {Encrypted: !Ref Encrypted}\nParameters: {Encrypted: {Default: 'false'}}\n"
    assert policies(set_by) == {"DeletionPolicy: Snapshot", "UpdateReplacePolicy: Snapshot"}


@pytest.mark.parametrize(
    "own",
    ["    UpdateReplacePolicy: Delete\n", "    Properties: {Id: a}\n"],
    ids=["it is to go then", "it is not replaced, for it has a name"],
)
def test_what_the_template_says_holds(own: str) -> None:
    assert not policies(own)


def test_what_changes_in_place_needs_no_policy() -> None:
    assert not policies("", "Backups")
