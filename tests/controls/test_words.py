"""Promises about how values and requirements are told to people."""

from __future__ import annotations

from setright.controls.words import mismatch_in_words
from setright.model import Mismatch


def test_of_a_long_list_what_is_too_much_is_told_and_of_a_short_one_all() -> None:
    many = [f"/usr/bin/program-{number}" for number in range(20)]
    long = mismatch_in_words(Mismatch(("setuid",), many, [*many, "/usr/local/bin/back"], "subset-of"))
    assert (long.have, long.want) == ("/usr/local/bin/back", "nothing beyond the 20 that may be there")
    short = mismatch_in_words(Mismatch(("listening",), ["tcp/22"], ["tcp/22", "tcp/80"], "subset-of"))
    assert (short.have, short.want) == ("tcp/22, tcp/80", "nothing but tcp/22")


def test_of_a_long_list_that_is_asked_for_the_beginning_is_told() -> None:
    folders = [f"/var/lib/program-{number}" for number in range(20)]
    told = mismatch_in_words(Mismatch(("path",), folders, "/var/lib/program-7", "excludes"))
    assert told.want == "anything but /var/lib/program-0, /var/lib/program-1, /var/lib/program-2 and 17 more"
    few = mismatch_in_words(Mismatch(("path",), ["a", "b", "c", "d", "e", "f", "g"], "a", "excludes"))
    assert few.want == "anything but a, b, c, d, e, f, g"


def test_what_a_list_must_not_hold_is_told_as_such() -> None:
    told = mismatch_in_words(Mismatch(("sources",), ["0.0.0.0/0"], ["0.0.0.0/0", "10.0.0.0/8"], "excludes"))
    assert (told.have, told.want) == ("0.0.0.0/0, 10.0.0.0/8", "without 0.0.0.0/0")


def test_what_is_only_offered_to_a_fix_is_not_told_as_if_somebody_wrote_it() -> None:
    told = mismatch_in_words(Mismatch(("rules", 0), None, {"FromPort": 22, "module-description": "offered"}, "none"))
    assert (told.have, told.want) == ('{"FromPort": 22}', "no such item")


def test_a_number_and_its_text_are_asked_for_as_one_value() -> None:
    assert mismatch_in_words(Mismatch(("A",), [60, 1, "60", "1"], 0, "one-of")).want == "one of 60, 1"
