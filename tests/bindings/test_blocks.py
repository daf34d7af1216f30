"""Directives in blocks as resources: what holds everywhere, what a block says itself, and how arguments say a value."""

import os
import subprocess
from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import _directive_forms as forms
from setright.bindings.layouts import blocks
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Resource, Unknown
from setright.surfaces.linux.documents import NGINX as NGINX_SAYS

ROOT = Path(__file__).parents[2] / "bindings"
NGINX = {
    "main": "/etc/nginx/nginx.conf",
    "documents": ["/etc/nginx/nginx.conf", "/etc/nginx/sites-enabled/*"],
    "includes": ["include"],
    "through": ["http"],
    "apart": ["stream"],
    "home": ["http"],
    "names": {"server": ["server_name", "listen"]},
    "keys": {"ssl_protocols": "words", "autoindex": "word"},
    "tls": {"listen": "ssl"},
    "of-tls": ["ssl_protocols"],
}
SITE = "/etc/nginx/sites-enabled/shop"


def nginx(main: str, site: str = "") -> dict[str, Source]:
    texts = {NGINX["main"]: main, SITE: site}
    return {name: Source(name, "nginx", get("nginx", text.encode())) for name, text in texts.items() if text}


def seen(sources):
    return {each.name: (each.tree, each.only) for each in blocks.view("linux/nginx", NGINX, sources)}


def test_a_block_answers_for_what_it_says_itself_and_takes_the_rest_from_above():
    told = seen(
        nginx(
            "http { ssl_protocols TLSv1; include sites-enabled/*; }",
            "server { listen 443 ssl; server_name a b; } server { listen 80; location /x/ { autoindex on; } }",
        )
    )
    assert told["nginx"] == ({"ssl_protocols": ["TLSv1"]}, ("ssl_protocols", "autoindex"))
    assert told["nginx server 80 location /x/"] == ({"ssl_protocols": ["TLSv1"], "autoindex": "on"}, ("autoindex",))
    assert len(told) == 2


def test_what_is_about_tls_is_judged_where_tls_is_spoken_by_it():
    assert seen(nginx("http { server { listen 80; } }"))["nginx"][1] == ("autoindex",)
    told = seen(nginx("http { server { listen 443 ssl; ssl_protocols TLSv1.2; } server { listen 80; ssl_protocols TLSv1; } }"))
    assert told["nginx"][1] == ("autoindex",)
    assert [only for _, only in told.values()] == [("autoindex",), ("ssl_protocols",)]


def test_what_stands_apart_is_judged_by_what_it_says_and_takes_nothing_from_the_rest():
    told = seen(nginx("http { } stream { ssl_protocols TLSv1; server { listen 443 ssl; } }"))
    assert told["nginx"][1] == ("autoindex",) and told["nginx stream"] == ({"ssl_protocols": ["TLSv1"]}, ("ssl_protocols",))


def test_what_an_included_file_says_that_was_not_read_is_unknown():
    tree = seen(nginx("http { include /opt/site.conf; autoindex off; server { listen 443 ssl; } }"))["nginx"][0]
    assert (
        tree["autoindex"] == "off" and isinstance(tree["ssl_protocols"], Unknown) and "/opt/site.conf" in tree["ssl_protocols"].text
    )


def test_blocks_of_one_name_are_told_apart():
    text = "http { server { server_name a; listen 80; autoindex on; } server { server_name a; listen 443 ssl; autoindex on; } }"
    assert list(seen(nginx(text))) == ["nginx", "nginx server a", "nginx server a (2)"]


def test_includes_that_go_round_in_circles_end():
    assert seen(nginx("http { include sites-enabled/*; }", "include /etc/nginx/sites-enabled/*; autoindex on;"))


def test_an_edit_goes_where_the_directive_stands_else_to_its_home():
    sources = nginx("http { include sites-enabled/*; }", "server { listen 443 ssl; ssl_protocols TLSv1; }")
    whole, server = blocks.view("linux/nginx", NGINX, sources)
    assert blocks.edit(NGINX, server, [Edit(("ssl_protocols",), ["TLSv1.2"])], [], sources) == [
        (SITE, Edit(("server", "ssl_protocols"), ["TLSv1.2"]))
    ]
    assert blocks.edit(NGINX, whole, [Edit(("autoindex",), "off")], [], sources) == [
        (NGINX["main"], Edit(("http", "autoindex"), ["off"]))
    ]
    assert blocks.locate(NGINX, server, ("ssl_protocols",), sources) == (SITE, ("server", "ssl_protocols"))
    with pytest.raises(BindingError, match="scan again"):
        blocks.edit(NGINX, server, [Edit(("autoindex",), "off")], [], nginx("http { }"))


@pytest.mark.parametrize(
    ("form", "words", "value", "wanted", "written"),
    [
        ("protocols", "all -SSLv3", forms.TLS, ["TLSv1.2", "TLSv1.3"], "all -SSLv3 -TLSv1 -TLSv1.1"),
        ("protocols", "TLSv1 TLSv1.2", ["TLSv1.2"], ["TLSv1.2"], "TLSv1 TLSv1.2"),  # without a sign the last one counts
        ("protocols", "-all +TLSv1 +TLSv1.2", ["TLSv1", "TLSv1.2"], ["TLSv1.2"], "-all +TLSv1.2"),
        ("protocols", "TLSv1", ["TLSv1"], ["TLSv1.2", "TLSv1.3"], "-all +TLSv1.2 +TLSv1.3"),
        ("versions", "!SSLv2 !SSLv3", forms.TLS, ["TLSv1.2", "TLSv1.3"], "!SSLv2 !SSLv3 !TLSv1 !TLSv1.1"),
        ("versions", ">=TLSv1.1", ["TLSv1.1", "TLSv1.2", "TLSv1.3"], ["TLSv1.2", "TLSv1.3"], ">=TLSv1.2"),
        ("versions", ">=TLSv1 <=TLSv1.1", ["TLSv1", "TLSv1.1"], ["TLSv1.2", "TLSv1.3"], ">=TLSv1.2"),
        ("versions", "TLSv1 TLSv1.2", ["TLSv1", "TLSv1.2"], ["TLSv1.2"], "!SSLv2 !SSLv3 !TLSv1 !TLSv1.1 !TLSv1.3"),
        ("options", "Indexes FollowSymLinks", {"Indexes": "on", "FollowSymLinks": "on"}, {"Indexes": "off"}, "FollowSymLinks"),
        ("options", "+Indexes", {"Indexes": "on"}, {"Indexes": "off"}, "-Indexes"),
        ("options", "Indexes", {"Indexes": "on"}, {"Indexes": "off"}, "None"),
        ("colons", "A:B", ["A", "B"], ["B"], "B"),
        ("switch", "ON", "on", "off", "Off"),
        ("word", "on", "on", "off", "off"),
    ],
)
def test_arguments_say_a_value_and_a_value_is_said_in_their_style(form, words, value, wanted, written):
    before = words.split()
    told = forms.read_form(form, before)
    assert (list(told) if isinstance(value, tuple) else told) == (list(value) if isinstance(value, tuple) else value)
    if form == "options":
        wanted = {**told, **wanted}
    assert forms.written(form, wanted, before) == written.split()
    if form != "options":
        assert forms.read_form(form, written.split()) == wanted


def test_a_value_with_a_variable_cannot_be_told():
    assert isinstance(forms.read_form("word", ["${TOKENS}"]), Unknown)


def postfix(main: str, master: str, effective: str = "") -> dict[str, Resource]:
    layout = dict(load_one(ROOT / "linux/postfix.yaml", ROOT).layouts["linux"])
    texts = {"/etc/postfix/main.cf": ("postfix", main), "/etc/postfix/master.cf": ("postfix-master", master)}
    texts |= {"effective:postfix": ("postfix", effective)} if effective else {}
    sources = {name: Source(name, lens, get(lens, text.encode())) for name, (lens, text) in texts.items()}
    return {each.name: each for each in blocks.view("linux/postfix", layout, sources)}


def test_a_service_of_postfix_answers_for_what_it_sets_itself():
    smtpd = "inet n - y - - smtpd"
    told = postfix(
        "smtpd_tls_auth_only = yes\n", f"smtp {smtpd}\nsubmission {smtpd}\n -o smtpd_sasl_auth_enable=yes\n10.0.0.1:26 {smtpd}\n"
    )
    assert list(told) == ["postfix", "postfix submission inet", "postfix 10.0.0.1:26 inet"]
    submission = told["postfix submission inet"]
    assert submission.only == ("smtpd_sasl_auth_enable", "smtpd_tls_auth_only") and submission.tree["smtpd_tls_auth_only"] == "yes"
    assert told["postfix 10.0.0.1:26 inet"].tree["inet_interfaces"] == ["10.0.0.1"]


def test_a_parameter_of_postfix_that_stands_for_another_is_what_postfix_says_or_unknown():
    told = postfix(
        "mynetworks = $ours\n",
        "submission inet n - y - - smtpd -o smtpd_relay_restrictions=$mua\n",
        "mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_mynetworks\n",
    )
    assert told["postfix"].tree["mynetworks"] == ["127.0.0.0/8"]
    assert isinstance(told["postfix submission inet"].tree["smtpd_relay_restrictions"], Unknown)
    assert isinstance(postfix("mynetworks = $ours\n", "")["postfix"].tree["mynetworks"], Unknown)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("nginx version: nginx/1.22.1", None),
        ("nginx version: nginx/1.27.3", ["TLSv1.2", "TLSv1.3"]),
        ("nginx version: nginx/1.28.0 (Ubuntu)", ["TLSv1.2", "TLSv1.3"]),
        ("nginx version: nginx/1.9.15", None),
        ("nginx: [emerg] no", None),
    ],
)
def test_the_release_of_nginx_tells_what_it_speaks_where_no_directive_says(tmp_path, version, told):
    (tmp_path / "nginx").write_text(f"#!/bin/sh\necho '{version}' >&2\n")
    (tmp_path / "nginx").chmod(0o755)
    done = subprocess.run(["sh", "-c", NGINX_SAYS], capture_output=True, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == (0 if told else 127)
    sources = nginx("http { server { listen 443 ssl; } }")
    if told:
        sources |= {"effective:nginx": Source("effective:nginx", "nginx", get("nginx", done.stdout))}
    (whole,) = blocks.view("linux/nginx", {**NGINX, "effective": "effective:nginx"}, sources)
    assert whole.tree.get("ssl_protocols") == told and "ssl_protocols" in whole.only
