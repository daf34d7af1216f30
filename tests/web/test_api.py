"""Another program gets exactly what its token allows, within policy, once for each key, and in its actor's name."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from setright.engine.store import BearerToken
from setright.engine.times import now, stamp
from setright.web.api import openapi, shapes
from setright.web.api.pace import Quota
from tests.cli.conftest import ASK, AUTO
from tests.web.conftest import ONE, PEOPLE, ask

TARGETS = '[[targets]]\nname = "shop"\nurl = "."\n[[targets]]\nname = "other"\nurl = "elsewhere"\n'
DOCUMENT = Path(__file__).parents[2] / "schemas" / "openapi.json"
EVERYTHING = tuple(shapes.BY_ACTION)


class Caller:
    """One token, and calls with it."""

    def __init__(self, place, actor, *allow, **more):
        words = [word for action in allow for word in ("--allow", action)]
        words += [word for name, value in more.items() for word in (f"--{name}", value)]
        self.made = place.program("tokens", "new", "--actor", actor, *words, "--format", "json").json
        self.url = f"{place.url}/api/v1"

    def post(self, path, body, key="", wait=90, **headers):
        headers = {"Authorization": f"Bearer {self.made['token']}", "Content_Type": "application/json"} | headers
        headers |= {"Idempotency_Key": key} if key else {}
        headers |= {"Prefer": f"wait={wait}"} if wait else {}
        return ask(self.url + path, body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)

    def get(self, path):
        return ask(self.url + path, Authorization=f"Bearer {self.made['token']}")


def said(answer, status=200):
    assert answer.status == status, answer.text
    told = json.loads(answer.text)
    assert told["schema"] == "setright/1"
    assert answer.headers["content-type"] == ("application/problem+json" if status >= 400 else "application/json")
    return told


def problem(answer, status, name):
    told = said(answer, status)
    assert told["type"] == f"urn:setright:problem:{name}" and told["status"] == status and told["title"] and told["detail"]
    return told["detail"]


@pytest.fixture
def place(setright, started):
    return started(setright, PEOPLE + TARGETS + ONE)


def planned(soar, *controls):
    told = said(soar.post("/plans", {"targets": ["shop"], "controls": list(controls)}))
    return [plan["hash"] for plan in told["answer"]["plans"]]


def test_a_fault_is_put_right_from_scan_to_proof(place):
    soar, board = Caller(place, "soar", "scan", "plan", "apply", "rollback"), Caller(place, "Bob", "approve")
    found = said(soar.post("/scans", {"targets": ["shop"], "controls": [ASK, "aws/rds/not-public"]}))
    assert [f["control"] for f in found["answer"]["findings"] if f["verdict"] == "fail"] == [ASK]
    text = place.program.file.read_text()
    hashes = planned(soar, ASK, AUTO)
    assert place.program.file.read_text() == text
    foreseen = said(soar.post("/runs", {"plans": hashes, "dry_run": True}))["answer"]
    assert foreseen["dry_run"] and place.program.file.read_text() == text
    assert any("waits for approval" in plan["why"] for plan in foreseen["plans"])
    early = said(soar.post("/runs", {"plans": hashes, "strict": True}), 409)
    assert early["type"].endswith("not-as-asked") and "waits for approval" in early["detail"]
    assert "storage_encrypted       = false" in place.program.file.read_text()
    place.program("plan", ".", "--control", ASK)
    again = planned(soar, ASK)
    assert said(soar.get(f"/plans/{again[0]}"))["lacks"].startswith("needs 1 approval of role board")
    assert said(board.post("/approvals", {"plans": again, "dry_run": True}))["answer"]["plans"][0]["lacks"]
    agreed = said(board.post("/approvals", {"plans": again}))
    assert agreed["actor"] == "Bob" and agreed["answer"]["plans"][0]["lacks"] == ""
    ran = said(soar.post("/runs", {"plans": again, "strict": True}))["answer"]
    assert [plan["outcome"] for plan in ran["plans"]] == ["verified"]
    assert "storage_encrypted       = true" in place.program.file.read_text()
    assert said(soar.post("/scans", {"targets": ["shop"], "controls": [ASK], "fail_on": "any"}))["status"] == 200
    back = said(soar.post("/rollbacks", {"plans": again, "strict": True}))["answer"]
    assert back["of"] == ran["run"] and "storage_encrypted       = false" in place.program.file.read_text()
    left = said(soar.post("/scans", {"targets": ["shop"], "controls": [ASK], "fail_on": "any"}), 409)
    assert left["type"].endswith("findings") and left["answer"]["summary"]["failed"] == 1


def test_every_call_stands_in_the_ledger_as_its_actors(place):
    soar = Caller(place, "soar", "scan")
    told = said(soar.post("/scans", {"targets": ["shop"], "controls": [ASK]}))
    problem(soar.post("/runs", {"plans": ["0" * 8]}), 403, "not-allowed")
    by_event = {each["event"]: each for each in place.events() if each["actor"] == "soar"}
    assert by_event["called"]["body"]["call"] == by_event["call ended"]["body"]["call"] == told["id"]
    assert by_event["called"]["body"]["asked"]["targets"] == ["shop"]
    assert by_event["call refused"]["body"]["action"] == "apply"
    assert place.program("ledger", "verify").code == 0
    assert soar.made["token"] not in (place.program.tree.parent / "state" / "ledger.jsonl").read_text()


def test_the_same_key_gives_the_same_call_and_never_a_second_one(place):
    soar = Caller(place, "soar", "plan", "apply")
    hashes = planned(soar, AUTO)
    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda _: soar.post("/runs", {"plans": hashes}, "incident-4711"), range(4)))
    ids = {said(answer)["id"] for answer in answers}
    runs = {said(answer)["answer"]["run"] for answer in answers}
    assert len(ids) == len(runs) == 1
    assert len([run for run in place.app.store.runs() if run.id in runs]) == 1
    assert said(soar.post("/runs", {"plans": hashes}, "incident-4711"))["answer"]["run"] in runs
    problem(soar.post("/runs", {"plans": hashes, "strict": True}, "incident-4711"), 422, "key-used")
    assert place.app.store.forget_calls(now() - timedelta(minutes=10)) == 0  # the key is known still
    stranger = Caller(place, "other", "plan")
    assert said(stranger.post("/plans", {"targets": ["shop"], "controls": [AUTO]}, "incident-4711"))["id"] not in ids


def test_a_call_that_ended_long_ago_is_forgotten(place):
    soar = Caller(place, "soar", "plan")
    first = said(soar.post("/plans", {"targets": ["shop"], "controls": [AUTO]}, "incident-4711"))
    assert place.app.store.forget_calls(now() + timedelta(seconds=1)) == 1
    second = said(soar.post("/plans", {"targets": ["shop"], "controls": [AUTO]}, "incident-4711"))
    assert first["id"] != second["id"] and second["state"] == "ended"


def test_long_work_is_answered_at_once_with_where_to_look(place):
    soar, other = Caller(place, "soar", "scan"), Caller(place, "other", "scan")
    answer = soar.post("/scans", {"targets": ["shop"], "controls": [ASK]}, wait=0)
    told = said(answer, 202)
    assert answer.headers["location"] == told["url"] == f"/api/v1/calls/{told['id']}" and answer.headers["retry-after"]
    until = time.monotonic() + 60
    while (now_ := said(soar.get(f"/calls/{told['id']}")))["state"] != "ended" and time.monotonic() < until:
        time.sleep(0.2)
    assert now_["status"] == 200 and now_["answer"]["findings"] and now_["ended_at"]
    problem(other.get(f"/calls/{told['id']}"), 404, "not-found")


@pytest.mark.parametrize("asker", ["Bob", "bob"])
def test_nobody_agrees_to_what_they_asked_for(place, asker):
    both = Caller(place, asker, "plan", "approve")
    hashes = planned(both, ASK)  # Ann asked for the same plan first, at the terminal
    assert place.app.store.asked_by(hashes) == {hashes[0]: "ann"}
    assert asker in problem(both.post("/approvals", {"plans": hashes}), 403, "own-request")
    assert "ann" in problem(Caller(place, "Ann", "approve").post("/approvals", {"plans": hashes}), 403, "own-request")
    assert place.lacks()


def test_only_who_is_known_by_name_and_whose_yes_counts_can_agree(place):
    hashes = [place.plan.hash]
    assert "nobody of [[people]]" in problem(
        Caller(place, "soar", "approve").post("/approvals", {"plans": hashes}), 403, "not-allowed"
    )
    assert "role board" in problem(Caller(place, "Cat", "approve").post("/approvals", {"plans": hashes}), 409, "refused")
    assert place.lacks()


def test_a_token_holds_for_its_actions_its_targets_its_time_and_until_it_is_revoked(place):
    few = Caller(place, "few", "scan", target="other")
    assert "may scan, not plan" in problem(few.post("/plans", {"targets": ["shop"]}), 403, "not-allowed")
    assert "is for other" in problem(few.post("/scans", {"targets": ["shop"]}), 403, "not-allowed")
    assert "is no target" in problem(Caller(place, "a", "scan").post("/scans", {"targets": ["/etc"]}), 403, "not-allowed")
    assert place.program("tokens", "revoke", few.made["id"]).code == 0
    assert "revoked" in problem(few.post("/scans", {"targets": ["other"]}), 401, "no-token")
    late = Caller(place, "late", "scan")
    kept = place.app.store.api_token(late.made["id"])
    over = BearerToken(
        **{name: getattr(kept, name) for name in kept.__struct_fields__} | {"id": "0badc0de", "expires_at": stamp(now())}
    )
    place.app.store.add_token(over)
    late.made["token"] = late.made["token"].replace(late.made["id"], over.id)
    assert "held until" in problem(late.post("/scans", {"targets": ["shop"]}), 401, "no-token")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer srt_", "Basic YTpi", "Bearer srt_00000000_wrong", "Bearer " + "x" * 5000])
def test_without_a_token_that_holds_nothing_is_told(place, header):
    answer = ask(f"{place.url}/api/v1/scans", b"{}", Authorization=header, Content_Type="application/json")
    problem(answer, 401, "no-token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_right_id_with_another_secret_is_no_token(place):
    soar = Caller(place, "soar", "scan")
    soar.made["token"] = soar.made["token"][:-1] + ("a" if soar.made["token"][-1] != "a" else "b")
    problem(soar.get("/calls/c1"), 401, "no-token")


@pytest.mark.parametrize(
    ("body", "headers", "status", "name"),
    [
        (b"{", {}, 400, "malformed"),
        (b'"\xff"', {}, 400, "malformed"),
        (b"[" * 100_000, {}, 400, "malformed"),
        (b"[]", {}, 400, "malformed"),
        (b"{}", {}, 400, "malformed"),
        (b'{"targets": ["shop"], "more": 1}', {}, 400, "malformed"),
        (b'{"targets": []}', {}, 400, "malformed"),
        (b'{"targets": ["shop"]}', {"Content_Type": "text/plain"}, 415, "not-json"),
        (b'{"targets": ["' + b"x" * 300_000 + b'"]}', {}, 413, "too-long"),
        (b'{"targets": ["shop"]}', {"Idempotency_Key": "short"}, 400, "malformed"),
    ],
)
def test_what_is_not_a_request_of_ours_is_refused_with_what_is_wrong(place, body, headers, status, name):
    problem(Caller(place, "soar", "scan").post("/scans", body, wait=0, **headers), status, name)
    assert not any(each["event"] == "called" for each in place.events())


def test_what_is_asked_wrongly_ends_as_a_problem(place):
    soar = Caller(place, "soar", *EVERYTHING)
    assert "no/such" in problem(soar.post("/scans", {"targets": ["shop"], "controls": ["no/such"]}), 409, "refused")
    problem(soar.post("/runs", {"plans": ["0" * 16]}), 404, "not-found")
    problem(soar.post("/rollbacks", {}), 400, "malformed")
    problem(soar.post("/exceptions", {"finding": "0" * 16, "reason": "x", "until": "9d"}), 404, "not-found")
    unreached = soar.post("/scans", {"targets": ["other"], "fail_on": "high"})
    assert "elsewhere" in problem(unreached, 409, "unreached")
    problem(soar.get("/nothing"), 404, "not-found")
    problem(soar.get("/runs"), 405, "wrong-method")


def test_an_exception_is_made_within_policy_in_the_actors_name(setright, started):
    place = started(setright, PEOPLE + TARGETS + ONE + '[policy.exceptions]\nlongest_days = 30\nrole = "board"\n')
    finding = place.program("findings", "--control", ASK, "--format", "json").json["findings"][0]["id"]
    asked = {"finding": finding, "reason": "migration", "until": "20d"}
    bob = Caller(place, "Bob", "except")
    assert "role board" in problem(Caller(place, "soar", "except").post("/exceptions", asked), 409, "refused")
    assert "30 days" in problem(bob.post("/exceptions", asked | {"until": "31d"}), 409, "refused")
    assert said(bob.post("/exceptions", asked | {"dry_run": True}))["answer"]["exceptions"][0]["approver"] == "Bob"
    assert not place.app.store.exceptions(finding)
    said(bob.post("/exceptions", asked))
    (kept,) = place.app.store.exceptions(finding)
    assert (kept.approver, kept.reason) == ("Bob", "migration")


def test_the_kill_switch_and_freezes_hold_for_programs_too(place):
    soar = Caller(place, "soar", "plan", "apply")
    hashes = planned(soar, AUTO)
    assert place.program("stop", "--reason", "incident").code == 0
    assert "kill switch" in said(soar.post("/runs", {"plans": hashes, "strict": True}), 409)["detail"]
    assert "backup_retention_period = 1 " in place.program.file.read_text()


def test_who_calls_too_often_is_told_when_to_go_on(setright, started):
    place = started(setright, PEOPLE.replace("[serve]", "[serve]\ncalls_per_minute = 3") + TARGETS)
    soar = Caller(place, "soar", "scan")
    answers = [soar.get("/calls/c1") for _ in range(4)]
    assert [answer.status for answer in answers] == [404, 404, 404, 429]
    problem(answers[-1], 429, "too-often")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20


def test_the_pace_is_refilled(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("setright.web.api.pace.monotonic", lambda: clock[0])
    pace = Quota(60)
    assert [pace.wait_s("a") for _ in range(61)] == [0] * 60 + [1]
    clock[0] = 1.0
    assert (pace.wait_s("a"), pace.wait_s("a"), pace.wait_s("b")) == (0, 1, 0)


def test_tokens_are_kept_as_hashes_and_listed_without_what_they_are(place):
    soar = Caller(place, "soar", "scan")
    said(soar.post("/scans", {"targets": ["shop"], "controls": [ASK]}))
    secret = soar.made["token"].split("_", 2)[2]
    state = place.program.tree.parent / "state"
    assert not any(secret.encode() in file.read_bytes() for file in state.rglob("*") if file.is_file())
    (told,) = place.program("tokens", "list", "--format", "json").json["tokens"]
    assert told["actor"] == "soar" and told["used_at"] and secret not in str(told)
    assert "soar" in place.program("tokens", "list").out
    assert place.program("tokens", "revoke", "00000000").code == 2


def test_the_document_is_that_of_the_definitions_and_is_served(place):
    served = ask(f"{place.url}/api/v1/openapi.json")
    assert served.status == 200 and served.text.encode() == openapi.openapi_document() == DOCUMENT.read_bytes(), (
        "python -m setright.web.api.openapi > schemas/openapi.json"
    )


def test_the_document_is_openapi_3_1():
    from openapi_spec_validator import OpenAPIV31SpecValidator

    told = json.loads(openapi.openapi_document())
    OpenAPIV31SpecValidator(told).validate()
    assert set(told["paths"]) == {*(each.path for each in shapes.OPERATIONS), "/calls/{id}", "/plans/{hash}"}
    for name in re.findall(r'"#/components/schemas/(\w+)"', openapi.openapi_document().decode()):
        assert name in told["components"]["schemas"]
