"""Real nginx, Apache, Postfix and Dovecot: what they serve is put right, seen from outside, and back as it was after a rollback."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.hosts import Lab

from tests.hosts import Program, hosts

pytestmark = [pytest.mark.root, pytest.mark.slow]

KINDS = [word for name in ("nginx", "apache", "postfix", "dovecot") for word in ("--control", f"linux/{name}/*")]
SITE = """server {
    listen 443 ssl;
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1 TLSv1.2 TLSv1.3;
    ssl_ciphers DEFAULT@SECLEVEL=0;
}
"""
START = f"""exec </dev/null >/tmp/start 2>&1; set -x
cat >/etc/nginx/sites-available/default <<'END'
{SITE}END
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=h1 -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem; nginx
sed -i 's/^Listen 80/Listen 8080/; s/Listen 443/Listen 8443/' /etc/apache2/ports.conf
sed -i 's/:443/:8443/' /etc/apache2/sites-available/default-ssl.conf; a2enmod ssl; a2ensite default-ssl; apache2ctl start
sed -i 's/^inet_protocols.*/inet_protocols = ipv4/' /etc/postfix/main.cf; postconf -e 'relayhost = [192.0.2.1]'; postfix start
sed -i 's/^ssl = yes/ssl = no/' /etc/dovecot/conf.d/10-ssl.conf; dovecot
sleep 1
"""
SEEN = """client() { timeout 5 openssl s_client -connect 127.0.0.1:"$@" 2>/dev/null | tr -d '\\r'; }
tls() { client $1 -cipher DEFAULT@SECLEVEL=0 $2 </dev/null | grep -c 'Cipher is [^(]'; }
get() { printf 'GET / HTTP/1.0\\r\\n\\r\\n' | client $1 -quiet | sed -n 's/^Server: //p'; }
echo $(tls 443 -tls1) $(tls 443 -tls1_2) $(tls 993) $(get 443) $(get 8443) $(postconf -h disable_vrfy_command) \\
  $(ss -Hltn | awk '/:25 / {print $4}')
"""


class Serving(Lab):
    """Hosts with a web and a mail server of each sort."""

    also = ("nginx-light", "apache2", "postfix", "dovecot-imapd", "openssl")


@pytest.fixture(scope="module")
def lab() -> Iterator[Serving]:
    with hosts(1, Serving) as lab:
        yield lab


def test_servers_are_put_right_and_back(lab: Serving, tmp_path: Path) -> None:
    setright = Program(lab, tmp_path)
    lab.command(1, START)

    def seen() -> str:
        return str(lab.command(1, SEEN).stdout.strip())

    before = seen()
    assert before.startswith("1 1 0 nginx/1.") and "Apache/2." in before and before.endswith("no 0.0.0.0:25")
    code, told, errors = setright("fix", "ssh://h1", *KINDS, "--all")
    assert code == 0 and {plan["outcome"] for plan in told["plans"]} == {"verified"}, errors
    assert seen() == "0 1 1 nginx Apache yes 127.0.0.1:25"
    _, again, _ = setright("fix", "ssh://h1", *KINDS, "--all")
    assert again["plans"] == []
    setright("rollback", told["run"])
    assert seen() == before


def test_a_server_that_would_not_start_again_is_left_alone(lab: Serving, tmp_path: Path) -> None:
    setright = Program(lab, tmp_path)
    lab.command(1, "sed -i 's/ssl_certificate cert.pem/ssl_certificate gone.pem/' /etc/nginx/sites-available/default")
    _, told, _ = setright("fix", "ssh://h1", "--control", "linux/nginx/*", "--all")
    assert {plan["outcome"] for plan in told["plans"]} == {"refused"}
    assert "gone.pem" in str(told["plans"][0])


SUBMISSION = """#  -o smtpd_reject_unlisted_recipient=no
submission inet n       -       n       -       -       smtpd
  -o syslog_name=postfix/submission   -o smtpd_sasl_auth_enable=yes
# telephones of the old office
  -o { smtpd_tls_auth_only = no } -o smtpd_sasl_type=dovecot
\t-o smtpd_sasl_path=private/auth
"""
LOGINS = f"""exec </dev/null >/tmp/logins 2>&1; set -x
cat >>/etc/postfix/master.cf <<'END'
{SUBMISSION}END
cat >>/etc/dovecot/local.conf <<'END'
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0666
  }}
}}
END
doveadm stop; dovecot; postfix status || postfix start; postfix reload; sleep 1
"""
OFFERED = r"""exec 3<>/dev/tcp/127.0.0.1/587; read -r _ <&3
printf 'EHLO h1\r\nQUIT\r\n' >&3; timeout 5 cat <&3 | grep -c '^250[ -]AUTH '"""


def test_one_service_of_postfix_lets_people_log_in_with_encryption_only_and_is_put_back(lab: Serving, tmp_path: Path) -> None:
    setright, words = Program(lab, tmp_path), ("ssh://h1", "--control", "linux/postfix/logins")
    lab.command(1, LOGINS)
    file = lab.root(1) / "etc/postfix/master.cf"
    before = file.read_bytes()

    def offers() -> str:
        return str(lab.command(1, f"bash -c {shlex.quote(OFFERED)}").stdout.strip())

    assert offers() == "1", "it takes passwords in the clear"
    (found,) = setright("scan", *words)[1]["findings"]
    assert found["location"]["path"] == "/etc/postfix/master.cf"
    _, told, errors = setright("fix", *words, "--all")
    assert [plan["outcome"] for plan in told["plans"]] == ["verified"], errors
    assert file.read_bytes() == before.replace(b"smtpd_tls_auth_only = no }", b"smtpd_tls_auth_only = yes }")
    assert offers() == "0" and setright("scan", *words)[1]["findings"] == []
    setright("rollback", told["run"])
    assert file.read_bytes() == before and offers() == "1"
