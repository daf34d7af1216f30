"""A plan's bytes are made again from its edits, and are the planned ones or none."""

import pytest

from setright.engine.change import Lapsed, changes
from setright.lenses import put
from setright.model import Change, Document, Edit, Kept, Plan, Planned, digest

BEFORE = b'{"a": 0, "b": [1]}\n'
ROUNDS = ((Edit(("a",), 1),), (Edit(("b", 0), 2), Edit(("c",), "new")))


def planned(before=BEFORE, rounds=ROUNDS, after=None, lens="json", locator="item:x"):
    made = before
    for edits in rounds:
        made = put(lens, made, edits)
    return Planned(locator, lens, digest(before), after or digest(made), rounds, "a diff")


def plan(*parts):
    return Plan("t", "mem", parts[0].locator, parts, (), (), (), "auto", "")


def document(data, locator="item:x", lens="json"):
    return Document(locator, data, lens)


def test_rounds_are_put_one_on_the_other():
    (change,) = changes(plan(planned()), {"item:x": document(BEFORE)})
    assert change == Change("item:x", "json", BEFORE, b'{"a": 1, "b": [2], "c": "new"}\n')


def test_every_document_of_a_plan_is_made_in_its_order():
    parts = [planned(locator=locator) for locator in ("item:y", "item:x")]
    made = changes(plan(*parts), {p.locator: document(BEFORE, p.locator) for p in parts})
    assert [c.locator for c in made] == ["item:y", "item:x"]


def test_one_moved_document_lapses_the_whole_plan():
    parts = [planned(locator=locator) for locator in ("item:x", "item:y")]
    with pytest.raises(Lapsed, match="item:y: is not what the plan was made on"):
        changes(plan(*parts), {"item:x": document(BEFORE), "item:y": document(BEFORE + b" ", "item:y")})


def test_a_document_that_came_or_went_has_moved():
    with pytest.raises(Lapsed, match="somebody changed it"):
        changes(plan(planned()), {"item:x": document(None)})
    fresh = planned(None, ((Edit(("a",), 1),),))
    with pytest.raises(Lapsed, match="somebody changed it"):
        changes(plan(fresh), {"item:x": document(BEFORE)})


def test_a_new_document_starts_from_what_its_format_calls_empty():
    fresh = planned(None, ((Edit(("PermitRootLogin",), "no"),),), lens="sshd")
    (change,) = changes(plan(fresh), {"item:x": document(None, lens="sshd")})
    assert (change.before, change.after) == (None, b"PermitRootLogin no\n")


def test_edits_that_give_other_bytes_than_planned_lapse():
    with pytest.raises(Lapsed, match="other bytes than the plan says"):
        changes(plan(planned(after=digest(b"something else"))), {"item:x": document(BEFORE)})


def test_edits_that_cannot_be_made_lapse_with_the_reason():
    part = Planned("item:x", "json", digest(BEFORE), digest(BEFORE), ((Edit(("a", "inner"), 1),),), "")
    with pytest.raises(Lapsed, match="item:x: the planned edits cannot be made"):
        changes(plan(part), {"item:x": document(BEFORE)})


def test_the_way_back_is_the_change_turned_round():
    (change,) = changes(plan(planned()), {"item:x": document(BEFORE)})
    back = change.inverse({"mode": "0600"})
    assert (back.before, back.after, back.meta) == (change.after, BEFORE, {"mode": "0600"})
    assert back.inverse() == change


APPROVED = Kept("/etc/crontab", "text", b"approved\n", {"mode": "0600"})


def going_back(after=b"approved\n", kept="an address"):
    return plan(Planned("/etc/crontab", "text", digest(b"drift\n"), digest(after), (), "a diff", kept))


def test_what_was_approved_comes_back_with_its_owner_and_mode():
    (change,) = changes(going_back(), {"/etc/crontab": document(b"drift\n", "/etc/crontab", "text")}, lambda address: APPROVED)
    assert change == Change("/etc/crontab", "text", b"drift\n", b"approved\n", {"mode": "0600"})


def test_what_was_not_there_goes():
    (change,) = changes(going_back(None, ""), {"/etc/crontab": document(b"drift\n", "/etc/crontab", "text")})
    assert change.after is None


@pytest.mark.parametrize("kept", [None, Kept("/etc/crontab", "text", b"other\n"), Kept("/etc/passwd", "text", b"approved\n")])
def test_without_the_very_snapshot_nothing_goes_back(kept):
    snapshot = (lambda address: kept) if kept else None
    with pytest.raises(Lapsed, match="plan again where it was learned"):
        changes(going_back(), {"/etc/crontab": document(b"drift\n", "/etc/crontab", "text")}, snapshot)


def test_what_changed_since_the_plan_is_not_written_over():
    with pytest.raises(Lapsed, match="somebody changed it"):
        changes(going_back(), {"/etc/crontab": document(b"later\n", "/etc/crontab", "text")}, lambda address: APPROVED)
