"""Puts the catalogue into a wheel ready made, so that a first start reads one file. Source: hatch.pypa.io, custom build hooks."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReadyCatalogue(BuildHookInterface[Any]):
    """An editable install has none: it reads the checkout, which changes."""

    _place: TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from setright.engine.catalogue import shipped_content
        from setright.engine.content import READY

        self._place = TemporaryDirectory()
        made = Path(self._place.name, READY)
        made.write_bytes(shipped_content(Path(self.root)))
        build_data["force_include"][str(made)] = f"setright/content/{READY}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._place:
            self._place.cleanup()
