"""What places a resource that a fix makes in a region of AWS other than that of its module, as CloudFront wants it.

developer.hashicorp.com/terraform/language/providers/configuration: the provider of the module, or one with an alias; hashicorp/aws
since 6.0: the argument region of each resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_versions import constraint
from setright.model import Plain, Tree, Unknown
from setright.trees import same

SAID = "region"
NAMED = (6,)  # the first version in which a resource names its region


def placed(module: Module, region: str) -> Tree | None:
    """The arguments that place a resource there, none where the module is there itself; None where nothing can."""
    told = [body for body in _providers(module) if same(module.resolved(body.get(SAID)), region)]
    if any("alias" not in body and body[SAID] == region for body in told):  # what a variable says may be another one elsewhere
        return {}
    for body in told:
        if "alias" in body:
            return {"provider": Unknown(f"aws.{body['alias']}")}
    return {SAID: region} if constraint(module, "aws").most >= NAMED else None


def moved(module: Module, body: Plain) -> Plain:
    """A resource as it is made for a region: with what places it there."""
    if not isinstance(body, dict) or SAID not in body:
        return body
    rest = {key: value for key, value in body.items() if key != SAID}
    return {**(placed(module, str(body[SAID])) or {}), **rest}


def _providers(module: Module) -> Iterator[Tree]:
    for source in module.sources.values():
        told = source.tree.get("provider")
        there = told.get("aws") if isinstance(told, dict) else None
        yield from (body for body in there if isinstance(body, dict)) if isinstance(there, list) else ()
