"""What a template may get besides, serverless resources, rules that are told and narrowed, and what clears fears."""

from base64 import b64encode

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Plain, Tree

FUNCTION: dict[str, Plain] = {
    "type": "AWS::Lambda::Function",
    "serverless": {
        "type": "AWS::Serverless::Function",
        "globals": "Function",
        "TracingConfig/Mode": "Tracing",
        "Dead": "DeadQueue",
    },
    "offers": {
        "dead": {
            "at": "Dead/Arn",
            "value": {"Fn::GetAtt": ["Dead", "Arn"]},
            "serverless-with": {"Dead/Type": "SQS"},
            "makes": {"Dead": {"Type": "AWS::SQS::Queue"}},
            "grant": {"role": "Role", "named": "Send", "to": "sqs:SendMessage", "on": {"Fn::GetAtt": ["Dead", "Arn"]}},
        }
    },
}
GROUP: dict[str, Plain] = {
    "type": "AWS::EC2::SecurityGroup",
    "Ingress": {"also": "AWS::EC2::SecurityGroupIngress", "by": "GroupId", "side": "in"},
}
BUCKET: dict[str, Plain] = {
    "type": "AWS::S3::Bucket",
    "evidence": {"public": "public"},
    "offers": {
        "logs": {
            "at": "Logging/To",
            "has": {"type": "AWS::S3::Bucket", "where": {"AccessControl": "LogDeliveryWrite"}},
            "with": {"Logging/Prefix": "{name}/"},
        }
    },
}
POLICY: dict[str, Plain] = {
    "type": "AWS::IAM::Policy",
    "inside": {"type": ["AWS::IAM::Role", "AWS::Serverless::Function"], "at": "Policies", "as": "PolicyDocument"},
}


def trees(layout: dict[str, Plain], text: str) -> dict[str, Tree]:
    return {r.name: r.tree for r in cloudformation.view("k", layout, sources(text))}


def sources(text: str) -> dict[str, Source]:
    lens = "json" if text.startswith("{") else "yaml"
    return {"t": Source("t", lens, get(lens, text.encode()))}


def fixed(layout: dict[str, Plain], text: str, name: str, edit: Edit) -> str:
    have = sources(text)
    resource = next(r for r in cloudformation.view("k", layout, have) if r.name == name)
    placed = cloudformation.edit(layout, resource, [edit], [], have)
    return put(have["t"].lens, text.encode(), [edit for _, edit in placed]).decode()


SERVERLESS = """\
Globals:
  Function: {Tracing: PassThrough, Tags: {a: b}}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Tags: {c: d}
"""


@pytest.mark.parametrize(("ignored", "left"), [("'*'", None), ("[Tracing]", None), ("[Tags]", {"Mode": "PassThrough"})])
def test_a_function_may_ignore_what_globals_say(ignored, left):
    text = SERVERLESS.replace("    Properties:", f"    IgnoreGlobals: {ignored}\n    Properties:")
    assert trees(FUNCTION, text)["Hello"].get("TracingConfig") == left
    after = fixed(FUNCTION, text, "Hello", Edit(("TracingConfig", "Mode"), "Active"))
    assert trees(FUNCTION, after)["Hello"]["TracingConfig"] == {"Mode": "Active"}


def test_a_serverless_function_is_a_function_with_what_globals_say():
    assert trees(FUNCTION, SERVERLESS)["Hello"] == {
        "Tags": {"a": "b", "c": "d"},
        "TracingConfig": {"Mode": "PassThrough"},
        "template": {"dead": "offered", "makes": ["AWS::IAM::Role", "AWS::Serverless::Function"]},
        "source": {"serverless": "yes"},
    }


@pytest.mark.parametrize(
    ("beside", "may_make_roles"),
    [("AWS::IAM::User", True), ("AWS::IAM::ManagedPolicy", True), ("AWS::IAM::InstanceProfile", False), ("AWS::SNS::Topic", False)],
)
def test_who_gives_rights_may_make_a_role(beside: str, may_make_roles: bool):
    text = f"Resources:\n  Hello:\n    Type: AWS::Lambda::Function\n    Properties: {{Role: arn}}\n  Other:\n    Type: {beside}\n"
    layout = {**FUNCTION, "offers": {"key": {"at": "Key", "value": "x"}}}
    assert ("AWS::IAM::Role" in trees(layout, text)["Hello"]["template"]["makes"]) is may_make_roles


def test_what_globals_say_for_several_is_overridden_in_the_function_itself():
    text = SERVERLESS.replace("Resources:\n", "Resources:\n  Other: {Type: AWS::Serverless::Function}\n")
    after = fixed(FUNCTION, text, "Hello", Edit(("TracingConfig", "Mode"), "Active"))
    assert after == text + "      Tracing: Active\n"


def test_what_globals_say_for_one_function_is_changed_there():
    after = fixed(FUNCTION, SERVERLESS, "Hello", Edit(("TracingConfig", "Mode"), "Active"))
    assert after == SERVERLESS.replace("PassThrough", "Active")


def test_what_globals_say_for_all_is_not_removed_for_one():
    with pytest.raises(BindingError, match="Globals/Function/Tracing"):
        fixed(FUNCTION, SERVERLESS, "Hello", Edit(("TracingConfig", "Mode"), remove=True))


def test_a_value_of_globals_is_located_there():
    have = sources(SERVERLESS)
    (resource,) = cloudformation.view("k", FUNCTION, have)
    assert cloudformation.locate(FUNCTION, resource, ("TracingConfig", "Mode"), have)[1][-3:] == ("Globals", "Function", "Tracing")


def test_an_offer_makes_its_resource_and_names_it_in_short():
    after = fixed(FUNCTION, SERVERLESS, "Hello", Edit(("template", "dead"), "offered"))
    assert after == (
        SERVERLESS
        + """\
      DeadQueue:
        Arn: !GetAtt Dead.Arn
        Type: SQS
  Dead:
    Type: AWS::SQS::Queue
"""
    )


ROLE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
"""


def test_a_role_of_the_template_is_allowed_what_the_offer_needs():
    after = fixed(FUNCTION, ROLE, "Hello", Edit(("template", "dead"), "offered"))
    (policy,) = get("yaml", after.encode())["documents"][0]["Resources"]["Role"]["Properties"]["Policies"]
    assert policy["PolicyDocument"]["Statement"][0]["Action"] == "sqs:SendMessage"
    twin = "  Twin:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: !GetAtt Role.Arn\n"
    both = fixed(FUNCTION, after + twin, "Twin", Edit(("template", "dead"), "offered"))
    assert both == after + twin + "      Dead:\n        Arn: !GetAtt Dead.Arn\n"


@pytest.mark.parametrize(
    "written",
    [
        '!GetAtt [ "Role", Arn ]',
        "!GetAtt [Role, 'Arn']",
        "!GetAtt\n        - Role\n        - Arn",
        "!Sub ${Role.Arn}",
        "!Sub '${Role.Arn}'",
        "{Fn::GetAtt: [Role, Arn]}",
        "{Fn::Sub: '${Role.Arn}'}",
    ],
)
def test_a_role_is_known_however_it_is_named(written: str):
    assert "template" in trees(FUNCTION, ROLE.replace("!GetAtt Role.Arn", written))["Hello"]


@pytest.mark.parametrize("written", ["!Sub '${Role.Arn}-x'", "!Sub [x, {}]", "!GetAtt [Nobody, Arn]"])
def test_what_says_more_than_a_name_names_nobody(written: str):
    assert "template" not in trees(FUNCTION, ROLE.replace("!GetAtt Role.Arn", written))["Hello"]


def test_no_role_is_made_besides_roles_that_have_a_boundary():
    layout: dict[str, Plain] = {
        "type": "AWS::EC2::VPC",
        "offers": {"logs": {"at": "Logs", "value": "x", "makes": {"Writer": {"Type": "AWS::IAM::Role"}}}},
    }
    text = "Resources:\n  Net:\n    Type: AWS::EC2::VPC\n  Role:\n    Type: AWS::IAM::Role\n"
    assert "template" in trees(layout, text)["Net"]
    assert "template" not in trees(layout, text + "    Properties: {PermissionsBoundary: x}\n")["Net"]


def test_no_role_is_made_by_the_name_that_sam_gives_a_functions_own():
    layout = {**FUNCTION, "offers": {"logs": {"at": "Logs", "value": "x", "makes": {"FlowLogsRole": {"Type": "AWS::IAM::Role"}}}}}
    text = SERVERLESS + "  FlowLogs:\n    Type: AWS::Serverless::Function\n"
    assert "template" in trees(layout, SERVERLESS)["Hello"]
    assert "template" not in trees(layout, text)["Hello"]


def test_an_offer_may_be_for_an_item_of_a_list():
    layout: dict[str, Plain] = {"type": "AWS::EKS::Cluster", "offers": {"key": {"at": "Keys/0/Arn", "value": "x"}}}
    text = "Resources:\n  Main:\n    Type: AWS::EKS::Cluster\n    Properties:\n      Name: main\n"
    assert fixed(layout, text, "Main", Edit(("template", "key"), "offered")) == text + "      Keys:\n      - Arn: x\n"


def test_an_empty_text_is_no_value_that_stays():
    text = ROLE + '      Dead: {Arn: ""}\n'
    assert "Arn: !GetAtt Dead.Arn" in fixed(FUNCTION, text, "Hello", Edit(("template", "dead"), "offered"))


def test_somebodys_own_value_is_taken_instead_of_an_offer():
    after = fixed(FUNCTION, ROLE, "Hello", Edit(("template", "dead"), "arn:aws:sqs:x"))
    assert "AWS::SQS::Queue" not in after
    assert "Dead:\n        Arn: arn:aws:sqs:x\n" in after


def test_a_value_that_is_there_stays():
    text = ROLE + "      Dead: {Arn: arn:aws:sqs:x}\n"
    assert fixed(FUNCTION, text, "Hello", Edit(("template", "dead"), "offered")) == text


@pytest.mark.parametrize(
    "text",
    [
        ROLE.replace("!GetAtt Role.Arn", "arn:aws:iam::1:role/far"),
        ROLE + "  Dead:\n    Type: AWS::SNS::Topic\n",
        "Parameters:\n  Dead: {Type: String}\n" + ROLE,
        ROLE.replace("::Role\n", "::Role\n    Properties: {PermissionsBoundary: !Ref Boundary}\n"),
        SERVERLESS + "      PermissionsBoundary: arn:aws:iam::1:policy/teams\n",
        SERVERLESS.replace("Function: {", "Function: {PermissionsBoundary: arn:aws:iam::1:policy/teams, "),
    ],
)
def test_nothing_is_offered_where_something_stands_in_the_way(text):
    assert "template" not in trees(FUNCTION, text)["Hello"]


def test_a_part_of_a_template_gets_nothing_besides():
    with pytest.raises(BindingError, match="speaks of Elsewhere"):
        fixed(FUNCTION, ROLE + "      Handler: !Ref Elsewhere\n", "Hello", Edit(("template", "dead"), "offered"))


def test_what_sam_makes_is_not_missing():
    outputs = "Outputs:\n  Role:\n    Value: !GetAtt HelloRole.Arn\n  Api:\n    Value: !Ref ServerlessRestApi\n"
    assert "DeadQueue" in fixed(FUNCTION, SERVERLESS + outputs, "Hello", Edit(("template", "dead"), "offered"))
    with pytest.raises(BindingError, match="speaks of OtherRole"):
        fixed(FUNCTION, SERVERLESS + outputs.replace("Hello", "Other"), "Hello", Edit(("template", "dead"), "offered"))


def test_functions_stay_long_in_json():
    text = '{"Resources": {"Hello": {"Type": "AWS::Serverless::Function"}}}'
    after = fixed(FUNCTION, text, "Hello", Edit(("template", "dead"), "offered"))
    assert '{"Fn::GetAtt": ["Dead", "Arn"]}' in after


BUCKETS = """\
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties: {AccessControl: LogDeliveryWrite}
  Data:
    Type: AWS::S3::Bucket
    Properties: {}
"""


def test_a_bucket_for_logs_that_is_there_is_used_by_all_but_itself():
    seen = trees(BUCKET, BUCKETS)
    assert "template" not in seen["Logs"]
    after = fixed(BUCKET, BUCKETS, "Data", Edit(("template", "logs"), "offered"))
    assert trees(BUCKET, after)["Data"]["Logging"]["Prefix"] == "Data/"
    assert "To: !Ref Logs" in after


@pytest.mark.parametrize(
    "says",
    [
        "Properties: {AccessControl: LogDeliveryWrite, Logging: {To: !Ref Data}}",
        "DependsOn: Data\n    Properties: {AccessControl: LogDeliveryWrite}",
    ],
)
def test_a_bucket_for_logs_that_needs_another_is_not_used_by_that(says):
    text = BUCKETS.replace("Properties: {AccessControl: LogDeliveryWrite}", says)
    assert "template" not in trees(BUCKET, text)["Data"]


def test_what_is_for_others_alone_is_not_offered_to_what_the_evidence_tells_of():
    offer = {**BUCKET["offers"]["logs"], "unless": "logs"}
    text = BUCKETS + "  Flows:\n    Type: AWS::EC2::FlowLog\n    Properties: {LogDestination: !GetAtt Data.Arn}\n"
    assert "template" in trees(BUCKET, text)["Data"]
    assert "template" not in trees({**BUCKET, "offers": {"logs": offer}}, text)["Data"]


@pytest.mark.parametrize(
    ("waits", "then"),
    [
        ("", "    DependsOn: Policy\n"),
        ("    DependsOn: Policy\n", "    DependsOn: Policy\n"),
        ("    DependsOn: [Gate]\n", "    DependsOn: [Gate, Policy]\n"),
        ("    DependsOn: Gate\n", "    DependsOn: [Gate, Policy]\n"),
    ],
)
def test_what_is_made_after_another_waits_for_it(waits: str, then: str):
    offer = {"at": "To", "value": "x", "after": "Policy"}
    layout: dict[str, Plain] = {"type": "AWS::Balancer", "offers": {"logs": offer}}
    text = f"Resources:\n  Web:\n    Type: AWS::Balancer\n{waits}    Properties: {{A: 1}}\n"
    after = get("yaml", fixed(layout, text, "Web", Edit(("template", "logs"), "offered")).encode())
    told = get("yaml", f"Resources:\n  Web:\n    Type: AWS::Balancer\n{then}    Properties: {{A: 1, To: x}}\n".encode())
    assert after == told


def test_a_bucket_that_takes_logs_already_is_used():
    has = {"type": "AWS::S3::BucketPolicy", "by": "Bucket", "says": "logging.s3.amazonaws.com", "lacks": "SourceArn"}
    layout: dict[str, Plain] = {**BUCKET, "offers": {"logs": {"at": "Logging/To", "has": has}}}
    written = policy("{Principal: {Service: logging.s3.amazonaws.com}}").replace("!Ref Data", "!Ref Logs")
    assert "To: !Ref Logs" in fixed(layout, BUCKETS + written, "Data", Edit(("template", "logs"), "offered"))
    assert "template" not in trees(layout, BUCKETS + written)["Logs"]
    assert "template" not in trees(layout, BUCKETS + written.replace("!Ref Logs", "elsewhere"))["Data"]
    narrow = written.replace("}]}", ", Condition: {ArnLike: {'aws:SourceArn': x}}}]}")
    assert "template" not in trees(layout, BUCKETS + narrow)["Data"]


def test_a_bucket_that_takes_logs_is_offered_none_for_its_own():
    offer = {"at": "Logging/To", "value": {"Ref": "AccessLogs"}, "unless": "logs", "makes": {"AccessLogs": "log-bucket"}}
    layout: dict[str, Plain] = {**BUCKET, "offers": {"new": offer}}
    assert "template" in trees(layout, BUCKETS)["Logs"]
    logged = BUCKETS.replace("    Properties: {}\n", "    Properties: {LoggingConfiguration: {DestinationBucketName: !Ref Logs}}\n")
    assert "template" not in trees(layout, logged)["Logs"]
    written = policy("{Effect: Allow, Principal: {Service: logging.s3.amazonaws.com}}")
    assert "template" not in trees(layout, BUCKETS + written)["Data"]
    after = fixed(layout, BUCKETS, "Data", Edit(("template", "new"), "offered"))
    assert "To: !Ref AccessLogs" in after
    assert "template" not in trees(layout, after)["AccessLogs"]


def policy(statement: str) -> str:
    body = f"{{Bucket: !Ref Data, PolicyDocument: {{Statement: [{statement}]}}}}"
    return f"  P:\n    Type: AWS::S3::BucketPolicy\n    Properties: {body}\n"


ACCOUNTS = """\
Parameters:
  Where: {Type: String, Default: east}
Mappings:
  A:
    east: {id: '127311923021', all: x}
    west: {id: 027434742980, all: '*'}
"""


@pytest.mark.parametrize(
    ("more", "public"),
    [
        ("", "no"),
        (policy('{Effect: Deny, Principal: "*"}'), "no"),
        (policy('{Effect: Allow, Principal: "*", Condition: {Bool: {a: b}}}'), "no"),
        (policy("{Effect: Allow, Principal: {AWS: arn:aws:iam::1:root}}"), "no"),
        (policy('{Effect: Allow, Principal: "*"}'), "a policy for all"),
        (policy('{Effect: Allow, Principal: {AWS: ["*"]}}'), "a policy for all"),
        (policy("{Effect: Allow, Principal: !Ref Whom}"), "a policy"),
        (policy("{Effect: Allow, Principal: {AWS: !Join ['', ['arn:aws:iam::', !FindInMap [A, b, c], ':root']]}}"), "no"),
        (policy("{Effect: Allow, Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::${A}:root'}}}"), "no"),
        (policy("{Effect: Allow, Principal: {AWS: [!Ref Whom]}}"), "a policy"),
        (policy("!If [a, b, c]"), "a policy"),
        (policy("{Effect: Allow, Principal: {AWS: !If [a, !GetAtt R.Arn, 'arn:aws:iam::1:root']}}"), "no"),
        (policy("{Effect: Allow, Principal: {AWS: !If [a, !GetAtt R.Arn, !Ref Whom]}}"), "a policy"),
        (policy("{Effect: Allow, Principal: {AWS: !FindInMap [A, !Ref AWS::Region, id]}}") + ACCOUNTS, "no"),
        (policy("{Effect: Allow, Principal: {AWS: !FindInMap [A, !Ref Where, all]}}") + ACCOUNTS, "a policy"),
        (policy("{Effect: Allow, Principal: {AWS: !FindInMap [B, x, id]}}") + ACCOUNTS, "a policy"),
        (policy('{Effect: Allow, Principal: "*"}').replace("!Ref Data", "!ImportValue x"), "a policy"),
        (policy('{Effect: Allow, Principal: "*"}').replace("!Ref Data", "!Ref Logs"), "no"),
    ],
)
def test_a_template_tells_whether_a_policy_opens_a_bucket(more, public):
    assert trees(BUCKET, BUCKETS + more)["Data"]["source"]["public"] == public


@pytest.mark.parametrize(
    ("body", "public"),
    [
        ("{WebsiteConfiguration: {IndexDocument: i}}", "a web site"),
        ("{AccessControl: PublicRead}", "an access list"),
        ("{AccessControl: !Ref Acl}", "an access list"),
        ("{PublicAccessBlockConfiguration: {BlockPublicPolicy: false}}", "settings that allow it"),
        ("{AccessControl: Private}", "no"),
    ],
)
def test_a_bucket_tells_itself_whether_it_is_open(body, public):
    text = BUCKETS.replace("Properties: {}", f"Properties: {body}")
    assert trees(BUCKET, text)["Data"]["source"]["public"] == public


RULES = """\
Parameters:
  From: {Type: String, Default: 0.0.0.0/0}
Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      Ingress:
        # the admins
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref From}
        - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !GetAtt App.GroupId}
        - {IpProtocol: "-1", CidrIpv6: "0000:0000:0000:0000:0000:0000:0000:0000/0"}
        - {IpProtocol: udp, FromPort: 8000, ToPort: 8010, CidrIp: 10.1.0.0/16}
        - {IpProtocol: tcp, FromPort: !If [A, 80, 443], ToPort: !If [A, 80, 443], CidrIp: {Fn::ImportValue: !Sub "${Net}-Range"}}
        - {IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Select [0, !GetAtt Balancer.SecurityGroups]}
  Alone:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !ImportValue group, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: 0.0.0.0/0}
"""


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (0, "SSH from From"),
        (1, "PostgreSQL from App"),
        (2, "All incoming traffic"),
        (3, "UDP ports 8000-8010 from 10.1.0.0/16"),
        (4, "Incoming TCP"),
        (5, "HTTP from Balancer"),
    ],
)
def test_a_rule_is_described_by_what_it_says(index, words):
    after = fixed(GROUP, RULES, "Web", Edit(("Ingress", index, "template-description"), "offered"))
    assert trees(GROUP, after)["Web"]["Ingress"][index]["Description"] == words


def test_a_rule_of_a_group_elsewhere_is_a_resource_of_its_own():
    assert trees(GROUP, RULES)["Alone"]["Ingress"][0]["FromPort"] == 8080
    after = fixed(GROUP, RULES, "Alone", Edit(("Ingress", 0, "template-description"), "offered"))
    assert trees(GROUP, after)["Alone"]["Ingress"][0]["Description"] == "Incoming TCP port 8080"


def test_everybody_has_one_name():
    assert trees(GROUP, RULES)["Web"]["Ingress"][2]["CidrIpv6"] == "::/0"


@pytest.mark.parametrize(
    ("name", "index", "line"),
    [
        ("Web", 0, '  From: {Type: String, Default: "10.0.0.0/8"}'),
        ("Web", 2, '        - {IpProtocol: "-1", CidrIpv6: "fc00::/7"}'),
        (
            "Alone",
            0,
            '    Properties: {GroupId: !ImportValue group, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: "10.0.0.0/8"}',
        ),
    ],
)
def test_a_rule_open_to_everybody_is_narrowed_and_its_comment_stays(name, index, line):
    after = fixed(GROUP, RULES, name, Edit(("Ingress", index), remove=True))
    assert [new for new in after.splitlines() if new not in RULES.splitlines()] == [line]
    assert "# the admins" in after


def test_a_rule_alone_that_is_no_list_is_found_and_described():
    text = RULES[: RULES.index("        # the")].replace(
        "Ingress:", "Ingress: {IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}"
    )
    after = fixed(GROUP, text, "Web", Edit(("Ingress", 0, "template-description"), "offered"))
    assert "Description: " in after
    assert trees(GROUP, after)["Web"]["Ingress"][0]["Description"] == "HTTP from 10.0.0.0/8"


@pytest.mark.parametrize(
    ("place", "port", "words"),
    [
        ("CidrIp: !Ref AWS::NoValue, CidrIpv6: fc00::/7", "80", "HTTP from fc00::/7"),
        ("SourceSecurityGroupId: !Select [0, !GetAtt [Gate, SecurityGroups]]", "80", "HTTP from Gate"),
        ("SourceSecurityGroupId: !Ref App", "!Ref Port", "TCP port Port from App"),
        ("SourceSecurityGroupId: !Ref App", "!GetAtt Data.Endpoint.Port", "TCP from App"),
        ('CidrIp: !FindInMap [Regions, !Ref "AWS::Region", FirehoseCidr]', "443", "HTTPS from FirehoseCidr"),
        ("CidrIp: !FindInMap [Subnets, Office, CIDR]", "443", "HTTPS from Office"),
    ],
)
def test_a_rule_is_described_by_what_gives_its_place_and_port(place, port, words):
    rule = f"Ingress: [{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, {place}}}]"
    text = RULES[: RULES.index("        # the")].replace("Ingress:", rule)
    after = fixed(GROUP, text, "Web", Edit(("Ingress", 0, "template-description"), "offered"))
    assert trees(GROUP, after)["Web"]["Ingress"][0]["Description"] == words


def test_a_resource_that_others_wait_for_is_not_taken_away():
    text = (
        RULES.replace("CidrIp: 0.0.0.0/0}\n", "CidrIp: 10.0.0.0/8}\n")
        + "  Late:\n    Type: AWS::SNS::Topic\n    DependsOn: [Alone]\n"
    )
    with pytest.raises(BindingError, match="Alone: other parts"):
        fixed(GROUP, text, "Alone", Edit(("Ingress", 0), remove=True))


INSIDE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: a
          PolicyDocument: '{"Statement": [{"Action": "*"}]}'
        - !If [a, b, c]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [AWSLambdaExecute, {Statement: [{Action: "s3:*"}]}]
"""


def test_policies_inside_others_are_policies():
    seen = trees(POLICY, INSIDE)
    assert seen["Role.Policies.0"]["PolicyDocument"] == {"Statement": [{"Action": "*"}]}
    assert seen["Hello.Policies.1"] == {"PolicyDocument": {"Statement": [{"Action": "s3:*"}]}}
    assert len(seen) == 2


def test_a_statement_alone_is_a_list_of_one():
    text = "Resources:\n  P:\n    Type: AWS::IAM::Policy\n    Properties: {PolicyDocument: {Statement: {Effect: Allow}}}\n"
    assert trees(POLICY, text)["P"]["PolicyDocument"] == {"Statement": [{"Effect": "Allow"}]}


def test_a_policy_inside_another_is_edited_and_located_there():
    have = sources(INSIDE)
    inner = next(r for r in cloudformation.view("k", POLICY, have) if r.name == "Hello.Policies.1")
    path = cloudformation.locate(POLICY, inner, ("Statement", 0), have)[1]
    assert path[-6:] == ("Hello", "Properties", "Policies", 1, "Statement", 0)
    after = fixed(POLICY, INSIDE, "Role.Policies.0", Edit(("PolicyName",), "b"))
    assert after == INSIDE.replace("PolicyName: a", "PolicyName: b")


INSTANCE: dict[str, Plain] = {"type": ["AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"], "evidence": {"metadata": "metadata"}}
MACHINE = """\
Parameters:
  Image: {{Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: {image}}}
Resources:
  M:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {{ImageId: !Ref Image, {more}}}
"""
LATEST = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.mark.parametrize(
    ("image", "more", "told"),
    [
        (LATEST, "KeyName: a", "no"),
        (LATEST.replace("al2023-ami", "amzn2-ami"), "IamInstanceProfile: {Name: a}", "its role"),
        (LATEST, "IamInstanceProfile: {Name: a}, MetadataOptions: {HttpTokens: optional}", "its role"),
        (LATEST, "IamInstanceProfile: {Name: a}", "no"),
        (LATEST, 'UserData: {"Fn::Base64": "curl http://169.254.169.254/latest"}', "its first script"),
        (LATEST, 'UserData: {"Fn::Base64": !Sub "docker run x"}', "its first script"),
        (LATEST, f'UserData: "{b64encode(b"curl http://169.254.169.254/latest").decode()}"', "its first script"),
        ("/aws/service/ami-amazon-linux-latest/amzn-ami-hvm-x86_64-gp2", "KeyName: a", "an image of unknown age"),
        ("ami-12345678", "KeyName: a", "an image of unknown age"),
    ],
)
def test_a_template_tells_what_may_ask_for_metadata(image, more, told):
    assert trees(INSTANCE, MACHINE.format(image=image, more=more))["M"]["source"]["metadata"] == told


QUEUE: dict[str, Plain] = {"type": "AWS::SQS::Queue", "evidence": {"senders": "senders"}}
ORDERS = "Resources:\n  Orders:\n    Type: AWS::SQS::Queue\n"
WORKER = "  Worker:\n    Type: AWS::Lambda::Function\n    Properties: {Queue: !Ref Orders}\n"
SENDERS = "  Senders:\n    Type: AWS::SQS::QueuePolicy\n    Properties: {Queues: [!Ref Orders]}\n"


@pytest.mark.parametrize(
    ("more", "senders"),
    [
        (WORKER, "no"),
        ("", "others, as nothing here does"),
        (WORKER + "Outputs: {Queue: {Value: !GetAtt Orders.Arn}}\n", "others, who know its name"),
        (WORKER + SENDERS, "a policy"),
        (WORKER + SENDERS.replace("!Ref Orders", "https://sqs/other"), "a policy"),
        (WORKER + SENDERS.replace("!Ref Orders", "!Ref Other"), "no"),
        (WORKER + "  Heard: {Type: 'AWS::SNS::Subscription', Properties: {Endpoint: !GetAtt Orders.Arn}}\n", "Heard"),
    ],
)
def test_a_template_tells_who_sends_to_a_queue(more, senders):
    assert trees(QUEUE, ORDERS + more)["Orders"]["source"] == {"senders": senders}


FAR: dict[str, Plain] = {"type": "AWS::S3::BucketPolicy", "evidence": {"bucket": "bucket"}}


@pytest.mark.parametrize(("bucket", "told"), [("!Ref Data", "here"), ("!Ref Worker", "elsewhere"), ("acme", "elsewhere")])
def test_a_policy_tells_whether_its_bucket_is_here(bucket, told):
    text = BUCKETS + policy("{}").replace("!Ref Data", bucket) + WORKER
    assert trees(FAR, text)["P"]["source"]["bucket"] == told


DATABASE: dict[str, Plain] = {"type": "AWS::RDS::DBInstance", "evidence": {"subnets": "subnets"}}


@pytest.mark.parametrize(
    ("body", "told"), [("Engine: a", "default"), ("DBSubnetGroupName: a", "own"), ("DBClusterIdentifier: a", "own")]
)
def test_a_database_tells_where_it_stands_and_what_deletion_does(body, told):
    text = f"Resources:\n  D:\n    Type: AWS::RDS::DBInstance\n    DeletionPolicy: Retain\n    Properties: {{{body}}}\n"
    assert trees(DATABASE, text)["D"]["source"] == {"subnets": told, "deletion-policy": "Retain"}


def test_a_rule_that_a_parameter_opens_among_others_is_left_to_whoever_sets_it():
    text = RULES + "Outputs:\n  From: {Value: !Ref From}\n"
    with pytest.raises(BindingError, match="parameter From"):
        fixed(GROUP, text, "Web", Edit(("Ingress", 0), remove=True))


def test_what_an_older_type_does_by_itself_holds_where_nothing_is_said():
    layout = {"type": "AWS::New", "older": {"type": "AWS::Old", "else": {"Version": "1.5"}}}
    text = "Resources:\n  A: {Type: AWS::New}\n  B: {Type: AWS::Old}\n  C: {Type: AWS::Old, Properties: {Version: '7.10'}}\n"
    assert {name: tree.get("Version") for name, tree in trees(layout, text).items()} == {"A": None, "B": "1.5", "C": "7.10"}
