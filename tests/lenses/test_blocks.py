"""Directives in blocks: nginx, Apache, Postfix and Dovecot. Odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, apache, dovecot, nginx, postfix
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

NGINX = rb"""user www-data; events {} # both on one line
http {
	# server_tokens off;
	ssl_protocols TLSv1 TLSv1.1 TLSv1.2; # Dropping SSLv3
	log_format a '$remote_addr - "$request"' "b;\"c";
	map $host $x { default 0; "a b" 1; args 2; }
	server { listen 80; }
	server {
		listen 443 ssl;
		listen [::]:443 ssl;
		location ~ \.(a|b)$ { return 200 "${x}y"; }
		content_by_lua_block { if a == "}" then --[[ } ]] b = {1} end }
	}
}
"""
APACHE = b"""ServerTokens OS
# a comment \\
SSLProtocol none
<IfModule mod_ssl.c>
\tSSLProtocol all \\
\t\t-SSLv3
\tsslciphersuite "HIGH:!aNULL"
</ifmodule>
<VirtualHost *:443>
\tSSLEngine on
\tLogFormat "%h \\"%r\\"" x
</VirtualHost>
"""
POSTFIX = b"""# See postconf(5)
smtpd_banner = $myhostname ESMTP
mynetworks = 127.0.0.0/8,
  # the other
  [::1]/128
smtpd_tls_security_level=may
mydestination =
"""
DOVECOT = b"""!include_try local.conf
#ssl_min_protocol = TLSv1
ssl = yes # really
ssl_cert = </etc/x.pem
passdb {
  args = "a # b" # c
}
protocol imap {
}
"""


def test_directives_blocks_and_data_are_told_apart() -> None:
    tree = nginx.get(NGINX)
    assert tree["user"] == ["www-data"] and tree["events"] == {"()": []}
    assert tree["http"]["log_format"] == ["a", '$remote_addr - "$request"', 'b;"c']
    assert tree["http"]["map"] == {"()": ["$host", "$x"]}
    assert tree["http"]["server 2"]["listen 2"] == ["[::]:443", "ssl"]
    assert tree["http"]["server 2"]["location"] == {"()": ["~", r"\.(a|b)$"], "return": ["200", "${x}y"]}
    assert apache.get(APACHE)["IfModule"] == {
        "()": ["mod_ssl.c"],
        "SSLProtocol": ["all", "-SSLv3"],
        "SSLCipherSuite": ["HIGH:!aNULL"],
    }
    assert apache.get(APACHE)["VirtualHost"]["LogFormat"] == ['%h "%r"', "x"]
    assert postfix.get(POSTFIX)["mynetworks"] == ["127.0.0.0/8", "[::1]/128"] and postfix.get(POSTFIX)["mydestination"] == []
    assert dovecot.get(DOVECOT)["passdb"] == {"()": [], "args": ["a # b"]} and dovecot.get(DOVECOT)["ssl"] == ["yes"]


@pytest.mark.parametrize(
    ("name", "edit", "old", "new"),
    [
        ("nginx", Edit(("http", "ssl_protocols"), ["TLSv1.2", "TLSv1.3"]), b"TLSv1 TLSv1.1 TLSv1.2;", b"TLSv1.2 TLSv1.3;"),
        ("nginx", Edit(("http", "ssl_protocols"), remove=True), b"ssl_protocols TLSv1 TLSv1.1 TLSv1.2; #", b"#"),
        ("nginx", Edit(("http", "server_tokens"), ["off"]), b"# server_tokens off;", b"# server_tokens off;\n\tserver_tokens off;"),
        ("nginx", Edit(("http", "ssl_ciphers"), ["A:B"]), b"SSLv3\n", b"SSLv3\n\tssl_ciphers A:B;\n"),
        ("nginx", Edit(("http", "server", "autoindex"), ["off"]), b"listen 80;", b"listen 80; autoindex off;"),
        ("nginx", Edit(("events", "a"), ["b c"]), b"events {}", b'events { a "b c"; }'),
        ("nginx", Edit(("http", "server 2", "location", "return", 0), "404"), b"return 200", b"return 404"),
        ("apache", Edit(("IfModule", "SSLProtocol"), ["all", "-SSLv3", "-TLSv1"]), b"\t\t-SSLv3", b"\t\t-SSLv3 -TLSv1"),
        ("apache", Edit(("VirtualHost", "SSLProtocol"), ["all"]), b"SSLEngine on\n", b"SSLEngine on\n\tSSLProtocol all\n"),
        ("apache", Edit(("TraceEnable",), ["Off"]), b"ServerTokens OS\n", b"ServerTokens OS\nTraceEnable Off\n"),
        ("postfix", Edit(("mynetworks",), ["[::1]/128"]), b"127.0.0.0/8,\n  # the other\n  [::1]/128", None),
        ("postfix", Edit(("mydestination",), ["a", "b"]), b"mydestination =", b"mydestination = a, b"),
        ("postfix", Edit(("smtpd_tls_auth_only",), ["yes"]), b"level=may\n", b"level=may\nsmtpd_tls_auth_only=yes\n"),
        ("postfix", Edit(("smtpd_tls_x",), [">=TLSv1.2"]), b"level=may\n", b"level=may\nsmtpd_tls_x = >=TLSv1.2\n"),
        ("dovecot", Edit(("ssl",), ["required"]), b"ssl = yes #", b"ssl = required #"),
        ("dovecot", Edit(("ssl_min_protocol",), ["TLSv1.2"]), b"= TLSv1\n", b"= TLSv1\nssl_min_protocol = TLSv1.2\n"),
        ("dovecot", Edit(("protocol", "ssl"), ["no"]), b"imap {\n", b"imap {\n  ssl = no\n"),
    ],
)
def test_one_thing_changes(name: str, edit: Edit, old: bytes, new: bytes | None) -> None:
    source = {"nginx": NGINX, "apache": APACHE, "postfix": POSTFIX, "dovecot": DOVECOT}[name]
    assert old in source
    if new is None and not edit.remove:
        with pytest.raises(LensError, match="comment"):
            lenses.put(name, source, [edit])
    else:
        assert lenses.put(name, source, [edit]) == source.replace(old, new or b"", 1)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("nginx", b"http {"),
        ("nginx", b"a b"),
        ("nginx", b"}"),
        ("nginx", b";"),
        ("nginx", b"a 'b"),
        ("nginx", b"a 'b'c;"),
        ("nginx", b"a\\"),
        ("nginx", b"a{" * 200),
        ("nginx", b"x_by_lua_block { { }"),
        ("apache", b"<A>\n"),
        ("apache", b"</A>\n"),
        ("apache", b"<A>\n</B>\n"),
        ("apache", b"<A\n"),
        ("postfix", b" a\n"),
        ("postfix", b"a b\n"),
        ("dovecot", b"a {\n"),
        ("dovecot", b"}\n"),
        ("dovecot", b"a\n"),
        ("dovecot", b"a = b \\\n c\n"),
    ],
)
def test_what_the_program_would_not_read_is_refused(name: str, source: bytes) -> None:
    with pytest.raises(LensError):
        lenses.get(name, source)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("nginx", Edit(("http",), remove=True)),
        ("nginx", Edit(("http", "()"), ["x"])),
        ("nginx", Edit(("http", "map", "default"), ["1"])),
        ("nginx", Edit(("http", "b c"), ["1"])),
        ("nginx", Edit(("user",), "x")),
        ("nginx", Edit(("user",), ["a\nb"])),
        ("nginx", Edit(("a;b",), ["1"])),
        ("nginx", Edit(("http", "server 2", "listen"), remove=True)),
        ("apache", Edit(("ServerTokens",), ["a\\"])),
        ("postfix", Edit(("mynetworks",), ["a b"])),
        ("dovecot", Edit(("ssl",), ["a", "b"])),
        ("dovecot", Edit(("ssl",), ["</etc/shadow"])),
    ],
)
def test_what_no_directive_can_say_is_refused(name: str, edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put(name, {"nginx": NGINX, "apache": APACHE, "postfix": POSTFIX, "dovecot": DOVECOT}[name], [edit])


PARTS = {
    "nginx": [
        "a;",
        "a b;",
        "a 'b c' d;",
        "# c",
        "",
        "x { a 1; }",
        "x y {\n\ta 1; # d\n}",
        "x {}",
        "b\n  c # e\n  d;",
        "a é;",
        "#a 1;",
    ],
    "apache": ["a", "a b", 'a "b c" d', "# c", "", "<x>\n  a 1\n</x>", "<x y>\n</X>", "b c \\\n  d", "a é", "#a 1", " # e \\"],
    "postfix": ["a =", "a = b", "a=b, c", "# c", "", "b = c\n\td,\n# e\n e", "a = é", "#a = 1", "  ", "smtpd_x = y z"],
    "dovecot": [
        "a =",
        "a = b c",
        'a = "b # c"',
        "# c",
        "",
        "x {\n  a = 1\n}",
        "x y {\n}",
        "b = c # d",
        "!include x",
        "a = é",
        "#a = 1",
    ],
}
EDITS = [
    Edit(("a",), ["z"]),
    Edit(("a",), ["b", "z"]),
    Edit(("a",), remove=True),
    Edit(("a 2",), ["y"]),
    Edit(("b", 0), "q"),
    Edit(("x", "a"), ["z"]),
    Edit(("x", "n"), ["new"]),
    Edit(("x 2", "a"), remove=True),
]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(PARTS)))
    parts = draw(st.lists(st.sampled_from(PARTS[name]), max_size=7))
    text = draw(st.sampled_from(["\n", "\n", " "] if name == "nginx" else ["\n"])).join(parts) + draw(st.sampled_from(["", "\n"]))
    return name, text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()


@given(files(), st.sampled_from(EDITS))
@settings(max_examples=examples(1200), deadline=None)
def test_the_laws_hold(made: tuple[str, bytes], edit: Edit) -> None:
    name, source = made
    if hold(name, source, edit) and not edit.remove:
        assert comments(lenses.put(name, source, [edit])) == comments(source)


@given(st.sampled_from(sorted(PARTS)), st.text(alphabet="a<>/{}\"'\\\n\r #;=$!, \t", max_size=40), st.sampled_from(EDITS))
@settings(max_examples=examples(1200), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_text(name: str, text: str, edit: Edit) -> None:
    hold(name, text.encode(), edit)
