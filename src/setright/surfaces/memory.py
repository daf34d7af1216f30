"""Documents in a dict: the surface of tests and of dry runs. Keeps every promise of the protocol but persistence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.model import Answer, Change, Document, Kept, Reading, Steps, Want
from setright.surfaces.base import Moved


class Memory:
    """A target that is only its documents. `facts` are the answers it gives."""

    arms = False

    def __init__(
        self, documents: Mapping[str, Document], families: tuple[str, ...], facts: Mapping[str, Answer] | None = None
    ) -> None:
        self.target = "memory"
        self.families = families
        self.documents = dict(documents)
        self.facts = dict(facts or {})

    def read(self, wants: Sequence[Want]) -> Reading:
        return Reading(tuple(self.documents.values()))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        return {locator: self.documents.get(locator, Document(locator, None, "")) for locator in locators}

    def ask(self, facts: Sequence[str]) -> dict[str, Answer]:
        return {fact: self.facts.get(fact, Answer(None, "nothing here can tell")) for fact in facts}

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        return [Kept(d.locator, d.lens, d.data) for d in self.again(locators).values()]

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        """Nothing runs here that could refuse."""

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        return False

    def write(self, change: Change) -> None:
        now = self.again([change.locator])[change.locator].data
        if now == change.after:
            return
        if now != change.before:
            raise Moved(f"{change.locator}: changed since it was read; nothing written")
        self.documents[change.locator] = Document(change.locator, change.after, change.lens)

    def reload(self, steps: Steps) -> None:
        """What is written holds."""

    def probe(self, steps: Steps) -> Mapping[str, str]:
        return {}

    def reconnect(self) -> None:
        """There is no connection to lose."""

    def disarm(self, token: str) -> None:
        """Nothing was armed."""

    def close(self) -> None:
        """Nothing is open."""
