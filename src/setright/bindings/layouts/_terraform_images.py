"""Container images of a module: which builds make them, and who deploys them by a tag that moves.

AWS CodeBuild user guide, privileged mode; Amazon ECR user guide, image tag mutability.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import namers
from setright.bindings.trees import look_up
from setright.model import Tree, Unknown
from setright.patterns import late

RIGHTS = ("aws_iam_", "data.aws_iam_policy_document")
MAKES_IMAGES = late(
    r"ecr:(?:PutImage|InitiateLayerUpload|\*)|AmazonEC2ContainerRegistry(?:Full|Power)|\bdocker(?:\s+buildx)?\s+(?:build|push)\b"
)
PUSHES = late(r"\bdocker\s+(?:image\s+)?push\s+[\w.${}/-]+:latest\b")


def made(module: Module, block: Block, tree: Tree) -> str:
    """Whether a build makes container images: ``by`` whatever in the module says so, its rights among it; else ``no``.

    ``elsewhere`` where a file or the repository that is built tells what the build does.
    """
    rights = (each for kind in sorted(module.types) if kind.startswith(RIGHTS) for each in module.resources(kind))
    found = (f"by {each.address}" for each in (block, *rights) if MAKES_IMAGES.search(str(each.body)))
    return next(found, "elsewhere" if _is_told_elsewhere(module, block) else "no")


def _is_told_elsewhere(module: Module, build: Block) -> bool:
    """Whether what a build does is not written beside where its source is."""
    if look_up(build.body, ("source", 0)) is None:
        return False
    spec = module.resolved(look_up(build.body, ("source", 0, "buildspec")))
    text = spec.text if isinstance(spec, Unknown) else str(spec or "")
    return "phases" not in text


def moving_tags(module: Module, block: Block, tree: Tree) -> str:
    """Who takes an image of a repository by a tag that moves, or pushes one: ``no``, or ``by`` what."""
    moving = re.compile(rf"{re.escape(block.address)}\.repository_url\s*\}}:latest(?![\w.-])")
    takers = (each.address for each, _ in namers(module, block) if moving.search(str(each.body)))
    return next((f"by {who}" for each in (takers, _pushers(module)) for who in each), "no")


def _pushers(module: Module) -> Iterator[str]:
    """The files of the whole tree in which a tag that moves is pushed."""
    for other in module.tree.values():
        if "pushers" not in other.notes:
            other.notes["pushers"] = [where for where, each in other.sources.items() if PUSHES.search(str(each.tree))]
        yield from other.notes["pushers"]
