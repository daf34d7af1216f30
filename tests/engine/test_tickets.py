"""One ticket a fix and owner, held to what our own looks see: against servers that keep the contracts of the real ones."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from setright.controls.error import ControlError
from setright.engine.configuration import Configuration
from setright.engine.error import EngineError
from setright.engine.store import Foreign, KeptTicket, Standing, Store
from setright.engine.ticket_others import Others, by_hand
from setright.engine.ticket_words import Ready
from setright.engine.ticket_world import World
from setright.engine.tickets import sync_tickets
from setright.integrations import github_issues
from setright.integrations.tickets import Written
from setright.model import Finding, Location, Plan, Planned, Verdict
from setright.policy.estate import Subject
from tests.integrations.issue_servers import GitHubIssuesServer, GitLabIssuesServer
from tests.integrations.roundup_tracker import Ground, RoundupServer
from tests.integrations.ticket_servers import TOKEN, USER, JiraServer, Reply, ServiceNowServer, text_of

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTROL = "linux/sshd/root-login"
WEB = "ssh://web-1"


class Jira:
    """A Jira with the words that the tests ask with."""

    def __init__(self, cloud):
        self.server = JiraServer(cloud)
        self.table = {"type": "jira", "url": self.server.url, "token": "env:TICKETS", "project": "SEC", "projects": {"shop": "WEB"}}
        self.table |= {"user": USER} if cloud else {"flavour": "data-center"}

    def all(self):
        return [
            (key, issue["status"] not in ("Done", "Won't do"), len(issue["comments"])) for key, issue in self.server.issues.items()
        ]

    def texts(self, key):
        issue = self.server.issues[key]
        return text_of(issue["fields"]["description"]), [text_of(each) for each in issue["comments"]]

    def people_close(self, key):
        self.server.people_close(key)

    def delete(self, key):
        del self.server.issues[key]

    def move(self, key):
        self.server.issues["WEB-9"] = self.server.issues.pop(key) | {"key": "WEB-9"}
        return "WEB-9"


class Now:
    """A ServiceNow with the words that the tests ask with."""

    def __init__(self):
        self.server = ServiceNowServer()
        self.table = {"type": "servicenow", "url": self.server.url, "user": "setright", "password": "env:TICKETS"}

    def all(self):
        return [(row["number"], row["state"] not in ("6", "7", "8"), len(row["notes"])) for row in self.server.records.values()]

    def row(self, name):
        return next(row for row in self.server.records.values() if row["number"] == name)

    def texts(self, name):
        return self.row(name)["description"], self.row(name)["notes"]

    def people_close(self, name):
        self.server.people_close(self.row(name)["sys_id"])

    def delete(self, name):
        del self.server.records[self.row(name)["sys_id"]]

    def move(self, name):
        pytest.skip("records do not change their numbers")


class Hub:
    """A GitHub with the words that the tests ask with."""

    def __init__(self):
        self.server = GitHubIssuesServer()
        self.table = {"type": "github", "url": self.server.url, "token": "env:TICKETS", "repository": "acme/sec"}
        self.table |= {"repositories": {"shop": "acme/web"}}

    def all(self):
        return [(name, issue["state"] == "open", len(issue["comments"])) for name, issue in self.server.issues.items()]

    def texts(self, name):
        issue = self.server.issues[name]
        return issue["body"], issue["comments"]

    def people_close(self, name):
        self.server.people_close(name)

    def delete(self, name):
        self.server.delete(name)

    def move(self, name):
        return self.server.transfer(name, "acme/web")


class Lab:
    """A GitLab with the words that the tests ask with."""

    def __init__(self):
        self.server = GitLabIssuesServer()
        self.table = {"type": "gitlab", "url": self.server.url, "token": "env:TICKETS", "project": "acme/sec"}
        self.table |= {"projects": {"shop": "acme/web"}}

    def all(self):
        return [(name, issue["state"] == "opened", len(issue["notes"])) for name, issue in self.server.issues.items()]

    def texts(self, name):
        issue = self.server.issues[name]
        return issue["description"], issue["notes"]

    def people_close(self, name):
        self.server.people_close(name)

    def delete(self, name):
        self.server.delete(name)

    def move(self, name):
        return self.server.move(name, "acme/web")


class Tracker:
    """A real Roundup with the words that the tests ask with."""

    def __init__(self, ground, home):
        self.server = RoundupServer(ground, home)
        self.table = {"type": "roundup", "url": self.server.url, "user": "setright", "password": "env:TICKETS"}

    def all(self):
        return [(each["name"], each["status"] != "resolved", len(each["comments"])) for each in self.server.issues()]

    def texts(self, name):
        issue = next(each for each in self.server.issues() if each["name"] == name)
        return issue["text"], issue["comments"]

    def people_close(self, name):
        self.server.people_close(name)

    def delete(self, name):
        self.server.delete(name)

    def move(self, name):
        pytest.skip("issues do not change their numbers")


class Estate:
    """What scans saw of hosts, and the tickets for it. Every step takes a minute."""

    def __init__(self, system, store):
        self.system, self.server, self.store, self.at = system, system.server, store, T0
        self.server.clock = lambda: self.at
        self.excepted, self.recorded = frozenset(), []
        self.ready = ()
        self.others = Others()
        self.configuration = Configuration(integrations={"desk": system.table})

    def scan(self, *ids, target=WEB, owner="web", control=CONTROL, title="Root cannot log in", organisations=()):
        self.at += timedelta(minutes=1)
        found = [
            Finding(id_, control, title, "high", Verdict.FAIL, target, f"sshd {id_}", "linux/sshd", Location("/x", 1, 1))
            for id_ in ids
        ]
        self.store.record_scan(target, [control], found, self.at)
        self.store.keep_standings([Standing(i, owner, 1.0, (), organisations, 50, "", 10, "ask", "") for i in ids], self.at)

    def sync(self, dry=False):
        self.at += timedelta(minutes=1)
        world = World(
            self.configuration, self.store, no_control, self.excepted, lambda: self.at, self.ready, self.record, self.others
        )
        (synced,) = sync_tickets(world, dry=dry)
        return synced

    def record(self, event, body):
        self.recorded.append((event.removeprefix("ticket "), body))

    def did(self, **more):
        synced = self.sync(**more)
        assert not synced.error, synced.error
        return [word.partition(":")[0] for done in synced.done for word in done.did]

    @property
    def name(self):
        return self.system.all()[0][0]


def no_control(id_):
    raise ControlError(id_)


SYSTEMS = {
    "jira-cloud": lambda: Jira(cloud=True),
    "jira-data-center": lambda: Jira(cloud=False),
    "servicenow": Now,
    "github": Hub,
    "gitlab": Lab,
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    opened = Ground(tmp_path_factory.mktemp("roundup"))
    yield opened
    opened.close()


@pytest.fixture(params=[*SYSTEMS, "roundup"])
def estate(request, tmp_path, monkeypatch):
    monkeypatch.setenv("TICKETS", TOKEN)
    monkeypatch.setattr(github_issues, "PAUSE_S", 0.0)
    is_real = request.param == "roundup"
    system = Tracker(request.getfixturevalue("ground"), tmp_path / "t") if is_real else SYSTEMS[request.param]()
    store = Store(f"sqlite:///{tmp_path}/s.db")
    yield Estate(system, store)
    store.close()
    system.server.close()


def test_what_is_kept_of_a_ticket_reads_back_on_both_databases(url):
    store = Store(url)
    kept = KeptTicket("desk", "m1", CONTROL, "web", "emea", findings={"f1": "open"}, answered=("f1 0",))
    store.keep_ticket(kept)
    store.keep_ticket(replace(kept, id="7", state="open", number=2))
    assert store.tickets("desk") == [replace(kept, id="7", state="open", number=2)] == store.tickets() and store.tickets("x") == []
    assert store.fates(["f1"]) == {} and store.verified_since(WEB, "2026") == []
    store.close()


def test_a_ticket_is_of_a_fix_and_an_owner_and_says_nothing_twice(estate):
    estate.scan("f1", "f2")
    estate.scan("f3", target="ssh://web-2")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    estate.scan("f5", target="ssh://web-3", organisations=("emea", "all"))
    assert estate.did() == ["created"] * 3
    text, _ = estate.system.texts(estate.name)
    assert all(f"finding f{n}" in text for n in (1, 2, 3)) and "setright fix ssh://web-2 --control linux/sshd/root-login" in text
    wrote = len(estate.server.writes)
    assert estate.did() == [] and estate.did() == [] and len(estate.server.writes) == wrote


def test_many_findings_fit_and_what_to_do_stands_before_them(estate):
    estate.scan(*(f"f{number:03}" for number in range(300)))
    assert estate.did() == ["created"]
    text, _ = estate.system.texts(estate.name)
    assert "300 open" in text and "setright except f000" in text and "finding f020" in text and "finding f200" not in text
    assert "250 more" in text or "cut here" in text
    estate.scan()
    assert estate.did() == ["commented", "closed"] and "closes this ticket" in estate.system.texts(estate.name)[1][0]


def test_what_is_added_or_put_right_is_told_and_the_end_is_ours_to_see(estate):
    estate.scan("f1", "f2")
    estate.did()
    estate.scan("f1", "f2", "f3")
    assert estate.did() == ["updated"] and "finding f3" in estate.system.texts(estate.name)[0]
    estate.scan("f2", "f3")
    assert estate.did() == ["commented", "updated"]
    text, (said,) = estate.system.texts(estate.name)
    assert "1 put right" in text and "finding f1" not in text and "finding f1" in said and "no run of ours" in said
    estate.scan()
    assert estate.did() == ["commented", "closed"] and estate.system.all() == [(estate.name, False, 2)]
    assert estate.did() == []


def test_evidence_names_the_run_its_diff_and_who_agreed(estate):
    estate.scan("f1")
    estate.did()
    put_right(estate, "run-7")
    estate.scan()
    assert estate.did() == ["commented", "closed"]
    said = estate.system.texts(estate.name)[1][0]
    assert "run-7" in said and "ann" in said and "PermitRootLogin no" in said and "no run of ours" not in said


def test_the_ledger_hears_who_closed_what_and_which_run_had_done_it(estate):
    estate.scan("f1", "f2")
    estate.did()
    put_right(estate, "run-7")
    estate.scan("f2")
    estate.did()
    put_right(estate, "run-8", "cd" * 32, "f2")
    estate.scan()
    estate.did()
    estate.scan("f1")
    estate.sync(dry=True)
    estate.did()
    estate.at += timedelta(minutes=1)
    estate.system.people_close(estate.name)
    estate.scan()
    estate.did()
    assert estate.did() == []
    (opened, made), (closed, told), (reopened, back), (accepted, people) = estate.recorded
    assert (opened, closed, reopened, accepted) == ("opened", "closed", "reopened", "closed")
    assert made["findings"] == ["f1", "f2"] and {each["ticket"] for _, each in estate.recorded} == {estate.name}
    assert (told["by"], told["gone"], told["runs"]) == ("setright", ["f2"], ["run-8"])
    assert (back["why"], back["findings"]) == ("came back", ["f1"])
    assert "Ann" in people["by"].title() and people["gone"] == ["f1"] and "runs" not in people
    assert made["control"] == CONTROL and made["owner"] == "web" and made["channel"] == "desk" and made["url"]


def test_a_ledger_that_cannot_be_written_stops_and_nothing_is_made_twice(estate):
    def full(*_):
        raise EngineError("no space left")

    estate.scan("f1")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    recording, estate.record = estate.record, full
    assert "no space" in estate.sync().error and len(estate.system.all()) == 1
    estate.record = recording
    assert estate.did() == ["created"] and estate.did() == [] and len(estate.system.all()) == 2


def test_an_earlier_run_is_no_evidence_for_what_came_back_after_it(estate):
    estate.scan("f1")
    put_right(estate, "run-7")
    estate.scan()
    estate.scan("f1")
    estate.did()
    estate.scan()
    assert estate.did() == ["commented", "closed"]
    said = estate.system.texts(estate.name)[1][0]
    assert "run-7" not in said and "no run of ours" in said


def test_a_change_that_waits_is_shown_with_its_diff_and_the_way_to_answer(estate):
    estate.scan("f1", "f2")
    waiting = root_login_plan("ab" * 32)
    estate.store.keep_plans([waiting])
    other = replace(waiting, findings=("f9",), hash="cd" * 32)
    where = "https://fix.example/plans"
    estate.ready = tuple(Ready(plan, "needs 1 approval of role board", f"{where}/{plan.hash}.s") for plan in (waiting, other))
    assert estate.did() == ["created"] and estate.did() == []
    text, _ = estate.system.texts(estate.name)
    assert "+PermitRootLogin no" in text and "needs 1 approval of role board" in text
    assert f"{where}/{waiting.hash}.s" in text and other.hash not in text
    estate.ready = ()
    assert estate.did() == ["updated"] and "fix.example" not in estate.system.texts(estate.name)[0]


def test_what_only_another_scanner_sees_is_a_ticket_until_it_reports_it_no_more(estate):
    def reports(*places):
        estate.at += timedelta(minutes=1)
        told = [
            Foreign(
                f"k{place}",
                "Checkov",
                WEB,
                "CKV_X_1",
                "The pool has no name",
                "high",
                place,
                "Pools need names.",
                "1. Open it\n2. Name it",
            )
            for place in places
        ]
        told.append(
            Foreign("m", "Checkov", WEB, "CKV_X_2", "Ours", "high", "pool 9", controls=(CONTROL,), finding="f1", state="matched")
        )
        estate.store.record_imported("Checkov", WEB, told, estate.at)
        estate.others = by_hand(estate.store.imported(), lambda target: Subject((target,), owner="shop", organisations=("acme",)))

    reports("pool 1", "pool 2")
    assert estate.did() == ["created"] and estate.did() == []
    text, _ = estate.system.texts(estate.name)
    for words in ("Pools need names.", "Name it", "pool 1", "pool 2", "CKV", "shop"):
        assert words in text
    assert "setright fix" not in text and "pool 9" not in text
    reports("pool 2")
    assert estate.did() == ["commented", "updated"]
    estate.system.people_close(estate.name)
    assert estate.did() == ["waits"]
    reports("pool 2")
    assert estate.did() == ["reopened"]
    assert "Checkov reports 1 of it still" in estate.system.texts(estate.name)[1][-1].replace("\\", "")
    reports()
    assert estate.did() == ["commented", "closed"]
    assert "Checkov reports 1 of it no more" in estate.system.texts(estate.name)[1][-1].replace("\\", "")
    assert estate.did() == []


def root_login_plan(hash_, finding="f1"):
    diff = "--- a\n+++ b\n-PermitRootLogin yes\n+PermitRootLogin no\n"
    planned = Planned("/etc/ssh/sshd_config", "sshd", "", "", (), diff)
    return Plan(WEB, "linux", "/etc/ssh/sshd_config", (planned,), (finding,), (CONTROL,), ("sshd",), "ask", "", hash=hash_)


def put_right(estate, run, hash_="ab" * 32, finding="f1"):
    estate.store.keep_plans([root_login_plan(hash_, finding)])
    estate.store.approve([hash_], "ann", estate.at)
    estate.store.begin_run(run, [hash_], estate.at)
    estate.at += timedelta(seconds=20)
    estate.store.end_plans(run, [Ended(hash_)])
    estate.store.end_run(run, "done", estate.at)


class Ended:
    outcome, why, kept = "verified", "", ()

    def __init__(self, plan):
        self.plan = plan


def test_what_comes_back_reopens_its_ticket(estate):
    estate.scan("f1")
    estate.did()
    estate.scan()
    estate.did()
    estate.scan("f1")
    assert estate.did()[0] == "reopened" and len(estate.system.all()) == 1
    assert estate.system.all()[0][1] and "It is back" in estate.system.texts(estate.name)[1][-1]
    assert estate.did() == []


def test_people_who_close_what_is_still_there_are_answered_once(estate):
    estate.scan("f1", "f2")
    estate.did()
    estate.at += timedelta(minutes=1)
    estate.system.people_close(estate.name)
    assert estate.did() == ["waits"], "they may have put it right: look first"
    estate.scan("f1", "f2")
    assert estate.did() == ["reopened"]
    said = estate.system.texts(estate.name)[1][-1]
    assert "finding f1" in said and "setright except f1" in said and estate.system.all()[0][1]
    estate.at += timedelta(minutes=1)
    estate.system.people_close(estate.name)
    wrote = len(estate.server.writes)
    for _ in range(3):
        estate.scan("f1", "f2")
        assert estate.did() == []
    assert len(estate.server.writes) == wrote and estate.store.tickets()[0].state == "left"
    estate.scan("f1", "f2", "f3")
    assert estate.did() == ["reopened", "updated"], "of what is new they did not hear"
    assert "finding f1" not in estate.system.texts(estate.name)[1][-1]


def test_people_who_close_what_they_put_right_hear_the_evidence_only(estate):
    estate.scan("f1")
    estate.did()
    estate.system.people_close(estate.name)
    estate.scan()
    assert estate.did() == ["commented"] and not estate.system.all()[0][1]
    assert estate.did() == [] and estate.store.tickets()[0].state == "closed"


def test_an_exception_neither_makes_nor_ends_a_ticket(estate):
    estate.scan("f1", "f2")
    estate.excepted = frozenset(["f1"])
    estate.did()
    assert "finding f1" not in estate.system.texts(estate.name)[0]
    estate.excepted = frozenset(["f1", "f2"])
    assert estate.did() == ["updated"] and estate.system.all()[0][1], "still there, so not closed by us"
    estate.system.people_close(estate.name)
    assert estate.did() == [] and not estate.system.all()[0][1], "closed by people, and rightly so"
    estate.excepted = frozenset()
    estate.scan("f1", "f2")
    assert estate.did()[0] == "reopened"


def test_what_goes_to_another_owner_leaves_the_ticket(estate):
    estate.scan("f1")
    estate.did()
    estate.scan("f1", owner="shop")
    assert sorted(estate.did()) == ["closed", "commented", "created"]
    assert "belong to somebody else" in estate.system.texts(estate.name)[1][0]
    assert [is_open for _, is_open, _ in estate.system.all()] == [False, True]


def test_a_create_whose_answer_was_lost_is_looked_for_and_never_made_twice(estate):
    estate.scan("f1")
    estate.server.loses, estate.server.lag = 1, 4
    assert "looked for" in estate.sync().error
    for _ in range(3):
        assert estate.did() == ["waits"]
    for _ in range(4):
        estate.did()
    assert len(estate.system.all()) == 1 and estate.store.tickets()[0].state == "open" and estate.store.tickets()[0].name
    assert estate.did() == []


def test_a_search_that_is_refused_does_not_forget_a_create_without_an_answer(estate):
    estate.scan("f1")
    estate.server.loses, estate.server.lag = 1, 3
    assert estate.sync().error
    estate.server.replies = [Reply(403, estate.server.wrong("not today"))]
    assert "not today" in estate.sync().done[0].error
    assert estate.did() == ["waits"] and len(estate.system.all()) == 1


def test_a_ticket_that_is_not_told_does_not_stop_the_others(estate):
    estate.scan("f1")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    estate.did()
    estate.scan("f1", "f2")
    estate.scan("f4", "f5", target="ssh://shop-1", owner="shop")
    estate.server.replies = [Reply(403, estate.server.wrong("hidden"))]
    synced = estate.sync()
    assert not synced.error and ["hidden" in done.error for done in synced.done] == [True, False]
    assert estate.did() == ["updated"]


def test_a_create_that_never_arrived_is_made_when_search_would_have_found_it(estate):
    estate.scan("f1")
    estate.server.replies = [*first_search(estate), Reply(503)]
    assert estate.sync().error and estate.system.all() == []
    assert estate.did() == ["waits"]
    estate.at += timedelta(minutes=15)
    assert estate.did() == ["created"] and len(estate.system.all()) == 1


def first_search(estate):
    """What is answered before the request that makes a ticket."""
    if isinstance(estate.system, Hub | Lab):
        return [None] * 4  # both places, and what is listed in each
    if isinstance(estate.system, Tracker):
        return [None] * 2
    return [Reply(200, {"result": []} if isinstance(estate.system, Now) else {"issues": []})]


def test_a_store_that_was_lost_finds_its_tickets_again(estate, tmp_path):
    estate.scan("f1")
    estate.did()
    estate.store.close()
    estate.store = Store(f"sqlite:///{tmp_path}/new.db")
    estate.scan("f1")
    assert estate.did() == ["found", "updated"] and len(estate.system.all()) == 1
    assert estate.did() == []


def test_a_dry_run_says_exactly_what_is_then_sent_and_changes_nothing(estate):
    estate.scan("f1", "f2")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    steps = [("f1", "f2"), ("f2",), (), ("f1",)]
    for ids in steps:
        estate.scan(*ids)
        before, kept = len(estate.server.writes), estate.store.tickets()
        dry = requests(estate.sync(dry=True))
        assert len(estate.server.writes) == before and estate.store.tickets() == kept
        wet = requests(estate.sync())
        assert dry == [unnumbered(each, estate.system) for each in wet] and dry
        assert [(w.method, w.url, w.body) for w in wet] == [
            (m, estate.server.url + p, b) for m, p, b in estate.server.writes[before:]
        ]


def unnumbered(written, system):
    """A message of Roundup's that the request before makes has no number in a dry run."""
    if not isinstance(system, Tracker) or "messages" not in written.body:
        return written
    return written._replace(body=written.body | {"messages": [*written.body["messages"][:-1], "new"]})


def requests(synced) -> list[Written]:
    return [sent for done in synced.done for sent in done.sent]


def test_a_ticket_that_was_deleted_is_followed_once(estate):
    estate.scan("f1")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    estate.did()
    estate.system.delete(estate.store.tickets()[0].name)
    assert estate.did() == ["followed", "created"]
    estate.system.delete(next(kept.name for kept in estate.store.tickets() if kept.number == 2))
    assert estate.did() == [] and estate.did() == []


def test_tickets_that_are_all_out_of_sight_are_not_made_anew(estate):
    estate.scan("f1")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    estate.did()
    for name, _, _ in estate.system.all():
        estate.system.delete(name)
    assert "none of our 2 tickets can be seen" in estate.sync().error and estate.system.all() == []


def test_wrong_credentials_stop_the_channel_and_change_nothing(estate, monkeypatch):
    estate.scan("f1")
    monkeypatch.setenv("TICKETS", "not-the-token")
    synced = estate.sync()
    assert "credentials" in synced.error and "not-the-token" not in synced.error and estate.server.writes == []
    monkeypatch.setenv("TICKETS", TOKEN)
    assert estate.did() == ["created"]


def test_a_ticket_is_known_by_its_new_name_after_people_moved_it(estate):
    estate.scan("f1")
    estate.did()
    moved = estate.system.move(estate.name)
    assert estate.did() == [] and estate.store.tickets()[0].name == moved
    estate.scan("f1", "f2")
    assert estate.did() == ["updated"] and "finding f2" in estate.system.texts(moved)[0]
    estate.scan()
    assert estate.did() == ["commented", "closed"]
    assert {name: is_open for name, is_open, _ in estate.system.all()}[moved] is False


def test_one_ticket_that_is_refused_does_not_stop_the_others(estate):
    estate.scan("f1")
    estate.scan("f4", target="ssh://shop-1", owner="shop")
    estate.server.replies = [*first_search(estate), Reply(400, estate.server.wrong("a field is missing"))]
    synced = estate.sync()
    assert [bool(done.error) for done in synced.done] == [True, False] and "a field is missing" in synced.done[0].error
    assert estate.store.tickets()[0].error or estate.store.tickets()[1].error
    assert estate.did() == ["created"] and not any(kept.error for kept in estate.store.tickets())


def test_a_channel_that_is_being_synced_is_left_alone(estate):
    estate.scan("f1")
    estate.store.take_channel("desk", "another", estate.at, estate.at + timedelta(minutes=5))
    assert "another process" in estate.sync().error and estate.system.all() == []


def test_a_channel_opens_tickets_only_for_what_it_wants(estate):
    estate.configuration = Configuration(integrations={"desk": estate.system.table | {"owners": ["shop"]}})
    estate.scan("f1")
    assert estate.did() == []
    estate.configuration = Configuration(integrations={"desk": estate.system.table | {"off": True}})
    assert sync_tickets(World(estate.configuration, estate.store, no_control, frozenset(), lambda: estate.at)) == []


def test_a_ticket_that_cannot_be_opened_again_is_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("TICKETS", TOKEN)
    estate = Estate(Now(), Store(f"sqlite:///{tmp_path}/s.db"))
    estate.scan("f1")
    estate.did()
    estate.server.people_close(estate.system.row(estate.name)["sys_id"], "7")
    estate.scan("f1")
    assert estate.did() == ["followed", "created"] and len(estate.system.all()) == 2
    assert estate.did() == []
    estate.server.close()
