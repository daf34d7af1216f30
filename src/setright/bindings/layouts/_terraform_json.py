"""JSON documents as new Terraform source writes them: jsonencode of objects and lists, laid out as `terraform fmt` does.

developer.hashicorp.com/terraform/language/functions/jsonencode; hashicorp/hcl, hclwrite/format.go for the columns of ``=``.
"""

from __future__ import annotations

import json
import re

from setright.model import Plain, Unknown

BARE = re.compile(r"[A-Za-z_][\w-]*")


def encoded(value: Plain, indent: str) -> str:
    """The value as a call of jsonencode in an argument that stands at the indentation."""
    return f"jsonencode({written(value, indent)})"


def written(value: Plain, indent: str) -> str:
    """An expression for a value: an object takes a line for each key, a list one line unless it holds several objects."""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, dict) and value:
        return "\n".join(["{", *_lines(value, indent + "  "), indent + "}"])
    if isinstance(value, list) and sum(isinstance(item, dict) for item in value) > 1:
        return "\n".join(["[", *(f"{indent}  {written(item, indent + '  ')}," for item in value), indent + "]"])
    if isinstance(value, list):
        return "[" + ", ".join(written(item, indent) for item in value) + "]"
    return "{}" if isinstance(value, dict) else _scalar(value)


def _lines(value: dict[str, Plain], indent: str) -> list[str]:
    """`key = value` lines; a value over several lines ends the column of the lines before it."""
    pairs = [(key if BARE.fullmatch(key) else json.dumps(key), written(inner, indent)) for key, inner in value.items()]
    lines: list[str] = []
    run: list[tuple[str, str]] = []
    for key, text in [*pairs, ("", "\n")]:
        if "\n" not in text:
            run.append((key, text))
            continue
        width = max((len(name) for name, _ in run), default=0)
        lines += [f"{indent}{name:{width}} = {words}" for name, words in run]
        lines += [f"{indent}{key} = {text}"] if key else []
        run = []
    return lines


def _scalar(value: Plain) -> str:
    """A literal; what stands in ${} is left to be filled in by Terraform."""
    return json.dumps(value, ensure_ascii=False)
