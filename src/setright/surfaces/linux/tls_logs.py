"""What the programs that serve TLS write of it into their logs: which of them do, by which protocol each client came. Pure.

Sources: nginx's ngx_http_log_module and ngx_http_ssl_module (``$ssl_protocol``), Apache's mod_log_config and mod_ssl
(``%{SSL_PROTOCOL}x``), HAProxy 2.6 (8.2.4, ``%sslv``), postconf(5) smtpd_tls_loglevel, Dovecot's login_log_format_elements
(``%k``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.patterns import late

OLD = re.compile(r"SSLv[23]|TLSv1(?:\.[01])?")
WEAK = re.compile(r"(?:^|[-_])(?:RC4|DES|3DES|EXP|EXPORT|NULL|ADH|AECDH|anon)(?:[-_0-9]|$)")
LONGEST = 4000  # of a line that is looked at
COMMENT = re.compile(r"(?m)^[ \t]*#.*$|[ \t]#[^\n'\"]*$")
NGINX_FORMAT = late(r"\blog_format\s+(\S+)\s+((?:escape=\w+|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|\s)+);")
NGINX_LOG = late(r"\baccess_log\s+([^\s;]+)(?:\s+([\w.-]+))?(?=[\s;])[^;]*;")
BRACE = late(r"\bserver\s*\{|[{}]")
NGINX_TLS = late(r"\blisten\s[^;]*\b(?:ssl|quic)\b|\bssl\s+on\s*;")
NGINX_INCLUDE = late(r"\binclude\s+([^\s;]+)\s*;")
NGINX_READ = late(r"(?:conf\.d/\*\.conf|sites-enabled/\*)$|modules|mime\.types|_params|snippets/|fastcgi|letsencrypt|default\.d")
APACHE_INCLUDE = late(r"(?im)^[ \t]*Include(?:Optional)?[ \t]+(\S+)")
APACHE_READ = late(r"(?:conf\.d|(?:conf|mods|sites)-enabled)/|ports\.conf|modules\.d|letsencrypt|php")
APACHE_FORMAT = late(r"(?im)^[ \t]*LogFormat[ \t]+\"((?:\\.|[^\"\\])*)\"[ \t]+(\S+)")
APACHE_LOG = late(r"(?im)^[ \t]*(?:CustomLog[ \t]+(\"[^\"]*\"|\S+)[ \t]+(?:\"((?:\\.|[^\"\\])*)\"|(\S+))|TransferLog[ \t]+(\S+))")
APACHE_HOST, APACHE_HOST_END = late(r"(?i)<VirtualHost\b"), late(r"(?i)</VirtualHost\s*>")
APACHE_TLS = late(r"(?im)^[ \t]*SSLEngine[ \t]+(?:on|optional)\b")
HAPROXY_TLS = late(r"(?m)^[ \t]*bind[ \t].*[ \t]ssl\b")
HAPROXY_FORMAT = late(r"%sslv|ssl_fc_protocol|(?m:^[ \t]*option[ \t]+httpslog\b)")
POSTFIX_TLS = late(r"(?m)^smtpd_(?:tls_security_level[ \t]*=[ \t]*(?:may|encrypt)|use_tls[ \t]*=[ \t]*yes)")
POSTFIX_LEVEL = late(r"(?m)^smtpd_tls_loglevel[ \t]*=[ \t]*[1-4]")
DOVECOT_OFF = late(r"(?m)^[ \t]*ssl[ \t]*=[ \t]*no\b")
DOVECOT_FORMAT = late(r"(?m)^[ \t]*login_log_format_elements[ \t]*=.*%\{?k")
VERSION = r"(?P<protocol>SSLv[23]|TLSv1(?:\.[0-3])?)"
CIPHER = r"(?P<cipher>[\w-]+)"
SYSLOG = {
    "postfix": late(
        rf"postfix/\S*smtpd\[\d+\]: .*TLS connection established from \S*\[(?P<client>[^\]\s]+)\]: {VERSION} with cipher {CIPHER}"
    ),
    "dovecot": late(rf"dovecot(?:\[\d+\])?: [\w-]*login: .*\brip=(?P<client>[^,\s]+).*?\b{VERSION} with cipher {CIPHER}"),
    "haproxy": late(rf"haproxy\[\d+\]: (?P<client>[^\s:]+(?::[0-9a-f:]*[0-9a-f])?):\d+ .*\b{VERSION}(?:[/ ]{CIPHER})?"),
}
HINTS = {
    "nginx": "add $ssl_protocol and $ssl_cipher to the log_format of its access_log",
    "apache": 'add CustomLog logs/tls "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x" to the virtual host',
    "haproxy": "add %sslv/%sslc to its log-format, or option httpslog",
    "postfix": "set smtpd_tls_loglevel = 1",
    "dovecot": "add %k to login_log_format_elements",
}


class Server(NamedTuple):
    """A program that serves TLS here: the logs that do not record by which protocol, and the forms of the lines that do."""

    name: str
    silent: tuple[str, ...]
    forms: tuple[re.Pattern[str], ...]


class Use(NamedTuple):
    """One connection that a log tells of."""

    server: str
    client: str
    protocol: str
    cipher: str

    @property
    def is_old(self) -> bool:
        return OLD.fullmatch(self.protocol) is not None or WEAK.search(self.cipher) is not None


def servers(nginx: str, apache: str, haproxy: str, postfix: str, dovecot: str) -> list[Server]:
    """Those that the configurations (empty: not installed) say serve TLS."""
    found = [_web("nginx", *_nginx(_bare(nginx))), _web("apache", *_apache(_bare(apache)))]
    records = [
        ("haproxy", HAPROXY_TLS.search(haproxy), HAPROXY_FORMAT.search(_bare(haproxy))),
        ("postfix", POSTFIX_TLS.search(postfix), POSTFIX_LEVEL.search(postfix)),
        ("dovecot", dovecot and not DOVECOT_OFF.search(dovecot), DOVECOT_FORMAT.search(_bare(dovecot))),
    ]
    syslog = [Server(name, () if told else ("its log",), (SYSLOG[name],)) for name, serves, told in records if serves]
    return [server for server in found if server] + syslog


def use(line: str, known: Sequence[Server]) -> Use | None:
    """What a line tells of a connection; None where it is of no form that records one."""
    for server in known:
        for form in server.forms:
            if (match := form.search(line[:LONGEST])) and (protocol := match["protocol"]) not in ("", "-"):
                parts = match.groupdict()
                return Use(server.name, parts.get("client") or "?", protocol, parts.get("cipher") or "")
    return None


def _bare(configuration: str) -> str:
    return COMMENT.sub("", configuration)


def _web(name: str, silent: list[str], forms: list[re.Pattern[str]], serves: bool) -> Server | None:
    return Server(name, tuple(dict.fromkeys(silent)), tuple(forms)) if serves else None


def _nginx(text: str) -> tuple[list[str], list[re.Pattern[str]], bool]:
    """The logs of TLS servers that record no protocol, the forms that do, and whether there are such servers."""
    pieces = {
        m[1]: "".join(part[1:-1] for part in re.findall(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", m[2]))
        for m in NGINX_FORMAT.finditer(text)
    }
    forms = {
        name: _form(form, NGINX_PARTS) for name, form in pieces.items() if "$ssl_protocol" in form.replace("{", "").replace("}", "")
    }
    bodies, outside = _blocks(text)
    silent = [f"{path} (not looked at)" for path in _unread(NGINX_INCLUDE, text, NGINX_READ)]
    tls = [body for body in bodies if NGINX_TLS.search(body)]
    for body in tls:
        logs = [*NGINX_LOG.finditer(body)] or [*NGINX_LOG.finditer(outside)]
        if not any((m[2] or "combined") in forms for m in logs):
            silent += [f"{m[1]} ({m[2] or 'combined'})" for m in logs if m[1] != "off"] or ["a server without an access_log"]
    return silent, list(forms.values()), bool(tls)


def _unread(include: re.Pattern[str], text: str, read: re.Pattern[str]) -> list[str]:
    """Files that a configuration includes and that are none of those that are looked at."""
    return [path for match in include.finditer(text) if not read.search(path := match[1].strip("\"'"))]


def _blocks(text: str) -> tuple[list[str], str]:
    """The bodies of nginx's server blocks, and what stands outside them."""
    bodies: list[str] = []
    outside: list[str] = []
    opened: list[int] = []  # where the body of each open block begins; -1 for one of another sort
    at = 0
    for match in BRACE.finditer(text):
        if match[0] != "}":
            if match[0] != "{" and max(opened, default=-1) < 0:
                outside.append(text[at : match.start()])
            opened.append(match.end() if match[0] != "{" else -1)
        elif opened and (start := opened.pop()) >= 0 and max(opened, default=-1) < 0:
            bodies.append(text[start : match.start()])
            at = match.end()
    return bodies, "".join(outside) + ("" if max(opened, default=-1) >= 0 else text[at:])


def _hosts(text: str) -> tuple[list[str], str]:
    """The bodies of Apache's virtual hosts, and what stands outside them."""
    first, *parts = APACHE_HOST.split(text)
    ended = [APACHE_HOST_END.split(part, 1) for part in parts]
    return [part[0] for part in ended], first + "".join(part[1] for part in ended if len(part) > 1)


def _apache(text: str) -> tuple[list[str], list[re.Pattern[str]], bool]:
    formats = {m[2]: m[1] for m in APACHE_FORMAT.finditer(text)}
    hosts, outside = _hosts(text)
    tls = [host for host in hosts if APACHE_TLS.search(host)] or ([outside] if APACHE_TLS.search(outside) else [])
    silent = [f"{path} (not looked at)" for path in _unread(APACHE_INCLUDE, text, APACHE_READ)]
    forms = []
    for host in tls:
        logs = [*APACHE_LOG.finditer(host)] or [*APACHE_LOG.finditer(outside)]
        written = [(m[1] or m[4], m[2] or formats.get(m[3] or "", "")) for m in logs]
        told = [form for _, form in written if "{SSL_PROTOCOL}" in form]
        forms += [_form(form.replace('\\"', '"'), APACHE_PARTS) for form in told]
        silent += [] if told else [str(target) for target, _ in written] or ["a host without a CustomLog"]
    return silent, forms, bool(tls)


PROTOCOL = r"(?P<protocol>SSLv[23]|TLSv1(?:\.[0-3])?|-|)"
CLIENT = r"(?P<client>\S+)"
NGINX_PARTS = (
    late(r"\$\{?(\w+)\}?"),
    {"ssl_protocol": PROTOCOL, "ssl_cipher": r"(?P<cipher>[\w-]*)", "remote_addr": CLIENT, "time_local": r"\S+ [+-]\d{4}"},
)
APACHE_PARTS = (
    late(r"%[<>!\d,]*(\{[^}]*\}\w+|\w)"),
    {"{SSL_PROTOCOL}x": PROTOCOL, "{SSL_CIPHER}x": r"(?P<cipher>[\w-]*)", "h": CLIENT, "a": CLIENT, "t": r"\[[^\]]*\]"},
)


def _form(written: str, parts: tuple[re.Pattern[str], dict[str, str]]) -> re.Pattern[str]:
    """A log's format as an expression: what is not asked for runs to the character that follows it."""
    variable, known = parts
    said, at, named = r"\A", 0, set[str]()
    for match in variable.finditer(written):
        following = written[match.end() : match.end() + 1]
        rest = rf"(?:\\.|[^{re.escape(following)}\\])*" if following else r".*"
        part = known.get(match[1], rest)
        said += re.escape(written[at : match.start()]) + (rest if part in named else part)
        named |= {part} if part != rest else set()
        at = match.end()
    return re.compile(said + re.escape(written[at:]))
