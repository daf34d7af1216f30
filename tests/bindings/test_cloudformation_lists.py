"""Lists of a template that the kind sees otherwise."""

from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Path, Plain, Tree, Unknown

BALANCER: dict[str, Plain] = {"type": "AWS::ELB", "Attributes": {"keyed": {"Key": "Value"}}}
GROUP: dict[str, Plain] = {"type": "AWS::EC2::Group", "Ingress": {"also": "AWS::EC2::Ingress", "by": "GroupId"}}
BALANCERS = """\
Resources:
  Web:
    Type: AWS::ELB
    Properties:
      Attributes:
        - Key: idle    # seconds
          Value: "60"
        - Key: protected
          Value: "false"
"""
GROUPS = """\
Resources:
  Web:
    Type: AWS::EC2::Group
    Properties:
      Ingress:
        - {Port: 443}
  Ssh:
    Type: AWS::EC2::Ingress
    Properties:
      GroupId: !Ref Web
      Port: 22
  Other:
    Type: AWS::EC2::Ingress
    Properties:
      GroupId: !Ref Elsewhere
      Port: 23
"""


def sources(text: str) -> dict[str, Source]:
    return {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}


def tree(layout: dict[str, Plain], text: str) -> Tree:
    return cloudformation.view("k", layout, sources(text))[0].tree


def fixed(layout: dict[str, Plain], text: str, edit: Edit) -> str:
    given = sources(text)
    placed = cloudformation.edit(layout, cloudformation.view("k", layout, given)[0], [edit], [], given)
    return put("yaml", text.encode(), [each for _, each in placed]).decode()


def located(layout: dict[str, Plain], text: str, path: Path) -> Path:
    given = sources(text)
    return cloudformation.locate(layout, cloudformation.view("k", layout, given)[0], path, given)[1]


def test_keys_with_values_are_a_mapping() -> None:
    assert tree(BALANCER, BALANCERS)["Attributes"] == {"idle": "60", "protected": "false"}


def test_a_key_that_is_there_changes_its_value_alone() -> None:
    after = fixed(BALANCER, BALANCERS, Edit(("Attributes", "protected"), True))
    assert after == BALANCERS.replace('"false"', '"true"')


def test_a_new_key_comes_behind_the_others() -> None:
    after = fixed(BALANCER, BALANCERS, Edit(("Attributes", "logs.bucket"), "acme"))
    assert tree(BALANCER, after)["Attributes"] == {"idle": "60", "protected": "false", "logs.bucket": "acme"}
    assert after.startswith(BALANCERS)


def test_new_keys_stand_one_behind_the_other() -> None:
    given = sources(BALANCERS)
    wanted = [Edit(("Attributes", "logs.bucket"), Unknown("!Ref Logs")), Edit(("Attributes", "logs.on"), True)]
    placed = cloudformation.edit(BALANCER, cloudformation.view("k", BALANCER, given)[0], wanted, [], given)
    after = put("yaml", BALANCERS.encode(), [each for _, each in placed]).decode()
    told = tree(BALANCER, after)["Attributes"]
    assert told == {"idle": "60", "protected": "false", "logs.bucket": Unknown("!Ref Logs"), "logs.on": "true"}


def test_a_key_that_is_removed_takes_its_item_along() -> None:
    after = fixed(BALANCER, BALANCERS, Edit(("Attributes", "protected"), remove=True))
    assert tree(BALANCER, after)["Attributes"] == {"idle": "60"}


def test_an_attribute_that_is_called_as_a_part_of_the_template_is_the_resources_own() -> None:
    database: dict[str, Plain] = {"type": "AWS::RDS::DBParameterGroup"}
    text = "Resources:\n  Main:\n    Type: AWS::RDS::DBParameterGroup\n    Properties:\n      Parameters:\n        a: 1\n"
    assert fixed(database, text, Edit(("Parameters", "tls"), "enabled")) == text + "        tls: enabled\n"
    keyed: dict[str, Plain] = {**database, "Parameters": {"keyed": {"Name": "Value"}}}
    listed = text.replace("        a: 1\n", "        - {Name: tls, Value: disabled}\n")
    assert fixed(keyed, listed, Edit(("Parameters", "tls"), "enabled")) == listed.replace("disabled", "enabled")


def test_a_list_with_a_function_in_it_is_unknown() -> None:
    text = BALANCERS + "        - !If [A, {Key: x, Value: y}, !Ref AWS::NoValue]\n"
    assert isinstance(tree(BALANCER, text)["Attributes"], Unknown)


def test_rules_that_are_resources_are_items_too() -> None:
    assert tree(GROUP, GROUPS)["Ingress"] == [{"Port": 443}, {"Port": 22}]
    assert located(GROUP, GROUPS, ("Ingress", 1, "Port"))[-4:] == ("Resources", "Ssh", "Properties", "Port")


def test_an_item_that_is_a_resource_is_edited_and_removed_as_one() -> None:
    assert fixed(GROUP, GROUPS, Edit(("Ingress", 1, "Port"), 2222)) == GROUPS.replace("Port: 22\n", "Port: 2222\n")
    after = fixed(GROUP, GROUPS, Edit(("Ingress", 1), remove=True))
    assert tree(GROUP, after)["Ingress"] == [{"Port": 443}]
    assert "Ssh" not in after
    assert "Other" in after


def test_a_caller_that_can_be_no_star_is_known_whatever_a_function_puts_in() -> None:
    text = b"""Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
          - Principal: {AWS: [!GetAtt Role.Arn, !Ref AWS::AccountId]}
          - Principal:
              AWS: !Join
                - ""
                - ["arn:aws:iam::", !Ref AWS::AccountId, ":root"]
          - Principal: {AWS: !Ref Anybody}
          - Principal: {AWS: !Sub "arn:aws:iam::*:${Role}"}
"""
    (key,) = cloudformation.view("k", {"type": "AWS::KMS::Key"}, {"t": Source("t", "yaml", get("yaml", text))})
    told = [each["Principal"]["AWS"] for each in key.tree["KeyPolicy"]["Statement"]]
    assert [isinstance(each, Unknown) for each in told] == [False, False, False, True, True]
    assert all(isinstance(each, str) for each in told[1])
