"""A tree of sources as an editor has it: open texts stand for their files, and only their folders are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from setright.model import Document, Reading, Want
from setright.surfaces.iac.surface import SourceTree
from setright.surfaces.iac.walk import lens_for, lens_of


class Overlay(SourceTree):
    """The tree at `root` with `texts` (locator -> bytes) over its files; `near` is the document that matters now."""

    def __init__(self, root: Path, texts: Mapping[str, bytes], near: str) -> None:
        super().__init__(root, ".")
        self._texts = texts
        self._document = near

    def read(self, wants: Sequence[Want]) -> Reading:
        return super().read([msgspec.structs.replace(want, near=(self._document,)) for want in wants])

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        open_ = {
            locator: Document(locator, self._texts[locator], lens_for(lens_of(locator) or "", self._texts[locator]))
            for locator in locators
            if locator in self._texts
        }
        return super().again([locator for locator in locators if locator not in open_]) | open_

    def _near(self, folders: set[str]) -> Iterator[tuple[str, str]]:
        """Also texts that were never saved."""
        there = dict(super()._near({folder for folder in folders if (self.root / folder).is_dir()}))
        unsaved = {locator: lens_of(locator.rpartition("/")[2]) for locator in self._texts if locator.rpartition("/")[0] in folders}
        yield from sorted((there | {locator: lens for locator, lens in unsaved.items() if lens}).items())

    def _bytes(self, path: str) -> bytes:
        return self._texts[path] if path in self._texts else super()._bytes(path)
