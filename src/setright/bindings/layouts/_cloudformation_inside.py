"""Resources that stand inside others: the policies that roles, users, groups and functions have of their own.

    inside: {type: [AWS::IAM::Role, AWS::IAM::User], at: Policies, as: PolicyDocument}

Each item of the list is a resource; one that is not yet under its name (`as:`) is put there, as functions write only that.
AWS CloudFormation resource reference, AWS::IAM::Role Policy; AWS SAM, AWS::Serverless::Function Policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.layouts._cloudformation_index import of_type
from setright.bindings.layouts._cloudformation_values import function, items, judged, lists_of_choice
from setright.model import Path, Plain, Tree


def types(layout: Mapping[str, Plain]) -> list[str]:
    return list(layout["inside"]["type"]) if "inside" in layout else []


def view(layout: Mapping[str, Plain], template: Tree) -> Iterator[tuple[str, Path, Tree]]:
    """The name, place and tree of each."""
    if "inside" not in layout:
        return
    how = layout["inside"]
    for owner, body in of_type(template, how["type"]):
        given = body.get(how["at"])
        listed = lists_of_choice(given) or (items(given) if isinstance(given, list) else [])
        for index, (at, item) in enumerate(listed):
            if isinstance(item, dict) and not function(item) and (how["as"] in item or "Statement" in item):
                place: Path = ("Resources", owner, "Properties", how["at"], *at)
                told = item if how["as"] in item else {how["as"]: item}
                yield f"{owner}.{how['at']}.{index}", place, judged(told, template)
