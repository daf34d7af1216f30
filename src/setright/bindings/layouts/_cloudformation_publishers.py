"""Who publishes to a topic of a template: services of AWS, which may use a key only where its policy names them, or programs.

Amazon SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics".
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_index import speaks, tied, users
from setright.bindings.layouts._cloudformation_values import resource_type
from setright.bindings.layouts._documents import listed
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

SERVICES = frozenset(  # whom the policy of the key that a topic is offered lets use it
    f"{each}.amazonaws.com" for each in ("budgets", "cloudtrail", "cloudwatch", "events", "s3")
)
PUBLISHING = (  # the resources by which such a service comes to publish
    *("AWS::Budgets::Budget", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"),
    *("AWS::Events::Rule", "AWS::S3::Bucket"),
)
SERVICE, BESIDES, BY_NAME = ".amazonaws.com", "programs besides services", "others, who know its name"
LISTENING = ("AWS::SNS::Subscription", "AWS::SNS::TopicPolicy")


def publishers(template: Tree, name: str, tree: Tree) -> str:
    """``services`` where only services of AWS publish to a topic, and some do; else who else may.

    What nothing here tells of comes after ``; perhaps``, whom the key for services would shut out as programs besides services.
    """
    known = "TopicName" in tree or speaks(template, "Outputs", name)
    named = {id_: resource_type(template["Resources"][id_]) for id_ in users(template, name)}
    others = [id_ for id_, kind in named.items() if kind not in (*PUBLISHING, *LISTENING)]
    let_in = list(_let_in(template, name))
    if not all(isinstance(each, str) and each in SERVICES for each in let_in):
        others.append("whom a policy lets in")
    if set(named.values()) & set(PUBLISHING) or any(str(each).endswith(SERVICE) for each in let_in):
        perhaps = f"services; perhaps {BY_NAME}" if known else "services"
        return f"{BESIDES}: {others[0]}" if others else perhaps
    return BY_NAME if known else next(iter(others), "others, as nothing here does")


def _let_in(template: Tree, name: str) -> Iterator[Plain]:
    """Whom policies let publish to a topic: services by their names, anybody else as what is written."""
    for _, policy in tied(template, "AWS::SNS::TopicPolicy", "Topics/*").of(name):
        statements = look_up(policy, ("PolicyDocument", "Statement"))
        for each in listed(statements) if not isinstance(statements, Unknown) else [statements]:
            if not isinstance(each, dict):
                yield Unknown("a statement that cannot be told")
            elif each.get("Effect") != "Deny":
                principal = each.get("Principal")
                known = isinstance(principal, dict) and set(principal) == {"Service"}
                yield from listed(principal["Service"]) if known and isinstance(principal, dict) else [principal]
