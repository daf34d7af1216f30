"""What services of AWS bring into a bucket in their own name: mail, reports, audit logs. They may use no key that AWS manages.

Amazon S3 User Guide, using KMS encryption; of each service, what its principal needs: Amazon SES, S3 action; Amazon Redshift,
database audit logging, which takes S3's own key only; Amazon S3 Inventory; AWS Systems Manager, resource data sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.layouts._cloudformation_index import users
from setright.bindings.layouts._cloudformation_values import resource_type, uses
from setright.bindings.trees import look_up
from setright.model import Path, Tree
from setright.trees import as_list

PLACES: Mapping[str, tuple[Path, ...]] = {
    "AWS::AppFlow::Flow": (("DestinationFlowConfigList",),),
    "AWS::CUR::ReportDefinition": (("S3Bucket",),),
    "AWS::MSK::Cluster": (("LoggingInfo",),),
    "AWS::NetworkFirewall::LoggingConfiguration": (("LoggingConfiguration",),),
    "AWS::Redshift::Cluster": (("LoggingProperties",),),
    "AWS::Route53Resolver::ResolverQueryLoggingConfig": (("DestinationArn",),),
    "AWS::S3::Bucket": (("InventoryConfigurations",), ("AnalyticsConfigurations",)),
    "AWS::S3::StorageLens": (("StorageLensConfiguration",),),
    "AWS::SES::ReceiptRule": (("Rule",),),
    "AWS::SSM::ResourceDataSync": (("S3Destination",), ("BucketName",)),
    "AWS::WAFv2::LoggingConfiguration": (("LogDestinationConfigs",),),
}
PUTS = ("s3:put", "s3:*", "*")


def deliveries(template: Tree, name: str, tree: Tree) -> str:
    """``by`` what has a service bring something into a bucket in its own name; or ``no``."""
    for id_ in users(template, name):
        body = template["Resources"][id_]
        if any(uses(look_up(body, ("Properties", *place)), name) for place in PLACES.get(resource_type(body), ())):
            return f"by {id_}"
    return next((f"by {each}" for each in _let_in(tree)), "no")


def _let_in(tree: Tree) -> Iterator[str]:
    """The services that the bucket's policy lets put something there."""
    for each in as_list(look_up(tree, ("Policy", "Statement"))):
        if isinstance(each, dict) and each.get("Effect") != "Deny" and _puts(each):
            service = look_up(each, ("Principal", "Service"))
            yield from ["a policy"] if service is not None else []


def _puts(statement: Tree) -> bool:
    return any(isinstance(each, str) and each.lower().startswith(PUTS) for each in as_list(statement.get("Action")))
