"""Kaplan and Meier: what is still open counts for as long as it has been open."""

import pytest

from setright.engine.survival import curve


def test_the_textbook_case():
    # closed after 6, 6, 6, 7, 10, 13, 16, 22, 23; open after the others: Freireich et al., Blood 21 (1963), 6-MP
    closed = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
    still = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}
    drawn = curve({(at, True): n for at, n in closed.items()} | {(at, False): n for at, n in still.items()})
    for at, share in {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}.items():
        assert drawn.still_open(at) == pytest.approx(share, abs=0.001)
    assert (drawn.median, drawn.closed, drawn.open) == (23, 9, 12)


def test_what_is_left_lying_makes_no_figure_better():
    quick = {(60, True): 5}
    assert curve(quick).median == 60
    assert curve(quick | {(100_000, False): 20}).median is None


def test_nobody_knows_what_comes_after_the_last_look():
    drawn = curve({(60, True): 1, (120, False): 1})
    assert drawn.still_open(59) == 1.0 and drawn.still_open(60) == 0.5 and drawn.still_open(121) is None


def test_where_all_are_closed_none_is_open_later():
    assert curve({(60, True): 2}).still_open(10_000) == 0.0


def test_of_nothing_nothing_is_known():
    assert (curve({}).median, curve({}).still_open(1)) == (None, None)
