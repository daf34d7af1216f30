"""Each document one resource."""

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import items
from setright.bindings.source import Source
from setright.model import Edit, Unknown

LAYOUT = {"documents": ["stat:*"], "lens": "json", "name": "path"}
SHADOW = Source("stat:/etc/shadow", "json", {"path": "/etc/shadow", "owner": "root", "mode": "0644"})
GONE = Source("stat:/etc/gshadow", "json", {}, exists=False)
OTHER = Source("unit:cups.service", "json", {"unit": "cups.service"})
SOURCES = {source.locator: source for source in (SHADOW, GONE, OTHER)}


def test_each_document_is_one_resource_named_by_its_attribute() -> None:
    [resource] = items.view("linux/file-access", LAYOUT, SOURCES)
    assert (resource.name, resource.tree, resource.home) == ("/etc/shadow", SHADOW.tree, ("stat:/etc/shadow", ()))
    assert resource.effective is None


def test_documents_of_other_kinds_are_left_out() -> None:
    names = [r.name for r in items.view("linux/service", {"documents": ["unit:*"], "name": "unit"}, SOURCES)]
    assert names == ["cups.service"]


def test_a_name_can_lead_inwards_and_falls_back_to_the_locator() -> None:
    made = {
        loc: Source(loc, "json", tree) for loc, tree in {"a:1": {"Tags": {"Name": "web"}}, "a:2": {"Tags": Unknown("x")}}.items()
    }
    assert [r.name for r in items.view("k", {"name": "Tags/Name"}, made)] == ["web", "a:2"]


def test_persistent_and_live_edits_go_to_the_same_document() -> None:
    [resource] = items.view("linux/file-access", LAYOUT, SOURCES)
    mode, owner = Edit(("mode",), "0640"), Edit(("owner",), "root")
    assert items.edit(LAYOUT, resource, [mode], [owner], SOURCES) == [("stat:/etc/shadow", mode), ("stat:/etc/shadow", owner)]
    assert items.locate(LAYOUT, resource, ("mode",), SOURCES) == ("stat:/etc/shadow", ("mode",))


def test_an_edit_on_a_document_that_vanished_is_refused() -> None:
    [resource] = items.view("linux/file-access", LAYOUT, SOURCES)
    with pytest.raises(BindingError, match="stat:/etc/shadow"):
        items.edit(LAYOUT, resource, [Edit(("mode",), "0640")], [], {})
