"""Promises of the fact who still comes by old TLS: told from real log lines, and unknown wherever a log is silent."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.facts import old_tls_clients
from setright.surfaces.linux.tls_logs import Server, servers, use
from setright.surfaces.linux.transport import Reply

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TLS = "server {{\n listen 443 ssl;\n ssl_certificate a;\n{}}}\n"
FORMATS = {
    "main": """log_format tls '$remote_addr - $remote_user [$time_local] "$request" $status '
      '"$http_user_agent" $ssl_protocol/$ssl_cipher';""",
    "json": """log_format tls escape=json '{"at":"$time_iso8601","from":"$remote_addr","agent":"$http_user_agent",'
      '"tls":"$ssl_protocol"}';""",
}
LINES = {
    "main": '192.0.2.7 - - [20/Nov/2026:11:00:00 +0000] "GET / HTTP/1.1" 200 "curl \\x22TLSv1.3\\x22" TLSv1/AES128-SHA',
    "json": '{"at":"2026-11-20T11:00:00+00:00","from":"192.0.2.7","agent":"TLSv1.3","tls":"TLSv1"}',
}


def known(**texts: str) -> list[Server]:
    return servers(**{name: texts.get(name, "") for name in ("nginx", "apache", "haproxy", "postfix", "dovecot")})


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_of_nginx_tells_where_the_protocol_stands(name: str) -> None:
    (nginx,) = known(nginx=FORMATS[name] + TLS.format(" access_log /var/log/nginx/a.log tls;\n"))
    assert nginx.silent == ()
    told = use(LINES[name], [nginx])
    assert told and (told.client, told.protocol, told.is_old) == ("192.0.2.7", "TLSv1", True)


def test_a_user_agent_that_says_it_is_old_is_not_believed() -> None:
    (nginx,) = known(nginx=FORMATS["main"] + TLS.format(" access_log /a tls;\n"))
    line = LINES["main"].replace("TLSv1.3", "TLSv1").replace(" TLSv1/AES128-SHA", " TLSv1.3/TLS_AES_256_GCM_SHA384")
    told = use(line, [nginx])
    assert told and told.protocol == "TLSv1.3" and not told.is_old
    assert use("TLSv1 in no known form", [nginx]) is None


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        (TLS.format(""), ("a server without an access_log",)),
        ("access_log /var/log/nginx/access.log;\n" + TLS.format(""), ("/var/log/nginx/access.log (combined)",)),
        (FORMATS["main"] + "access_log /a tls;\n" + TLS.format(""), ()),
        (FORMATS["main"] + "access_log /a tls;\n" + TLS.format(" access_log /b;\n"), ("/b (combined)",)),
        (FORMATS["main"] + TLS.format(" access_log /b; access_log /c tls;\n"), ()),
        ("# " + FORMATS["json"].replace("\n", " ") + "\naccess_log /a tls;\n" + TLS.format(""), ("/a (tls)",)),
        (
            FORMATS["main"] + "access_log /a tls;\ninclude mime.types;\ninclude /srv/*.conf;\n" + TLS.format(""),
            ("/srv/*.conf (not looked at)",),
        ),
        ("server { listen 80; }\n", None),
    ],
)
def test_a_tls_server_of_nginx_whose_log_is_silent_is_named(text: str, silent: tuple[str, ...] | None) -> None:
    found = known(nginx=text)
    assert [server.silent for server in found] == ([] if silent is None else [silent])


RED_HAT = """<VirtualHost _default_:443>
TransferLog logs/ssl_access_log
SSLEngine on
CustomLog logs/ssl_request_log "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \\"%r\\" %b"
</VirtualHost>
"""


def test_apache_of_red_hat_records_it_as_shipped_and_of_debian_does_not() -> None:
    (apache,) = known(apache=RED_HAT)
    told = use('[20/Nov/2026:11:00:00 +0000] 192.0.2.9 TLSv1.2 DES-CBC3-SHA "GET / HTTP/1.1" 5', [apache])
    assert apache.silent == () and told and told.is_old, "the cipher is broken"
    host = "<VirtualHost *:443>\nSSLEngine on\nCustomLog /a combined\n</VirtualHost>\n"
    debian = f'LogFormat "%h %l %u %t \\"%r\\" %>s %O" combined\n{host}'
    assert [server.silent for server in known(apache=debian)] == [("/a",)]


@pytest.mark.parametrize(
    ("program", "text", "line", "client", "old"),
    [
        (
            "postfix",
            "smtpd_tls_security_level = may\nsmtpd_tls_loglevel = 1\n",
            "Nov 20 11:00:00 mx postfix/smtpd[7]: Anonymous TLS connection established from a.example[192.0.2.1]: "
            "TLSv1 with cipher ECDHE-RSA-AES256-SHA (256/256 bits)",
            "192.0.2.1",
            True,
        ),
        (
            "dovecot",
            "login_log_format_elements = user=<%u> rip=%r %k\n",
            "2026-11-20T11:00:00+00:00 mx dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=2001:db8::1, lip=192.0.2.2, "
            "TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384 (256/256 bits)",
            "2001:db8::1",
            False,
        ),
        (
            "haproxy",
            "frontend a\n bind :443 ssl crt /a\n log-format '%ci:%cp %sslv/%sslc'\n",
            "Nov 20 11:00:00 lb haproxy[7]: 192.0.2.3:51234 [20/Nov/2026:11:00:00.100] a~ b/s 200 1 TLSv1.1/ECDHE-RSA-AES128-SHA",
            "192.0.2.3",
            True,
        ),
    ],
)
def test_logs_of_other_programs_are_read(program: str, text: str, line: str, client: str, old: bool) -> None:
    (server,) = known(**{program: text})
    told = use(line, [server])
    assert server.silent == () and told and (told.client, told.is_old) == (client, old)


def test_mail_servers_as_shipped_record_nothing() -> None:
    found = known(postfix="smtpd_tls_security_level=may\n", dovecot="ssl = yes\n#login_log_format_elements = %k\n")
    assert [server.silent for server in found] == [("its log",), ("its log",)]
    assert known(postfix="smtpd_tls_security_level = none\n", dovecot="ssl = no\n") == []


NGINX = FORMATS["main"] + TLS.format(" access_log /var/log/nginx/access.log tls;\n")


def answered(nginx: str, logs: str, listeners: str = '*:443 users:(("nginx",pid=7,fd=6))\n', argument: str = "") -> Answer:
    outs = {
        old_tls_clients.LISTENERS: listeners,
        UPTIME: "864000.0 1.0\n",
        old_tls_clients.FILES["nginx"][0]: nginx,
        old_tls_clients.LOGS: logs,
        logins.NOW: f"{NOW.timestamp():.0f}\n",
    }
    return old_tls_clients.answer(argument, Evidence({ask: [Reply(ask.name, text.encode())] for ask, text in outs.items()}))


def line(days: int, protocol: str) -> str:
    return f'192.0.2.7 - - [{NOW - timedelta(days=days):%d/%b/%Y:%H:%M:%S +0000}] "GET / HTTP/1.1" 200 "x" {protocol}/AES128-SHA'


LOG = "/var/log/nginx/access.log"


@pytest.mark.parametrize(
    ("logs", "holds", "said"),
    [
        (
            f"A\t{LOG}\t{line(31, 'TLSv1.2')}\nN\t{LOG}\t90\nO\t{LOG}\t{line(3, 'TLSv1.1')}\n",
            True,
            "1 connection by TLSv1.1 AES128-SHA",
        ),
        (f"A\t{LOG}\t{line(31, 'TLSv1.2')}\nN\t{LOG}\t90\n", False, "0 of 90 connections"),
        (f"A\t{LOG}\t{line(40, 'TLSv1')}\nN\t{LOG}\t90\nO\t{LOG}\t{line(40, 'TLSv1')}\n", False, "0 of 90 connections"),
        (f"A\t{LOG}\t{line(9, 'TLSv1.2')}\nN\t{LOG}\t90\n", None, "reaches back only 9 days; it takes 30 days"),
        (f"A\t{LOG}\t{line(31, 'TLSv1.2')}\nN\t{LOG}\t90\nC\t{LOG}\n", None, "could not be read to its end"),
        ("", None, "no connection to nginx by TLS is in its logs yet"),
    ],
)
def test_silence_tells_something_only_after_thirty_days_of_a_whole_log(logs: str, holds: bool | None, said: str) -> None:
    told = answered(NGINX, logs)
    assert told.holds is holds and said in told.text


def test_of_a_whole_host_nobody_is_told_where_another_program_listens() -> None:
    logs = f"A\t{LOG}\t{line(31, 'TLSv1.2')}\nN\t{LOG}\t90\n"
    listeners = (
        '*:8443 users:(("java",pid=9,fd=6))\n127.0.0.1:5432 users:(("postgres",pid=8,fd=6))\n[::]:22 users:(("sshd",pid=1,fd=3))\n'
    )
    told = answered(NGINX, logs, listeners)
    assert told.holds is None and "java listens too" in told.text
    assert answered(NGINX, logs, listeners, "nginx").holds is False


def test_a_silent_log_says_how_it_can_be_made_known() -> None:
    told = answered("access_log /a;\n" + TLS.format(""), "")
    assert told.holds is None
    assert "nginx does not record it in /a (combined): add $ssl_protocol" in told.text and "30 days" in told.text
    assert answered("", "").holds is None, "what serves TLS here keeps no such log"


def test_old_lines_are_taken_from_logs_and_from_packed_ones(tmp_path: Path) -> None:
    (log := tmp_path / "access.log").write_text(
        "\n".join([line(40, "TLSv1.2"), "plain", line(2, "TLSv1.3"), line(1, "TLSv1")]) + "\n"
    )
    (tmp_path / "access.log.2").write_text(line(50, "SSLv3") + "\n")
    subprocess.run(["gzip", str(tmp_path / "access.log.2")], check=True, timeout=10)
    (conf := tmp_path / "nginx.conf").write_text(f"http {{ access_log {log} tls; }}\n")
    script = old_tls_clients.LOGS.name.replace("nginx/nginx.conf", str(conf)).replace("/var/log/", f"{tmp_path}/none/")
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30)
    rows = [row.split("\t", 2) for row in run.stdout.splitlines() if str(tmp_path) in row]
    assert [f"{sort} {Path(name).name}" for sort, name, _ in rows] == [
        f"{sort} {name}" for name in ("access.log", "access.log.2.gz") for sort in "ANO"
    ]
    assert rows[1][2] == "3" and rows[0][2] == line(40, "TLSv1.2") and rows[2][2] == line(1, "TLSv1")
