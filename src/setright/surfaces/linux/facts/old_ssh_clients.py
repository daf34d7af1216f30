"""Does anybody still come over SSH by broken ciphers, codes or key exchanges? `linux/old-ssh-clients:ciphers` (`macs`, `kex`).

Evidence: what sshd logs at LogLevel DEBUG1, ``kex: client->server cipher: aes128-cbc MAC: hmac-sha1``, and clients that it
could not agree with already. At INFO it does not log what was agreed: then nobody can be told, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from setright.model import Answer
from setright.patterns import late
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, age, count, some
from setright.surfaces.linux.transport import Ask

DAYS = logins.DAYS
WORD = "kex: "
LOGS = (Ask("grep", "/var/log/auth.log*", WORD), Ask("grep", "/var/log/secure*", WORD), Ask("grep", "/var/log/debug*", WORD))
JOURNAL = Ask(
    "run",
    f"""journalctl -q --no-pager -o short-iso -t sshd -t sshd-session --since=-{DAYS + 2}d 2>/dev/null |
grep -F '{WORD}' | tail -n 20000; true""",
)
AGREED = {
    "ciphers": late(r"\bkex: (?:client->server|server->client) cipher: (\S+)"),
    "macs": late(r"\bkex: (?:client->server|server->client) cipher: \S+ MAC: (\S+)"),
    "kex": late(r"\bkex: algorithm: (\S+)"),
}
BROKEN = {
    "ciphers": re.compile(r"3des.*|.*-cbc|rijndael.*|arcfour.*|blowfish.*|cast128.*"),
    "macs": re.compile(r"hmac-md5.*|hmac-ripemd160.*|hmac-sha1-96.*|umac-64.*"),
    "kex": re.compile(r"diffie-hellman-group(?:1|14|-exchange)-sha1"),
}
HOW = f"sshd logs it at LogLevel DEBUG1 only; set that for {DAYS} days to know"


def asks(argument: str) -> Sequence[Ask]:
    return (*LOGS, JOURNAL, logins.NOW, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one came. Does not where sshd logged for 30 days what was agreed and none of it was broken."""
    form, broken = AGREED.get(argument), BROKEN.get(argument)
    if form is None or broken is None:
        return Answer(None, f"cannot be told: {argument!r} is none of {', '.join(AGREED)}", "")
    now, lines = logins.now_of(evidence), [line for ask in (*LOGS, JOURNAL) for line in evidence.lines(ask)]
    agreed = [(match[1], logins.written_at(line, now)) for line in lines if (match := form.search(line))]
    agreed = [(name, when) for name, when in agreed if when and now]
    source = (
        ", ".join(dict.fromkeys([*evidence.names(*LOGS)[:3], *(["journal"] if evidence.text(JOURNAL) else [])])) or "logs of sshd"
    )
    recent = [(name, when) for name, when in agreed if now and when and now - when <= timedelta(days=DAYS)]
    if old := [(name, when) for name, when in recent if broken.fullmatch(name)]:
        said = f"{count(len(old), 'time')} in the last {DAYS} days a client agreed on {some(sorted({name for name, _ in old}))}"
        return Answer(True, said, source)
    if evidence.never_booted():
        return Answer(False, "nobody came: this image has never been started", "/etc/machine-id, /var/log/wtmp")
    starts = [when for _, when in agreed if when]
    if not starts or now is None:
        return Answer(None, f"cannot be told: {HOW}", source)
    if (reach := now - min(starts)) < timedelta(days=DAYS):
        return Answer(None, f"no old client seen, but what was agreed is logged only since {age(reach.total_seconds())}", source)
    return Answer(False, f"0 of {count(len(recent), 'agreement')} in the last {DAYS} days were on broken {argument}", source)
