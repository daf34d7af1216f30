"""Which places of an attribute the provider of a Terraform module has, and in which words.

developer.hashicorp.com/terraform/plugin/best-practices/versioning: arguments come, go and are renamed between versions.
"""

from __future__ import annotations

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_find import Spot, within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Entry, Place, Spec
from setright.bindings.layouts._terraform_versions import NEWEST, Version, constraint, last_below, version
from setright.model import Plain


def usable(told: Entry, module: Module, block: Block, place: Place) -> bool:
    """Whether the provider that the module asks for has the place."""
    if not place.since and not place.until:
        return True
    asked = constraint(module, block.type.partition("_")[0])
    if place.until and asked.least >= version(place.until):
        return False
    return not place.since or min(asked.most, _written_for(told, module, block)) >= version(place.since)


def meant(told: Entry, module: Module, block: Block, spec: Spec, spot: Spot | None, value: Plain) -> Spot | None:
    """What stands there by the words that the provider asked for has for it, where others have other words in the same place.

    Raises BindingError where it does not take the value.
    """
    if spot is None:
        return None
    asked = constraint(module, block.type.partition("_")[0])
    if (since := dict(spot.place.newer).get(str(value))) and asked.most < version(since):
        raise BindingError(f"{block.locator}: {block.address}: {value} needs version {since} of the provider, not {asked.text}")
    if usable(told, module, block, spot.place):
        return spot
    others = (each for each in spec.places if each.at == spot.place.at and each.beside == spot.place.beside)
    return next((spot._replace(place=each) for each in others if usable(told, module, block, each)), spot)


def _written_for(told: Entry, module: Module, block: Block) -> Version:
    """The last version that has all that the block says."""
    old = [place.until for spec in told.specs for place in spec.places if _says(block, place) and not _is_there_yet(spec, place)]
    return min((last_below(version(until)) for until in old), default=NEWEST)


def _is_there_yet(spec: Spec, place: Place) -> bool:
    """Whether newer versions have the same place, with other words."""
    return any(each.at == place.at and not each.until for each in spec.places)


def _says(block: Block, place: Place) -> bool:
    found = within(block.body, place.at) if place.until and not place.beside else None
    return found is not None and found[0][-1] == place.at[-1] and "dynamic" not in found[0]  # not what an expression may make
