"""Events to a syslog collector: RFC 5424 lines with octet counting over TLS (RFC 5425), saying CEF, LEEF or JSON.

CEF: ArcSight Common Event Format, version 0. LEEF: IBM QRadar Log Event Extended Format 2.0. Syslog itself acknowledges nothing:
messages count as taken when the collector, in answer to the close of our TLS session, has ended it: then it has read them all.
One that dies with anything unread resets the connection instead, and all of the batch is sent again.
"""

from __future__ import annotations

import contextlib
import platform
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from setright import __version__
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message
from setright.model import Plain

TIMEOUT_S = 15.0
LOG_AUDIT = 13  # the facility, RFC 5424 6.2.1
SYSLOG = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}  # severities, RFC 5424 6.2.1
CEF = {"critical": 10, "high": 8, "medium": 5, "low": 3, "info": 1}
LONGEST = 8192  # bytes that a transport receiver should take, RFC 5425 4.3.1
CUT = 400  # characters of one value
DELIMITER = "^"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ca` is the file of the authorities that may have signed the collector's certificate; empty: the system's.

    `certificate` and `key` are ours, where the collector asks for them.
    """

    host: str
    port: int = 6514
    format: Literal["cef", "leef", "json"] = "cef"
    ca: str = ""
    certificate: str = ""
    key: str = ""


SECRETS = ()


class Syslog:
    """One collector; a session for each batch."""

    at_once = 500

    def __init__(self, options: Options) -> None:
        self._options = options
        self._write = WRITERS[options.format]
        self._place = f"syslog at {options.host}:{options.port}"
        try:
            self._context = ssl.create_default_context(cafile=options.ca or None)
            if options.certificate:
                self._context.load_cert_chain(options.certificate, options.key or None)
        except (OSError, ssl.SSLError) as error:
            raise IntegrationError(
                f"{self._place}: its certificates cannot be read: {error}; check ca, certificate and key"
            ) from error

    def send(self, messages: Sequence[Message]) -> None:
        try:
            with self._session() as session:
                session.sendall(b"".join(framed(line(message, self._write)) for message in messages))
        except OSError as error:
            raise IntegrationError(f"{self._place}: {error}; it is tried again later") from error

    @contextlib.contextmanager
    def _session(self) -> Iterator[ssl.SSLSocket]:
        address = (self._options.host, self._options.port)
        plain = socket.create_connection(address, TIMEOUT_S)
        with plain, self._context.wrap_socket(plain, server_hostname=self._options.host) as session:
            yield session
            with contextlib.suppress(ssl.SSLEOFError):  # rsyslog answers our close by closing the connection
                session.unwrap()


def line(message: Message, write: Callable[[Message], str]) -> bytes:
    """One RFC 5424 message; what is too long for a collector is cut at a character."""
    priority = LOG_AUDIT * 8 + SYSLOG.get(severity(message), 5)
    host = _printable(platform.node(), 255) or "-"
    head = f"<{priority}>1 {message.at} {host} setright - {_printable(message.event, 32)} - "
    return (head.encode() + write(message).encode())[:LONGEST].decode("utf-8", "ignore").encode()


def framed(octets: bytes) -> bytes:
    """With octet counting: a message may hold any character."""
    return b"%d %b" % (len(octets), octets)


def cef(message: Message) -> str:
    """``CEF:0|setright|setright|VERSION|SIGNATURE|NAME|SEVERITY|key=value ...``."""
    head = ("setright", "setright", __version__, signature(message), title(message), str(CEF.get(severity(message), 3)))
    return (
        "CEF:0|" + "|".join(map(_cef_head, head)) + "|" + " ".join(f"{key}={_cef_value(text)}" for key, text in extension(message))
    )


def extension(message: Message) -> list[tuple[str, str]]:
    """CEF's own keys where it has one for a thing, custom strings with their labels where not."""
    body = _body(message)
    told = [
        ("externalId", message.id),
        ("cat", message.event),
        ("dhost", body.get("target")),
        ("suser", body.get("actor")),
        ("outcome", message.event.rpartition(".")[2]),
        ("fileName", _place(body)),
        ("msg", body.get("why") or body.get("reason") or body.get("title")),
        ("cs1Label", "control"),
        ("cs1", body.get("control") or body.get("controls")),
        ("cs2Label", "item"),
        ("cs2", message.item),
        ("cs3Label", "owner"),
        ("cs3", body.get("owner")),
        ("cs4Label", "lane"),
        ("cs4", body.get("lane")),
        ("cs5Label", "resource"),
        ("cs5", body.get("resource")),
    ]
    texts = {key: _text(value) for key, value in told}
    return [
        (key, text) for key, text in texts.items() if text and not (key.endswith("Label") and not texts[key.removesuffix("Label")])
    ]


def leef(message: Message) -> str:
    """``LEEF:2.0|setright|setright|VERSION|EVENT|^|key=value^...``."""
    body = _body(message)
    told = {
        "cat": message.event,
        "devTime": message.at,
        "devTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX",
        "sev": CEF.get(severity(message), 3),
        "id": message.id,
        "item": message.item,
        "identHostName": body.get("target"),
        "usrName": body.get("actor"),
        "resource": _place(body) or body.get("resource"),
        "policy": body.get("control") or body.get("controls"),
        "owner": body.get("owner"),
        "lane": body.get("lane"),
        "msg": body.get("why") or body.get("reason") or title(message),
    }
    head = "|".join(_leef_head(each) for each in ("setright", "setright", __version__, signature(message)))
    return f"LEEF:2.0|{head}|{DELIMITER}|" + DELIMITER.join(
        f"{key}={_leef_value(text)}" for key, value in told.items() if (text := _text(value))
    )


def as_json(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def severity(message: Message) -> str:
    """Of what the message is about; empty where that has none."""
    return str(_body(message).get("severity") or "")


def title(message: Message) -> str:
    return str(_body(message).get("title") or message.event)


def signature(message: Message) -> str:
    """What a SIEM's rules are written on: the control where there is one, else what happened."""
    return str(_body(message).get("control") or message.event)


def _body(message: Message) -> dict[str, Plain]:
    return message.body if isinstance(message.body, dict) else {}


def _place(body: dict[str, Plain]) -> Plain:
    location = body.get("location")
    return location.get("path") if isinstance(location, dict) else body.get("document")


def _text(value: Plain) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return text[:CUT]


def _cef_head(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\r")


def _leef_head(text: str) -> str:
    return _one_line(text).replace("|", "/")


def _leef_value(text: str) -> str:
    """LEEF has no escapes: the delimiter and line ends give way to blanks."""
    return _one_line(text).replace(DELIMITER, " ")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _printable(text: str, longest: int) -> str:
    """PRINTUSASCII, as the header's fields must be."""
    return "".join(letter for letter in text if "!" <= letter <= "~")[:longest]


WRITERS: dict[str, Callable[[Message], str]] = {"cef": cef, "leef": leef, "json": as_json}


def open_channel(options: Options) -> Syslog:
    return Syslog(options)
