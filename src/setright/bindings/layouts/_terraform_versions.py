"""Which versions of a provider a Terraform module asks for, and whether a place of an attribute is in them.

developer.hashicorp.com/terraform/language/expressions/version-constraints. A module that asks for nothing is asked of the
directories above it; where none does, the provider is taken to be the newest.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_spec import Place
from setright.model import Plain

PART = re.compile(r"\s*(~>|>=|<=|!=|=|<|>)?\s*v?(\d+(?:\.\d+)*)")
Version = tuple[int, ...]
NEWEST: Version = (10**6,)


class Asked(NamedTuple):
    """The versions from `least` to `most`, and the constraint that says so."""

    least: Version = ()
    most: Version = NEWEST
    text: str = ""


def usable(module: Module, kind: str, place: Place) -> bool:
    """Whether the provider that the module asks for has the place."""
    if not place.since and not place.until:
        return True
    asked = constraint(module, kind.partition("_")[0])
    return not (
        (place.since and asked.most < version(place.since)) or (place.until and asked.least and asked.least >= version(place.until))
    )


def constraint(module: Module, provider: str) -> Asked:
    """What the module, or the nearest directory above it that says anything, asks of a provider."""
    folder = module.folder
    while True:
        for text in _texts(module.tree[folder], provider) if folder in module.tree else ():
            return read(text)
        if not folder:
            return Asked()
        folder = posixpath.dirname(folder)


def read(text: str) -> Asked:
    """A constraint as the least and the most it allows; what is not understood allows everything."""
    least, most = Asked().least, Asked().most
    for part in text.split(","):
        found = PART.fullmatch(part.rstrip())
        sign, number = (found[1] or "=", version(found[2])) if found else ("!=", ())
        if sign in ("=", ">=", ">", "~>"):
            least = max(least, number)
        if sign in ("=", "<=", "<"):
            most = min(most, _below(number) if sign == "<" else number)
        elif sign == "~>":
            most = min(most, (*number[:-1], *NEWEST) if len(number) > 1 else NEWEST)
    return Asked(least, most, text)


def version(text: str) -> Version:
    """A version's numbers."""
    return tuple(int(part) for part in text.split("."))


def _below(number: Version) -> Version:
    """The last version before one: below 4.0 is 3 and whatever follows."""
    while number and number[-1] == 0:
        number = number[:-1]
    return (*number[:-1], number[-1] - 1, *NEWEST) if number else ()


def _texts(module: Module, provider: str) -> Iterator[str]:
    """The constraints on a provider in `required_providers`, else in its `provider` blocks."""
    for source in module.sources.values():
        for block in _blocks(source.tree.get("terraform")):
            for required in _blocks(block.get("required_providers")):
                told = required.get(provider)
                told = told.get("version") if isinstance(told, dict) else told
                if isinstance(told, str):
                    yield told
        named = source.tree.get("provider")
        for body in _blocks(named.get(provider)) if isinstance(named, dict) else ():
            if isinstance(body.get("version"), str):
                yield body["version"]


def _blocks(value: Plain) -> Iterator[dict[str, Plain]]:
    yield from (body for body in value if isinstance(body, dict)) if isinstance(value, list) else ()
