"""A new ``[integrations.NAME]`` for `setright.toml`: what it must say, by its module's Options, and the file with it at its end.

What stands in the file stays as it is, byte for byte (toml.io, 1.0); the result is parsed and held against it before it is kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from setright.engine.channels import MODULES, ROUTE_KEYS, TICKETS, Route, routes
from setright.engine.error import EngineError
from setright.engine.redact import redact_text, without_password
from setright.model import Plain

NAME = re.compile(r"[A-Za-z0-9_-]+")
PLACE = re.compile(r"(env|file|keyring):.+")
PLACES = "write env:NAME, file:/path or keyring:service/user"
KEPT = ".before"  # the file as it was, beside it
WORDS = {"true": True, "yes": True, "false": False, "no": False}


class Question(NamedTuple):
    """One setting. `default` None: it must be given. `is_secret`: the answer is a place, never the secret."""

    key: str
    default: Plain
    is_secret: bool
    choices: tuple[str, ...] = ()


class Saved(NamedTuple):
    """The file, and where it is kept as it was; None: there was none."""

    file: Path
    kept: Path | None


def sorts() -> list[str]:
    """What can be added: types of channels and of ticket systems."""
    return sorted(MODULES | TICKETS)


def about(sort: str) -> str:
    """What a type is, and what its settings mean."""
    module = _module(sort)
    lines = [(module.__doc__ or "").splitlines()[0], "", *(module.Options.__doc__ or "").splitlines()]
    return "\n".join(line.strip() for line in lines).strip()


def questions(sort: str) -> list[Question]:
    """Those that must be answered first. Raises EngineError for a type that is none of ours."""
    module = _module(sort)
    asked = [_question(field, field.name in module.SECRETS) for field in msgspec.structs.fields(module.Options)]
    return sorted(asked, key=lambda question: question.default is not None)


def channel_table(sort: str, name: str, given: Mapping[str, str]) -> dict[str, Plain]:
    """The table, in the order in which it was given. Raises EngineError for what is missing, wrong, or a secret itself."""
    module = _module(sort)
    options = {field.name: field for field in inspect.type_info(module.Options).fields}  # type: ignore[attr-defined]
    route = {field.name: field for field in inspect.type_info(Route).fields if field.name != "type"}  # type: ignore[attr-defined]
    told: dict[str, Plain] = {"type": sort}
    for key, text in given.items():
        field = options.get(key) or route.get(key)
        if field is None:
            raise EngineError(f"{key}: {sort} has no such setting; there are {', '.join([*options, *route])}")
        told[key] = typed_value(key, text, field.type, key in module.SECRETS)
    missing = [key for key, field in options.items() if field.required and key not in told]
    if missing:
        raise EngineError(f"{', '.join(missing)}: missing; give each as --set KEY=VALUE")
    _checked(module, name, told)
    return told


def typed_value(key: str, text: str, wanted: inspect.Type, is_secret: bool) -> Plain:
    """A setting as it is typed. Raises EngineError, without the text where that may be a secret."""
    if not text.isprintable():
        raise EngineError(f"{key}: has characters that cannot be seen; type it once more")
    if is_secret:
        if not PLACE.fullmatch(text):
            raise EngineError(f"{key}: a secret does not stand in this file; {PLACES}")
        return text
    if without_password(text) != text or redact_text(text) != text:
        raise EngineError(f"{key}: has a secret in it, which does not stand in this file")
    match wanted:
        case inspect.StrType() | inspect.LiteralType():
            return text
        case inspect.BoolType() if text.lower() in WORDS:
            return WORDS[text.lower()]
        case inspect.VarTupleType() if not text.startswith("["):
            return [each.strip() for each in text.split(",") if each.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise EngineError(f"{key}: {text!r} is no {_called(wanted)}") from error


def added(text: str, name: str, said: Mapping[str, Plain]) -> str:
    """The file's text with the table at its end. Raises EngineError where there is one of that name, or no room for one."""
    if not NAME.fullmatch(name):
        raise EngineError(f"{name!r} is no name for a channel; write letters, digits, - and _")
    before = _parsed(text)
    others = before.get("integrations", {})
    if name in others:
        raise EngineError(f"[integrations.{name}] is there already; choose another name, or edit it")
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith(end * 2) else end if text.endswith(end) else end * 2
    new = text + gap + toml_table(name, said).replace("\n", end)
    try:
        if isinstance(others, dict) and tomllib.loads(new) == before | {"integrations": {**others, name: dict(said)}}:
            return new
    except tomllib.TOMLDecodeError as error:
        raise EngineError(f"[integrations.{name}] does not go at the end of this file: {error}; write it by hand") from error
    raise EngineError(f"[integrations.{name}] does not go at the end of this file; write it by hand")


def toml_table(name: str, said: Mapping[str, Plain]) -> str:
    """The table in TOML."""
    return "\n".join([f"[integrations.{name}]", *(f"{key} = {_toml(value)}" for key, value in said.items())]) + "\n"


def save_settings(file: Path, before: bytes | None, text: str) -> Saved:
    """Puts the text in the file's place, whole or not at all. Raises EngineError where the file is not as it was read."""
    place = file.resolve()
    now = place.read_bytes() if place.exists() else None
    if now != before:
        raise EngineError(f"{file}: changed meanwhile; run this again")
    new, kept = place.with_name(f".{place.name}.{os.getpid()}"), place.with_name(place.name + KEPT)
    try:
        with new.open("xb") as opened:
            opened.write(text.encode())
            opened.flush()
            os.fsync(opened.fileno())
        if before is not None:
            shutil.copy2(place, kept)
            shutil.copymode(place, new)
            os.chown(new, place.stat().st_uid, place.stat().st_gid)
        new.replace(place)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise EngineError(f"{file}: {error.strerror}; may we write it, and beside it?") from error
    return Saved(file, kept if before is not None else None)


def _module(sort: str) -> Any:
    if sort not in MODULES | TICKETS:
        raise EngineError(f"{sort!r} is no type of channel; there are {', '.join(sorts())}")
    return import_module((MODULES | TICKETS)[sort])


def _question(field: msgspec.structs.FieldInfo, is_secret: bool) -> Question:
    made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    default = None if field.required else msgspec.to_builtins(made)
    wanted = inspect.type_info(field.type)
    choices = tuple(map(str, wanted.values)) if isinstance(wanted, inspect.LiteralType) else ()
    return Question(field.name, default, is_secret, choices)


def _checked(module: Any, name: str, told: Mapping[str, Plain]) -> None:
    options = {key: value for key, value in told.items() if key not in ROUTE_KEYS}
    try:
        msgspec.convert(options, module.Options)
    except msgspec.ValidationError as error:
        raise EngineError(f"[integrations.{name}]: {error}") from error
    routes({name: told})


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EngineError(f"the file is not TOML: {error}; put that right first") from error


def _called(wanted: inspect.Type) -> str:
    names = {inspect.IntType: "whole number", inspect.FloatType: "number", inspect.BoolType: "yes or no"}
    return names.get(type(wanted), "value of TOML")


def _toml(value: Plain) -> str:
    """A value in TOML; what needs no escape has none."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case dict():
            return f"{{ {', '.join(_pairs(value.items()))} }}" if value else "{}"
    return json.dumps(value)


def _pairs(items: Iterable[tuple[str, Plain]]) -> Iterator[str]:
    return (f"{key if NAME.fullmatch(key) else _toml(key)} = {_toml(value)}" for key, value in items)
