"""What servers of a host offer to whoever calls, by their files, each as its program reads it: squid, BIND, unbound, memcached,
MongoDB, RabbitMQ, PostgreSQL, Elasticsearch, CUPS. Sources: their manuals.

    {"proxy": ["/etc/squid/squid.conf: http_access allow all"], "resolver": [...], "transfers": [...], "databases": [...],
     "printing": [...]}

`resolver` answers anybody's questions about any name, `transfers` hands out whole zones. What only listens is no reason yet: it
must be open by what its file says, and say so outright.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

Lines = list[str]
ANY = r"(?:0\.0\.0\.0(?:/0)?|\[?::\]?(?:/0)?|\*|all)"
LOOPBACK = re.compile(r"^[\"']?(?:127\.|\[?::1\]?|localhost)")


def _squid(lines: Lines) -> Iterator[tuple[str, str]]:
    """The first rule that fits decides: all are let in where none before turns away who is not of some."""
    ports = [line.split()[1] for line in lines if line.startswith(("http_port ", "https_port "))]
    who = {words[1] for line in lines if (words := line.split())[0] == "acl" and len(words) > 2 and words[2] in SQUID_WHO}
    if ports and all(LOOPBACK.match(port) for port in ports):
        return
    for line in lines:
        rule = line.split("#")[0].split()
        if rule[:2] == ["http_access", "deny"] and (rule[2:] == ["all"] or any(w[0] == "!" and w[1:] in who for w in rule[2:])):
            return
        if rule == ["http_access", "allow", "all"]:
            yield "proxy", line
            return


SQUID_WHO = (
    "src",
    "src_as",
    "srcdomain",
    "proxy_auth",
    "proxy_auth_regex",
    "ident",
    "external",
    "user_cert",
    "arp",
    "eui64",
    "localip",
)


def _bind(lines: Lines) -> Iterator[tuple[str, str]]:
    """Views give each caller rules of its own, which are not followed here."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*|#[^\n]*", "", "\n".join(lines), flags=re.DOTALL)
    if re.search(r"\bmatch-(?:clients|destinations)\b", text):
        return
    asked = {name: re.findall(rf"\b{name}\s*\{{([^}}]*)\}}", text) for name in ("allow-recursion", "allow-transfer")}
    opens = {
        name: any(re.search(r"(?<![!\w.:])\s*(?:any|0\.0\.0\.0/0|::/0)\s*;", each) for each in found)
        for name, found in asked.items()
    }
    if opens["allow-recursion"] and not re.search(r"\brecursion\s+no\b", text):
        yield "resolver", "allow-recursion { any; }"
    if opens["allow-transfer"] and not re.search(r"!\s*\w", " ".join(asked["allow-transfer"])):
        yield "transfers", "allow-transfer { any; }"


def _unbound(lines: Lines) -> Iterator[tuple[str, str]]:
    said = [re.split(r":\s*", line.split("#")[0].strip(), maxsplit=1) for line in lines if ":" in line]
    far = [value for key, value in said if key in ("interface", "ip-address") and not LOOPBACK.match(value)]
    for key, value in said:
        if key == "access-control" and far and re.fullmatch(rf"{ANY}\s+allow(?:_snoop|_setrd)?", value):
            yield "resolver", f"{key}: {value}"


def _memcached(lines: Lines) -> Iterator[tuple[str, str]]:
    words = " ".join(line.removeprefix("OPTIONS=").strip("\"'") for line in lines).replace("--listen=", "-l ").split()
    places = [place for flag, value in pairwise(words) if flag == "-l" for place in value.split(",")]
    if not {"-s", "-S", "-Y"}.intersection(words) and any(re.match(rf"{ANY}(?::\d+)?$", place) for place in places):
        yield "databases", f"-l {','.join(places)}"


def _mongo(lines: Lines) -> Iterator[tuple[str, str]]:
    text = "\n".join(lines)
    place = re.search(r"(?m)^\s*(bindIp:\s*.*\b0\.0\.0\.0\b.*|bindIp:\s*[\"']?\*.*|bindIpAll:\s*true)", text)
    if place and not re.search(r"(?m)^\s*(?:authorization:\s*[\"']?enabled|keyFile:\s*\S|clusterAuthMode:\s*\S)", text):
        yield "databases", place[1].strip()


def _rabbit(lines: Lines) -> Iterator[tuple[str, str]]:
    for line in lines:
        if re.fullmatch(r"loopback_users\s*=\s*none|loopback_users\.guest\s*=\s*false", line):
            yield "databases", line


def _postgres(lines: Lines) -> Iterator[tuple[str, str]]:
    """The first line that fits decides; one that asks for a password of everybody stands before all that follow."""
    for line in lines:
        words = line.split()
        far = words[0].startswith("host") and len(words) > 4 and re.fullmatch(ANY, words[3])
        if far and words[1:3] == ["all", "all"]:
            if words[4] == "trust":
                yield "databases", line
            return
        if far and words[4] == "trust":
            yield "databases", line


def _elastic(lines: Lines) -> Iterator[tuple[str, str]]:
    said = {key.strip(): value.strip().strip("\"'") for key, _, value in (line.partition(":") for line in lines)}
    place = said.get("http.host") or said.get("network.host", "")
    if said.get("xpack.security.enabled") == "false" and place and not LOOPBACK.match(place) and place != "_local_":
        yield "databases", f"xpack.security.enabled: false (at {place})"


def _cups(lines: Lines) -> Iterator[tuple[str, str]]:
    far = any(re.match(rf"(?i)(?:Port\s+\d|Listen\s+{ANY}:)", line) for line in lines)
    for body in re.findall(r"(?is)<Location\s+/admin[^>]*>(.*?)</Location>", "\n".join(lines)):
        if (
            far
            and re.search(r"(?im)^\s*Allow\s+(?:from\s+)?all\b", body)
            and not re.search(r"(?im)^\s*(?:Require|AuthType\s+(?!none))", body)
        ):
            yield "printing", "Allow all in <Location /admin>"
            return


SERVERS: dict[str, Callable[[Lines], Iterator[tuple[str, str]]]] = {
    "/etc/squid/squid.conf": _squid,
    "/etc/squid/conf.d/*.conf": _squid,
    "/etc/bind/named.conf.options": _bind,
    "/etc/named.conf": _bind,
    "/etc/unbound/unbound.conf": _unbound,
    "/etc/unbound/unbound.conf.d/*.conf": _unbound,
    "/etc/memcached.conf": _memcached,
    "/etc/sysconfig/memcached": _memcached,
    "/etc/mongod.conf": _mongo,
    "/etc/rabbitmq/rabbitmq.conf": _rabbit,
    "/etc/postgresql/*/*/pg_hba.conf": _postgres,
    "/var/lib/pgsql/data/pg_hba.conf": _postgres,
    "/etc/elasticsearch/elasticsearch.yml": _elastic,
    "/etc/cups/cupsd.conf": _cups,
}
SORTS = ("proxy", "resolver", "transfers", "databases", "printing")
ASKS = tuple(Ask("file", name) for name in SERVERS)


def tell(evidence: Evidence) -> Tree | None:
    """None where none of them is there. What could not be read leaves open what it offers."""
    barred = evidence.barred(*ASKS)
    told: dict[str, list[Plain]] = {}
    for ask, offers in zip(ASKS, SERVERS.values(), strict=True):
        for reply in evidence.all(ask):
            lines = [line.strip() for line in (reply.data or b"").decode(errors="replace").splitlines()]
            for sort, said in offers([line for line in lines if line and line[0] not in "#;"]):
                told.setdefault(sort, []).append(f"{reply.name}: {said}")
    untold = {sort: Unknown(barred) for sort in SORTS} if barred else {}
    return {"of": "files", **untold, **told} if evidence.names(*ASKS) or barred else None
