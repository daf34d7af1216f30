"""Which functions run at the edge, where Lambda has fewer features: no queue for failed calls, no tracing, no reserved runs.

And which buckets CloudFront writes its logs into. Amazon CloudFront Developer Guide, restrictions on Lambda@Edge; standard
logging (legacy), the bucket and its access list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._documents import bucket_form
from setright.bindings.layouts._terraform_far import meant_by
from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

DISTRIBUTION = "aws_cloudfront_distribution"
TRUSTED = "edgelambda.amazonaws.com"
DELIVERY = "aws_cloudwatch_log_delivery"
OTHER = re.compile(r"(?:data\.)?aws_s3_bucket\.[\w-]+(?:\[[^\]]*\])?\.(?:id|bucket|arn)")
DOCUMENT = "data.aws_iam_policy_document"


def edge(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the distribution, or the role, that tells that CloudFront runs a function; ``no`` where nothing does."""
    if told := next((each.address for each, _ in namers(module, block) if each.type == DISTRIBUTION), ""):
        return f"by {told}"
    role = _role(module, block)
    if role is not None and TRUSTED in _trust(module, role):
        return f"by {role.address}"
    return "by a distribution elsewhere" if (module.folder, block.address) in _elsewhere(module) else "no"


def _role(module: Module, block: Block) -> Block | None:
    raw = block.body.get("role")
    there = module.resources("aws_iam_role") if isinstance(raw, Unknown) else []
    return next((each for each in there if isinstance(raw, Unknown) and refers(raw.text, each.address)), None)


def _trust(module: Module, role: Block) -> str:
    """What a role says of who takes it on, with the document that it refers to."""
    raw = role.body.get("assume_role_policy")
    text = raw.text if isinstance(raw, Unknown) else str(raw)
    return " ".join([text, *(str(each.body) for each in module.resources(DOCUMENT) if refers(text, each.address))])


def _elsewhere(module: Module) -> set[tuple[str, str]]:
    """The functions, by directory and address, that distributions of other directories run."""
    homes = [home for home in module.tree.values() if home is not module and DISTRIBUTION in home.types]
    told = ((home, raw) for home in homes for each in home.resources(DISTRIBUTION) for raw in _arns(each.body))
    return {each for home, raw in told for each in meant_by(module.tree, home, raw, 0)}


def _arns(value: Plain) -> Iterator[Plain]:
    """What is said of the functions that a distribution runs."""
    if isinstance(value, dict):
        yield from (inner for key, inner in value.items() if key == "lambda_arn")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _arns(inner)


def edge_logs(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the distribution that writes its logs into a bucket, which it does by an access list; or ``no``."""
    there = (each.address for each, keys in namers(module, block) if each.type == DISTRIBUTION and "logging_config" in keys)
    return next((f"by {address}" for address in there), "no")


def delivered_logs(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the delivery by which CloudWatch takes a distribution's logs somewhere; or ``no``."""
    sources = (each for each, _ in namers(module, block) if each.type == f"{DELIVERY}_source")
    there = (each.address for source in sources for each, _ in namers(module, source) if each.type == DELIVERY)
    return next((f"by {address}" for address in there), "no")


def log_place(module: Module, block: Block, tree: Tree) -> Plain:
    """How a distribution says which bucket its logs go to: by ``a domain name``, by ``another``, or by ``none``."""
    judged = look_up(tree, ("DistributionConfig", "Logging", "Bucket"))
    name_of_bucket = isinstance(judged, Unknown) and OTHER.fullmatch(judged.text)
    return "another" if name_of_bucket else bucket_form(judged)


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "edge-function": edge,
    "edge-logs": edge_logs,
    "delivered-logs": delivered_logs,
    "log-place": log_place,
}
