"""A durable target of the tests' own: JSON items in a directory, written with compare-and-set, with faults to order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from setright.app import App
from setright.engine.catalogue import Catalogue
from setright.engine.configuration import Configuration
from setright.model import Answer, Change, Document, Kept, Reading, Steps, Want
from setright.surfaces.base import Moved, Rejected, SurfaceError

FAMILY = "mem"  # of the binding in tests.content


class Folder:
    """One item a file. `log` holds what was done to the target, in order; the fields below it are the faults."""

    families = (FAMILY,)

    def __init__(self, target: str, place: Path) -> None:
        self.target = target
        self.place = place
        self.place.mkdir(exist_ok=True)
        self.log: list[str] = []
        self.arms = False
        self.answers: dict[str, Answer] = {}
        self.refuses = ""  # what the checker says
        self.ignores_writes = False  # an API that says yes and does nothing
        self.no_way_back = False
        self.keeps: list[str] = []  # what a reload cannot make hold
        self.probes: Callable[[], Mapping[str, str]] = dict
        self.after_write: Callable[[Change], None] = lambda change: None

    def put(self, name: str, **fields: object) -> Path:
        file = self.place / f"{name}.json"
        file.write_text(json.dumps({"name": name, **fields}, indent=2) + "\n")
        return file

    def item(self, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.place / f"{name}.json").read_text())
        return found

    def writes(self) -> list[str]:
        return [entry for entry in self.log if entry.startswith(("write", "restore"))]

    def read(self, wants: Sequence[Want]) -> Reading:
        return Reading(tuple(self.again([f"item:{f.stem}" for f in sorted(self.place.glob("*.json"))]).values()))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        return {each: Document(each, self._data(each), "json") for each in locators}

    def ask(self, facts: Sequence[str]) -> dict[str, Answer]:
        return {fact: self.answers.get(fact, Answer(None, "nobody can tell")) for fact in facts}

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        self.log.append("keep")
        return [Kept(each, "json", self._data(each), {"kept": True}) for each in locators]

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        self.log.append("validate")
        if self.refuses:
            raise Rejected(self.refuses)

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        self.log.append("arm")
        return self.arms

    def write(self, change: Change) -> None:
        back = bool(change.meta)
        if back and self.no_way_back:
            raise SurfaceError("the disk is gone")
        now = self._data(change.locator)
        if now == change.after:
            return
        if now != change.before:
            raise Moved(f"{change.locator}: changed since it was read; nothing written")
        self.log.append(f"{'restore' if back else 'write'} {change.locator}")
        if not self.ignores_writes:
            assert change.after is not None
            self._file(change.locator).write_bytes(change.after)
            self.after_write(change)

    def reload(self, steps: Steps) -> None:
        self.log.append("reload")

    def late(self) -> list[str]:
        return self.keeps

    def probe(self, steps: Steps) -> Mapping[str, str]:
        return self.probes()

    def reconnect(self) -> None:
        self.log.append("reconnect")

    def disarm(self, token: str) -> None:
        self.log.append("disarm")

    def close(self) -> None:
        """Nothing is open."""

    def _file(self, locator: str) -> Path:
        return self.place / f"{locator.rpartition(':')[2]}.json"

    def _data(self, locator: str) -> bytes | None:
        file = self._file(locator)
        return file.read_bytes() if file.exists() else None


class Estate(App):
    """An App whose targets are folders, by name."""

    def __init__(self, home: Path, catalogue: Catalogue, *names: str) -> None:
        super().__init__(Configuration(state=str(home / "state")))
        self.catalogue = catalogue
        self.folders = {name: Folder(name, home / name) for name in names}

    def open(self, target: str) -> Folder:
        return self.folders[target]

    def close(self) -> None:
        """Ends what the store keeps open."""
        if "store" in self.__dict__:
            self.store.close()
