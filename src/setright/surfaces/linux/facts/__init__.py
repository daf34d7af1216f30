"""Read-only questions to a Linux target, one a module, found by name: `linux/ip-forwarding-in-use` is `ip_forwarding_in_use.py`.

A module has two pure functions; `argument` is what follows the colon in a fact's name, or "":

    asks(argument) -> Sequence[Ask]              what to ask the target
    answer(argument, evidence) -> Answer         what that means; None where the evidence does not suffice

One that is asked of most hosts, and that any host answers quickly, says `OFTEN = True`: it is found out while a host is judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Answers, Ask


class Fact(Protocol):
    """What a module of this package offers."""

    def asks(self, argument: str) -> Sequence[Ask]: ...
    def answer(self, argument: str, evidence: Evidence) -> Answer: ...


def asks_of(fact: str) -> Sequence[Ask] | None:
    """The questions of a fact; None where there is no such fact."""
    found = _fact(fact)
    return None if found is None else found[0].asks(found[1])


def is_asked_often(fact: str) -> bool:
    found = _fact(fact)
    return found is not None and bool(getattr(found[0], "OFTEN", False))


def fact_answer(fact: str, found: Answers) -> Answer:
    """The answer of a fact that there is."""
    module, argument = cast(tuple[Fact, str], _fact(fact))
    return module.answer(argument, Evidence(found))


def _fact(fact: str) -> tuple[Fact, str] | None:
    name, _, argument = fact.removeprefix("linux/").partition(":")
    module = f"{__name__}.{name.replace('-', '_')}"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not re.fullmatch(r"[\w@.+/-]*", argument) or find_spec(module) is None:
        return None
    return cast(Fact, import_module(module)), argument
