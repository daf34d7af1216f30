"""Every control keeps its promises. Nothing to add here when a control is added."""

from pathlib import Path

import pytest

from setright.engine.harness import broken_promises
from tests.content import shipped

CONTROLS = Path(__file__).parents[1] / "controls"
CATALOGUE = shipped()


@pytest.mark.parametrize("control_id", CATALOGUE.ids())
def test_a_control_keeps_its_promises(control_id):
    broken = broken_promises(CATALOGUE, CATALOGUE.control(control_id))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("control_id", CATALOGUE.ids())
def test_a_control_fits_on_a_screen(control_id):
    assert (CONTROLS / f"{control_id}.yaml").read_text().count("\n") <= 80
