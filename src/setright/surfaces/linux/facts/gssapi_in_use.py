"""Does anybody log in with a Kerberos ticket? sshd needs a keytab for that."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

KEYTAB = Ask("list", "/etc/krb5.keytab")


def asks(argument: str) -> Sequence[Ask]:
    return (KEYTAB, *logins.ASKS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Without a keytab it cannot work; with one the logs tell."""
    if not evidence.names(KEYTAB):
        return Answer(False, "no Kerberos login can work: there is no /etc/krb5.keytab", "/etc/krb5.keytab")
    return logins.answer(evidence, "Kerberos login", methods=("gssapi",))
