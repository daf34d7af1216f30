"""What CloudFormation and an account have only so much of."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.model import Edit, Plain, Resource

FUNCTION: dict[str, Plain] = {
    "type": "AWS::Lambda::Function",
    "shared": {"Reserved": 3},
    "offers": {"dead": {"at": "Dead", "value": {"Ref": "Dead"}, "makes": {"Dead": {"Type": "AWS::SQS::Queue"}}}},
    "Log": {"in": "AWS::Logs::LogGroup", "by": "Function"},
}


def first_of(functions: int, topics: int = 0) -> tuple[Resource, dict[str, Source]]:
    text = "".join(f"  F{i}: {{Type: 'AWS::Lambda::Function'}}\n" for i in range(functions))
    text += "".join(f"  T{i}: {{Type: 'AWS::SNS::Topic'}}\n" for i in range(topics))
    given = {"t": Source("t", "yaml", lenses.get("yaml", f"Resources:\n{text}".encode()))}
    return cloudformation.view("k", FUNCTION, given)[0], given


@pytest.mark.parametrize(("functions", "is_given"), [(3, True), (4, False)])
def test_what_an_account_shares_is_given_to_a_few(functions: int, is_given: bool) -> None:
    resource, given = first_of(functions)
    if is_given:
        assert cloudformation.edit(FUNCTION, resource, [Edit(("Reserved",), 10)], [], given)
    else:
        with pytest.raises(BindingError, match="a share for each of 4"):
            cloudformation.edit(FUNCTION, resource, [Edit(("Reserved",), 10)], [], given)


@pytest.mark.parametrize(("topics", "is_open"), [(400, True), (490, False)])
def test_a_template_gets_no_more_resources_than_it_may_have(topics: int, is_open: bool) -> None:
    resource, _ = first_of(2, topics)
    assert ("dead" in resource.tree.get("template", {})) == is_open


def test_every_resource_of_a_type_may_need_one_more_beside_it() -> None:
    resource, given = first_of(251)
    with pytest.raises(BindingError, match="split it"):
        cloudformation.edit(FUNCTION, resource, [Edit(("Log", "Days"), 9)], [], given)
