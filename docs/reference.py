"""Reference text made from the program itself: the commands' own help, and the schema of `setright.toml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from inspect import cleandoc
from typing import Any

import click
import msgspec

from setright.cli import COMMANDS, main
from setright.engine.channels import MODULES, TICKETS
from setright.engine.configuration import json_schema

WIDTH = 96
TABLES = {  # where each sort of table stands in the file
    "Configuration": "(top level)",
    "Target": "[[targets]]",
    "Organisation": "[[organisations]]",
    "Owner": "[[owners]]",
    "Person": "[[people]]",
    "Asset": "[[assets]]",
    "Escalation": "[escalation]",
    "RiskDue": "[[escalation.due]]",
    "Rung": "[[escalation.ladder]]",
    "Lists": "[risk]",
    "Serving": "[serve]",
    "Need": "[[approvals]]",
    "Policy": "[policy]",
    "Rule": "[[policy.rules]]",
    "Window": "[policy.windows.NAME]",
    "Freeze": "[[policy.freezes]]",
    "ExceptionRules": "[policy.exceptions]",
    "Waves": "[[policy.waves]]",
    "RateLimit": "[[policy.limits]]",
}


def commands() -> str:
    """Each command under the section that `setright --help` shows it in, as its own --help says it."""
    top = click.Context(main, info_name="setright")
    parts = []
    for section, named in COMMANDS.items():
        parts.append(f"## {section}")
        for name in named:
            command = main.get_command(top, name)
            assert command is not None  # COMMANDS names what there is
            parts += _help(command, click.Context(command, parent=top, info_name=name))
    return "\n\n".join(parts)


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    context.terminal_width = context.max_content_width = WIDTH
    yield f"### {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _help(command.commands[name], click.Context(command.commands[name], parent=context, info_name=name))


def configuration() -> str:
    """Every table of the configuration file and the keys in it."""
    tables: Mapping[str, Any] = msgspec.json.decode(json_schema())["$defs"]
    return "\n\n".join(_table(name, tables[name]) for name in TABLES)


def keys(sort: str) -> str:
    """What a channel or a ticket system of this type takes, besides what all of them do (`Route`)."""
    module = import_module((MODULES | TICKETS)[sort])
    schema = msgspec.json.schema(module.Options)
    held = schema["$defs"]["Options"]
    about = cleandoc(module.Options.__doc__ or "").replace("``", "`")
    return about + "\n\n" + "\n".join(_rows(held, module.SECRETS))


def _table(name: str, schema: Mapping[str, Any]) -> str:
    about = cleandoc(schema["description"]).split("\n\n")[-1].replace("``", "`")
    return f"### `{TABLES[name]}`\n\n{about}\n\n" + "\n".join(_rows(schema))


def _rows(schema: Mapping[str, Any], secrets: Collection[str] = ()) -> Iterator[str]:
    """`secrets` are keys whose value is the place of a secret."""
    yield "| key | takes | default |"
    yield "| --- | --- | --- |"
    for key, held in schema["properties"].items():
        takes = "the place of a secret: `env:`, `file:`, `keyring:`" if key in secrets else _takes(held)
        yield f"| `{key}` | {takes} | {'needed' if key in schema['required'] else _default(held)} |"


def _default(held: Mapping[str, Any]) -> str:
    """As TOML writes it; nothing for what is empty, and for a table, whose keys have their own."""
    given = held.get("default")
    return f"`{msgspec.json.encode(given).decode()}`" if given and not isinstance(given, dict) else ""


def _takes(held: Mapping[str, Any]) -> str:
    if "$ref" in held:
        return f"the table `{TABLES[held['$ref'].rpartition('/')[2]]}`"
    if "enum" in held:
        return "one of " + ", ".join(f"`{value}`" for value in held["enum"] if value)
    match held.get("type"):
        case "array":
            return f"a list; each: {_takes(held['items'])}"
        case "object":
            inner = held.get("additionalProperties")
            return f"a table; each: {_takes(inner)}" if inner else "a table"
        case "boolean":
            return "`true` or `false`"
        case "integer":
            return "a whole number"
        case "number":
            return "a number"
        case "string":
            return "a moment with a zone" if held.get("format") == "date-time" else "a text"
    return "any value"
