"""Who publishes to a topic of a template: services of AWS, which may use a key only where its policy names them, or programs.

Amazon SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics".
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_index import mentions, spoken_of, tied, users
from setright.bindings.layouts._cloudformation_values import resource_type
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.trees import as_list

SERVICES = frozenset(  # whom the policy of the key that a topic is offered lets use it
    f"{each}.amazonaws.com" for each in ("budgets", "cloudtrail", "cloudwatch", "events", "s3")
)
ALL_SERVICES = SERVICES | {  # whom the policy of the key that is open to all who publish lets use it besides
    f"{each}.amazonaws.com" for each in ("codestar-notifications", "dms", "ds", "dynamodb", "events.rds", "redshift", "ses")
}
PUBLISHING = (  # the resources by which such a service comes to publish
    *("AWS::Budgets::Budget", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"),
    *("AWS::Events::Rule", "AWS::S3::Bucket"),
)
SERVICE, STRANGERS = ".amazonaws.com", "programs besides services: whom a policy lets in"
BESIDES, PERHAPS, BY_NAME = "programs and services", "perhaps services", "others, who know its name"
LISTENING = ("AWS::Lambda::Permission", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy")
PROGRAMS = (  # what publishes with rights that the account gave it
    *("AWS::Batch::JobDefinition", "AWS::CodeBuild::Project", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"),
    *("AWS::ECS::TaskDefinition", "AWS::Glue::Job", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"),
    *("AWS::IAM::Role", "AWS::IAM::User", "AWS::IoT::TopicRule", "AWS::Lambda::Function", "AWS::Serverless::Function"),
    *("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"),
)


def publishers(template: Tree, name: str, tree: Tree) -> str:
    """``services`` where only services of AWS publish to a topic, and some do; a program's name where only programs do.

    Where nothing here tells that no service does, as of a topic that only others publish to, it is ``perhaps services``.
    """
    let_in = list(_let_in(template, name))
    if not all(isinstance(each, str) and each in ALL_SERVICES for each in let_in):
        return STRANGERS
    known = "TopicName" in tree or mentions(template, "Outputs", name)
    named = {id_: resource_type(template["Resources"][id_]) for id_ in users(template, name)}
    others = [id_ for id_, kind in named.items() if kind not in (*PUBLISHING, *LISTENING) and not _only_hears(template, id_, name)]
    others += [str(each) for each in let_in if each not in SERVICES]
    if set(named.values()) & set(PUBLISHING) or let_in:
        perhaps = f"{BESIDES}: {BY_NAME}" if known else "services"
        return f"{BESIDES}: {others[0]}" if others else perhaps
    unsure = [id_ for id_ in others if named[id_] not in PROGRAMS]
    if others and not unsure:
        return others[0]
    return f"{PERHAPS}: {next(iter(unsure), BY_NAME if known else 'others, as nothing here does')}"


def _only_hears(template: Tree, id_: str, name: str) -> bool:
    """Whether a function of SAM speaks of a topic only where its events come from."""
    body = template["Resources"][id_]
    properties = look_up(body, ("Properties",))
    if resource_type(body) != "AWS::Serverless::Function" or not isinstance(properties, dict):
        return False
    rest = {**body, "Properties": {key: value for key, value in properties.items() if key != "Events"}}
    return name not in spoken_of({"Resources": {id_: rest, name: {}}}, id_)


def _let_in(template: Tree, name: str) -> Iterator[Plain]:
    """Whom policies let publish to a topic: services by their names, anybody else as what is written."""
    for _, policy in tied(template, "AWS::SNS::TopicPolicy", "Topics/*").of(name):
        statements = look_up(policy, ("PolicyDocument", "Statement"))
        for each in as_list(statements) if not isinstance(statements, Unknown) else [statements]:
            if not isinstance(each, dict):
                yield Unknown("a statement that cannot be told")
            elif each.get("Effect") != "Deny":
                principal = each.get("Principal")
                known = isinstance(principal, dict) and set(principal) == {"Service"}
                yield from as_list(principal["Service"]) if known and isinstance(principal, dict) else [principal]
