"""What a template tells of the values that functions give, and what becomes of them."""

import pytest
from tests.bindings.test_cloudformation_lists import fixed, tree

from setright.bindings.error import BindingError
from setright.model import Edit, Plain, Unknown

LOGS: Plain = {"type": "AWS::Logs::LogGroup"}
HEAD = """\
Parameters:
  Days: {Type: Number, Default: 14}
  Size: {Type: String, Default: small}
Mappings:
  Sizes:
    small: {days: 7, kind: a}
    large: {days: 30, kind: a}
Resources:
  Web:
    Type: AWS::Logs::LogGroup
    Properties:
"""


def told(written: str) -> Plain:
    return tree(LOGS, f"{HEAD}      Value: {written}\n").get("Value")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!Sub arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("{'Fn::Join': ['', [a, {Ref: 'AWS::Partition'}, b]]}", "aawsb"),
        ("{'Fn::Sub': 'ec2.${AWS::URLSuffix}'}", "ec2.amazonaws.com"),
        ("!FindInMap [Sizes, !Ref Size, days]", 7),
        ("!FindInMap [Sizes, !Ref 'AWS::Region', kind]", "a"),
        ("{'Fn::FindInMap': [Sizes, large, days]}", 30),
        ("!If [Prod, false, false]", False),
    ],
)
def test_what_the_template_tells_is_known(written: str, value: Plain) -> None:
    assert told(written) == value


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("!If [Prod, 14, 7]", (14, 7)),
        ("!If [Prod, !If [Big, 1, 2], !Ref Days]", (1, 2, 14)),
        ("!If [Prod, true, !Ref AWS::NoValue]", (True, None)),
        ("!FindInMap [Sizes, !Ref Unheard, days]", (7, 30)),
    ],
)
def test_one_of_a_few_is_known_as_that(written: str, values: tuple[Plain, ...]) -> None:
    value = told(written)
    assert isinstance(value, Unknown)
    assert value.either == values


@pytest.mark.parametrize(
    "written", ["!Sub '${AWS::Region}-logs'", "!FindInMap [Unheard, a, b]", "!GetAtt A.B", "!If [Prod, {A: 1}, {A: 2}]"]
)
def test_anything_else_is_unknown(written: str) -> None:
    value = told(written)
    assert isinstance(value, Unknown)
    assert not value.either


def test_a_choice_between_values_becomes_the_value() -> None:
    after = fixed(LOGS, f"{HEAD}      RetentionInDays: !If [Prod, 14, 7] # short\n", Edit(("RetentionInDays",), 365))
    assert after == f"{HEAD}      RetentionInDays: 365 # short\n"


def test_a_choice_with_a_reference_is_left_to_its_author() -> None:
    with pytest.raises(BindingError, match="is set by Fn::If"):
        fixed(LOGS, f"{HEAD}      RetentionInDays: !If [Prod, 14, !Ref Days]\n", Edit(("RetentionInDays",), 365))


def test_a_choice_of_which_one_is_right_is_left_to_its_author() -> None:
    with pytest.raises(BindingError, match="is set by Fn::If"):
        fixed(LOGS, f"{HEAD}      RetentionInDays: !If [Prod, 365, 7]\n", Edit(("RetentionInDays",), 365))


def test_items_that_a_function_gives_stay_as_they_are_written() -> None:
    wanted = Edit(("Tags",), ["aws", 14, "c"])
    after = fixed(LOGS, f"{HEAD}      Tags:\n        - !Sub ${{AWS::Partition}}\n        - Ref: Days\n", wanted)
    assert after == f"{HEAD}      Tags:\n        - !Sub ${{AWS::Partition}}\n        - Ref: Days\n        - c\n"
