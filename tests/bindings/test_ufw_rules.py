"""Promises about rules of ufw: what each opens to whom, and that one goes with all that ufw made of it."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import ufw_rules
from setright.bindings.source import Source
from setright.model import Edit, Tree

LAYOUT: Tree = {"documents": ["/etc/ufw/user.rules"], "main": "/etc/ufw/ufw.conf", "state": "state:firewall"}


def sources(*tuples: str, enabled: str = "yes", listening: list[str] | None = None) -> dict[str, Source]:
    table = {"name": "filter", "chains": [], "rules": [], "tuples": [{"tuple": each, "rules": []} for each in tuples]}
    made = {
        "/etc/ufw/user.rules": Source("/etc/ufw/user.rules", "iptables", {"tables": [table]}),
        "/etc/ufw/ufw.conf": Source("/etc/ufw/ufw.conf", "shell-assign", {"ENABLED": enabled}),
    }
    return made | ({"state:firewall": Source("state:firewall", "json", {"listening": listening})} if listening is not None else {})


def rule(said: str, listening: list[str] | None = None) -> Tree:
    (resource,) = ufw_rules.view("linux/ufw-rules", LAYOUT, sources(said, listening=listening))
    told: Tree = resource.tree["rules"][0]
    return told


@pytest.mark.parametrize(
    ("said", "serves"),
    [
        ("allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in", "PostgreSQL"),
        ("limit any 6379 ::/0 any ::/0 in comment=64", "Redis"),
        ("allow tcp 3000:3400 0.0.0.0/0 any 0.0.0.0/0 in", "MySQL, RDP"),
        ("allow_log tcp 80,5900 0.0.0.0/0 any 0.0.0.0/0 VNC%20x - in", "VNC"),
        ("allow tcp 5432 0.0.0.0/0 any 192.0.2.0/24 in", None),
        ("allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in_wg0", None),
        ("allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 out", None),
        ("route:allow tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in_eth0!out_eth1", None),
        ("deny tcp 5432 0.0.0.0/0 any 0.0.0.0/0 in", None),
        ("allow udp 5432 0.0.0.0/0 any 0.0.0.0/0 in", None),
        ("allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", None),
        ("allow any any 0.0.0.0/0 any 192.0.2.1 in", None),
        ("odd", None),
    ],
)
def test_what_is_for_few_and_open_to_anywhere_is_named(said: str, serves: str | None) -> None:
    assert rule(said).get("serves") == serves


def test_whether_something_listens_is_told_only_where_it_is_known() -> None:
    said = "allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in"
    assert "listens" not in rule(said)
    assert rule(said, ["tcp/443"])["listens"] is True
    assert rule(said, ["udp/443"])["listens"] is False
    assert "listens" not in rule(said.replace("allow", "deny"), [])


def test_a_firewall_that_is_off_is_not_judged() -> None:
    assert not ufw_rules.view("linux/ufw-rules", LAYOUT, sources("allow tcp 23 0.0.0.0/0 any 0.0.0.0/0 in", enabled="no"))


def test_whole_rules_alone_are_taken_away() -> None:
    given = sources("deny tcp 1 0.0.0.0/0 any 0.0.0.0/0 in", "allow tcp 23 0.0.0.0/0 any 0.0.0.0/0 in")
    (resource,) = ufw_rules.view("linux/ufw-rules", LAYOUT, given)
    gone = [("/etc/ufw/user.rules", Edit(("tables", 0, "tuples", 1), remove=True))]
    assert ufw_rules.edit(LAYOUT, resource, [Edit(("rules", 1), remove=True)], [], given) == gone
    assert ufw_rules.locate(LAYOUT, resource, ("rules", 1), given) == ("/etc/ufw/user.rules", ("tables", 0, "tuples", 1))
    with pytest.raises(BindingError, match="only whole rules"):
        ufw_rules.edit(LAYOUT, resource, [Edit(("rules", 1, "action"), "deny")], [], given)
