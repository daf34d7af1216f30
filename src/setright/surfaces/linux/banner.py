"""What an sshd says first. RFC 4253, section 4.2: the server's version line."""

from __future__ import annotations

import socket

TIMEOUT_S = 2.0


def banner(host: str, port: int) -> str:
    """The version line, or ``no answer: why``."""
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as wire:
            line = wire.recv(255).partition(b"\n")[0].strip().decode(errors="replace")
    except OSError as error:
        return f"no answer: {error.strerror or error}"
    return line if line.startswith("SSH-") else f"no answer: {line[:40]!r}"
