"""Promises of packet rules that go back: each table by who can load it, and nothing of the others."""

from __future__ import annotations

import pytest

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.states import back, deeds

NFT = ["table inet lab {", "\tchain input {", "\t}", "}"]
IPTABLES = ["*filter", ":INPUT DROP [0:0]", "COMMIT"]


def rules(**tables: list[str]) -> dict[str, object]:
    return {"host": "/", "tables": {name.replace("_", " "): lines for name, lines in tables.items()}}


def test_a_table_that_came_goes_and_one_that_is_as_it_was_is_left_alone() -> None:
    script = deeds("packet-rules", rules(inet_lab=NFT, inet_eve=["table inet eve {", "}"]), rules(inet_lab=NFT))
    assert "delete table inet eve" in script and "inet lab" not in script


def test_a_changed_table_is_replaced_in_one_transaction() -> None:
    script = deeds("packet-rules", rules(inet_lab=[*NFT[:2], "\t\taccept", *NFT[2:]]), rules(inet_lab=NFT))
    assert script.count("nft -f -") == 1 and "delete table inet lab\ntable inet lab {" in script and "accept" not in script


def test_what_iptables_made_is_loaded_by_iptables() -> None:
    script = deeds("packet-rules", rules(ip_filter=["*filter", "COMMIT"], ip6_filter=IPTABLES), rules(ip_filter=IPTABLES))
    assert "iptables-nft-restore <<'END_OF_RULES' || exit 1\n*filter\n:INPUT DROP [0:0]\nCOMMIT" in script
    assert "delete table ip6 filter" in script and "delete table ip filter" not in script


def test_what_nobody_there_can_load_is_refused_before_anything_is_written() -> None:
    shown = ["table ip filter {", '\t\tcounter xt target "LOG"', "}"]
    with pytest.raises(SurfaceError, match="install iptables"):
        back("packet-rules", rules(ip_filter=shown))


def test_the_switch_takes_away_what_was_not_there_and_leaves_firewalld_its_own() -> None:
    (script,) = back("packet-rules", rules(inet_lab=NFT, inet_firewalld=["table inet firewalld {", "}"]))
    assert "'inet firewalld'|'inet lab')" in script or "'inet lab'|'inet firewalld')" in script
    assert "delete table inet lab" in script and "delete table inet firewalld" not in script
