"""Modules in the language of Terraform 0.11 and before, and what edits may say there.

developer.hashicorp.com/terraform/language/v1.1.x/upgrade-guides/0-12: a map was written as a block (`tags {`, `vars {`), which no
later version reads; a reference stood in a text only (`"${aws_vpc.main.id}"`), as it may to this day.
"""

from __future__ import annotations

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Unknown
from setright.patterns import late

MAPS: tuple[tuple[str, Path], ...] = (  # arguments that are maps, by what begins the types that have them
    ("aws_", ("tags", 0)),
    ("aws_lambda_function", ("environment", 0, "variables", 0)),
    ("azurerm_", ("tags", 0)),
    ("data.external", ("query", 0)),
    ("data.template_file", ("vars", 0)),
    ("google_", ("labels", 0)),
    ("null_resource", ("triggers", 0)),
)
REFERENCE = late(r"(?:data\.)?[a-z]\w*(?:\.[\w-]+)+")


def is_old(module: Module) -> bool:
    """Whether some file of a module is one that Terraform 0.12 and later do not read."""
    if "old language" not in module.notes:
        module.notes["old language"] = any(
            isinstance(look_up(block.body, path), dict)
            for start, path in MAPS
            for kind in module.types
            if kind.startswith(start)
            for block in module.resources(kind)
        )
    return bool(module.notes["old language"])


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
    if not REFERENCE.fullmatch(value.text):
        raise BindingError(f"{where}: the module is in the language of Terraform 0.11, which cannot say this; upgrade it first")
    return Unknown(f'"${{{value.text}}}"')
