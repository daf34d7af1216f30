"""What holds of an attribute that Terraform source does not set: what the provider's versions that it may have take for it.

developer.hashicorp.com/terraform/plugin/best-practices/versioning: only a major version may change a default.
"""

from __future__ import annotations

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Place, Spec
from setright.bindings.layouts._terraform_versions import constraint, version
from setright.model import Plain, Unknown
from setright.trees import same


def unsaid(module: Module, block: Block, spec: Spec) -> Plain:
    """The value by itself; Unknown where the versions that the module may have differ, None where nothing here tells it."""
    told = [place for place in spec.places if place.otherwise is not None]
    fitting = [place for place in told if _may_be(module, block, place)]
    if any(not same(each.otherwise, fitting[0].otherwise) for each in fitting):
        changed = next(filter(None, (place.since or place.until for place in fitting)))
        doubtful = Unknown(f"{'/'.join(fitting[0].at)} is not set, and its default changed with version {changed} of the provider")
        return next((place.otherwise for place in fitting if place.in_doubt), doubtful)
    return fitting[0].otherwise if fitting else None


def _may_be(module: Module, block: Block, place: Place) -> bool:
    if not place.since and not place.until:
        return True
    asked = constraint(module, block.type.partition("_")[0])
    return not (place.until and asked.least >= version(place.until)) and not (place.since and asked.most < version(place.since))
