"""What is told of nginx by its configuration in the tree."""

from __future__ import annotations

import pytest
from tests.bindings.test_compose_needs import LAYOUT, sources

from setright.bindings.layouts import compose
from setright.bindings.source import Source
from setright.lenses import get

SERVER = "server {{ listen 80; {} location / {{ proxy_pass http://app:8000; }} }}\n"


def is_told(body: str, **files: str) -> bool:
    others = {
        name: Source(name, lens, get(lens, text.encode()))
        for name, text in files.items()
        for lens in ["dockerfile" if name == "Dockerfile" else "text"]
    }
    [resource] = compose.view("compose/service", LAYOUT, {**sources(body), **others})
    return resource.tree["image-needs"].get("writes") == "told"


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("", True),
        ("access_log off; error_log /var/log/nginx/error.log warn; include mime.types;", True),
        ("proxy_cache_path /var/cache/nginx/a levels=1:2; client_body_temp_path /tmp/b;", True),
        ("# access_log /srv/a.log;", True),
        ("access_log /var/log/nginx/site.log;", False),  # the folder is in the image, only two files of it lead elsewhere
        ("access_log logs/a.log;", False),
        ("error_log '/srv/e.log';", False),
        ("include /etc/letsencrypt/options.conf;", False),
        ("proxy_store /srv/a;", False),
        ("content_by_lua_file /a.lua;", False),
    ],
)
def test_a_configuration_in_the_tree_tells_where_it_writes(says: str, told: bool) -> None:
    mount = "image: nginx, volumes: ['./a.conf:/etc/nginx/conf.d/default.conf:ro', './ssl:/etc/nginx/ssl']"
    assert is_told(mount, **{"a.conf": SERVER.format(says)}) is told
    copy = "FROM nginx\nCOPY a.conf /etc/nginx/conf.d/default.conf\n"
    assert is_told("build: .", **{"a.conf": SERVER.format(says), "Dockerfile": copy}) is told


def test_what_is_not_read_is_not_taken_for_plain() -> None:
    plain = {"a.conf": SERVER.format(""), "conf/b.conf": SERVER.format("access_log /srv/a;")}
    assert not is_told("image: nginx, volumes: ['./b.conf:/etc/nginx/conf.d/default.conf']", **plain)
    assert not is_told("image: nginx, volumes: ['./conf:/etc/nginx/conf.d']", **plain)
    assert not is_told("image: nginx, volumes: ['./a.conf:/etc/nginx/templates/a.conf.template']", **plain)
    assert not is_told("image: nginx, volumes: ['./a.conf:/etc/nginx/conf.d/a.conf', './x:/etc/nginx/snippets']", **plain)
    twice = "FROM nginx\nCOPY a.conf /etc/nginx/nginx.conf\nCOPY x.conf /etc/nginx/nginx.conf\n"
    assert not is_told("build: .", Dockerfile=twice, **plain)
