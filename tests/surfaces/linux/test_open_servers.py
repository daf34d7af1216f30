"""Promises of what servers of a host offer to whoever calls, and of how it asks its directory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from setright.model import Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import directory_client, open_servers
from setright.surfaces.linux.transport import Ask, Reply

SQUID, BIND, UNBOUND = "/etc/squid/squid.conf", "/etc/bind/named.conf.options", "/etc/unbound/unbound.conf.d/*.conf"
MEMCACHED, MONGO, RABBIT = "/etc/memcached.conf", "/etc/mongod.conf", "/etc/rabbitmq/rabbitmq.conf"
POSTGRES, ELASTIC, CUPS = "/etc/postgresql/*/*/pg_hba.conf", "/etc/elasticsearch/elasticsearch.yml", "/etc/cups/cupsd.conf"
SSSD, NSLCD, LIBRARY = "/etc/sssd/sssd.conf", "/etc/nslcd.conf", "/etc/ldap/ldap.conf"
DOMAIN = "[sssd]\ndomains = a\n[domain/a]\nid_provider = ldap\n"
ADMIN = "<Location /admin>\n  {}\n</Location>\n"


def asked(asks: Sequence[Ask], path: str, text: str) -> Evidence:
    ask = Ask("file", path)
    assert ask in asks
    return Evidence({ask: [Reply(path.replace("*", "a"), text.encode())]})


@pytest.mark.parametrize(
    ("path", "text", "sorts"),
    [
        (SQUID, "http_port 3128\nhttp_access deny !Safe_ports\nacl Safe_ports port 80\nhttp_access allow all", "proxy"),
        (SQUID, "acl bad src 192.0.2.9\nhttp_access deny bad\nhttp_access allow all # for now", "proxy"),
        (SQUID, "acl in src 10.0.0.0/8\nhttp_access allow in\nhttp_access deny all\nhttp_access allow all", ""),
        (SQUID, "acl known proxy_auth REQUIRED\nhttp_access deny !known\nhttp_access allow all", ""),
        (SQUID, "http_port 127.0.0.1:3128\nhttp_access allow all", ""),
        (BIND, "options {\n allow-recursion { 10.0.0.0/8; any; };\n};", "resolver"),
        (BIND, "options { recursion no; allow-recursion { any; }; };", ""),
        (BIND, "options { // allow-recursion { any; };\n allow-recursion { localnets; }; allow-query { any; }; };", ""),
        (BIND, "view in { match-clients { localnets; }; allow-recursion { any; }; };", ""),
        (BIND, "options { allow-transfer { any; }; };", "transfers"),
        (BIND, "options { allow-transfer { !{ !192.0.2.1; any; }; key a; }; };", ""),
        (UNBOUND, "server:\n interface: 0.0.0.0\n access-control: 0.0.0.0/0 allow # all", "resolver"),
        (UNBOUND, "server:\n access-control: 0.0.0.0/0 allow", ""),
        (UNBOUND, "server:\n interface: 0.0.0.0\n access-control: 0.0.0.0/0 refuse\n access-control: 10.0.0.0/8 allow", ""),
        (MEMCACHED, "-d\n-l 127.0.0.1,0.0.0.0\n-p 11211", "databases"),
        (MEMCACHED, "-l 127.0.0.1\n-l ::1", ""),
        (MEMCACHED, "-l 0.0.0.0\n-S", ""),
        (MONGO, "net:\n  port: 27017\n  bindIp: 127.0.0.1,0.0.0.0\n#security:\n#  authorization: enabled", "databases"),
        (MONGO, "net:\n  bindIpAll: true\nsecurity:\n  authorization: enabled", ""),
        (MONGO, "net:\n  bindIp: 127.0.0.1", ""),
        (RABBIT, "loopback_users = none", "databases"),
        (RABBIT, "loopback_users.guest = true", ""),
        (POSTGRES, "local all all trust\nhost all all 0.0.0.0/0 trust", "databases"),
        (POSTGRES, "host app app ::/0 trust", "databases"),
        (POSTGRES, "host all all 0.0.0.0/0 scram-sha-256\nhost all all 0.0.0.0/0 trust", ""),
        (POSTGRES, "host all all 127.0.0.1/32 trust\nhostssl all all all md5", ""),
        (ELASTIC, "network.host: 0.0.0.0\nxpack.security.enabled: false", "databases"),
        (ELASTIC, "xpack.security.enabled: false", ""),
        (CUPS, "Listen *:631\n" + ADMIN.format("Order allow,deny\n  Allow from all"), "printing"),
        (CUPS, "Listen localhost:631\n" + ADMIN.format("Allow all"), ""),
        (CUPS, "Port 631\n" + ADMIN.format("AuthType Default\n  Require user @SYSTEM\n  Allow all"), ""),
    ],
)
def test_what_is_open_to_everybody_is_told_as_the_server_reads_it(path: str, text: str, sorts: str) -> None:
    assert [*(open_servers.tell(asked(open_servers.ASKS, path, text)) or {})] == ["of", *sorts.split()]


@pytest.mark.parametrize(
    ("path", "text", "sorts"),
    [
        (SSSD, DOMAIN + "ldap_uri = ldaps://d.example\nldap_tls_reqcert = Never\n", "unverified"),
        (SSSD, DOMAIN + "ldap_uri = ldaps://d.example, ldap://e.example\n", "clear-text"),
        (SSSD, DOMAIN + "ldap_uri = ldap://d.example\nldap_id_use_start_tls = True\nldap_tls_reqcert = demand\n", ""),
        (SSSD, DOMAIN + "ldap_uri = ldap://127.0.0.1:389\n", ""),
        (SSSD, "[domain/ad.example]\nid_provider = ad\nldap_uri = ldap://d.example\n", ""),
        (NSLCD, "uri ldap://d.example/\nbase dc=example\ntls_reqcert allow\n", "unverified clear-text"),
        (NSLCD, "uri ldap://d.example/\nssl start_tls\n# tls_reqcert never\n", ""),
        (NSLCD, "uri ldapi:///\n", ""),
        (LIBRARY, "URI ldap://d.example\nTLS_REQCERT\tnever\n", "unverified"),
        (LIBRARY, "URI ldap://d.example\nTLS_CACERT /etc/ssl/certs/ca-certificates.crt\n", ""),
        ("/etc/krb5.conf", "[libdefaults]\n  allow_weak_crypto = true\n", "weak"),
        ("/etc/krb5.conf", "[libdefaults]\n  default_realm = EXAMPLE.ORG\n  #allow_weak_crypto = true\n", ""),
    ],
)
def test_how_the_directory_is_asked_is_told_as_its_client_reads_it(path: str, text: str, sorts: str) -> None:
    assert [*(directory_client.tell(asked(directory_client.ASKS, path, text)) or {})] == ["of", *sorts.split()]


def test_a_later_file_of_sssd_puts_right_what_an_earlier_one_says() -> None:
    files = {SSSD: DOMAIN + "ldap_tls_reqcert = never\n", "/etc/sssd/conf.d/*.conf": "[domain/a]\nldap_tls_reqcert = demand\n"}
    found = {Ask("file", path): [Reply(path, text.encode())] for path, text in files.items()}
    assert directory_client.tell(Evidence(found)) == {"of": "files"}


@pytest.mark.parametrize("state", [open_servers, directory_client])
def test_what_may_not_be_read_is_left_open_and_what_is_not_there_is_no_resource(state: object) -> None:
    (ask, *_), sorts = state.ASKS, state.SORTS  # type: ignore[attr-defined]
    told = state.tell(Evidence({ask: [Reply(ask.name, None, "may not be read")]}))  # type: ignore[attr-defined]
    assert all(isinstance(told[sort], Unknown) for sort in sorts)
    assert state.tell(Evidence({})) is None  # type: ignore[attr-defined]
