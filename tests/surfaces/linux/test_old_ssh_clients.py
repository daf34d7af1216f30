"""Promises of the fact who still comes over SSH by what is broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.facts import old_ssh_clients
from setright.surfaces.linux.transport import Reply
from tests.surfaces.linux.states import Loop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def line(days: int, said: str) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%S+00:00} web sshd[7]: debug1: kex: {said} [preauth]\n"


CIPHER = "client->server cipher: aes256-ctr MAC: hmac-sha2-256 compression: none"
CBC = "client->server cipher: aes256-cbc MAC: hmac-md5 compression: none"
KEX, SHA1 = "algorithm: curve25519-sha256", "algorithm: diffie-hellman-group14-sha1"


@pytest.mark.parametrize(
    ("what", "log", "holds"),
    [
        ("ciphers", "", None),
        ("ciphers", line(31, CIPHER) + line(1, CIPHER), False),
        ("ciphers", line(9, CIPHER), None),
        ("ciphers", line(1, CBC), True),
        ("ciphers", line(40, CBC) + line(1, CIPHER), False),
        ("macs", line(1, CBC), True),
        ("macs", line(31, CIPHER), False),
        ("kex", line(31, KEX) + line(1, CBC), False),
        ("kex", line(1, SHA1), True),
        ("kex", line(31, CIPHER), None),
        ("host-keys", line(31, CIPHER), None),
    ],
)
def test_what_was_agreed_is_known_where_sshd_logged_it_for_thirty_days(what: str, log: str, holds: bool | None) -> None:
    outs = {old_ssh_clients.LOGS[0]: log, logins.NOW: f"{NOW.timestamp():.0f}\n", UPTIME: "9999 1\n"}
    told = old_ssh_clients.answer(what, Evidence({ask: [Reply(ask.name, text.encode())] for ask, text in outs.items()}))
    assert told.holds is holds
    assert log or "LogLevel DEBUG1" in told.text


@pytest.mark.root
def test_a_cipher_that_nobody_agreed_on_for_thirty_days_goes_without_asking(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/sshd/ciphers")
    loop.sh("echo 'Ciphers aes256-ctr,aes256-cbc' >/etc/ssh/sshd_config.d/10-old.conf; kill -HUP 1")
    assert loop.lanes() == ["ask"], "what sshd does not log is not told to be nobody"
    stamp = """"$(date -d '31 days ago' '+%Y-%m-%dT%H:%M:%S%:z')" """
    loop.sh(f"echo {stamp}'h1 sshd[7]: debug1: kex: {CIPHER} [preauth]' >/var/log/auth.log")
    assert loop.lanes() == ["auto"]
    loop.sh(f"echo {stamp.replace('31 days', '2 hours')}'h1 sshd[7]: debug1: kex: {CBC} [preauth]' >>/var/log/auth.log")
    assert loop.lanes() == ["ask"]
