"""A plan that is planned again in its run does what was shown, or less."""

from __future__ import annotations

import pytest

from setright.engine.anew import _is_less

SHOWN = ("state:firewall", "+    tcp dport { 22, 80, 443 } accept")


@pytest.mark.parametrize(
    ("line", "less"),
    [
        ("+    tcp dport { 22, 80, 443 } accept", True),
        ("+    tcp dport { 22 } accept", True),
        ("+    tcp dport { 443, 22 } accept", True),
        ("+    tcp dport { 22, 8080 } accept", False),
        ("+    udp dport { 22 } accept", False),
        ("+    tcp dport { 22 } accept; accept", False),
        ("+    tcp dport { 22 } { 80 } accept", False),
        ("-    tcp dport { 22 } accept", False),
    ],
)
def test_a_port_less_to_let_in_is_less_than_was_shown_and_anything_else_is_not(line: str, less: bool) -> None:
    assert _is_less(("state:firewall", line), SHOWN) is less
    assert not _is_less(("/etc/nftables.conf", line), SHOWN)


@pytest.mark.parametrize("rule", ["tcp dport { %s } drop", "tcp dport != { %s } accept"])
def test_less_in_the_set_of_a_rule_that_keeps_out_is_more_let_in(rule: str) -> None:
    assert not _is_less(("state:firewall", f"+{rule % 22}"), ("state:firewall", f"+{rule % '22, 80'}"))
