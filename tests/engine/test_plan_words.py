"""A document that only programs read is planned in its surface's own words."""

from __future__ import annotations

import json
from pathlib import Path

from setright.engine.plan import plan
from setright.engine.scan import scan
from setright.surfaces.linux.states import in_words
from setright.surfaces.memory import Memory
from tests.content import content, item

OPEN = {"owners": ["none"], "listening": ["tcp/22"], "input": "accept", "forward": "accept"}
SHUT = OPEN | {"owners": ["nftables"], "input": "drop"}


class Spoken(Memory):
    """Says what a change of `x` is; has no words for others."""

    def in_words(self, locator: str, before: bytes | None, after: bytes | None) -> tuple[bytes, bytes] | None:
        return (b"", f"was {json.loads(before or b'')['a']}\n".encode()) if locator.endswith("x") else None


def test_a_diff_is_what_the_surface_says_of_it_where_it_has_words(tmp_path: Path) -> None:
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}}})
    surface = Spoken({**item("x", a=0), **item("y", a=0)}, ("mem",))
    scanned = scan(surface, catalogue, [catalogue.control("t/item/a")])
    diffs = {each.document: each.changes[0].diff for each in plan(scanned, surface).plans}
    (spoken,) = [diff for name, diff in diffs.items() if name.endswith("x")]
    (plain,) = [diff for name, diff in diffs.items() if name.endswith("y")]
    assert spoken.splitlines()[2:] == ["@@ -0,0 +1 @@", "+was 0"]
    assert '"a": 1' in plain


def test_the_diff_of_a_firewall_is_the_rules_that_come() -> None:
    before, after = in_words("firewall", OPEN, SHUT) or ("", "")
    assert before == ""
    assert (
        "policy drop;" in after
        and "    tcp dport { 22 } accept\n" in after
        and after.startswith("# /etc/nftables.d/setright.nft\n")
    )
    assert 'include "/etc/nftables.d/setright*.nft"' in after and "delete table" not in after
    gone, come = in_words("firewall", SHUT, SHUT | {"input": "accept"}) or ("", "")
    assert "chain input" in gone and come == ""
    assert in_words("firewall", OPEN, OPEN | {"output": "drop"}) is None, "nothing of ours can do that"
    assert in_words("disk", {}, {}) is None
