"""A real nginx and real handshakes: old clients are known where the log says so, and unknown where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Answer
from setright.surfaces.linux.surface import open_ssh
from tests.hosts import environment, hosts

pytestmark = [pytest.mark.root, pytest.mark.slow]

FACT = "linux/old-tls-clients:nginx"
SITE = """log_format tls '$remote_addr - [$time_local] "$request" $status $ssl_protocol/$ssl_cipher';
server {
    listen 443 ssl;
    ssl_certificate /etc/nginx/cert.pem;
    ssl_certificate_key /etc/nginx/key.pem;
    ssl_protocols TLSv1 TLSv1.2 TLSv1.3;
    ssl_ciphers DEFAULT@SECLEVEL=0;
}
"""
START = """cat >/etc/nginx/sites-enabled/default
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=h1 -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem 2>/dev/null
nginx"""
CLIENT = (
    "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect 127.0.0.1:443 -cipher DEFAULT@SECLEVEL=0 {} 2>/dev/null"
)


class Served(Lab):
    """Hosts with nginx."""

    also = ("nginx-light", "openssl")


@pytest.fixture(scope="module")
def lab() -> Iterator[Served]:
    with hosts(1, Served) as lab:
        yield lab


def asked() -> Answer:
    surface = open_ssh("ssh://h1")
    told = surface.ask([FACT])[FACT]
    surface.close()
    return told


def test_old_clients_are_known_once_the_log_says_by_what_they_come(
    lab: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)

    def sh(command: str) -> str:
        done = lab.command(1, command)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    with lab.inside():
        sh(f"{START.partition(chr(10))[0]} <<'END'\n{SITE}END\n{START.partition(chr(10))[2]}")
        assert "200 OK" in sh(CLIENT.format("-tls1_2"))
        told = asked()
        assert told.holds is None and "nginx does not record it in /var/log/nginx/access.log (combined)" in told.text
        sh(r"sed -i 's,^server {,access_log /var/log/nginx/tls.log tls;\n&,' /etc/nginx/sites-enabled/default")
        sh("nginx -s reload; sleep 1")
        for protocol in ("-tls1_2", "-tls1_3"):
            assert "200 OK" in sh(CLIENT.format(protocol))
        told = asked()
        assert told.holds is None and "reaches back only" in told.text
        old = """'127.0.0.1 - ['"$(date -d '31 days ago' '+%d/%b/%Y:%H:%M:%S %z')"'] "GET / HTTP/1.0" 200 TLSv1.2/X'"""
        sh(f"cd /var/log/nginx; echo {old} >first; cat first tls.log >tls.log.1")
        told = asked()
        assert told.holds is False and "by TLS to nginx older than 1.2" in told.text, told.text
        assert "200 OK" in sh(CLIENT.format("-tls1"))
        told = asked()
        assert told.holds is True, told.text
        assert "1 connection by TLSv1 " in told.text and "from 127.0.0.1 in the last 30 days" in told.text
        assert "/var/log/nginx/tls.log" in told.source
