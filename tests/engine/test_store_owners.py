"""What the store keeps of whose a finding is: with the finding from its first look on, and as it is told later."""

from datetime import timedelta
from pathlib import Path

import pytest

from setright.engine.store import Seeing, Standing, Store
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


def test_what_the_source_leaves_open_until_a_day_counts_from_the_day_after_it(store: Store) -> None:
    day, long = T0.date().isoformat(), "2099-01-01"
    aside = {"a": ("repository", "soon", day), "b": ("comment", "later", long), "c": ("comment", "always", "")}
    store.record_scan("tree", [], [finding(id_) for id_ in "abcd"], T0, seeing=Seeing(aside=aside))
    assert (store.lapse(T0), len(store.items())) == (0, 1)
    assert (store.lapse(T0 + timedelta(days=1)), store.lapse(T0 + timedelta(days=1))) == (1, 0)
    assert sorted(item.id for item in store.items()) == ["a", "d"]
    assert [(each.id, each.until) for each in store.open_in_order("fail", aside=True)] == [("b", long), ("c", "")]
