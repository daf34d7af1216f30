"""Messages to any of the hundred and more services that Apprise knows (github.com/caronc/apprise), each by one URL of its own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.message import Message
from setright.integrations.plain import message_fields, message_text, subject

TYPES = {"critical": "failure", "high": "failure", "medium": "warning", "finding.resolved": "success", "plan.verified": "success"}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is Apprise's, credentials and all: ``slack://...``, ``msteams://...``, ``mailtos://...``."""

    url: str


SECRETS = ("url",)


class Apprise:
    """One service. It tells no more than whether a message went out, so a failure is tried again later."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        try:
            library: Any = import_module("apprise")
        except ImportError as error:
            raise IntegrationError("apprise is not installed: pip install 'setright[notify]'") from error
        self._service = library.Apprise()
        if not self._service.add(options.url):
            raise IntegrationError("apprise does not know this URL; see github.com/caronc/apprise for the service's form")

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if not self._service.notify(title=subject(message), body=message_text(message), notify_type=_sort(message)):
                raise IntegrationError("the service did not take the message; it is tried again later")


def open_channel(options: Options) -> Apprise:
    return Apprise(options)


def _sort(message: Message) -> str:
    """Apprise's own word for how grave it is."""
    return TYPES.get(message.event) or TYPES.get(str(message_fields(message).get("severity")), "info")
