"""How the host asks the directory that its accounts come from, by the files of its clients. Sources: sssd-ldap(5), nslcd.conf(5),
ldap.conf(5), krb5.conf(5).

    {"unverified": ["/etc/nslcd.conf: tls_reqcert never"], "clear-text": ["/etc/sssd/sssd.conf: ldap_uri = ldap://d (a)"],
     "weak": ["/etc/krb5.conf: allow_weak_crypto = true"]}

`unverified` takes whatever certificate the directory shows, `clear-text` asks by LDAP without TLS or a security layer of SASL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask, Reply

SSSD = tuple(Ask("file", name) for name in ("/etc/sssd/sssd.conf", "/etc/sssd/conf.d/*.conf"))
OLD = ("/etc/nslcd.conf", "/etc/ldap.conf", "/etc/pam_ldap.conf", "/etc/libnss-ldap.conf")
LIBRARIES = ("/etc/ldap/ldap.conf", "/etc/openldap/ldap.conf")  # defaults of whatever asks, which says itself whether it starts TLS
LDAP = tuple(Ask("file", name) for name in (*OLD, *LIBRARIES))
KERBEROS = tuple(Ask("file", name) for name in ("/etc/krb5.conf", "/etc/krb5.conf.d/*"))
ASKS = (*SSSD, *LDAP, *KERBEROS)
SORTS = ("unverified", "clear-text", "weak")
LAX = ("never", "allow", "try")
YES = ("true", "yes", "on", "1")
OPEN = re.compile(r"(?i)ldap://(?!(?:localhost|127\.[\d.]+|\[::1\])(?:[:/,\s]|$))")


def tell(evidence: Evidence) -> Tree | None:
    """None where no client is there. What could not be read leaves open what it asks."""
    told: dict[str, list[Plain] | Unknown] = {}
    barred = evidence.barred(*ASKS)
    told |= {sort: Unknown(barred) for sort in SORTS} if barred else {}
    found: dict[str, list[Plain]] = {}
    for sort, line in (*_sssd(evidence), *_ldap(evidence), *_kerberos(evidence)):
        found.setdefault(sort, []).append(line)
    return {"of": "files", **told, **found} if evidence.names(*ASKS) or told else None


def _replies(evidence: Evidence, asks: tuple[Ask, ...]) -> list[Reply]:
    return [reply for ask in asks for reply in evidence.all(ask)]


def _sssd(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Its files are one; a later line of a domain wins."""
    domains: dict[str, dict[str, tuple[str, str]]] = {}
    for reply in _replies(evidence, SSSD):
        domain = ""
        for line in _lines(reply):
            if line.startswith("["):
                domain = line.strip("[] \t").partition("domain/")[2]
            elif domain and "=" in line:
                key, _, value = line.partition("=")
                domains.setdefault(domain, {})[key.strip().lower()] = value.strip(), reply.name
    for name, said in domains.items():
        yield from ((sort, f"{said[key][1]}: {key} = {said[key][0]} ({name})") for sort, key in _domain(said))


def _domain(said: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    value = {key: text.lower() for key, (text, _) in said.items()}
    if value.get("ldap_tls_reqcert") in LAX:
        yield "unverified", "ldap_tls_reqcert"
    if value.get("ldap_auth_disable_tls_never_use_in_production") in YES:
        yield "clear-text", "ldap_auth_disable_tls_never_use_in_production"
    layered = value.get("ldap_id_use_start_tls") in YES or "ldap_sasl_mech" in value
    if value.get("id_provider") == "ldap" and OPEN.search(value.get("ldap_uri", "")) and not layered:
        yield "clear-text", "ldap_uri"


def _ldap(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for reply in _replies(evidence, LDAP):
        said = {words[0].lower(): words[1].strip() for line in _lines(reply) if len(words := line.split(None, 1)) == 2}
        lax = {"tls_reqcert": LAX, "tls_checkpeer": ("no",)}
        yield from (("unverified", f"{reply.name}: {k} {said[k]}") for k, bad in lax.items() if said.get(k, "").lower() in bad)
        layered = said.get("ssl", "").lower() in ("on", "start_tls", "yes") or "sasl_mech" in said
        if reply.name not in LIBRARIES and OPEN.search(said.get("uri", "")) and not layered:
            yield "clear-text", f"{reply.name}: uri {said['uri']}"


def _kerberos(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for reply in _replies(evidence, KERBEROS):
        for key, _, value in (line.partition("=") for line in _lines(reply)):
            if key.strip() == "allow_weak_crypto" and value.strip().lower() in (*YES, "t", "y"):
                yield "weak", f"{reply.name}: allow_weak_crypto = {value.strip()}"


def _lines(reply: Reply) -> list[str]:
    text = (reply.data or b"").decode(errors="replace")
    return [said for line in text.splitlines() if (said := line.strip()) and said[0] not in "#;"]
