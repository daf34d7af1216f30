"""What a condition of a template chooses between: every branch is judged, and put right where it stands."""

import pytest
from tests.bindings.test_cloudformation_lists import GROUP, fixed, located, tree

from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Path, Plain

RULES = """\
Resources:
  Web:
    Type: AWS::EC2::Group
    Properties:
      Ingress:
        - !If [Open, {Port: 22}, !Ref AWS::NoValue]
        - {Port: 443}
        - !If
          - Open
          - Port: 80
          - Port: 8080
"""
LISTS = "Resources: {Web: {Type: AWS::EC2::Group, Properties: {Ingress: !If [Open, [{Port: 22}, {Port: 23}], [{Port: 443}]]}}}\n"
NESTED = "Resources: {Web: {Type: AWS::EC2::Group, Properties: {Ingress: [!If [A, !If [B, {Port: 1}, {Port: 2}], {Port: 3}]]}}}\n"
PROPERTIES = ("documents", 0, "Resources", "Web", "Properties")


@pytest.mark.parametrize(("text", "ports"), [(RULES, [22, 443, 80, 8080]), (LISTS, [22, 23, 443]), (NESTED, [1, 2, 3])])
def test_the_mappings_that_a_condition_chooses_between_are_all_items(text: str, ports: list[int]) -> None:
    assert tree(GROUP, text)["Ingress"] == [{"Port": port} for port in ports]


@pytest.mark.parametrize(
    ("text", "index", "place"),
    [
        (RULES, 0, (0, "Fn::If", 1)),
        (RULES, 1, (1,)),
        (RULES, 3, (2, "Fn::If", 2)),
        (LISTS, 1, ("Fn::If", 1, 1)),
        (LISTS, 2, ("Fn::If", 2, 0)),
        (NESTED, 1, (0, "Fn::If", 1, "Fn::If", 2)),
    ],
)
def test_a_branch_is_found_where_it_stands(text: str, index: int, place: Path) -> None:
    assert located(GROUP, text, ("Ingress", index, "Port")) == (*PROPERTIES, "Ingress", *place, "Port")


@pytest.mark.parametrize(
    ("text", "edit", "was", "now"),
    [
        (RULES, Edit(("Ingress", 0, "Port"), 23), "22", "23"),
        (RULES, Edit(("Ingress", 3, "Port"), 23), "8080", "23"),
        (RULES, Edit(("Ingress", 4), {"Port": 1}), "- Port: 8080\n", "- Port: 8080\n        - Port: 1\n"),
        (RULES, Edit(("Ingress", 2), remove=True), "- Port: 80\n", "- !Ref AWS::NoValue\n"),
        (RULES, Edit(("Ingress", 0), remove=True), "        - !If [Open, {Port: 22}, !Ref AWS::NoValue]\n", ""),
        (LISTS, Edit(("Ingress", 1), remove=True), ", {Port: 23}", ""),
        (NESTED, Edit(("Ingress", 1, "Port"), 5), "{Port: 2}", "{Port: 5}"),
    ],
)
def test_only_the_branch_that_is_meant_changes(text: str, edit: Edit, was: str, now: str) -> None:
    assert fixed(GROUP, text, edit) == text.replace(was, now)


def test_a_choice_between_values_cannot_be_told() -> None:
    text = RULES.replace("- {Port: 443}", "- !If [Open, !Ref A, !Ref B]")
    assert [type(each).__name__ for each in tree(GROUP, text)["Ingress"]] == ["dict", "Unknown", "dict", "dict"]


def test_policies_and_statements_in_branches_are_seen_and_edited() -> None:
    text = """\
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - !If
          - Wide
          - PolicyDocument:
              Statement:
                - !If [Wide, {Action: "*"}, {Action: s3:GetObject}]
          - !Ref AWS::NoValue
"""
    layout: dict[str, Plain] = {
        "type": "AWS::IAM::Policy",
        "inside": {"type": ["AWS::IAM::Role"], "at": "Policies", "as": "PolicyDocument"},
    }
    given = {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}
    (policy,) = cloudformation.view("k", layout, given)
    assert policy.tree["PolicyDocument"]["Statement"] == [{"Action": "*"}, {"Action": "s3:GetObject"}]
    place = ("PolicyDocument", "Statement", 0)
    assert cloudformation.locate(layout, policy, place, given)[1][-3:] == (0, "Fn::If", 1)
    for edit, now in ((Edit((*place, "Action"), "s3:*"), '{Action: "s3:*"}'), (Edit(place, remove=True), "!Ref AWS::NoValue")):
        placed = cloudformation.edit(layout, policy, [edit], [], given)
        assert put("yaml", text.encode(), [each for _, each in placed]).decode() == text.replace('{Action: "*"}', now)
