"""Which lines of a source file a finding is about: its resource's block, and the block in which the value itself stands."""

from __future__ import annotations

from typing import NamedTuple

from setright.bindings.view import locate
from setright.engine.scan import Found, line_range
from setright.engine.world import World
from setright.lenses import span
from setright.model import Document, Path

YAML = ("yaml", "kustomization")
TERRAFORM_BLOCK = 4  # ("resource", type, name, 0)


class Extent(NamedTuple):
    """Lines of a document, from 1, both ends included. `whole`: a whole document of the file, as of a manifest."""

    locator: str
    first: int
    last: int
    whole: bool


def extents(found: Found, world: World) -> list[Extent]:
    """The blocks of a finding; one where the value stands in the resource's own."""
    path = found.finding.mismatches[0].path if found.finding.mismatches else ()
    value = locate(world.bindings[found.slot], found.slot[1], found.resource, path, world.sources)
    places = dict.fromkeys(_block(found, place) for place in (found.resource.home, value))
    documents = ((world.documents.get(locator), place) for locator, place in places)
    return [_extent(document, place) for document, place in documents if document and document.data is not None]


def _block(found: Found, place: tuple[str, Path]) -> tuple[str, Path]:
    """The whole resource around a place: what people see as one block."""
    locator, path = place
    if "Resources" in path:  # of CloudFormation
        return locator, path[: path.index("Resources") + 2]
    return locator, path[: TERRAFORM_BLOCK if found.slot[1] == "terraform" else len(found.resource.home[1])]


def _extent(document: Document, path: Path) -> Extent:
    data = document.data or b""
    start, end = span(document.lens, data, path) if path else (0, len(data))
    first, last = line_range(data, start, end)
    whole = document.lens in YAML and len(path) == 2
    below_key = document.lens in YAML and not whole and not data[data.rfind(b"\n", 0, start) + 1 : start].strip()
    return Extent(document.locator, _key_line(data, first) if below_key else first, last, whole)


def _key_line(data: bytes, first: int) -> int:
    """The line of the key that a block below it is the value of."""
    lines = data.split(b"\n")[: first - 1]
    for number in range(len(lines), 0, -1):
        line = lines[number - 1].strip()
        if line and not line.startswith(b"#"):
            return number if b":" in line else first
    return first
