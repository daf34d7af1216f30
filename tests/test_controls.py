"""Every control keeps its promises. Nothing to add here when a control is added."""

import pytest

from setright.engine.harness import broken_promises
from tests.content import shipped

CATALOGUE = shipped()


@pytest.mark.parametrize("control_id", CATALOGUE.ids())
def test_a_control_keeps_its_promises(control_id):
    broken = broken_promises(CATALOGUE, CATALOGUE.control(control_id))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("control_id", CATALOGUE.ids())
def test_a_control_fits_on_a_screen(control_id):
    assert CATALOGUE.file_of(control_id).read_text().count("\n") <= 80
