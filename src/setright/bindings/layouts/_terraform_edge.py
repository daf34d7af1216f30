"""Which functions run at the edge, where Lambda has fewer features: no queue for failed calls, no tracing, no reserved runs.

And which buckets CloudFront writes its logs into. Amazon CloudFront Developer Guide, restrictions on Lambda@Edge; standard
logging (legacy), the bucket and its access list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.model import Plain, Tree, Unknown

DISTRIBUTION = "aws_cloudfront_distribution"
TRUSTED = "edgelambda.amazonaws.com"
DOCUMENT = "data.aws_iam_policy_document"


def edge(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the distribution, or the role, that tells that CloudFront runs a function; ``no`` where nothing does."""
    if told := next((each.address for each, _ in namers(module, block) if each.type == DISTRIBUTION), ""):
        return f"by {told}"
    role = _role(module, block)
    if role is not None and TRUSTED in _trust(module, role):
        return f"by {role.address}"
    elsewhere = handed_out(module, block, tree) != "no" and any("lambda_function_association" in text for text in _others(module))
    return "by a distribution elsewhere" if elsewhere else "no"


def _role(module: Module, block: Block) -> Block | None:
    raw = block.body.get("role")
    there = module.resources("aws_iam_role") if isinstance(raw, Unknown) else []
    return next((each for each in there if isinstance(raw, Unknown) and refers(raw.text, each.address)), None)


def _trust(module: Module, role: Block) -> str:
    """What a role says of who takes it on, with the document that it refers to."""
    raw = role.body.get("assume_role_policy")
    text = raw.text if isinstance(raw, Unknown) else str(raw)
    return " ".join([text, *(str(each.body) for each in module.resources(DOCUMENT) if refers(text, each.address))])


def _others(module: Module) -> list[str]:
    """The distributions of other directories."""
    homes = [home for home in module.tree.values() if home is not module and DISTRIBUTION in home.types]
    return [str(each.body) for home in homes for each in home.resources(DISTRIBUTION)]


def edge_logs(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the distribution that writes its logs into a bucket, which it does by an access list; or ``no``."""
    there = (each.address for each, keys in namers(module, block) if each.type == DISTRIBUTION and "logging_config" in keys)
    return next((f"by {address}" for address in there), "no")


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"edge-function": edge, "edge-logs": edge_logs}
