"""Who publishes to a topic of a module: services of AWS, which may use a key only where its policy names them, or programs.

Amazon SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_bundles import PUBLISHERS
from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_policy import policy_document
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

SERVICES = frozenset(f"{each}.amazonaws.com" for each in PUBLISHERS)  # whom the key that a topic is offered lets use it
PUBLISHING = (  # the resources by which such a service comes to publish
    *("aws_budgets_budget", "aws_cloudtrail", "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"),
    *("aws_cloudwatch_event_target", "aws_s3_bucket_notification"),
)
SERVICE, BESIDES = ".amazonaws.com", "programs besides services"
POLICY = "aws_sns_topic_policy"
UNKNOWN_THERE = (  # by which others come to publish that the key does not name, since they are not everywhere
    *("aws_ce_anomaly_subscription", "aws_glacier_vault", "aws_inspector_assessment_template", "aws_ssmcontacts_contact_channel"),
    "aws_ssmincidents_response_plan",
)
LISTENING = ("aws_sns_topic_subscription", POLICY)


def publishers(module: Module, block: Block, tree: Tree) -> str:
    """``services`` where only services of AWS publish to a topic, and some do; else who else may.

    What nothing here tells of comes after ``; perhaps``, whom the key for services would shut out as programs besides services.
    """
    taken = handed_out(module, block, tree)
    named = [each for each, _ in namers(module, block)]
    others = [each.address for each in named if each.type not in (*PUBLISHING, *LISTENING) and not _is_for_topics(each)]
    let_in = list(_let_in(module, block))
    if not all(isinstance(each, str) and each in SERVICES for each in let_in):
        others.append("whom a policy lets in")
    if any(each.type in PUBLISHING for each in named) or any(str(each).endswith(SERVICE) for each in let_in):
        perhaps = "services" if taken == "no" else f"services; perhaps {taken}"
        return f"{BESIDES}: {others[0]}" if others else perhaps
    return taken if taken != "no" else next(iter(others), "others, as nothing here does")


def _is_for_topics(other: Block) -> bool:
    """Whether a data block makes the policy of a topic: it says for whom, which the policy of a role does not."""
    statements = other.body.get("statement")
    listed = statements if other.type == "data.aws_iam_policy_document" and isinstance(statements, list) else []
    return bool(listed) and all(isinstance(each, dict) and "principals" in each for each in listed)


def _let_in(module: Module, block: Block) -> Iterator[Plain]:
    """Whom policies let publish to a topic: services by their names, anybody else as what is written."""
    for policy in module.resources(POLICY):
        about = module.resolved(policy.body.get("arn"))
        if isinstance(about, Unknown) and "aws_sns_topic." in about.text and not refers(about.text, block.address):
            continue
        statements = look_up(policy_document(module, policy.body.get("policy")), ("Statement",))
        for each in statements if isinstance(statements, list) else [statements]:
            if not isinstance(each, dict):
                yield Unknown("a statement that cannot be told")
            elif each.get("Effect") != "Deny":
                yield from _principals(each.get("Principal"))


def _principals(principal: Plain) -> Iterator[Plain]:
    services = principal["Service"] if isinstance(principal, dict) and set(principal) == {"Service"} else None
    yield from services if isinstance(services, list) else [services or principal]


def strangers(module: Module, block: Block, tree: Tree) -> str:
    """Who publishes to a topic and may not use the key that it is offered: ``no`` where nothing in the tree tells of any."""
    other = next((each.address for each, _ in namers(module, block) if each.type in UNKNOWN_THERE), "")
    let_in = (each for home in module.tree.values() for each in _let_in(home, block))
    return other or ("no" if all(isinstance(each, str) and each in SERVICES for each in let_in) else "whom a policy lets in")


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"publishers": publishers, "strangers": strangers}
