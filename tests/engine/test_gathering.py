"""People hear of one fix and owner once a scan, of the rest in one digest, and of nothing where nothing changed."""

from hypothesis import given
from hypothesis import strategies as st

from setright.engine.channels import MODULES, Event, Route
from setright.engine.gathering import AT_MOST, READ_BY_PEOPLE, gathered
from setright.engine.telling import messages

AT = "2026-01-02T03:04:05.000000Z"


def opened(number, control="linux/sshd/root-login", owner="web", severity="high", word="opened"):
    body = {"control": control, "title": f"Title of {control}", "resource": f"r{number}", "owner": owner}
    key, target = f"k{number}{control}{owner}", f"ssh://host-{number % 3}"
    return Event(key, f"finding.{word}", f"f{number}", AT, body, severity, owner, "ask", target)


def test_many_findings_of_one_fix_and_owner_are_one_message():
    (one,) = gathered([opened(n) for n in range(8)])
    assert one.body["title"] == "Title of linux/sshd/root-login: 8 resources" and one.body["count"] == 8
    assert (
        one.body["resource"] == "r0, r1, r2, r3, r4 and 3 more" and one.body["target"] == "ssh://host-0, ssh://host-1, ssh://host-2"
    )
    assert (one.severity, one.owner, one.lane, one.target, one.item) == ("high", "web", "ask", "", "linux/sshd/root-login")


def test_two_owners_two_fixes_and_two_happenings_are_told_apart():
    told = gathered([opened(1), opened(2, owner="db"), opened(3, control="linux/x"), opened(4, word="resolved"), opened(5)])
    assert len(told) == 4 and sorted(event.body.get("count", 1) for event in told) == [1, 1, 1, 2]


def test_what_is_beyond_ten_is_one_digest_and_the_gravest_come_first():
    told = gathered([opened(n, control=f"c/{n}", severity="critical" if n == 29 else "low") for n in range(30)])
    assert len(told) == AT_MOST + 1 and told[0].severity == "critical"
    assert told[-1].body["title"] == "20 more findings of 20 fixes; `setright findings` lists them" and told[-1].item == "setright"


def test_one_finding_and_what_is_about_none_stay_as_they_are():
    switch = Event("s", "switch.on", "setright", AT, {"reason": "x"})
    assert gathered([switch, opened(1)]) == [opened(1), switch]


def test_where_nothing_changed_nothing_is_said():
    assert gathered([]) == [] and messages([], {"chat": Route("slack")}) == []


def test_machines_are_told_of_each_and_people_of_what_they_want_alone():
    events = [opened(n, severity="low" if n else "high") for n in range(5)]
    for sort in MODULES:
        told = messages(events, {"it": Route(sort)})
        assert len(told) == (1 if sort in READ_BY_PEOPLE else 5)
        (high,) = messages(events, {"it": Route(sort, severities=("high",))})
        assert high.item == "f0"


findings = st.tuples(st.integers(0, 40), st.sampled_from("abcdefghijklmnop"), st.sampled_from(["", "web", "db"]))


@given(st.lists(findings, unique=True))
def test_no_finding_is_left_out_and_the_same_scan_says_the_same(told):
    events = [opened(number, control=control, owner=owner) for number, control, owner in told]
    said = gathered(events)
    assert sum(event.body.get("count", 1) for event in said) == len(events) and len(said) <= AT_MOST + 1
    assert said == gathered(events) and len({event.key for event in said}) == len(said)
