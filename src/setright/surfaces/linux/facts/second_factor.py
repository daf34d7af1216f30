"""Are one-time codes asked for at SSH logins? Evidence: modules in /etc/pam.d/sshd and what it includes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
STACKS = tuple(Ask("file", f"/etc/pam.d/{name}") for name in ("sshd", "common-auth", "password-auth", "system-auth"))
MODULE = re.compile(
    r"^\s*-?auth\s[^#]*\b(pam_(?:google_authenticator|duo|oath|yubico|u2f|radius|otpw|privacyidea|rsa)\w*)", re.MULTILINE
)


def asks(argument: str) -> Sequence[Ask]:
    return STACKS


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where such a module is in a stack; not where the stacks are there and name none."""
    barred = evidence.barred(*STACKS)
    if barred or not evidence.names(STACKS[0]):
        return Answer(None, f"cannot be told: {barred or 'there is no /etc/pam.d/sshd'}", "/etc/pam.d")
    modules = sorted({name for ask in STACKS for name in MODULE.findall(evidence.text(ask))})
    if modules:
        return Answer(True, f"{some(modules)} asks for one", "/etc/pam.d")
    return Answer(False, "no module of /etc/pam.d/sshd asks for a second factor", "/etc/pam.d")
