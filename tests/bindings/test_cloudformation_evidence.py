"""What a template tells of a resource that clears a fear."""

from pathlib import Path as File

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.layouts._cloudformation_publishers import ALL_SERVICES, BESIDES, PERHAPS, SERVICES, STRANGERS
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Plain

ROOT = File(__file__).parents[2] / "bindings"
BUCKET: dict[str, Plain] = {
    "type": "AWS::S3::Bucket",
    "evidence": {"readers": "readers", "handed-out": "handed-out", "logs": "logs", "edge": "edge", "old-versions": "old-versions"},
}
TABLE: dict[str, Plain] = {"type": "AWS::DynamoDB::Table", "evidence": {"throw-away": "throw-away"}}
PERMISSION: dict[str, Plain] = {"type": "AWS::Lambda::Permission", "evidence": {"callers": "callers"}}
BUILD: dict[str, Plain] = {"type": "AWS::CodeBuild::Project", "evidence": {"site": "site"}}
TOPIC: dict[str, Plain] = {"type": "AWS::SNS::Topic", "evidence": {"publishers": "publishers"}}
EDGE: dict[str, Plain] = {"type": "AWS::CloudFront::Distribution", "evidence": {"plain-origin": "plain-origin"}}
DATA = "  Data:\n    Type: AWS::S3::Bucket\n"
READER = "  Resize:\n    Type: AWS::Lambda::Function\n    Properties: {Environment: {Variables: {BUCKET: !Ref Data}}}\n"
OUTPUT = "Outputs:\n  Bucket: {Value: !GetAtt Data.Arn}\n"
ASKED = "  Asked:\n    Type: AWS::Lambda::Permission\n    Properties: {FunctionName: !Ref Judge, Principal: config.amazonaws.com}\n"
RULE = "  Rule:\n    Type: AWS::Config::ConfigRule\n    Properties: {Source: {SourceIdentifier: !GetAtt Judge.Arn}}\n"


def told(layout: dict[str, Plain], text: str) -> dict[str, Plain]:
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", ("Resources:\n" + text).encode()))}
    found = cloudformation.view("k", layout, given)[0].tree.get("source")
    return found if isinstance(found, dict) else {}


@pytest.mark.parametrize("kind", ["aws/s3/bucket", "aws/dynamodb/table", "aws/sns/topic", "aws/sqs/queue", "aws/lambda/function"])
def test_what_is_no_resource_stops_nothing(kind: str) -> None:
    layout = load_one(ROOT / f"{kind}.yaml", ROOT).layouts["cloudformation"]
    type_ = layout["type"] if isinstance(layout["type"], str) else layout["type"][0]
    assert (
        told(layout, f"  Data:\n    Type: {type_}\n  Odd: [!Ref Data, {{Properties: !Ref Data}}]\n  None:\n  Text: ${{Data}}\n")
        is not None
    )


def policy(effect: str) -> str:
    statement = f"[{{Effect: {effect}, Principal: {{AWS: arn:aws:iam::1:root}}, Action: 's3:*'}}]"
    body = f"{{Bucket: !Ref Data, PolicyDocument: {{Statement: {statement}}}}}"
    return f"  Policy:\n    Type: AWS::S3::BucketPolicy\n    Properties: {body}\n"


LOG_PLACE = "LoggingConfiguration: {DestinationBucketName: !Ref Data}"


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (DATA, "no"),
        (DATA + f"  Other:\n    Type: AWS::S3::Bucket\n    Properties: {{{LOG_PLACE}}}\n", "by Other"),
        (DATA + "    Properties: {LoggingConfiguration: {LogFilePrefix: own/}}\n", "by itself"),
        (DATA + "    Properties: {LoggingConfiguration: {DestinationBucketName: x}}\n", "no"),
        (DATA + "  Trail:\n    Type: AWS::CloudTrail::Trail\n    Properties: {S3BucketName: !Ref Data}\n", "no"),
    ],
)
def test_services_that_write_logs_into_a_bucket_are_named(text: str, by: str) -> None:
    assert told(BUCKET, text)["logs"] == by


PIPE = "  Pipe:\n    Type: AWS::CodePipeline::Pipeline\n    Properties: {ArtifactStore: {Type: S3, Location: !Ref Data}}\n"


@pytest.mark.parametrize("beside", ["", PIPE, policy("Deny"), "  Other:\n    Type: AWS::S3::Bucket\n"])
def test_a_bucket_that_only_roles_use_has_no_other_readers(beside: str) -> None:
    assert told(BUCKET, DATA + READER + beside)["readers"] == "no"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (DATA, "others, as nothing here does"),
        (DATA + policy("Deny"), "others, as nothing here does"),
        (DATA + READER + policy("Allow"), "whom a policy lets in"),
        (DATA + READER + "  Trail:\n    Type: AWS::CloudTrail::Trail\n    Properties: {S3BucketName: !Ref Data}\n", "Trail"),
        (DATA + READER + OUTPUT, "whoever takes it from an output"),
        (DATA + "    Properties: {ReplicationConfiguration: {Role: x}}\n" + READER, "its copy elsewhere"),
    ],
)
def test_who_else_reads_a_bucket_is_named(text: str, who: str) -> None:
    assert told(BUCKET, text)["readers"] == who


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        (READER, "no"),
        (OUTPUT, "whoever takes it from an output"),
        ("Outputs:\n  Bucket: {Value: {Fn::GetAtt: [Data, Arn]}}\n", "whoever takes it from an output"),
        ("Outputs:\n  Bucket: {Value: {Fn::Sub: '${Data.Arn}/*'}}\n", "whoever takes it from an output"),
        ("Outputs:\n  Bucket: {Value: {Fn::Sub: '${Database.Arn}/*'}}\n", "no"),
        ("  Told:\n    Type: Custom::S3BucketNotifications\n    Properties: {BucketName: !Ref Data}\n", "Told"),
        ("  Asked:\n    Type: AWS::Lambda::Permission\n    Properties: {Principal: s3.amazonaws.com}\n", "Asked"),
    ],
)
def test_who_gets_to_know_a_bucket_may_set_its_notifications(beside: str, who: str) -> None:
    assert told(BUCKET, DATA + beside)["handed-out"] == who


@pytest.mark.parametrize(
    ("policy", "means"), [("Retain", "Retain"), ("Delete", "Delete"), ("Snapshot", "a snapshot, and then its end")]
)
def test_what_goes_with_its_stack_after_a_snapshot_is_not_there_to_stay(policy: str, means: str) -> None:
    text = f"  Orders:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: {policy}\n"
    assert told(TABLE, text)["deletion-policy"] == means


@pytest.mark.parametrize(
    ("more", "sign"),
    [
        ("", "the end of its stack"),
        ("    DeletionPolicy: Delete\n", "its deletion policy"),
        ("    DeletionPolicy: Retain\n", "no"),
    ],
)
def test_what_is_not_to_stay_shows_it(more: str, sign: str) -> None:
    assert told(TABLE, "  Orders:\n    Type: AWS::DynamoDB::Table\n" + more)["throw-away"] == sign


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (ASKED + RULE, "here"),
        (ASKED + RULE.replace("Config::ConfigRule", "Config::OrganizationConfigRule"), "the accounts of the organization"),
        (ASKED, "elsewhere, as far as this tells"),
        (ASKED + RULE.replace("Judge", "Other"), "elsewhere, as far as this tells"),
        (ASKED.replace("config.", "sns.") + RULE, "elsewhere, as far as this tells"),
    ],
)
def test_a_service_that_calls_from_here_is_seen(text: str, where: str) -> None:
    assert told(PERMISSION, text)["callers"] == where


@pytest.mark.parametrize(
    ("domain", "sign"),
    [
        ("!GetAtt Balancer.DNSName", "no"),
        ("!GetAtt Plain.DNSName", "the balancer Plain"),
        ("!GetAtt Both.DNSName", "no"),
        ("!GetAtt Data.RegionalDomainName", "no"),
        ("site.s3-website-eu-west-1.amazonaws.com", "a web site"),
        ('!Sub "${Data}.s3-website.${AWS::Region}.amazonaws.com"', "a web site"),
        ("!Select [2, !Split [/, !GetAtt Data.WebsiteURL]]", "a web site"),
    ],
)
def test_an_origin_that_speaks_no_https_is_seen(domain: str, sign: str) -> None:
    origins = f"[{{Id: a, DomainName: {domain}}}]"
    text = f"  Edge:\n    Type: AWS::CloudFront::Distribution\n    Properties: {{DistributionConfig: {{Origins: {origins}}}}}\n"
    for name, listeners in {"Balancer": (), "Plain": ("HTTP",), "Both": ("HTTP", "HTTPS")}.items():
        text += f"  {name}: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer}}\n"
        for each in listeners:
            body = f"{{LoadBalancerArn: !Ref {name}, Protocol: {each}}}"
            text += f"  {name}{each}: {{Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {body}}}\n"
    assert told(EDGE, text)["plain-origin"] == sign


@pytest.mark.parametrize(("domain", "by"), [("!GetAtt Data.RegionalDomainName", "by Edge"), ("example.org", "no")])
def test_a_bucket_that_cloudfront_serves_is_seen(domain: str, by: str) -> None:
    origins = f"{{DistributionConfig: {{Origins: [{{Id: a, DomainName: {domain}}}]}}}}"
    assert told(BUCKET, DATA + f"  Edge: {{Type: AWS::CloudFront::Distribution, Properties: {origins}}}\n")["edge"] == by


SHOP = "  Shop: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {T: !Ref Alarms}}}}\n"
ALARMS = "  Alarms: {Type: AWS::SNS::Topic}\n"
ALARM = "  Errors: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref Alarms]}}\n"
SERVED = "  Edge: {Type: AWS::CloudFront::Distribution, Properties: {DistributionConfig: {Origins: [{DomainName: !Ref Data}]}}}\n"
PAGES = "  Pages: {Type: AWS::S3::Bucket, Properties: {BucketName: pages, WebsiteConfiguration: {IndexDocument: i.html}}}\n"


@pytest.mark.parametrize(
    ("location", "beside", "by"),
    [
        ("!Ref Data", "", "no"),
        ("!Ref Data", SERVED, "by Edge"),
        ("pages", PAGES, "by Pages"),
        ("!Ref Name", PAGES.replace("pages", "!Ref Name"), "by Pages"),
        ("elsewhere", PAGES, "no"),
    ],
)
def test_a_build_of_a_web_site_is_seen(location: str, beside: str, by: str) -> None:
    build = f"  Build: {{Type: AWS::CodeBuild::Project, Properties: {{Artifacts: {{Type: S3, Location: {location}}}}}}}\n"
    assert told(BUILD, build + DATA + beside) == {"site": by}


EVENTS = "Events: {A: {Type: SNS, Properties: {Topic: !Ref Alarms}}}"
HEARS = f"  Hears: {{Type: AWS::Serverless::Function, Properties: {{Handler: a, {EVENTS}}}}}\n"
RULE = "  Letters: {Type: AWS::SES::ReceiptRule, Properties: {Rule: {Actions: [{SNSAction: {TopicArn: !Ref Alarms}}]}}}\n"
MAIL = "  Mail: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Alarms, Protocol: email}}\n"


def let_in(principal: str, topic: str = "!Ref Alarms", effect: str = "Allow") -> str:
    statement = f"{{Effect: {effect}, Principal: {principal}, Action: 'sns:Publish', Resource: '*'}}"
    body = f"{{Topics: [{topic}], PolicyDocument: {{Statement: {statement}}}}}"
    return f"  Policy: {{Type: AWS::SNS::TopicPolicy, Properties: {body}}}\n"


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        (ALARM + MAIL, "services"),
        (let_in("{Service: cloudtrail.amazonaws.com}"), "services"),
        (let_in("{Service: [s3.amazonaws.com, events.amazonaws.com]}") + ALARM, "services"),
        (ALARM + let_in("'*'", effect="Deny"), "services"),
        ("", f"{PERHAPS}: others, as nothing here does"),
        (MAIL, f"{PERHAPS}: others, as nothing here does"),
        (HEARS, f"{PERHAPS}: others, as nothing here does"),
        ("Outputs:\n  Topic: {Value: !Ref Alarms}\n", f"{PERHAPS}: others, who know its name"),
        (SHOP + "Outputs:\n  Topic: {Value: !Ref Alarms}\n", "Shop"),
        (ALARM + "Outputs:\n  Topic: {Value: !Ref Alarms}\n", f"{BESIDES}: others, who know its name"),
        (let_in("{Service: lambda.amazonaws.com}"), STRANGERS),
        (let_in("{Service: ses.amazonaws.com}"), f"{BESIDES}: ses.amazonaws.com"),
        (RULE, f"{PERHAPS}: Letters"),
        (ALARM + RULE, f"{BESIDES}: Letters"),
        (let_in("{AWS: '*'}"), STRANGERS),
        (ALARM + let_in("{AWS: '*'}"), STRANGERS),
        (ALARM + let_in("'*'", topic="!ImportValue shared"), STRANGERS),
        (SHOP, "Shop"),
        (HEARS.replace("Handler: a", "Environment: {Variables: {T: !Ref Alarms}}"), "Hears"),
        (ALARM + SHOP, f"{BESIDES}: Shop"),
    ],
)
def test_who_publishes_to_a_topic_is_told(beside: str, who: str) -> None:
    assert told(TOPIC, ALARMS + beside) == {"publishers": who}


def test_a_topic_with_a_name_may_be_published_to_by_whoever_knows_it() -> None:
    named = "  Alarms: {Type: AWS::SNS::Topic, Properties: {TopicName: alarms}}\n"
    assert told(TOPIC, named + ALARM) == {"publishers": f"{BESIDES}: others, who know its name"}


def test_the_key_of_a_topic_lets_in_every_service_that_counts_as_one() -> None:
    offers = load_one(ROOT / "aws/sns/topic.yaml", ROOT).layouts["cloudformation"]["offers"]
    statements = offers["topic-key"]["makes"]["TopicKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert set(statements[1]["Principal"]["Service"]) == SERVICES


def test_the_key_of_a_topic_that_anybody_may_publish_to_is_open_through_sns_alone() -> None:
    offers = load_one(ROOT / "aws/sns/topic.yaml", ROOT).layouts["cloudformation"]["offers"]
    statements = offers["open-topic-key"]["makes"]["OpenTopicKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert set(statements[1]["Principal"]["Service"]) == ALL_SERVICES
    assert statements[2]["Condition"]["StringEquals"].keys() == {"kms:CallerAccount", "kms:ViaService"}


TRAIL = "  Trail: {Type: AWS::CloudTrail::Trail, Properties: {S3BucketName: !Ref Data}}\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (DATA, "what nothing here tells"),
        (DATA + TRAIL, "little"),
        (DATA + policy("Allow") + TRAIL, "little"),
        (
            DATA + "    Properties: {LifecycleConfiguration: {Rules: [{ExpirationInDays: 9}]}}\n" + TRAIL,
            "all that its rules expire",
        ),
        (DATA + TRAIL + READER, "Resize"),
        (DATA + TRAIL + OUTPUT, "what whoever takes it from an output does"),
        (DATA + TRAIL.replace("S3BucketName", "TrailName"), "Trail"),
    ],
)
def test_what_old_versions_come_to_is_told(text: str, what: str) -> None:
    assert told(BUCKET, text)["old-versions"] == what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (DATA, "no"),
        (DATA + TRAIL, "by Trail"),
        (DATA + TRAIL.replace("!Ref Data", "!Ref Data, KMSKeyId: x"), "no"),
        (DATA + TRAIL.replace("{S3BucketName: !Ref Data}", "!Transform x"), "no"),
        (DATA + policy("Allow").replace("AWS: arn:aws:iam::1:root", "Service: cloudtrail.amazonaws.com"), "by a policy"),
        (DATA + policy("Allow"), "no"),
    ],
)
def test_what_writes_its_records_into_a_bucket_as_nobody_of_the_account_is_named(text: str, what: str) -> None:
    by_policy: Plain = {"in": "AWS::S3::BucketPolicy", "by": "Bucket", "at": "PolicyDocument"}
    layout: dict[str, Plain] = {"type": "AWS::S3::Bucket", "Policy": by_policy, "evidence": {"trails": "trails"}}
    assert told(layout, text)["trails"] == what


@pytest.mark.parametrize(("action", "what"), [("'ecr:PutImage'", "by Role"), ("'ecr:BatchGetImage'", "no")])
def test_what_says_that_a_build_makes_images_is_named(action: str, what: str) -> None:
    build: dict[str, Plain] = {"type": "AWS::CodeBuild::Project", "evidence": {"images-made": "images-made"}}
    role = (
        f"  Role: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{{Action: {action}}}]}}}}]}}}}\n"
    )
    assert told(build, "  App: {Type: AWS::CodeBuild::Project}\n" + role) == {"images-made": what}


@pytest.mark.parametrize(("said", "what"), [("BuildSpec: 'phases: {}'", "no"), ("Type: CODECOMMIT", "elsewhere")])
def test_a_build_whose_specification_is_elsewhere_may_make_images(said: str, what: str) -> None:
    build: dict[str, Plain] = {"type": "AWS::CodeBuild::Project", "evidence": {"images-made": "images-made"}}
    text = f"  App: {{Type: AWS::CodeBuild::Project, Properties: {{Source: {{{said}}}}}}}\n"
    assert told(build, text) == {"images-made": what}


@pytest.mark.parametrize(("tag", "who"), [("latest", "by Task"), ("${Tag}", "no")])
def test_who_takes_an_image_by_a_tag_that_moves_is_named(tag: str, who: str) -> None:
    repository: dict[str, Plain] = {"type": "AWS::ECR::Repository", "evidence": {"moving-tags": "moving-tags"}}
    task = f'{{Type: AWS::ECS::TaskDefinition, Properties: {{Image: !Sub "${{App.RepositoryUri}}:{tag}"}}}}'
    assert told(repository, f"  App: {{Type: AWS::ECR::Repository}}\n  Task: {task}\n") == {"moving-tags": who}


GATEWAY = "  Gateway: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref Public}}\n"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "others, as nothing here does"),
        (GATEWAY, "no"),
        ("  Call: {Type: AWS::Lambda::Function, Properties: {Subnet: !Ref Public}}\n", "no"),
        ("  Nodes: {Type: AWS::EKS::Cluster, Properties: {Subnet: !Ref Public}}\n", "Nodes"),
        (GATEWAY + "  Web: {Type: AWS::EC2::Instance, Properties: {SubnetId: !Ref Public}}\n", "Web"),
        (GATEWAY + "Outputs: {Public: {Value: !Ref Public}}\n", "whoever takes it from an output"),
    ],
)
def test_who_starts_something_in_a_subnet_is_named(text: str, who: str) -> None:
    subnet: dict[str, Plain] = {"type": "AWS::EC2::Subnet", "evidence": {"starters": "starters"}}
    assert told(subnet, "  Public: {Type: AWS::EC2::Subnet}\n" + text) == {"starters": who}


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        ("  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: TableName, Value: !Ref Data}]}}\n", "no"),
        (
            "  Shop: {Type: AWS::Serverless::Function, Properties: {Policies: [{DynamoDBReadPolicy: {TableName: !Ref Data}}]}}\n",
            "by Shop",
        ),
        (
            "  All: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: {Action: 'dynamodb:*', Resource: '*'}}}}\n",
            "by All",
        ),
        ("Globals: {Function: {Environment: {Variables: {TABLE: !Ref Data}}}}\n", "by Globals"),
        ("Outputs: {Table: {Value: !GetAtt Data.Arn}}\n", "by Outputs"),
    ],
)
def test_a_table_has_readers_where_something_names_it(beside: str, who: str) -> None:
    text = "Resources:\n  Data:\n    Type: AWS::DynamoDB::Table\n" + beside
    given = {"t": Source("t", "yaml", lenses.get("yaml", text.encode()))}
    seen = cloudformation.view("k", {"type": "AWS::DynamoDB::Table", "evidence": {"read-by": "read-by"}}, given)
    assert seen[0].tree["source"]["read-by"] == who


@pytest.mark.parametrize(("scheme", "who"), [("", "by Front"), ("Scheme: internal, ", "no")])
def test_who_serves_the_internet_in_a_group_is_named(scheme: str, who: str) -> None:
    group: dict[str, Plain] = {"type": "AWS::EC2::SecurityGroup", "evidence": {"front": "front"}}
    balancer = f"{{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{{scheme}SecurityGroups: [!Ref G]}}}}"
    assert told(group, f"  G: {{Type: AWS::EC2::SecurityGroup}}\n  Front: {balancer}\n") == {"front": who}


@pytest.mark.parametrize(
    ("bucket", "way"), [("!Ref Data", "a policy for all"), ("!Ref Name", "a policy for all"), ("!Ref Other", "a policy")]
)
def test_a_policy_that_surely_publishes_a_bucket_is_told(bucket: str, way: str) -> None:
    layout: dict[str, Plain] = {"type": "AWS::S3::Bucket", "evidence": {"public": "public"}}
    everybody = '{Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObject"}]}'
    policy = f"  P: {{Type: AWS::S3::BucketPolicy, Properties: {{Bucket: {bucket}, PolicyDocument: {everybody}}}}}\n"
    assert told(layout, "  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Name}}\n" + policy) == {"public": way}


CALLED = "  Called: {Type: 'AWS::Lambda::Permission', Properties: {Principal: s3.amazonaws.com, SourceArn: !GetAtt %s.Arn}}\n"


@pytest.mark.parametrize(
    ("rest", "by"),
    [
        ("", "no"),
        (CALLED % "Data", "by Called"),
        (CALLED % "Other", "no"),
        ("  Role: {Type: 'AWS::IAM::Role', Properties: {Policies: [{Action: 's3:PutBucketNotification'}]}}\n", "by Role"),
        ("  Code: {Type: 'AWS::Lambda::Function', Properties: {Code: {ZipFile: s3.put_bucket_notification()}}}\n", "by Code"),
    ],
)
def test_notifications_that_are_set_elsewhere_are_seen(rest: str, by: str) -> None:
    layout: dict[str, Plain] = {"type": "AWS::S3::Bucket", "evidence": {"notifiers": "notifiers"}}
    assert told(layout, DATA + rest)["notifiers"] == by
