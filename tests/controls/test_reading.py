"""What a control says is read by nearly everybody: its title and why ask for few years of school."""

from statistics import median

import pytest
from bench.reading import grade, grades, syllables
from tests.content import shipped

HARDEST, MIDDLE = 10.0, 7.0  # school years (Flesch-Kincaid); `python -m bench.reading` tells which are hard


def test_every_control_is_said_in_plain_words():
    catalogue = shipped()
    told = grades(map(catalogue.control, catalogue.ids()))
    hard = {name: round(value, 1) for name, value in told.items() if value > HARDEST}
    assert not hard, f"say these in shorter sentences and shorter words: {hard}"
    assert median(told.values()) <= MIDDLE


def test_longer_sentences_and_longer_words_are_harder():
    easy = "The door is open. Anyone can walk in."
    assert (
        grade(easy) < 3 < grade("The door is open, and whoever passes it by while nobody looks can walk in and take what is there.")
    )
    assert grade("Unauthenticated administrative availability necessitates authentication.") > 20
    assert grade("") == 0.0


def test_names_of_things_count_as_one_word():
    assert grade("Set it.") == grade("Set `net.ipv4.conf.all.accept_redirects`.") == grade("Set /etc/ssh/sshd_config.")


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("a", 1),
        ("open", 2),
        ("made", 1),
        ("table", 2),
        ("database", 3),
        ("attacker", 3),
        ("encrypted", 3),
        ("named", 1),
        ("TLS", 1),
    ],
)
def test_syllables_are_counted_as_they_are_said(word, count):
    assert syllables(word) == count
