"""Modules in the language of Terraform 0.11 and before, and what edits may say there.

developer.hashicorp.com/terraform/language/v1.1.x/upgrade-guides/0-12: a map was written as a block (`tags {`, `vars {`), which no
later version reads; a reference stood in a text only (`"${aws_vpc.main.id}"`), as it may to this day.
"""

from __future__ import annotations

import json
import re

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_linked import linked
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Unknown
from setright.patterns import late

MAPS: tuple[tuple[str, Path], ...] = (  # arguments that are maps, by what begins the types that have them
    ("aws_", ("tags", 0)),
    ("aws_lambda_function", ("environment", 0, "variables", 0)),
    ("azurerm_", ("tags", 0)),
    ("azurerm_app_service", ("app_settings", 0)),
    ("azurerm_function_app", ("app_settings", 0)),
    ("data.external", ("query", 0)),
    ("data.template_file", ("vars", 0)),
    ("google_", ("labels", 0)),
    ("google_compute_", ("metadata", 0)),
    ("null_resource", ("triggers", 0)),
)
NOTE = "old language"
REFERENCE = r"(?:data\.)?[a-z]\w*(?:\.[\w-]+)+"
ENCODED = late(r"jsonencode\((.*)\)", re.DOTALL)
KEY = late(r'^( *)([A-Za-z_][\w-]*|"[^"]*") += ')
TOKEN = late(rf'"(?:[^"\\]|\\.)*"|{REFERENCE}')
ONE_OF = late(r"\b([a-z]\w*\.[\w-]+)\[count\.index\]\.(\w+)")
WHOLE = late(r"\blength\(([a-z]\w*\.[\w-]+)\)")
NEW_WORDS = late(r"[{}?]|=>|\bfor\b|\beach\.|\w\[")


def is_old(module: Module) -> bool:
    """Whether a file of a module, or of one that is run together with it, is one that Terraform 0.12 and later do not read."""
    if NOTE not in module.notes:
        together = linked(module)
        told = any(map(_has_old_words, together))
        for each in together:
            each.notes[NOTE] = told
    return bool(module.notes[NOTE])


def _has_old_words(module: Module) -> bool:
    return any(
        isinstance(look_up(block.body, path), dict)
        for start, path in MAPS
        for kind in module.types
        if kind.startswith(start)
        for block in module.resources(kind)
    )


def worded(module: Module, locator: str, edit: Edit) -> Edit:
    """An edit as the module's language has it. Raises BindingError where that cannot say it."""
    if edit.remove or not is_old(module):
        return edit
    return Edit(edit.path, _quoted(edit.value, f"{locator}: {'.'.join(map(str, edit.path[1:3]))}"), edit.remove, edit.remark)


def _quoted(value: Plain, where: str) -> Plain:
    if isinstance(value, dict):
        return {name: _quoted(inner, where) for name, inner in value.items()}
    if isinstance(value, list):
        return [_quoted(inner, where) for inner in value]
    if not isinstance(value, Unknown) or value.text.startswith('"'):
        return value
    if (said := _said(value.text)) is None:
        raise BindingError(f"{where}: the module is in the language of Terraform 0.11, which cannot say this; upgrade it first")
    return said


def _said(text: str) -> str | Unknown | None:
    """An expression in the old language; None where that has none for it."""
    if found := ENCODED.fullmatch(text):
        return _heredoc(found[1])
    plain = WHOLE.sub(r"length(\1.*.id)", ONE_OF.sub(r"element(\1.*.\2, count.index)", text))
    return None if NEW_WORDS.search(plain) else Unknown(f'"${{{plain}}}"')


def _heredoc(text: str) -> str | Unknown | None:
    """What an object of ours says, as JSON: in a heredoc where Terraform fills something in; None where it is none of ours."""
    lines = [KEY.sub(_key, line.removeprefix("  ")) for line in text.split("\n")]
    filled = [TOKEN.sub(lambda part: part[0] if part[0].startswith('"') else f'"${{{part[0]}}}"', line) for line in lines]
    pairs = zip(filled, [*filled[1:], "}"], strict=True)
    whole = "\n".join(_ended(line, following.lstrip()[:1] in "}]") for line, following in pairs)
    try:
        told = json.loads(whole)
    except ValueError:
        return None
    return Unknown(f"<<EOF\n{whole}\nEOF") if "${" in whole else json.dumps(told)


def _key(found: re.Match[str]) -> str:
    return f"{found[1]}{json.dumps(found[2].strip(chr(34)))}: "


def _ended(line: str, is_last: bool) -> str:
    """A line with the comma that JSON wants behind it."""
    bare = line.rstrip(",")
    return bare if is_last or bare.endswith(("{", "[")) else f"{bare},"
