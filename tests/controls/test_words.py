"""Promises about how values and requirements are told to people."""

from __future__ import annotations

from setright.controls.words import pair
from setright.model import Mismatch


def test_of_a_long_list_what_is_too_much_is_told_and_of_a_short_one_all() -> None:
    many = [f"/usr/bin/program-{number}" for number in range(20)]
    long = pair(Mismatch(("setuid",), many, [*many, "/usr/local/bin/back"], "subset-of"))
    assert (long.have, long.want) == ("/usr/local/bin/back", "nothing beyond the 20 that may be there")
    short = pair(Mismatch(("listening",), ["tcp/22"], ["tcp/22", "tcp/80"], "subset-of"))
    assert (short.have, short.want) == ("tcp/22, tcp/80", "nothing but tcp/22")
