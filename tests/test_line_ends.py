"""Every example of a source is put right alike where its lines end as Windows has them. Nothing to add when a control is added."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from setright.bindings.examples import MAIN
from setright.bindings.examples import example_documents as written
from setright.engine import harness
from setright.model import Binding, Document, Plain
from tests.content import shipped

CATALOGUE = shipped()
NEW = (".env",)  # what a fix makes anew has no line ends to keep


def windows(binding: Binding, family: str, given: Plain) -> Mapping[str, Document]:
    """The documents of an example as Windows has them."""
    return {
        locator: replace(each, data=each.data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        if each.data and family in MAIN and locator not in NEW
        else each
        for locator, each in written(binding, family, given).items()
    }


@pytest.mark.parametrize("domain", sorted({control_id.split("/")[0] for control_id in CATALOGUE.ids()}))
def test_a_control_keeps_its_promises_where_lines_end_as_windows_has_them(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "example_documents", windows)
    controls = [CATALOGUE.control(control_id) for control_id in CATALOGUE.ids() if control_id.startswith(f"{domain}/")]
    broken = {each.id: said for each in controls if (said := harness.broken_promises(CATALOGUE, each))}
    assert not broken, broken
