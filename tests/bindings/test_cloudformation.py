"""Resources of CloudFormation templates."""

from __future__ import annotations

import json

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Resource, Unknown

BUCKET = {"type": "AWS::S3::Bucket", "Policy": {"in": "AWS::S3::BucketPolicy", "by": "Bucket", "at": "PolicyDocument"}}
TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Acl:
    Type: String
    Default: PublicRead     # for the web site
    AllowedValues: [PublicRead, Private]
  Shared: {Type: Number, Default: 5}
  Key: {Type: String}
  Nets: {Type: CommaDelimitedList, Default: "a, b"}
  Latest: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Condition: IsProd
    Properties:
      BucketName: !Sub logs-${AWS::Region}
      AccessControl: !Ref Acl
      Kms: !Ref Key
      Days: !Ref Shared
      Nets: !Ref Nets
      Latest: {Ref: Latest}
      Encryption: !If [IsProd, {a: 1}, !Ref "AWS::NoValue"]
      Gone: !Ref AWS::NoValue
      Tags:
        - Key: days
          Value: {Ref: Shared}
  Bare:
    Type: AWS::S3::Bucket
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bare
      PolicyDocument: {Statement: []}
"""


def seen(text: str, lens: str = "yaml") -> tuple[dict[str, Source], dict[str, Resource]]:
    sources = {"t": Source("t", lens, get(lens, text.encode()))}
    return sources, {r.name: r for r in cloudformation.view("aws/s3/bucket", BUCKET, sources)}


def fixed(text: str, name: str, *edits: Edit, lens: str = "yaml") -> str:
    sources, resources = seen(text, lens)
    placed = cloudformation.edit(BUCKET, resources[name], edits, [], sources)
    return put(lens, text.encode(), [edit for _, edit in placed]).decode()


def test_properties_are_the_tree_and_functions_cannot_be_told() -> None:
    _, resources = seen(TEMPLATE)
    assert resources["Logs"].tree == {
        "BucketName": Unknown("!Sub logs-${AWS::Region}"),
        "AccessControl": "PublicRead",
        "Kms": Unknown("!Ref Key"),
        "Days": 5,
        "Nets": ["a", "b"],
        "Latest": Unknown('Ref: "Latest"'),
        "Encryption": Unknown(r'Fn::If: ["IsProd", {"a": 1}, "!Ref \"AWS::NoValue\""]'),
        "Tags": [{"Key": "days", "Value": 5}],
    }
    assert resources["Logs"].home == ("t", ("documents", 0, "Resources", "Logs", "Properties"))
    assert resources["Bare"].tree == {"Policy": {"Statement": []}}


def test_json_says_the_same() -> None:
    text = json.dumps(
        {
            "Parameters": {"P": {"Type": "String", "Default": "x"}},
            "Resources": {
                "B": {"Type": "AWS::S3::Bucket", "Properties": {"A": {"Ref": "P"}, "C": {"Fn::GetAtt": ["D", "Arn"]}}},
                "Q": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": {"S": 1}}},
            },
        },
        indent=1,
    )
    _, resources = seen(text, "json")
    assert resources["B"].tree == {"A": "x", "C": Unknown('Fn::GetAtt: ["D", "Arn"]'), "Policy": {"S": 1}}
    after = json.loads(fixed(text, "B", Edit(("E", "F"), True), Edit(("Policy", "S"), 2), lens="json"))
    assert after["Resources"]["B"]["Properties"]["E"] == {"F": True}
    assert after["Resources"]["Q"]["Properties"]["PolicyDocument"] == {"S": 2}


def test_a_resource_without_properties_gets_them() -> None:
    after = fixed(TEMPLATE, "Bare", Edit(("VersioningConfiguration", "Status"), "Enabled"))
    assert after == TEMPLATE.replace(
        "  Bare:\n    Type: AWS::S3::Bucket\n",
        "  Bare:\n    Type: AWS::S3::Bucket\n    Properties:\n      VersioningConfiguration:\n        Status: Enabled\n",
    )


def test_a_value_from_one_parameter_is_changed_there() -> None:
    assert fixed(TEMPLATE, "Logs", Edit(("AccessControl",), "Private")) == TEMPLATE.replace(
        "Default: PublicRead ", "Default: Private "
    )
    with pytest.raises(BindingError, match="does not take 'Other'"):
        fixed(TEMPLATE, "Logs", Edit(("AccessControl",), "Other"))
    with pytest.raises(BindingError, match="parameter Shared, as are 1 more"):
        fixed(TEMPLATE, "Logs", Edit(("Days",), 7))


def test_a_value_from_a_function_is_left_to_people() -> None:
    for path in (("BucketName",), ("Encryption", "a"), ("Kms",), ("Latest",)):
        with pytest.raises(BindingError, match=f"Logs: {'/'.join(path)} is set by"):
            fixed(TEMPLATE, "Logs", Edit(path, "x"))
    assert "      Gone: x\n" in fixed(TEMPLATE, "Logs", Edit(("Gone",), "x"))


def test_an_attribute_of_a_sibling_is_changed_or_made_there() -> None:
    changed = fixed(TEMPLATE, "Bare", Edit(("Policy", "Version"), "2012-10-17"))
    assert 'PolicyDocument: {Statement: [], Version: "2012-10-17"}' in changed
    made = fixed(TEMPLATE, "Logs", Edit(("Policy", "Statement"), [{"Effect": "Deny"}]))
    assert made == TEMPLATE + (
        "  LogsPolicy:\n    Type: AWS::S3::BucketPolicy\n    Condition: IsProd\n    Properties:\n      Bucket: !Ref Logs\n"
        "      PolicyDocument:\n        Statement:\n          - Effect: Deny\n"
    )


def test_a_sibling_is_there_when_its_resource_is_and_has_a_plain_name() -> None:
    text = TEMPLATE.replace("  Logs:", "  Logs_1:")
    have = {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}
    logs = next(r for r in cloudformation.view("k", BUCKET, have) if r.name == "Logs_1")
    placed = cloudformation.edit(BUCKET, logs, [Edit(("Policy", "Version"), "2012-10-17")], [], have)
    made = get("yaml", put("yaml", text.encode(), [edit for _, edit in placed]))["documents"][0]["Resources"]["Logs1Policy"]
    assert made["Condition"] == "IsProd"


def test_a_value_is_found_where_it_stands() -> None:
    sources, resources = seen(TEMPLATE)
    root = ("documents", 0, "Resources")
    assert cloudformation.locate(BUCKET, resources["Logs"], ("Days",), sources) == ("t", (*root, "Logs", "Properties", "Days"))
    assert cloudformation.locate(BUCKET, resources["Bare"], ("Days",), sources) == ("t", (*root, "Bare"))
    assert cloudformation.locate(BUCKET, resources["Bare"], ("Policy", "Statement"), sources) == (
        "t",
        (*root, "Policy", "Properties", "PolicyDocument", "Statement"),
    )


def test_what_is_no_template_holds_nothing() -> None:
    for text in (
        "Resources: {a: {Type: Custom}}\n",
        "Resources: 3\n",
        "- a\n",
        "kind: Pod\n",
        "Resources: {a: {Type: [1]}, b: 3}\n",
    ):
        assert seen(text)[1] == {}
    odd = "Resources:\n  A: {Type: AWS::S3::Bucket, Properties: !Transform x}\n  B: {Type: AWS::S3::Bucket, Properties: 3}\n"
    assert seen(odd)[1] == {}


@pytest.mark.parametrize(
    "written",
    [
        "!Sub |\n            export KEY=${Name}\n",
        "\n            Fn::Sub: export KEY=${Name}\n",
        "\n            Fn::Join: ['', [export KEY=, '${Name}']]\n",
    ],
)
def test_a_start_script_is_read_as_it_is_written(written: str) -> None:
    text = f"Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      UserData:\n          Fn::Base64: {written}"
    (found,) = cloudformation.view(
        "k", {"type": "AWS::EC2::Instance"}, {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}
    )
    assert found.tree["UserData"] == "export KEY=${Name}"


def test_a_start_script_that_is_written_as_it_travels_is_read() -> None:
    text = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties: {UserData: ZXhwb3J0IEtFWT14Cg==}\n"
    (found,) = cloudformation.view(
        "k", {"type": "AWS::EC2::Instance"}, {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}
    )
    assert found.tree["UserData"] == "export KEY=x\n"


def test_an_empty_text_is_none() -> None:
    text = 'Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      KmsMasterKeyId: ""\n'
    (found,) = cloudformation.view(
        "k", {"type": "AWS::SQS::Queue"}, {"t.yaml": Source("t.yaml", "yaml", get("yaml", text.encode()))}
    )
    assert "KmsMasterKeyId" not in found.tree
