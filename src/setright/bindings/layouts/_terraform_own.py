"""What a block says of itself and what an offer makes for it repeats: its project, its name, its location as Cloud KMS calls it.

In what an offer makes, `{own: ARGUMENT}` is the block's own value, and is left out where it has none; `as: key-location` or
`as: key-name` is that value as a key ring takes it, with what it is `for:` before, `as: logs-name` the name of a workspace, and
`else:` what holds where the block says nothing.
cloud.google.com/kms/docs/locations: a key is where its data is, and the multi-region EU of storage is called europe there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Unknown
from setright.patterns import late
from setright.trees import same

OWN = "own"
APART = late(r"\b(?:each|count|self)\.")  # what has a meaning in that block alone
ANY = late(r".+")
NAMES = {
    "key-name": late(r"[A-Za-z0-9_-]{1,54}"),
    "logs-name": late(r"[A-Za-z0-9-]{1,58}"),
}  # what a ring or a workspace can be called
PASSING = ("force_destroy", "delete_contents_on_destroy")  # data that may go: a ring would stay for ever


def can_fill(module: Module, block: Block, made: Plain) -> bool:
    """Whether all that is to be repeated of the block can be said outside of it, and whether its data is to stay."""
    wanted = list(_asked(made))
    if not wanted:
        return True
    if any(same(module.resolved(block.body.get(key)), True) for key in PASSING):
        return False
    return all(_is_fit(block.body.get(each[OWN]), each) for each in wanted)


def filled(block: Block, made: Plain) -> Plain:
    """What is made, with the block's own values in their places."""
    if isinstance(made, list):
        return [filled(block, each) for each in made]
    if not isinstance(made, dict):
        return made
    if OWN in made:
        return _own(block, made)
    given = {key: filled(block, value) for key, value in made.items()}
    return {key: value for key, value in given.items() if value is not None}


def _asked(made: Plain) -> list[Mapping[str, Any]]:
    if isinstance(made, dict) and OWN in made:
        return [made]
    inner = made.values() if isinstance(made, dict) else made if isinstance(made, list) else ()
    return [found for each in inner for found in _asked(each)]


def _is_fit(raw: Plain, asked: Mapping[str, Any]) -> bool:
    if raw is None:
        return "as" not in asked or "else" in asked
    if isinstance(raw, Unknown):
        return APART.search(raw.text) is None and "\n" not in raw.text
    return isinstance(raw, str) and NAMES.get(asked.get("as", ""), ANY).fullmatch(raw) is not None


def _own(block: Block, asked: Mapping[str, Any]) -> Plain:
    raw = block.body.get(asked[OWN])
    how = HOW.get(asked.get("as", ""))
    if raw is None:
        return asked.get("else")
    if isinstance(raw, Unknown):
        return Unknown(how(raw.text, asked.get("for", ""))) if how else raw
    if how is _location:
        return {"EU": "europe"}.get(str(raw).upper(), str(raw).lower())
    return f"{raw}-logs" if how is _logs else f"{asked['for']}-{raw}" if how is _name else raw


def _location(text: str, service: str) -> str:
    return f'replace(lower({text}), "/^eu$/", "europe")'


def _name(text: str, service: str) -> str:
    return f'"{service}-${{replace({text}, ".", "-")}}"'


def _logs(text: str, service: str) -> str:
    return f'"${{replace({text}, "_", "-")}}-logs"'


HOW: Mapping[str, Callable[[str, str], str]] = {"key-location": _location, "key-name": _name, "logs-name": _logs}
