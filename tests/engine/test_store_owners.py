"""What the store keeps of whose a finding is: with the finding from its first look on, and as it is told later."""

from pathlib import Path

import pytest

from setright.engine.store import Standing, Store
from setright.model import Plain
from tests.engine.test_store import HOUR, T0, finding


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'setright.db'}")


def test_a_finding_begins_with_its_owner_and_goes_on_with_what_is_told_of_it_later(store: Store) -> None:
    nobody = {"owner": "", "organisation": "", "lane": ""}

    def theirs(finding: str) -> dict[str, Plain]:
        return {"owner": "team-db", "organisation": "acme", "lane": "ask"} if finding == "a" else nobody

    store.record_scan("ssh://web-1", [], [finding("a"), finding("b")], T0, whose=theirs)
    assert [(known.finding.id, known.owner, known.lane) for known in store.findings()] == [("a", "team-db", "ask"), ("b", "", "")]
    store.keep_standings([Standing("a", "team-web", 1.0, (), ("acme",), 50, "", 10, "auto", "")], T0)
    assert (store.finding("a").owner, store.finding("a").lane) == ("team-web", "auto")
    store.record_scan("ssh://web-1", [], [finding("a")], T0 + HOUR, whose=theirs)
    assert store.finding("a").owner == "team-web"
