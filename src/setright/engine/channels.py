"""The channels that ``[integrations.NAME]`` of `setright.toml` lays down: what each is told of, and the module that sends it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from setright.engine.error import EngineError
from setright.integrations.message import Sender
from setright.integrations.tickets import TicketSystem
from setright.model import Plain

MODULES = {  # type -> module with Options, SECRETS and open_channel
    "apprise": "setright.integrations.apprise",
    "mail": "setright.integrations.mail",
    "ocsf": "setright.integrations.ocsf",
    "opsgenie": "setright.integrations.opsgenie",
    "pagerduty": "setright.integrations.pagerduty",
    "securityhub": "setright.integrations.securityhub",
    "securitylake": "setright.integrations.securitylake",
    "sentinel": "setright.integrations.sentinel",
    "slack": "setright.integrations.slack",
    "splunk": "setright.integrations.splunk",
    "syslog": "setright.integrations.syslog",
    "webhook": "setright.integrations.webhook",
}
TICKETS = {  # type -> module with Options, SECRETS and open_tickets
    "github": "setright.integrations.github_issues",
    "gitlab": "setright.integrations.gitlab_issues",
    "jira": "setright.integrations.jira",
    "roundup": "setright.integrations.roundup",
    "servicenow": "setright.integrations.servicenow",
}
EVENTS = (
    "finding.*",
    "plan.asked",
    "plan.approved",
    "plan.verified",
    "plan.unverified",
    "plan.reverted",
    "exception.*",
    "switch.*",
)


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel is told of; an empty list: everything. Globs allowed. `off`: nothing, and nothing is kept for later.

    It sends at most every `every_min` minutes; 0: at once.
    """

    type: str
    events: tuple[str, ...] = EVENTS
    severities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    off: bool = False
    every_min: int = 0


ROUTE_KEYS = frozenset(Route.__struct_fields__)


class Event(msgspec.Struct, frozen=True):
    """One thing that happened. `key` tells it from every other; the empty words are not known of it."""

    key: str
    event: str
    item: str
    at: str
    body: Mapping[str, Plain]
    severity: str = ""
    owner: str = ""
    lane: str = ""
    target: str = ""


def wants(route: Route, event: Event) -> bool:
    """What is not known of an event keeps it from nobody: silence would be the worse mistake."""
    asked = (
        (route.severities, event.severity),
        (route.owners, event.owner),
        (route.lanes, event.lane),
        (route.targets, event.target),
    )
    return (
        not route.off
        and any(fnmatchcase(event.event, glob) for glob in route.events)
        and all(not globs or not word or any(fnmatchcase(word, glob) for glob in globs) for globs, word in asked)
    )


def routes(integrations: Mapping[str, Mapping[str, Plain]]) -> dict[str, Route]:
    """By channel. Raises EngineError for a type that is none of ours, or a key that means nothing."""
    return {name: route for name, route in _routes(integrations).items() if route.type in MODULES}


def ticket_routes(integrations: Mapping[str, Mapping[str, Plain]]) -> dict[str, Route]:
    """As `routes`, of the ticket systems, which are not told of events but hold one ticket a matter."""
    return {name: route for name, route in _routes(integrations).items() if route.type in TICKETS}


def _routes(integrations: Mapping[str, Mapping[str, Plain]]) -> dict[str, Route]:
    return {name: _route(name, table) for name, table in integrations.items()}


def _route(name: str, table: Mapping[str, Plain]) -> Route:
    try:
        route = msgspec.convert({key: value for key, value in table.items() if key in ROUTE_KEYS}, Route)
    except msgspec.ValidationError as error:
        raise EngineError(f"[integrations.{name}]: {error}") from error
    if route.type not in MODULES | TICKETS:
        raise EngineError(f"[integrations.{name}] type: {route.type!r} is none of {', '.join(sorted(MODULES | TICKETS))}")
    return route


def sender(name: str, table: Mapping[str, Plain], environ: Mapping[str, str] = os.environ) -> Sender:
    """The channel, open. Raises EngineError for options that are missing or wrong, and secrets that are not there."""
    module: Any = import_module(MODULES[_route(name, table).type])
    opened: Sender = module.open_channel(_options(module, name, table, environ))
    return opened


def ticket_system(name: str, table: Mapping[str, Plain], dry: bool, environ: Mapping[str, str] = os.environ) -> TicketSystem:
    """As `sender`, for a ticket system. `dry`: it changes nothing, and notes what it would send."""
    module: Any = import_module(TICKETS[_route(name, table).type])
    opened: TicketSystem = module.open_tickets(_options(module, name, table, environ), dry)
    return opened


def _options(module: Any, name: str, table: Mapping[str, Plain], environ: Mapping[str, str]) -> Any:
    given = {key: value for key, value in table.items() if key not in ROUTE_KEYS}
    for key in module.SECRETS:
        if key in given and not is_elsewhere(given[key]):
            raise EngineError(
                f'[integrations.{name}] {key}: a secret does not stand in this file; write "env:NAME", "file:/path" or '
                f'"keyring:service/user"'
            )
    told = {key: secret(value, f"[integrations.{name}] {key}", environ) for key, value in given.items()}
    try:
        return msgspec.convert(told, module.Options)
    except msgspec.ValidationError as error:
        takes = sorted({*module.Options.__struct_encode_fields__, *ROUTE_KEYS})
        raise EngineError(f"[integrations.{name}]: {str(error).replace('`', '')}; it takes {', '.join(takes)}") from error


def is_elsewhere(value: Plain) -> bool:
    return isinstance(value, str) and value.startswith(("env:", "file:", "keyring:"))


def secret(value: Plain, place: str, environ: Mapping[str, str]) -> Plain:
    """The value itself, or what stands where it points to. `place` stands in errors."""
    if not is_elsewhere(value):
        return value
    sort, _, where = str(value).partition(":")
    try:
        return _FROM[sort](where, environ)
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise EngineError(f"{place}: nothing can be had from {value}; put the secret there, or name its place") from error


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    return environ[name]


def _from_file(path: str, _: Mapping[str, str]) -> str:
    return Path(path).read_text("utf-8").strip()


def _from_keyring(where: str, _: Mapping[str, str]) -> str:
    try:
        keyring: Any = import_module("keyring")
    except ImportError as error:
        raise EngineError("keyring is not installed: pip install 'setright[keyring]', or name an env: or file: place") from error
    service, user = where.split("/", 1) if "/" in where else (where, "")
    if (found := keyring.get_password(service, user)) is None:
        raise KeyError(where)
    return str(found)


_FROM = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
