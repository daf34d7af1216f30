"""Promises about zones of firewalld: which are in use, what of them is used, and where a change of one goes."""

from __future__ import annotations

from typing import Any

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import firewalld_zones
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Resource

OWN, SHIPPED, STATE = "/etc/firewalld/zones", "/usr/lib/firewalld/zones", "state:firewalld"
LAYOUT: dict[str, Any] = {"main": "/etc/firewalld/firewalld.conf", "own": OWN, "shipped": SHIPPED, "state": STATE}
TOLD = {
    "active": ["work"],
    "listening": ["tcp/22", "udp/53"],
    "services": {"ssh": ["22/tcp"], "dns": ["53/tcp", "53/udp"], "ftp": ["21/tcp"]},
}


def zone(place: str, text: str) -> Source:
    return Source(place, "firewalld-zone", get("firewalld-zone", text.encode()))


def seen(*sources: Source, told: dict[str, Any] | None = TOLD) -> tuple[dict[str, Resource], dict[str, Source]]:
    state = Source(STATE, "json", told or {}, exists=told is not None)
    by_name = {source.locator: source for source in (*sources, state)}
    return {each.name: each for each in firewalld_zones.view("linux/firewalld-zone", LAYOUT, by_name)}, by_name


def test_the_default_one_and_what_has_an_interface_are_in_use() -> None:
    zones, _ = seen(
        Source("/etc/firewalld/firewalld.conf", "key-value", {"DefaultZone": "home"}),
        *(zone(f"{SHIPPED}/{name}.xml", "<zone/>") for name in ("public", "home", "work", "dmz")),
        zone(f"{OWN}/inner.xml", '<zone><interface name="eth1"/></zone>'),
    )
    assert {name for name, each in zones.items() if each.tree["in-use"]} == {"home", "work", "inner"}


def test_a_zone_of_etc_hides_the_one_that_came_with_the_package() -> None:
    zones, _ = seen(zone(f"{OWN}/public.xml", '<zone target="DROP"/>'), zone(f"{SHIPPED}/public.xml", "<zone/>"))
    assert (zones["public"].tree["target"], zones["public"].home) == ("DROP", (f"{OWN}/public.xml", ()))


def test_what_nothing_listens_for_is_told_and_what_is_not_known_is_not() -> None:
    services = "".join(f'<service name="{name}"/>' for name in ("ssh", "dns", "ftp", "ipsec"))
    text = f'<zone>{services}<port port="1-99" protocol="udp"/></zone>'
    zones, _ = seen(zone(f"{OWN}/public.xml", text))
    assert [each.get("listens") for each in zones["public"].tree["services"]] == [True, True, False, None]
    assert zones["public"].tree["ports"] == [{"port": "1-99/udp", "listens": True}]


def test_where_firewalld_does_not_run_its_zones_count_for_nothing_and_in_an_image_they_do() -> None:
    source = zone(f"{OWN}/public.xml", "<zone/>")
    assert seen(source, told=None)[0] == {}
    assert seen(source, told={})[0]["public"].tree["in-use"]


def test_a_zone_that_closes_lets_in_what_listens_and_is_copied_first() -> None:
    zones, sources = seen(zone(f"{SHIPPED}/public.xml", '<zone target="ACCEPT"><short>P</short><service name="dns"/></zone>'))
    edits = firewalld_zones.edit(LAYOUT, zones["public"], [Edit(("target",), "default")], (), sources)
    assert {locator for locator, _ in edits} == {f"{OWN}/public.xml"}
    assert [each for _, each in edits][-2:] == [Edit(("ports", 0), {"port": "22/tcp"}), Edit(("target",), remove=True)]
    assert Edit(("short",), "P") in [each for _, each in edits]


def test_a_zone_whose_name_is_what_it_does_is_left_to_people() -> None:
    zones, sources = seen(zone(f"{SHIPPED}/trusted.xml", '<zone target="ACCEPT"/>'))
    with pytest.raises(BindingError, match="cannot be changed"):
        firewalld_zones.edit(LAYOUT, zones["trusted"], [Edit(("target",), "default")], (), sources)


def test_what_runs_counts_as_much_as_what_is_written_and_a_reload_alone_mends_it() -> None:
    runs = {"public": {"target": "default", "services": ["ssh", "ftp"], "ports": ["53/udp"], "masquerade": True}}
    zones, sources = seen(zone(f"{SHIPPED}/public.xml", "<zone/>"), told=TOLD | {"runtime": runs})
    assert zones["public"].effective == {
        "target": "default",
        "masquerade": True,
        "services": [{"name": "ssh", "listens": True}, {"name": "ftp", "listens": False}],
        "ports": [{"port": "53/udp", "listens": True}],
    }
    assert firewalld_zones.edit(LAYOUT, zones["public"], (), [Edit(("masquerade",), remove=True)], sources) == []
    assert seen(zone(f"{SHIPPED}/public.xml", "<zone/>"))[0]["public"].effective is None
