"""The configuration file `setright.toml` (toml.io, 1.0): targets, owners, policy and parameters. Nobody needs one.

Unknown keys are refused, with the line and the key that may have been meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path as File
from typing import TypeVar

import msgspec
from msgspec import inspect

from setright.engine.error import EngineError
from setright.engine.secret_places import SecretPlace, place_in
from setright.engine.toml_lines import toml_line
from setright.model import Path, Plain, Tree
from setright.policy.approvals import Need
from setright.policy.assets import Assets
from setright.policy.escalation import Escalation
from setright.policy.estate import Asset, Environment, Exposure, Importance, Organisation, Person, lineage
from setright.policy.owners import Owner
from setright.policy.rules import Policy
from setright.policy.waves import is_size

T = TypeVar("T")
NAME = "setright.toml"
ESTATE = "estate"  # the folder beside it
IS_URL = re.compile(r"[A-Za-z][\w+.-]*:")
WIDE = File("/etc/setright") / NAME


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One target by a name of our own. `url` is what the command line takes: ``ssh://ops@web-1``, ``aws://prod``.

    How much hangs on it: `importance`, and `exposure`, who can reach it. `organisation` is the part of the company it is of.
    `sudo` is where the password for sudo is, where a host asks for one: as `sudo` of the whole file.
    """

    name: str
    url: str
    environment: Environment = ""
    organisation: str = ""
    owner: str = ""
    importance: Importance = ""
    exposure: Exposure = ""
    tags: tuple[str, ...] = ()
    sudo: SecretPlace = ""


class Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lists of vulnerabilities that are attacked, as files: `kev` (JSON or CSV, cisa.gov), `epss` (CSV, may be .gz, first.org)."""

    kev: str = ""
    epss: str = ""


class Serving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is where people reach `setright serve`; a signed link holds for `link_h` hours, and no longer than its plan.

    `calls_per_minute` is how often each token of the API may call.
    """

    url: str = ""
    link_h: int = 72
    calls_per_minute: int = 120


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All of `setright.toml` and of `estate/` beside it; as `load_configuration` gives it, every place in it is a full one.

    `state` is a directory, `store` a database URL, `content` folders with controls, bindings and baselines of one's own.
    `fallback` is the owner of what nobody is known to own. `sudo` is where the password for sudo is, for hosts that ask for one:
    ``env:NAME``, ``file:/path``, ``keyring:service/user``, or ``ask``, at the terminal.
    """

    state: str = ""
    store: str = ""
    content: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ("recommended",)
    parameters: dict[str, Plain] = {}
    targets: tuple[Target, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    people: tuple[Person, ...] = ()
    owners: tuple[Owner, ...] = ()
    assets: tuple[Asset, ...] = ()
    fallback: str = ""
    sudo: SecretPlace = ""
    policy: Policy = Policy()
    escalation: Escalation = Escalation()
    risk: Lists = Lists()
    approvals: tuple[Need, ...] = ()
    serve: Serving = Serving()
    integrations: dict[str, dict[str, Plain]] = {}

    @cached_property
    def register(self) -> Assets:
        """The assets, to be found by name."""
        return Assets(self.assets)

    @property
    def state_directory(self) -> File:
        """Where keys, snapshots, ledger and database are."""
        return File(self.state)

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{self.state}/setright.db"

    @property
    def runs_url(self) -> str:
        """Where the workflow library keeps its journal: a file beside the store's, or the same server."""
        return self.store if self.store and not self.store.startswith("sqlite") else f"sqlite:///{self.state}/runs.db"


class Estate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the folder `estate/` may declare; `setright assets import` writes such files."""

    targets: tuple[Target, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    people: tuple[Person, ...] = ()
    owners: tuple[Owner, ...] = ()
    assets: tuple[Asset, ...] = ()


def load_configuration(path: File | None = None, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration of this file, else of the one that is found, else the defaults, with every place made a full one.

    The environment goes first: $SETRIGHT_STATE, $SETRIGHT_STORE, the place for a URL with a password in it, and $SETRIGHT_SUDO.
    Raises EngineError with file, line and key.
    """
    file = path or find(environ, File.cwd())
    beside = file.absolute().parent if file else File.cwd()
    raw = _whole(file, beside / ESTATE) if file else Configuration()
    return msgspec.structs.replace(
        raw,
        targets=tuple(msgspec.structs.replace(target, url=full_url(target.url, beside)) for target in raw.targets),
        state=str(_state_directory(str(beside / File(raw.state).expanduser()) if raw.state else "", environ)),
        store=environ.get("SETRIGHT_STORE") or raw.store,
        sudo=place_in(environ, "SETRIGHT_SUDO") or raw.sudo,
        content=tuple(str(beside / File(folder).expanduser()) for folder in raw.content),
        risk=Lists(*(str(beside / File(each).expanduser()) if each else "" for each in (raw.risk.kev, raw.risk.epss))),
    )


def full_url(url: str, beside: File) -> str:
    """The URL of a target that means the same in every directory: a path of a tree or an image is a full one."""
    image, path = ("root:", url.removeprefix("root:")) if url.startswith("root:") else ("", url)
    return url if IS_URL.match(path) else image + os.path.abspath(beside / File(path).expanduser())  # noqa: PTH100 - links stay


def _whole(file: File, folder: File) -> Configuration:
    """A file with what those of a folder declare beside it. Raises EngineError with file, line and key."""
    text = _text(file)
    said = _converted(_tree(text, str(file)), Configuration, text, str(file))
    parts = [(each, _part(each)) for each in sorted([*folder.glob("*.toml"), *folder.glob("*.json")])]
    told = {name: sum((getattr(part, name) for _, part in parts), getattr(said, name)) for name in Estate.__struct_fields__}
    whole = msgspec.structs.replace(said, **told)
    for path, what in _contradictions(whole):
        raise EngineError(f"{_stands(path, (file, text, said), parts)}: {what}")
    return whole


def _stands(path: Path, own: tuple[File, str, Configuration], parts: Sequence[tuple[File, Estate]]) -> str:
    """File, line and key of a path into the whole."""
    file, text, said = own
    if len(path) < 2 or path[0] not in Estate.__struct_fields__ or not isinstance(path[1], int):
        return f"{file}:{toml_line(text, path)}: {_dotted(path)}"
    table, number = str(path[0]), path[1]
    for place, held in [(file, getattr(said, table)), *((each, getattr(part, table)) for each, part in parts)]:
        if number < len(held):
            here = (table, number, *path[2:])
            line = f":{toml_line(_text(place), here)}" if place.suffix == ".toml" else ""
            return f"{place}{line}: {_dotted(here)}"
        number -= len(held)
    return str(file)


def _part(file: File) -> Estate:
    text = _text(file)
    if file.suffix == ".toml":
        return _converted(_tree(text, str(file)), Estate, text, str(file))
    try:
        return msgspec.json.decode(text, type=Estate)
    except msgspec.DecodeError as error:
        raise EngineError(f"{file}: {error}") from error


def find(environ: Mapping[str, str], folder: File) -> File | None:
    """$SETRIGHT_CONFIG, else the file in the working directory, else the machine's; None: there is none."""
    if named := environ.get("SETRIGHT_CONFIG"):
        return File(named)
    return next((place for place in (folder / NAME, WIDE) if place.is_file()), None)


def read_configuration(path: File) -> Configuration:
    """What a file says, as it says it. Raises EngineError with file, line and key."""
    return parse_configuration(_text(path), str(path))


def _text(path: File) -> str:
    try:
        _refuse_if_anyone_may_write(path)
        return path.read_text("utf-8")
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}; name a configuration file that is there, or none") from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


def parse_configuration(text: str, name: str = NAME) -> Configuration:
    """The configuration a text says; `name` stands in errors."""
    configuration = _converted(_tree(text, name), Configuration, text, name)
    for path, what in _contradictions(configuration):
        raise EngineError(f"{name}:{toml_line(text, path)}: {_dotted(path)}: {what}")
    return configuration


def _tree(text: str, name: str) -> Tree:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise EngineError(f"{name}:{line[1] if line else 1}: not TOML: {error}") from error


def _converted(tree: Tree, into: type[T], text: str, name: str) -> T:
    try:
        return msgspec.convert(tree, into)
    except msgspec.ValidationError as error:
        path, what = _explained(str(error))
        raise EngineError(f"{name}:{toml_line(text, path)}: {_dotted(path)}: {what}") from error


def json_schema() -> bytes:
    """The file's JSON Schema, for editors; kept in schemas/setright.schema.json."""
    schema = {
        "$comment": "Generated from setright.engine.configuration; do not edit.",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": NAME,
        **msgspec.json.schema(Configuration),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _explained(message: str) -> tuple[Path, str]:
    """The path and a sentence, out of what msgspec says: ``Object contains unknown field `x` - at `$.targets[1]` ``."""
    what, _, place = message.partition(" - at `")
    path: Path = tuple(int(index) if index else key for key, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", place) if key or index)
    if unknown := re.search(r"unknown field `(.*)`", what):
        return (*path, unknown[1]), f"no such key{_near(unknown[1], _known(path))}"
    if value := re.search(r"Invalid enum value '(.*)'", what):
        return path, f"{value[1]!r} is none of {', '.join(_known(path))}{_near(value[1], _known(path))}"
    if missing := re.search(r"required field `(.*)`", what):
        return path, f"the key {missing[1]!r} is missing; add it"
    return path, what.replace("`", "")


def _known(path: Path) -> list[str]:
    """What may stand at a path: a table's keys, or the values of a closed set."""
    known: inspect.Type = inspect.type_info(Configuration)
    for part in path:
        known = _below(known, part)
    if isinstance(known, inspect.StructType):
        return [field.encode_name for field in known.fields]
    return [str(value) for value in known.values if value] if isinstance(known, inspect.LiteralType) else []


def _below(known: inspect.Type, part: str | int) -> inspect.Type:
    match known:
        case inspect.StructType():
            return next((field.type for field in known.fields if field.encode_name == part), inspect.AnyType())
        case inspect.VarTupleType():
            return known.item_type
        case inspect.DictType():
            return known.value_type
    return inspect.AnyType()


def _near(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _contradictions(configuration: Configuration) -> Iterator[tuple[Path, str]]:
    yield from _doubles("targets", configuration.targets)
    yield from _doubles("owners", configuration.owners)
    yield from _doubles("people", configuration.people)
    yield from _doubles("organisations", configuration.organisations)
    yield from _strangers(configuration)
    for number, waves in enumerate(configuration.policy.waves):
        for place, size in enumerate(waves.sizes):
            if not is_size(size):
                yield ("policy", "waves", number, "sizes", place), f"{size!r} is no size; write a number, '10%' or 'rest'"
    windows = configuration.policy.windows
    for number, rule in enumerate(configuration.policy.rules):
        if rule.window and rule.window not in windows:
            yield ("policy", "rules", number, "window"), f"there is no window {rule.window!r}{_near(rule.window, list(windows))}"
    for number, freeze in enumerate(configuration.policy.freezes):
        if freeze.start.tzinfo is None or freeze.until.tzinfo is None:
            yield ("policy", "freezes", number), "start and until need a zone: 2026-12-20T00:00:00+01:00"
        elif freeze.until <= freeze.start:
            yield ("policy", "freezes", number, "until"), "is not after start; nothing would be frozen"


def _doubles(table: str, named: Sequence[Target | Owner | Organisation | Person]) -> Iterator[tuple[Path, str]]:
    seen: dict[str, int] = {}
    for number, each in enumerate(named):
        if each.name in seen:
            what = f"{each.name!r} is also the name of {table[:-1]} {seen[each.name] + 1}; names are unique"
            yield (table, number, "name"), what
        seen[each.name] = number


def _strangers(configuration: Configuration) -> Iterator[tuple[Path, str]]:
    """Organisations that are named and not declared, and such as are below themselves."""
    names = [each.name for each in configuration.organisations]
    places: list[tuple[Path, str]] = [(("targets", n, "organisation"), t.organisation) for n, t in enumerate(configuration.targets)]
    places += [(("owners", n, "organisation"), o.organisation) for n, o in enumerate(configuration.owners)]
    places += [(("organisations", n, "parent"), o.parent) for n, o in enumerate(configuration.organisations)]
    places += [(("assets", n, "organisation"), a.organisation) for n, a in enumerate(configuration.assets)]
    for path, name in places:
        if name and name not in names:
            yield path, f"there is no organisation {name!r}{_near(name, names)}"
    roles = sorted({role for person in configuration.people for role in person.roles})
    asked: list[tuple[Path, str]] = [(("approvals", n, "role"), need.role) for n, need in enumerate(configuration.approvals)]
    asked.append((("policy", "exceptions", "role"), configuration.policy.exceptions.role))
    for path, role in asked:
        if role and role not in roles:
            yield path, f"nobody has the role {role!r}{_near(role, roles)}"
    for number, each in enumerate(configuration.organisations):
        if each.parent and each.name in lineage(each.parent, configuration.organisations):
            yield ("organisations", number, "parent"), f"{each.name!r} would be above itself"


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"


def _state_directory(configured: str, environ: Mapping[str, str]) -> File:
    if named := environ.get("SETRIGHT_STATE") or configured:
        return File(named).expanduser().absolute()
    if os.geteuid() == 0:
        return File("/var/lib/setright")
    home = environ.get("XDG_STATE_HOME") or File(environ.get("HOME") or "~").expanduser() / ".local" / "state"
    return File(home) / "setright"


def _refuse_if_anyone_may_write(path: File) -> None:
    if os.geteuid() == 0 and path.stat().st_mode & 0o002:
        raise EngineError(f"{path}: anyone may write it, and it says what root does; chmod o-w it")
