"""What a module tells of a resource that clears a fear: whom it lets in, what asks for its data, what its deletion does.

`source/deletion-policy` is Retain where `prevent_destroy` is set and Snapshot where a last snapshot is made; an entry's
`evidence: {NAME: FUNCTION}` gives `source/NAME`.
Amazon S3 User Guide, the meaning of "public"; Amazon EC2 User Guide, instance metadata; Terraform, lifecycle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from setright.bindings.layouts import _terraform_azure as azure
from setright.bindings.layouts import _terraform_azure_sizes as azure_sizes
from setright.bindings.layouts import _terraform_azure_ways as azure_ways
from setright.bindings.layouts import _terraform_edge as edge
from setright.bindings.layouts import _terraform_google as google
from setright.bindings.layouts import _terraform_google_ways as google_ways
from setright.bindings.layouts import _terraform_images as images
from setright.bindings.layouts import _terraform_members as members
from setright.bindings.layouts import _terraform_publishers as publishers
from setright.bindings.layouts import _terraform_readers as readers
from setright.bindings.layouts import _terraform_ways as ways
from setright.bindings.layouts._documents import publishes
from setright.bindings.layouts._task_containers import writes
from setright.bindings.layouts._terraform_actions import POLICY, lists_nothing, only_reads
from setright.bindings.layouts._terraform_databases import statements
from setright.bindings.layouts._terraform_deployers import STATE, deployers
from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_gateways import api_protocol, can_ask
from setright.bindings.layouts._terraform_keys import key_users
from setright.bindings.layouts._terraform_log_writers import log_writers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_scripts import only_agents, script
from setright.bindings.layouts._terraform_ties import of_bucket
from setright.bindings.layouts._terraform_users import handed_out, namers, set_later, throw_away
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

PREFIX = "source"
LAST_SNAPSHOT = frozenset(  # whose deletion makes a last snapshot unless it is told not to
    f"aws_{each}" for each in ("db_instance", "rds_cluster", "neptune_cluster", "docdb_cluster", "redshift_cluster")
)
OBJECTS = ("aws_s3_object", "aws_s3_bucket_object")
CANNED_PUBLIC = ("PublicRead", "PublicReadWrite", "AuthenticatedRead", "public-read", "public-read-write", "authenticated-read")
EDGE, BALANCERS, LISTENERS = "aws_cloudfront_distribution", ("aws_lb", "aws_alb"), ("aws_lb_listener", "aws_alb_listener")
WEB_SITE = late(r"s3-website|\bwebsite_endpoint\b")
LATEST = late(
    r"/aws/service/(?:ami-amazon-linux-latest/(?:al20|amzn2)|ami-windows-latest/|canonical/ubuntu/.*/current/|debian/release/)"
)
PARAMETER = late(r'(?:"\$\{\s*)?(?:nonsensitive\(\s*)?data\.aws_ssm_parameter\.([\w-]+)')
TOKENS_ALREADY = late(r"amazon: .*\bal20(?:2[3-9]|[3-9]\d)-", re.DOTALL)  # Amazon Linux, whose images ask for tokens since 2023
ELSE_TOLD = frozenset(("launch_template", "dynamic"))
OLD_IMAGE = late(r"precise|trusty|xenial|1[246]\.04|(?:centos|rhel)[-_ ]?[567]|wheezy|jessie|stretch|2008|2012", re.I)


def view(layout: Mapping[str, Plain], module: Module, block: Block, tree: Tree) -> Tree:
    """All evidence there is on a resource, for the kind's tree; `tree` is what is known of it so far."""
    found = {key: FUNCTIONS[named](module, block, tree) for key, named in layout.get("evidence", {}).items()}
    found |= {"writes": writes(tree.get("ContainerDefinitions"), layout["images"])} if "images" in layout else {}
    kept = look_up(block.body, ("lifecycle", 0, "prevent_destroy"))
    if same(module.resolved(kept), True):
        found["deletion-policy"] = "Retain"
    elif same(module.resolved(block.body.get("skip_final_snapshot", block.type not in LAST_SNAPSHOT)), False):
        found["deletion-policy"] = "Snapshot"
    return {PREFIX: found} if (found := found | set_later(block)) else {}


# --- buckets --------------------------------------------------------------------------------------------------------


def _public(module: Module, block: Block, tree: Tree) -> str:
    """By what a bucket may be open to everybody: ``no`` where nothing in the tree speaks for it."""
    return ", ".join(dict.fromkeys(_ways(module, block, tree))) or "no"


def _ways(module: Module, block: Block, tree: Tree) -> Iterator[str]:
    if "website" in block.body or any(of_bucket(module, block, "aws_s3_bucket_website_configuration")):
        yield "a web site"
    elif "dynamic" in block.body:
        yield "what a dynamic block makes"
    canned = tree.get("AccessControl")
    if canned in CANNED_PUBLIC or isinstance(canned, Unknown) or "grant" in block.body or any(_grants(module, block)):
        yield "an access list"
    settings = tree.get("PublicAccessBlockConfiguration")
    if isinstance(settings, Unknown) or (
        isinstance(settings, dict) and not all(same(value, True) for value in settings.values() if not isinstance(value, dict))
    ):
        yield "settings that allow it"
    if not _closed(tree.get("Policy")) or any(not _closed(policy) for policy in _far_policies(module)):
        yield "a policy for all" if publishes(tree.get("Policy")) else "a policy"
    for kind in OBJECTS:
        for item in of_bucket(module, block, kind):
            if item.body.get("acl") in CANNED_PUBLIC or isinstance(item.body.get("acl"), Unknown):
                yield "an object's access list"


def _grants(module: Module, block: Block) -> Iterator[Block]:
    return (acl for acl in of_bucket(module, block, "aws_s3_bucket_acl") if "access_control_policy" in acl.body)


def _far_policies(module: Module) -> Iterator[Plain]:
    """The policies that other directories of the tree set on buckets which they got from elsewhere."""
    for other in module.tree.values():
        yield from other.open_policies if other is not module else ()


PROGRAMS = (  # what uses a bucket by a role of this account
    *("aws_iam_", "data.aws_iam_policy_document", "aws_lambda_function", "aws_ecs_task_definition", "aws_instance"),
    *("aws_launch_template", "aws_codebuild_project", "aws_codepipeline", "aws_glue_job", "aws_glue_crawler"),
    *("aws_batch_job_definition", "aws_kinesis_firehose_delivery_stream", "aws_sagemaker_model", "aws_sagemaker_notebook_instance"),
)
ABOUT_IT = late(  # what says how a bucket is kept, or puts something into it
    r"aws_s3_(?:bucket_)?object|aws_s3_bucket_(?:policy|acl|versioning|public_access_block|ownership_controls|logging|metric|"
    r"lifecycle_configuration|server_side_encryption_configuration|cors_configuration|notification)"
)
PUTS_NO_LIST = late(  # what only reads, or is a service of Amazon's that gives the owner all there is to have
    r"aws_cloudtrail|aws_flow_log|aws_config_delivery_channel|aws_[ea]?lb|aws_cloudfront_\w+|aws_s3_(?:bucket_)?object|aws_s3_bucket_\w+"
)
AT_LARGE = late(
    r"\bs3:(?:P\w*)?\*|\bs3:PutObject(?:\*|A\w*)|[Aa]ctions?\W{1,6}\*['\"]|AmazonS3FullAccess|AdministratorAccess|PowerUserAccess"
)


def _listers(module: Module, block: Block, tree: Tree) -> str:
    """Who may give objects access lists: ``no`` where all that knows the bucket surely does not, and something does know it."""
    if way := next(_ways(module, block, tree), ""):
        return way
    if (others := handed_out(module, block, tree)) != "no":
        return others
    if tree.get("Policy") is not None and not lists_nothing(look_up(tree["Policy"], ("Statement",)), "Effect"):
        return "whom a policy lets in"
    there = list(namers(module, block))
    logs = [each.address for each, keys in there if each.type in BY_LIST and LOGS_OF[each.type] in keys]
    known = [each for each, _ in there] + _by_name(module, block)
    odd = [each.address for each in known if not _is_no_lister(each)]
    return next(iter([*logs, *odd, *_at_large(module)]), "no" if there else "others, as nothing here does")


def _at_large(module: Module) -> list[str]:
    """Who may give access lists to the objects of any bucket."""
    if "at large" not in module.notes:
        rights = (kind for kind in sorted(module.types) if kind.startswith("aws_iam_") or POLICY.fullmatch(kind))
        told = [(each.address, str(each.body)) for kind in rights for each in module.resources(kind)]
        module.notes["at large"] = [at for at, text in told if AT_LARGE.search(text) and "aws_s3_bucket." not in text]
    found: list[str] = module.notes["at large"]
    return found


def _is_no_lister(other: Block) -> bool:
    """Whether a resource puts no access list, or is a policy that names other actions only."""
    if POLICY.fullmatch(other.type):
        return lists_nothing(other.body.get("statement", [other.body]), "effect")
    return PUTS_NO_LIST.fullmatch(other.type) is not None and "acl" not in other.body


NAMES_BUCKETS = ("aws_s3_bucket", "data.aws_iam_policy_document")


def _readers(module: Module, block: Block, tree: Tree) -> str:
    """Who reads a bucket besides programs of this account, by their roles: ``no`` where there are only those, and some."""
    if way := next(_ways(module, block, tree), ""):
        return way
    if not _refuses(tree.get("Policy")) or any(True for _ in _far_policies(module)):
        return "whom a policy lets in"
    if "replication_configuration" in block.body:
        return "its copy elsewhere"
    if any("etag" in each.body for kind in OBJECTS for each in of_bucket(module, block, kind)):
        return "an etag, which under a key is no checksum"
    if (others := handed_out(module, block, tree)) != "no":
        return others
    there = [each for each, keys in namers(module, block) if not _is_about(each, keys)] + _by_name(module, block)
    odd = [each.address for each in there if not each.type.startswith(PROGRAMS)]
    return next(iter(odd), "no" if there else "others, as nothing here does")


WORD = late(r"[\w.-]+")


def _by_name(module: Module, block: Block) -> list[Block]:
    """What says the name of a bucket as a text, and no more than how it is kept."""
    said = module.notes["said"] if "said" in module.notes else module.notes.setdefault("said", _said(module))
    raw = block.body.get("bucket")
    names = [each for each in (getattr(raw, "text", ""), module.resolved(raw)) if isinstance(each, str) and each]
    places = {place for each in names for place in said.naming(each)}
    return [said.blocks[place] for place in sorted(places)]


class _Said(NamedTuple):
    """The blocks of a module with their texts, and by each word of those in which it stands."""

    blocks: list[Block]
    texts: list[str]
    words: dict[str, list[int]]

    def naming(self, name: str) -> Iterable[int]:
        """Where a name stands by itself, and not in a longer word."""
        if WORD.fullmatch(name):
            return self.words.get(name, ())
        whole = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
        return [place for place, text in enumerate(self.texts) if name in text and whole.search(text)]


def _said(module: Module) -> _Said:
    kinds = (kind for kind in sorted(module.types) if not ABOUT_IT.fullmatch(kind) and kind not in NAMES_BUCKETS)
    blocks = [each for kind in kinds for each in module.resources(kind)]
    texts = [str(each.body) for each in blocks]
    words: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for word in set(WORD.findall(text)):
            words.setdefault(word, []).append(place)
    return _Said(blocks, texts, words)


LOGS_OF = {  # the arguments by which a service writes its logs into a bucket, and has no right to a key of KMS
    "aws_s3_bucket": "logging",
    "aws_s3_bucket_logging": "target_bucket",
    "aws_lb": "access_logs",
    "aws_alb": "access_logs",
    "aws_elb": "access_logs",
    "aws_flow_log": "log_destination",
    "aws_cloudfront_distribution": "logging_config",
}
BY_LIST = ("aws_cloudfront_distribution", "aws_s3_bucket_logging", "aws_s3_bucket")  # those that may do so by an access list
LOG_GROUP = "acs.amazonaws.com/groups/s3/LogDelivery"
LOG_WRITER = late(r"(?:\blogging\.s3|\bdelivery\.logs|\blogdelivery\.elasticloadbalancing)\.amazonaws\.com|aws_elb_service_account")


def _logs(module: Module, block: Block, tree: Tree) -> str:
    """Whether services of Amazon's write their logs into a bucket: ``no``, or by what."""
    writers = [f"by {each.address}" for each, keys in namers(module, block) if LOGS_OF.get(each.type) in keys]
    writers += [f"by {each.address}" for each in _grants(module, block) if LOG_GROUP in str(each.body)]
    return next(iter(writers), "by a policy" if LOG_WRITER.search(str(tree.get("Policy"))) else "no")


WRITTEN_ONCE = {**LOGS_OF, "aws_cloudtrail": "s3_bucket_name", "aws_config_delivery_channel": "s3_bucket_name"}
WRITTEN_ONCE |= {"aws_lambda_function": "s3_bucket", "aws_lambda_layer_version": "s3_bucket"}  # code changes with a release


def _old_versions(module: Module, block: Block, tree: Tree) -> str:
    """What old versions of objects come to: ``little`` of logs, of Terraform's state, and of what only this code puts there."""
    rules = [
        block.body.get("lifecycle_rule"),
        *(each.body for each in of_bucket(module, block, "aws_s3_bucket_lifecycle_configuration")),
    ]
    if "expiration" in str(rules):
        return "all that its rules expire"
    if STATE.search(f"{block.address} {block.body.get('bucket', block.body.get('bucket_prefix'))}"):
        return "little"
    if (others := handed_out(module, block, tree)) != "no":
        return others
    there = [(each, keys) for each, keys in namers(module, block) if not _is_about(each, keys) and not only_reads(each)]
    odd = [each.address for each, keys in there if not keys - {"depends_on"} <= {WRITTEN_ONCE.get(each.type, "")}]
    filled = any(True for kind in OBJECTS for _ in of_bucket(module, block, kind)) and not _at_large(module)
    few = "little" if there or filled else "what nothing here tells"
    return next(iter([*odd, *(each.address for each in _by_name(module, block) if not only_reads(each))]), few)


def _is_about(other: Block, keys: frozenset[str]) -> bool:
    """Whether a resource only says how the bucket is kept; one that names it elsewhere sends its own logs to it."""
    if other.type == "data.aws_iam_policy_document":  # of a bucket, where it says for whom it is; else of a role
        return any("principals" in each for each in other.body.get("statement", ()) if isinstance(each, dict))
    return ABOUT_IT.fullmatch(other.type) is not None and keys <= {"bucket", "policy", "depends_on"}


def _refuses(policy: Plain) -> bool:
    """Whether a policy surely lets in nobody: it has none, or only refuses."""
    statements = look_up(policy, ("Statement",))
    return policy is None or (
        isinstance(statements, list) and all(isinstance(each, dict) and each.get("Effect") == "Deny" for each in statements)
    )


def _closed(policy: Plain) -> bool:
    """Whether every statement surely lets in only those it names, or only on a condition."""
    if policy is None:
        return True
    statements = look_up(policy, ("Statement",))
    return isinstance(statements, list) and all(isinstance(each, dict) and _narrow(each) for each in statements)


def _narrow(statement: Tree) -> bool:
    if statement.get("Effect") == "Deny" or statement.get("Condition"):
        return True
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return named is not None and not isinstance(named, Unknown) and "*" not in (named if isinstance(named, list) else [named])


# --- machines --------------------------------------------------------------------------------------------


def _metadata(module: Module, block: Block, tree: Tree) -> str:
    """What may ask the instance's metadata service: ``no`` where its image has it ask for tokens, or where nothing on it asks."""
    told = [words for key in ("user_data", "user_data_base64") if (words := script(module, block.body.get(key)))]
    images = _images(module, block)
    if told or (images and not {"metadata_options", *ELSE_TOLD} & block.body.keys() and all(map(TOKENS_ALREADY.search, images))):
        return told[0] if told else "no"
    if ("iam_instance_profile" in block.body and not only_agents(module, block)) or ELSE_TOLD & block.body.keys():
        return "its role"
    return "no" if images and not any(map(OLD_IMAGE.search, images)) else "an image of unknown age"


def _images(module: Module, block: Block) -> list[str]:
    """By which names the newest image of a system is looked for; empty where it is not surely the newest."""
    raw = module.resolved(block.body.get("ami", block.body.get("image_id")))
    if told := _parameter(module, raw):
        return [f"amazon: {told}"] if LATEST.match(told) else []
    named = re.match(r'(?:"\$\{\s*)?data\.aws_ami\.([\w-]+)', raw.text) if isinstance(raw, Unknown) else None
    images = [image.body for image in module.resources("data.aws_ami") if named and image.path[2] == named[1]]
    return [_name(image) for image in images] if all(same(i.get("most_recent"), True) for i in images) else []


def _name(image: Tree) -> str:
    """What an image is looked for by, after whose it is."""
    owners = image.get("owners")
    whose = "amazon" if isinstance(owners, list) and all(owner in ("amazon", "137112412989") for owner in owners) else "anybody"
    return f"{whose}: {image.get('filter')}"


def _parameter(module: Module, raw: Plain) -> str:
    """The parameter of Systems Manager that tells the image; empty where none does."""
    if isinstance(raw, str):
        return raw.removeprefix("resolve:ssm:") if raw.startswith("resolve:ssm:") else ""
    named = PARAMETER.match(raw.text) if isinstance(raw, Unknown) else None
    told = [data.body.get("name") for data in module.resources("data.aws_ssm_parameter") if named and data.path[2] == named[1]]
    return str(module.resolved(told[0])) if told else ""


# --- networks -------------------------------------------------------------------------------------------------------


def _default_group(module: Module, block: Block, tree: Tree) -> str:
    """Who may be in a network's default group: ``no`` where all that gets to know the network has groups."""
    return dict(module.told.tenants).get(module.folder, "others, as far as this tells")


def _plain_origin(module: Module, block: Block, tree: Tree) -> str:
    """Whether a distribution fetches from what speaks HTTP only: the web site of a bucket, or a balancer of the module."""
    origins = block.body.get("origin")
    named = [each.get("domain_name") for each in origins if isinstance(each, dict)] if isinstance(origins, list) else []
    told = [each.text if isinstance(each, Unknown) else str(each) for each in named]
    if any(map(WEB_SITE.search, told)):
        return "a web site"
    balancers = [each for kind in BALANCERS for each in module.resources(kind) if any(refers(text, each.address) for text in told)]
    return next((f"the balancer {each.address}" for each in balancers if not _speaks_tls(module, each)), "no")


def _speaks_tls(module: Module, balancer: Block) -> bool:
    """Whether a listener of a load balancer may take HTTPS: not where there are listeners, and all take plain HTTP."""
    there = [each for each, keys in namers(module, balancer) if each.type in LISTENERS and "load_balancer_arn" in keys]
    return not there or any(module.resolved(each.body.get("protocol", "HTTP")) != "HTTP" for each in there)


def _edge(module: Module, block: Block, tree: Tree) -> str:
    """Whether CloudFront serves what is in a bucket, by a right that goes without one to a key: ``no``, or by what."""
    edges = [each.address for each, keys in namers(module, block) if each.type == EDGE and "origin" in keys]
    return f"by {edges[0]}" if edges else "no"


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "can-ask": can_ask,
    "speaks": api_protocol,
    "public": _public,
    **edge.FUNCTIONS,
    **google.FUNCTIONS,
    **google_ways.FUNCTIONS,
    **azure_ways.FUNCTIONS,
    **azure.FUNCTIONS,
    **azure_sizes.FUNCTIONS,
    "metadata": _metadata,
    "default-group": _default_group,
    "readers": _readers,
    "listers": _listers,
    "logs": _logs,
    "handed-out": handed_out,
    "throw-away": throw_away,
    "plain-origin": _plain_origin,
    "edge": _edge,
    **ways.FUNCTIONS,
    **members.FUNCTIONS,
    "moving-tags": images.moving_tags,
    "images-made": images.made,
    "old-versions": _old_versions,
    "deployers": deployers,
    "statements": statements,
    "key-users": key_users,
    "log-writers": log_writers,
    **readers.FUNCTIONS,
    **publishers.FUNCTIONS,
}
