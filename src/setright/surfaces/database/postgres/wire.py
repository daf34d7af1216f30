"""The PostgreSQL wire as far as TLS goes: does the server offer it, and does the handshake work?

Source: PostgreSQL protocol, message SSLRequest.
"""

from __future__ import annotations

import socket
import ssl
import struct

import msgspec

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
TIMEOUT_S = 5.0


class Handshake(msgspec.Struct, frozen=True):
    """What a TLS handshake gave: protocol version and the server's certificate (DER), or why there was none."""

    version: str = ""
    certificate: bytes = b""
    why_not: str = ""


def reachable(address: tuple[str, int]) -> bool:
    """Whether TLS can be tried at all: on a Unix socket PostgreSQL never offers it."""
    return bool(address[0]) and not address[0].startswith(("/", "@"))


def offers_tls(address: tuple[str, int]) -> bool:
    """Whether the server answers yes to SSLRequest; True where it cannot be tried."""
    if not reachable(address):
        return True
    try:
        with _asked(address) as (_, answer):
            return answer == b"S"
    except OSError:
        return False


def handshake(address: tuple[str, int]) -> Handshake:
    """A whole TLS handshake. The certificate is not judged here: that is the client's business."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _asked(address) as (link, answer):
            if answer != b"S":
                return Handshake(why_not="the server offers no TLS")
            with context.wrap_socket(link) as secured:
                return Handshake(secured.version() or "", secured.getpeercert(binary_form=True) or b"")
    except OSError as error:
        return Handshake(why_not=f"the TLS handshake failed: {error}")


class _asked:
    """A connection on which SSLRequest was sent, and the one byte that came back."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._link = socket.create_connection(address, TIMEOUT_S)

    def __enter__(self) -> tuple[socket.socket, bytes]:
        self._link.sendall(SSL_REQUEST)
        return self._link, self._link.recv(1)

    def __exit__(self, *_: object) -> None:
        self._link.close()
