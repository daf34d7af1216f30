"""Edits on JSON documents in Terraform source: a text, a heredoc, jsonencode; behind a local or variable that nothing else uses.

developer.hashicorp.com/terraform/language/functions/jsonencode. Each result is read again, and must be what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_policy as policy
from setright.bindings.layouts._terraform_find import Spot
from setright.bindings.layouts._terraform_json import encoded
from setright.bindings.layouts._terraform_module import NAMED_VALUE, Module
from setright.bindings.layouts._terraform_text import Unreadable, rewritten
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Unknown
from setright.trees import same

PARTS = (policy.HEREDOC, policy.ENCODED)


def document_edit(module: Module, spot: Spot, edits: Sequence[Edit], where: str) -> tuple[str, Edit]:
    """The edits, whose paths lead into the document, as one on the source. Raises BindingError where it cannot be followed."""
    if (block := policy.made_by(module, spot.raw)) is not None:
        return _in_data(module, *block, edits, where)
    locator, path, raw = spot.locator, spot.path, spot.raw
    if isinstance(raw, Unknown) and NAMED_VALUE.fullmatch(raw.text):
        locator, path, raw = module.behind(raw, where)
    new = _as_call(module, raw, where) if isinstance(raw, str) and any(_has_expressions(each.value) for each in edits) else raw
    for each in edits:
        new = _changed(module, new, _own(spot, _filled(new, each)), where)
    return locator, Edit(path, new)


def _in_data(module: Module, locator: str, path: Path, edits: Sequence[Edit], where: str) -> tuple[str, Edit]:
    """The one edit on a statement's resources in the data block that writes it for this policy alone."""
    block = next(each for each in module.resources(f"data.{path[1]}") if (each.locator, each.path) == (locator, path))
    is_own = len(list(namers(module, block))) == 1 and handed_out(module, block, {}) == "no"
    at = edits[0].path
    if not is_own or len(edits) != 1 or edits[0].remove or len(at) != 3 or (at[0], at[2]) != ("Statement", "Resource"):
        raise BindingError(f"{where} is written by {block.address}; change it there")
    value = edits[0].value
    return locator, Edit((*path, "statement", at[1], "resources"), value if isinstance(value, list) else [value])


def _changed(module: Module, raw: Plain, edit: Edit, where: str) -> Plain:
    told = policy.written(module, raw)
    path = edit.path
    if isinstance(told, dict) and isinstance(told.get("Statement"), dict) and path[:2] == ("Statement", 0):
        path = ("Statement", *path[2:])
    try:
        new = _spliced(raw, path, edit)
    except Unreadable as error:
        raise BindingError(f"{where} is a document in the source; change it there") from error
    if not same(policy.written(module, new), _expected(told, path, edit)):
        raise BindingError(f"{where} is a document in the source; change it there")
    return new


def _spliced(raw: Plain, path: Path, edit: Edit) -> Plain:
    if isinstance(raw, str):
        new = rewritten(raw, path, edit.value, edit.remove, True)
        return re.sub(r"\r?\n", "\r\n", new) if raw.count("\n") == raw.count("\r\n") > 0 else new
    text = raw.text if isinstance(raw, Unknown) else ""
    for pattern in PARTS:
        if found := pattern.fullmatch(text):
            start, end = found.span(found.re.groups)
            inner = rewritten(text[start:end], path, edit.value, edit.remove, pattern is policy.HEREDOC)
            return Unknown(text[:start] + inner + text[end:])
    raise Unreadable(text)


def _filled(raw: Plain, edit: Edit) -> Edit:
    """The edit with expressions as a heredoc holds them."""
    heredoc = isinstance(raw, Unknown) and policy.HEREDOC.fullmatch(raw.text)
    return Edit(edit.path, _holed(edit.value), edit.remove) if heredoc else edit


def _holed(value: Plain) -> Plain:
    if isinstance(value, Unknown):
        return value if "${" in value.text else Unknown(f"${{{value.text}}}")
    if isinstance(value, dict):
        return {key: _holed(inner) for key, inner in value.items()}
    return [_holed(inner) for inner in value] if isinstance(value, list) else value


def _has_expressions(value: Plain) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_expressions, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Unknown)


def _as_call(module: Module, raw: str, where: str) -> Unknown:
    """A text that takes no expressions as a call of jsonencode, which does. Raises BindingError where it says other than JSON."""
    told = policy.written(module, raw)
    if not isinstance(told, dict | list) or _has_expressions(told) or "%{" in raw or raw.lstrip()[:1] not in policy.OPENS:
        raise BindingError(f"{where} is a document in the source; change it there")
    return Unknown(encoded(told, "  "))


def _expected(told: Plain, path: Path, edit: Edit) -> Plain:
    """What the document is to say after the edit."""
    if not path:
        return None if edit.remove else edit.value
    key, rest = path[0], path[1:]
    if isinstance(told, list) and isinstance(key, int):
        inner = [] if edit.remove and not rest else [_expected(look_up(told, (key,)), rest, edit)]
        return told[:key] + inner + told[key + 1 :]
    there = told if isinstance(told, dict) else {}
    if edit.remove and not rest:
        return {name: value for name, value in there.items() if name != key}
    return there | {key: _expected(there.get(key, [] if rest and isinstance(rest[0], int) else None), rest, edit)}


def _own(spot: Spot, edit: Edit) -> Edit:
    """The edit in the names of the document."""
    if not spot.place.capital:
        return edit
    path = tuple(_small(part) if isinstance(part, str) else part for part in edit.path)
    return Edit(path, _smaller(edit.value), edit.remove)


def _smaller(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {_small(key): _smaller(inner) for key, inner in value.items()}
    return [_smaller(inner) for inner in value] if isinstance(value, list) else value


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
