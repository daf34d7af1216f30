"""What becomes of a resource with data in it, when an edit has CloudFormation make a new one in its place.

An entry's `replaced: {by: [PROPERTY, ...], as: POLICY, named: PROPERTY}` names the properties that cannot be changed in place,
and the policy that the old one is to be left under. CloudFormation replaces nothing that has a name of its own.
AWS CloudFormation User Guide, UpdateReplacePolicy and DeletionPolicy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from setright.bindings.layouts._cloudformation_values import properties
from setright.model import Edit, Plain, Tree

POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


def kept(layout: Mapping[str, Plain], template: Tree, name: str, wanted: Iterable[Edit], placed: Iterable[Edit]) -> Iterator[Edit]:
    """The edits that keep the old one, where the template does not say what becomes of it: at the end of its stack it may go.

    What is wanted of the resource may be placed in it, or at the parameter that gives the value.
    """
    how, own = layout.get("replaced"), template["Resources"][name]
    if how is None or how["named"] in properties(template, name) or POLICIES[1] in own:
        return
    there = (each.path[3] for each in placed if each.path[:3] == ("Resources", name, "Properties") and len(each.path) > 3)
    if not set(how["by"]).isdisjoint({*there, *(each.path[0] for each in wanted)}):
        yield from (Edit(("Resources", name, policy), how["as"]) for policy in POLICIES if policy not in own)
