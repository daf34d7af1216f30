"""Promises about the rules that are loaded at a start: what they are seen to let in, and what of them is changed, and when."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import nftables
from setright.bindings.source import Source
from setright.lenses import nftables as lens
from setright.model import Edit, Plain, Resource, Tree, Unknown

LAYOUT: Tree = {"main": "/etc/nftables.conf", "unit": "unit:nftables.service", "state": "state:firewall"}
OPEN = "table inet filter {\n chain input {\n type filter hook input priority 0;\n RULES\n }\n}\n"
SHUT = OPEN.replace("0;", "0; policy drop;")
RULES = 'ct state vmap { established : accept, invalid : drop }\n iifname "lo" accept\n tcp dport { ssh, 8000-8010 } accept'


def sources(text: str, state: Tree | None = None, enabled: str = "enabled", **also: str) -> dict[str, Source]:
    made = {"/etc/nftables.conf": text} | {f"/etc/nftables.d/{name}.nft": each for name, each in also.items()}
    found = {path: Source(path, "nftables", lens.get(each.encode())) for path, each in made.items()}
    found["unit:nftables.service"] = Source("unit:nftables.service", "json", {"enabled": enabled})
    return found | ({"state:firewall": Source("state:firewall", "json", state)} if state else {})


def seen(text: str, **more: Plain) -> Resource:
    (only,) = nftables.view("linux/nftables", LAYOUT, sources(text, **more))
    return only


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (OPEN, "accept"),
        (OPEN.replace("0;", "0; policy drop;"), "drop"),
        (OPEN.replace("0;", "0; policy drop;").replace("inet", "ip"), "accept-ipv6"),
        (OPEN.replace("RULES", "counter drop"), "drop"),
        (OPEN.replace("RULES", "tcp dport 1 drop"), "accept"),
        (OPEN.replace("0;", "0; policy $p;"), Unknown("$p")),
        (
            "add chain inet filter input { type filter hook input priority 0; policy drop; }\n",
            Unknown("made by commands, one after another"),
        ),
        ("flush ruleset\n", "accept"),
        (SHUT.replace("RULES", "tcp dport 22 accept\n accept"), "accept"),
        (SHUT.replace("RULES", 'counter log prefix "x: " accept comment "all"'), "accept"),
        (SHUT.replace("RULES", "drop\n accept"), "drop"),
        (SHUT.replace("RULES", "jump more\n }\n chain more {\n tcp dport 22 accept\n counter accept"), "accept"),
        (
            SHUT.replace(
                "RULES", "tcp dport 22 jump more\n jump less\n }\n chain more {\n accept\n }\n chain less {\n drop\n accept"
            ),
            "drop",
        ),
        (f"{SHUT}insert rule inet filter input counter accept\n", Unknown("made by commands, one after another")),
        (f"{SHUT}add rule inet filter input tcp dport 22 accept\n", "drop"),
        (f"{SHUT}delete table inet filter\n", Unknown("a table is taken back behind its rules")),
        (f"table inet filter\ndelete table inet filter\n{SHUT}", "drop"),
    ],
)
def test_the_policy_is_told_for_both_families(text: str, held: Plain) -> None:
    assert seen(text).tree["input"] == held


def test_what_is_let_in_is_told_by_name_set_and_variable() -> None:
    rules = "tcp dport $web accept\n udp dport @known accept\n ct state new tcp dport 25 counter accept\n th dport 53 accept"
    more = "define web = { http, 443 }\n" + OPEN.replace(
        "RULES", rules + "\n ip saddr 10.0.0.1 tcp dport 5432 accept\n udp dport 123 drop"
    )
    text = more.replace(" chain input", " set known {\n type inet_service\n elements = { 500, 4500 }\n }\n chain input")
    assert seen(text).tree["let-in"] == ["tcp/25", "tcp/443", "tcp/53", "tcp/80", "udp/4500", "udp/500", "udp/53"]


def test_a_service_that_loads_nothing_is_not_judged_and_its_includes_count() -> None:
    assert not nftables.view("linux/nftables", LAYOUT, sources(OPEN, enabled="disabled"))
    own = OPEN.replace("0;", "0; policy drop;")
    assert seen('include "/etc/nftables.d/*.nft"\n', own=own).tree["input"] == "drop"
    assert seen("flush ruleset\n", own=own).tree["input"] == "accept", "nothing includes it"
    assert seen(OPEN).tree["runs"]["input"] == "unknown"
    assert seen(OPEN, state={"input": "drop"}).tree["runs"]["input"] == "drop"


DROP = [Edit(("input",), "drop")]


def test_a_policy_drops_once_all_that_listens_is_let_in() -> None:
    given = sources(OPEN.replace("RULES", RULES), {"listening": ["tcp/22", "tcp/8005"]})
    (resource,) = nftables.view("linux/nftables", LAYOUT, given)
    assert nftables.edit(LAYOUT, resource, DROP, [], given) == [
        ("/etc/nftables.conf", Edit(("tables", 0, "chains", 0, "policy"), "drop"))
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OPEN.replace("RULES", RULES.replace("ssh, ", "")), "lets in no tcp/22, which is used"),
        (OPEN.replace("RULES", RULES.replace("established", "new")), "lets in no answers"),
        ("table inet a { chain b { ct state established accept; tcp dport 22 accept; }\n }\n", "has no chain of its own for input"),
    ],
)
def test_a_policy_that_would_shut_somebody_out_is_left_to_a_person(text: str, why: str) -> None:
    given = sources(text, {"listening": ["tcp/22"]})
    (resource,) = nftables.view("linux/nftables", LAYOUT, given)
    with pytest.raises(BindingError, match=why):
        nftables.edit(LAYOUT, resource, DROP, [], given)
