"""Messages by e-mail: text, HTML beside it, pictures inside it (RFC 5321, 5322, 2045, 2392), sent by smtplib.

A letter's body is ``{"to": [...], "subject", "text", "html", "pictures": {cid: base64 of a PNG}}``; any other message is told
in plain words to `to` of the channel.
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import LOOPBACK
from setright.integrations.message import Message, Refused
from setright.integrations.plain import message_text, subject

TIMEOUT_S = 30.0
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
LONGEST_SUBJECT = 200


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sender` is the address that letters come from; `to` who gets what is addressed to nobody. Without TLS on loopback only."""

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    to: tuple[str, ...] = ()


SECRETS = ("password",)


class Mail:
    """One mail server; one letter at a time, so that one that is refused holds up no other."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        if options.security == "none" and options.host not in LOOPBACK:
            raise IntegrationError(f"{options.host}: letters go over TLS; set security to starttls or tls")
        self._options = options

    def send(self, messages: Sequence[Message]) -> None:
        with self._server() as server:
            for message in messages:
                letter = composed(message, self._options)
                try:
                    server.send_message(letter)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
                    raise _meant(error) from error

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        told = self._options
        context = ssl.create_default_context()
        try:
            opened = (
                smtplib.SMTP_SSL(told.host, told.port, timeout=TIMEOUT_S, context=context)
                if told.security == "tls"
                else smtplib.SMTP(told.host, told.port, timeout=TIMEOUT_S)
            )
            with opened as server:
                if told.security == "starttls":
                    server.starttls(context=context)
                if told.user:
                    server.login(told.user, told.password)
                yield server
        except (OSError, smtplib.SMTPException) as error:
            raise IntegrationError(f"{told.host}:{told.port}: {error}; check the server and the account") from error


def composed(message: Message, options: Options) -> EmailMessage:
    """The letter. Its Message-ID is the message's id, so that the same one sent again is known as such."""
    body = message.body if isinstance(message.body, dict) else {}
    to = [CONTROL.sub(" ", str(each)) for each in body.get("to") or options.to]
    if not to:
        raise Refused(f"{message.id}: is addressed to nobody; give its table a `to` for what has no address")
    letter = EmailMessage()
    letter["From"] = options.sender
    letter["To"] = ", ".join(to)
    letter["Subject"] = CONTROL.sub(" ", subject(message))[:LONGEST_SUBJECT]
    letter["Date"] = format_datetime(datetime.fromisoformat(message.at))
    letter["Message-ID"] = f"<{message.id}@{options.sender.rpartition('@')[2] or 'setright'}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    letter.set_content(message_text(message))
    if html := body.get("html"):
        letter.add_alternative(str(html), subtype="html")
        part = letter.get_body(("html",))
        assert isinstance(part, EmailMessage)  # it was added just now
        for cid, picture in (body.get("pictures") or {}).items():
            part.add_related(base64.b64decode(picture), "image", "png", cid=f"<{cid}>", filename=f"{cid}.png", disposition="inline")
    return letter


def open_channel(options: Options) -> Mail:
    return Mail(options)


def _meant(error: smtplib.SMTPException) -> IntegrationError:
    """A server's 5xx means never, anything else later (RFC 5321, 4.2.1)."""
    codes = [code for code, _ in error.recipients.values()] if isinstance(error, smtplib.SMTPRecipientsRefused) else []
    codes = codes or [getattr(error, "smtp_code", 0)]
    if all(500 <= code < 600 for code in codes):
        return Refused(f"the mail server will not take it: {error}")
    return IntegrationError(f"the mail server did not take it: {error}; it is tried again later")
