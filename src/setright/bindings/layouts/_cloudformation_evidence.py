"""What a template tells of a resource that clears a fear: whom it lets in, what asks for its data, what its deletion does.

`source/deletion-policy` is what the resource says itself, where it goes with its stack after a snapshot as much;
`source/serverless` that SAM makes it; an entry's `evidence: {NAME: FUNCTION}` gives `source/NAME`.
AWS CloudFormation User Guide, DeletionPolicy; Amazon S3 User Guide, the meaning of "public"; Amazon EC2 User Guide, metadata.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts import _cloudformation_serverless as serverless
from setright.bindings.layouts._cloudformation_code import code
from setright.bindings.layouts._cloudformation_deliveries import deliveries
from setright.bindings.layouts._cloudformation_edge import built_site, delivered_logs, edge, edge_function, edge_logs, log_place
from setright.bindings.layouts._cloudformation_index import index, mentions, of_type, speakers, surely_names, tied, typed, users
from setright.bindings.layouts._cloudformation_logins import logins
from setright.bindings.layouts._cloudformation_metadata import containers, metadata
from setright.bindings.layouts._cloudformation_notifiers import notifiers
from setright.bindings.layouts._cloudformation_principals import closed
from setright.bindings.layouts._cloudformation_publishers import publishers
from setright.bindings.layouts._cloudformation_readers import read_by, trails
from setright.bindings.layouts._cloudformation_values import function, properties, referred, resource_type, uses
from setright.bindings.layouts._cloudformation_ways import way_out
from setright.bindings.layouts._databases import is_default_group
from setright.bindings.layouts._documents import publishes
from setright.bindings.layouts._gateway_routes import api_protocol, can_ask
from setright.bindings.layouts._task_containers import writes
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

PREFIX = "source"
PROGRAMS = (
    "AWS::IAM::",
    "AWS::Lambda::Function",
    "AWS::Serverless::Function",
    "AWS::SNS::Subscription",
    "AWS::ECS::TaskDefinition",
)
READERS = (  # what uses a bucket by a role of this account
    *("AWS::IAM::", "AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::ECS::TaskDefinition", "AWS::EC2::Instance"),
    *(
        "AWS::CodeBuild::Project",
        "AWS::CodePipeline::Pipeline",
        "AWS::Glue::Job",
        "AWS::Glue::Crawler",
        "AWS::Batch::JobDefinition",
    ),
    *("AWS::KinesisFirehose::DeliveryStream", "AWS::SageMaker::Model", "AWS::SageMaker::NotebookInstance"),
)
HANDS_ON = ("Custom::", "AWS::CloudFormation::", "AWS::SSM::Parameter", "AWS::Lambda::Permission")
CALLING = {  # the resources by which a service comes to call a function
    "config.amazonaws.com": "AWS::Config::",
    "s3.amazonaws.com": "AWS::S3::Bucket",
    "sns.amazonaws.com": "AWS::SNS::",
    "ses.amazonaws.com": "AWS::SES::",
    "logs.amazonaws.com": "AWS::Logs::",
    "secretsmanager.amazonaws.com": "AWS::SecretsManager::",
}
HTTP_API = "AWS::Serverless::HttpApi"
BALANCER, LISTENER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"
AT_THE_END = {"Snapshot": "a snapshot, and then its end"}
WEB_SITE = re.compile(r"s3-website|\bWebsiteURL\b")
CANNED_PUBLIC = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")


def view(layout: Mapping[str, Plain], template: Tree, name: str, tree: Tree) -> Tree:
    """All evidence there is on a resource, for the kind's tree; `tree` is what is known of it so far."""
    found = {key: FUNCTIONS[named](template, name, tree) for key, named in layout.get("evidence", {}).items()}
    found |= {"writes": writes(tree.get("ContainerDefinitions"), layout["images"])} if "images" in layout else {}
    deletion = look_up(template, ("Resources", name, "DeletionPolicy"))
    found |= {"deletion-policy": AT_THE_END.get(deletion, deletion)} if isinstance(deletion, str) else {}
    found |= {"serverless": "yes"} if "serverless" in layout and serverless.is_one(layout, template, name) else {}
    return {PREFIX: found} if found else {}


def told(named: str, template: Tree, name: str) -> Plain:
    """One piece of evidence on a resource of which only its own properties, and policies of buckets, are looked at."""
    policies: Plain = [body for _, body in _policies(template, name)]
    return FUNCTIONS[named](template, name, {**properties(template, name), "Policy": policies})


def _public(template: Tree, name: str, tree: Tree) -> str:
    """By what a bucket may be open to everybody: ``no`` where nothing in the template speaks for it."""
    return ", ".join(dict.fromkeys(_ways(template, name, tree))) or "no"


def _ways(template: Tree, name: str, tree: Tree) -> Iterator[str]:
    if "WebsiteConfiguration" in tree:
        yield "a web site"
    canned = tree.get("AccessControl")
    if canned in CANNED_PUBLIC or isinstance(canned, Unknown):
        yield "an access list"
    block = tree.get("PublicAccessBlockConfiguration")
    if isinstance(block, Unknown) or (
        isinstance(block, dict) and not all(str(value).lower() == "true" for value in block.values())
    ):
        yield "settings that allow it"
    for _, policy in _policies(template, name):
        if not closed(document := look_up(policy, ("PolicyDocument",)), template):
            yield "a policy for all" if publishes(document) and surely_names(template, policy.get("Bucket"), name) else "a policy"


def _policies(template: Tree, bucket: str) -> list[tuple[str, Tree]]:
    """Those for a bucket, and for what may be any."""
    return tied(template, "AWS::S3::BucketPolicy", "Bucket", among="AWS::S3::Bucket").of(bucket)


def _readers(template: Tree, name: str, tree: Tree) -> str:
    """Who reads a bucket besides programs of this account, by their roles: ``no`` where there are only those, and some."""
    if way := next(_ways(template, name, tree), ""):
        return way
    if "ReplicationConfiguration" in tree:
        return "its copy elsewhere"
    if not all(_refuses(look_up(policy, ("PolicyDocument", "Statement"))) for _, policy in _policies(template, name)):
        return "whom a policy lets in"
    if (others := _handed_out(template, name, tree)) != "no":
        return others
    named = users(template, name)
    there = [(id_, kind) for id_ in named if (kind := resource_type(template["Resources"][id_])) != "AWS::S3::BucketPolicy"]
    odd = [id_ for id_, kind in there if not kind.startswith(READERS)]
    return str(next(iter(odd), "no" if there else "others, as nothing here does"))


LOGS_OF = {  # the properties by which a service writes its logs into a bucket, and has no right to a key of KMS
    "AWS::S3::Bucket": ("LoggingConfiguration", "DestinationBucketName"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("LoadBalancerAttributes",),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("AccessLoggingPolicy",),
    "AWS::EC2::FlowLog": ("LogDestination",),
    "AWS::CloudFront::Distribution": ("DistributionConfig", "Logging"),
}
LOG_WRITER = re.compile(r"(?:\blogging\.s3|\bdelivery\.logs|\blogdelivery\.elasticloadbalancing)\.amazonaws\.com")


def _logs(template: Tree, name: str, tree: Tree) -> str:
    """Whether services of Amazon's write their logs into a bucket: ``no``, or by what."""
    for id_ in speakers(template, name):
        other = template["Resources"][id_]
        place = LOGS_OF.get(resource_type(other))
        if place and uses(look_up(other, ("Properties", *place)), name):
            return f"by {id_}"
    own = look_up(template, ("Resources", name, "Properties", "LoggingConfiguration"))
    if own is not None and look_up(own, ("DestinationBucketName",)) is None:
        return "by itself"
    return "by a policy" if LOG_WRITER.search(str(tree.get("Policy"))) else "no"


WRITTEN_ONCE = {
    **LOGS_OF,
    "AWS::CloudTrail::Trail": ("S3BucketName",),
    "AWS::Config::DeliveryChannel": ("S3BucketName",),
}


def _old_versions(template: Tree, name: str, tree: Tree) -> str:
    """What old versions of a bucket's objects come to: ``little`` where services write logs there, each once."""
    if "Expiration" in str(tree.get("LifecycleConfiguration")):
        return "all that its rules expire"
    if mentions(template, "Outputs", name):
        return "what whoever takes it from an output does"
    named = {id_: template["Resources"][id_] for id_ in users(template, name)}
    there = {id_: other for id_, other in named.items() if resource_type(other) != "AWS::S3::BucketPolicy"}
    odd = [id_ for id_, other in there.items() if not _writes_once(other, name)]
    return next(iter(odd), "little" if there else "what nothing here tells")


def _writes_once(other: Plain, name: str) -> bool:
    """Whether a resource speaks of a bucket only as the place for its logs."""
    place = WRITTEN_ONCE.get(resource_type(other))
    return place is not None and uses(look_up(other, ("Properties", *place)), name) == uses(other, name)


def _refuses(statements: Plain) -> bool:
    listed = statements if isinstance(statements, list) else [statements]
    return all(isinstance(each, dict) and each.get("Effect") == "Deny" for each in listed)


def _handed_out(template: Tree, name: str, tree: Tree) -> str:
    """Who gets to know a resource besides its template: ``no`` where no output, nested stack or the like names it."""
    if mentions(template, "Outputs", name):
        return "whoever takes it from an output"
    there = template["Resources"]

    def by_s3() -> list[str]:
        calling = [id_ for id_, other in there.items() if look_up(other, ("Properties", "Principal")) == "s3.amazonaws.com"]
        return [id_ for id_ in calling if resource_type(there[id_]).startswith(HANDS_ON)]

    called = index(template).kept("called by s3", None, by_s3)[:1]
    handed = [id_ for id_ in speakers(template, name) if resource_type(there[id_]).startswith(HANDS_ON)]
    return str(next(iter([*called, *handed]), "no"))


def _throw_away(template: Tree, name: str, tree: Tree) -> str:
    """What tells that a resource goes with its stack, as one for tests does every day: ``no`` where it is to stay."""
    policy = look_up(template, ("Resources", name, "DeletionPolicy"))
    return "its deletion policy" if policy == "Delete" else "no" if isinstance(policy, str) else "the end of its stack"


def _callers(template: Tree, name: str, tree: Tree) -> str:
    """Where a service has what calls the function: ``here`` where the template makes it, and in this account alone."""
    function_name = referred(properties(template, name).get("FunctionName"))
    calling = CALLING.get(str(tree.get("Principal")), "")
    kinds = [resource_type(template["Resources"][id_]) for id_ in speakers(template, function_name or "")]
    there = [kind for kind in kinds if calling and kind.startswith(calling)]
    if any("::Organization" in kind for kind in there):
        return "the accounts of the organization"
    return "here" if there else "elsewhere, as far as this tells"


def _replaced(template: Tree, name: str, tree: Tree) -> str:
    """How CloudFormation replaces what cannot be changed and has no name of its own: it makes the new one first."""
    return "new first"


def _read_back(template: Tree, name: str, tree: Tree) -> str:
    """Whether who deploys reads back what is there, as a plan of Terraform's does: CloudFormation compares templates."""
    return "no"


def _subnets(template: Tree, name: str, tree: Tree) -> str:
    """Where a database stands: ``default`` for the account's default network, whose addresses are public."""
    return "own" if {"DBSubnetGroupName", "DBClusterIdentifier", "SourceDBInstanceIdentifier"} & tree.keys() else "default"


def _bucket(template: Tree, name: str, tree: Tree) -> str:
    """Whether a policy is for a bucket of the template: ``here``, or ``elsewhere``."""
    named = referred(properties(template, name).get("Bucket"))
    return "here" if named in typed(template, "AWS::S3::Bucket") else "elsewhere"


def _senders(template: Tree, name: str, tree: Tree) -> str:
    """Who may send to a queue besides roles that the template knows: ``no``, ``a policy``, or whoever else uses it."""
    if tied(template, "AWS::SQS::QueuePolicy", "Queues/*").of(name):
        return "a policy"
    topics = [id_ for id_ in users(template, name) if id_ in typed(template, "AWS::SNS::Subscription")]
    return topics[0] if topics else _users(template, name, tree)  # SNS sends in its own name


def _users(template: Tree, name: str, tree: Tree) -> str:
    """Who names a resource besides programs that use it by their role: ``no`` where there are only those, and some."""
    if {"QueueName", "TopicName"} & tree.keys() or mentions(template, "Outputs", name):
        return "others, who know its name"
    named = users(template, name)
    others = [id_ for id_ in named if not resource_type(template["Resources"][id_]).startswith(PROGRAMS)]
    return str((others or ["no" if named else "others, as nothing here does"])[0])


def _plain_origin(template: Tree, name: str, tree: Tree) -> str:
    """Whether a distribution fetches from what speaks HTTP only: the web site of a bucket, or a balancer of the template."""
    origins = look_up(tree, ("DistributionConfig", "Origins"))
    named = [each.get("DomainName") for each in origins if isinstance(each, dict)] if isinstance(origins, list) else []
    if any(WEB_SITE.search(function(each) or str(each)) for each in named):
        return "a web site"
    balancers = [id_ for id_, _ in of_type(template, BALANCER) if any(uses(each, id_) for each in named)]
    return next((f"the balancer {id_}" for id_ in balancers if not _speaks_tls(template, id_)), "no")


def _speaks_tls(template: Tree, balancer: str) -> bool:
    """Whether a listener of a load balancer may take HTTPS: not where there are listeners, and all take plain HTTP."""
    there = [body for _, body in of_type(template, LISTENER) if uses(body.get("LoadBalancerArn"), balancer)]
    return not there or any(body.get("Protocol") != "HTTP" for body in there)


def _front(template: Tree, name: str, tree: Tree) -> str:
    """``by`` the load balancer in a security group that serves the internet; ``no`` where this template has none in it."""
    balancers = {**typed(template, BALANCER), **typed(template, "AWS::ElasticLoadBalancing::LoadBalancer")}
    there = (id_ for id_, body in balancers.items() if uses(body.get("SecurityGroups"), name) and body.get("Scheme") != "internal")
    return next((f"by {id_}" for id_ in there), "no")


STARTS_NOTHING = frozenset(  # what is in a subnet without taking the public addresses that it gives
    f"AWS::{each}"
    for each in (
        *("EC2::SubnetRouteTableAssociation", "EC2::SubnetNetworkAclAssociation", "EC2::NatGateway", "EC2::VPCEndpoint"),
        *("ElasticLoadBalancing::LoadBalancer", "ElasticLoadBalancingV2::LoadBalancer", "EFS::MountTarget"),
        *("RDS::DBSubnetGroup", "ElastiCache::SubnetGroup", "Redshift::ClusterSubnetGroup", "EC2::NetworkInterface"),
        *("ECS::Service", "Lambda::Function", "Serverless::Function", "ApiGatewayV2::VpcLink"),
    )
)


def _starters(template: Tree, name: str, tree: Tree) -> str:
    """Who starts something in a subnet that may take its public addresses: ``no`` where all that knows it does not."""
    if mentions(template, "Outputs", name):
        return "whoever takes it from an output"
    named = {id_: resource_type(template["Resources"][id_]) for id_ in users(template, name)}
    odd = [id_ for id_, kind in named.items() if kind not in STARTS_NOTHING]
    return next(iter(odd), "no" if named else "others, as nothing here does")


def _network(template: Tree, name: str, tree: Tree) -> str:
    """Whether a load balancer is none for applications, or may be none."""
    return "no" if tree.get("Type", "application") == "application" else "yes"


MAKES_IMAGES = re.compile(
    r"ecr:(?:PutImage|InitiateLayerUpload|\*)|AmazonEC2ContainerRegistry(?:Full|Power)|\bdocker(?:\s+buildx)?\s+(?:build|push)\b"
)


def _images_made(template: Tree, name: str, tree: Tree) -> str:
    """Whether a build makes container images: ``by`` whatever in the template says so, its rights among it; else ``no``.

    ``elsewhere`` where a file or the repository that is built tells what the build does.
    """
    there = template["Resources"]

    def by_rights() -> list[str]:
        rights = [id_ for id_, other in there.items() if resource_type(other).startswith("AWS::IAM::")]
        return [id_ for id_ in rights if MAKES_IMAGES.search(str(there[id_]))]

    making = index(template).kept("rights to make images", None, by_rights)
    source = look_up(there[name], ("Properties", "Source"))
    is_told = source is None or "phases" in str(source.get("BuildSpec") if isinstance(source, dict) else source)
    found = (f"by {id_}" for id_ in ([name] if MAKES_IMAGES.search(str(there[name])) else making))
    return next(found, "no" if is_told else "elsewhere")


def _moving_tags(template: Tree, name: str, tree: Tree) -> str:
    """Who takes an image of a repository by a tag that moves, which is pushed again and again: ``no``, or ``by`` what."""
    moving = re.compile(rf"\$\{{{re.escape(name)}(?:\.RepositoryUri)?\}}:latest(?![\w.-])")
    return next((f"by {id_}" for id_ in users(template, name) if moving.search(str(template["Resources"][id_]))), "no")


def _can_ask(template: Tree, name: str, tree: Tree) -> Plain:
    """Whether a route can ask who calls."""
    return can_ask(tree.get("RouteKey"), _protocol(template, name))


def _speaks(template: Tree, name: str, tree: Tree) -> str:
    """What the API of a stage speaks: ``HTTP`` or ``WEBSOCKET``, where this template tells."""
    return api_protocol(_protocol(template, name))


def _protocol(template: Tree, name: str) -> Plain:
    own = template["Resources"].get(name)
    api = name if resource_type(own) == HTTP_API else referred(properties(template, name).get("ApiId")) or ""
    return "HTTP" if resource_type(template["Resources"].get(api)) == HTTP_API else properties(template, api).get("ProtocolType")


def _logs_role(template: Tree, name: str, tree: Tree) -> str:
    """Whether a stage waits for what gives API Gateway a role to write logs: ``here``, or ``elsewhere``."""
    waits = template["Resources"][name].get("DependsOn")
    accounts = typed(template, "AWS::ApiGateway::Account")
    is_here = any(each in accounts for each in (waits if isinstance(waits, list) else [waits]) if isinstance(each, str))
    return "here" if is_here else "elsewhere, as far as this tells"


def _statements(template: Tree, name: str, tree: Tree) -> str:
    """Whether a database has every statement logged: ``no``, or who tells."""
    return "no" if is_default_group(tree.get("DBParameterGroupName")) else "as its group says"


FUNCTIONS: Mapping[str, Callable[[Tree, str, Tree], Plain]] = {
    "statements": _statements,
    "code": code,
    "logs-role": _logs_role,
    "can-ask": _can_ask,
    "speaks": _speaks,
    "public": _public,
    "publishers": publishers,
    "senders": _senders,
    "bucket": _bucket,
    "users": _users,
    "metadata": metadata,
    "containers": containers,
    "subnets": _subnets,
    "readers": _readers,
    "handed-out": _handed_out,
    "notifiers": notifiers,
    "logs": _logs,
    "trails": trails,
    "deliveries": deliveries,
    "throw-away": _throw_away,
    "callers": _callers,
    "replaced": _replaced,
    "read-back": _read_back,
    "read-by": read_by,
    "plain-origin": _plain_origin,
    "edge": edge,
    "edge-function": edge_function,
    "edge-logs": edge_logs,
    "delivered-logs": delivered_logs,
    "log-place": log_place,
    "site": built_site,
    "starters": _starters,
    "front": _front,
    "network": _network,
    "moving-tags": _moving_tags,
    "images-made": _images_made,
    "old-versions": _old_versions,
    "way-out": way_out,
    "logins": logins,
}
