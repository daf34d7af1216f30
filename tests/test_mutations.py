"""The tests notice when something breaks: a fixed sample here, everything with SETRIGHT_ALL=1."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.mutations import content, engine, judging, lenses
from tests.mutations.run import ALL, ROOT, copy, passes, survives

SAMPLE = [*lenses.MUTATIONS[0:10:9], judging.MUTATIONS[0], content.MUTATIONS[0], *engine.MUTATIONS[0:9:8]]
CHOSEN = ALL if os.environ.get("SETRIGHT_ALL") else SAMPLE


@pytest.fixture(scope="module")
def place():
    with copy() as made:
        whole = passes(made, [m.tests for m in CHOSEN])
        assert whole.returncode == 0, whole.stdout
        yield made


@pytest.mark.parametrize("mutation", ALL, ids=lambda m: m.why)
def test_a_breakage_still_fits_its_file(mutation):
    mutation.broken((ROOT / mutation.file).read_text())


def test_no_breakage_stands_twice():
    twice = [key for key, count in Counter((m.file, m.find, m.replace) for m in ALL).items() if count > 1]
    assert not twice


@pytest.mark.slow
@pytest.mark.parametrize("mutation", CHOSEN, ids=lambda m: m.why)
def test_a_breakage_is_noticed(place: Path, mutation):
    assert survives(place, mutation) == ""
