"""Whose a finding is, who hears of it and when; what is knowingly left open counts on no path."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller

from setright.app import App
from setright.engine.configuration import load_configuration
from tests.integrations.contracts import PagerDutyServer
from tests.integrations.test_mail import Letters, free_port

from .conftest import ASK, AUTO, BOTH, Program

ESTATE = """
fallback = "platform"
[[organisations]]
name = "acme"
lead = "boss@example.com"
[[owners]]
name = "web"
contact = "web@example.com"
lead = "lead@example.com"
organisation = "acme"
targets = ["*"]
[[owners]]
name = "platform"
contact = "platform@example.com"
[[people]]
name = "Cid"
email = "cid@example.com"
roles = ["ciso"]
[policy.due_days]
high = 10
medium = 30
[escalation.hours]
start = "00:00"
until = "24:00"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""


@pytest.fixture
def mail(setright: Program):
    handler, port = Letters(), free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    channel = (
        f'[integrations.post]\ntype = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "s@example.com"\n'
    )
    (setright.tree / "setright.toml").write_text(ESTATE + channel + 'events = ["message.*"]\n')
    yield handler
    server.stop()


def opened(setright: Program) -> App:
    return App(load_configuration(setright.tree / "setright.toml", setright.env))


def scanned(setright: Program) -> dict[str, str]:
    """Finding ids by control."""
    told = setright("scan", ".", *BOTH, "--format", "json", "--fail-on", "never").json
    return {each["control"]: each["id"] for each in told["findings"]}


def age(setright: Program, days: int) -> None:
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    with opened(setright).store.writing() as connection:
        connection.change("UPDATE findings SET first_seen_at = :at", {"at": at})


def subjects(mail: Letters) -> list[tuple[str, str]]:
    return sorted((to[0], letter["Subject"].strip().split(":")[0]) for to, letter in mail.taken)


def test_each_rung_is_told_once_to_its_own_people(setright: Program, mail: Letters):
    scanned(setright)
    assert setright("remind", "--format", "json").json["letters"] == []  # too early
    for days, expected in (
        (5, [("web@example.com", "Due soon")]),
        (11, [("web@example.com", "Overdue")]),
        (18, [("lead@example.com", "Overdue")]),
        (25, [("cid@example.com", "Overdue"), ("web@example.com", "Due soon")]),
    ):
        age(setright, days)
        mail.taken.clear()
        shown = setright("remind", "--dry-run", "--format", "json").json
        assert len(shown["letters"]) == len(expected) and shown["posted"] == 0 and mail.taken == []
        setright("remind")
        assert subjects(mail) == expected
        mail.taken.clear()
        assert setright("remind", "--format", "json").json["posted"] == 0 and mail.taken == []


def test_a_pager_hears_when_nothing_is_late_any_more(setright: Program, mail: Letters):
    duty = PagerDutyServer()
    pager = (
        f'[integrations.pager]\ntype = "pagerduty"\nrouting_key = "env:PAGER"\nurl = "{duty.url}"\nevents = ["message.overdue"]\n'
    )
    (setright.tree / "setright.toml").write_text((setright.tree / "setright.toml").read_text() + pager)
    setright.env |= {"PAGER": "0123456789abcdef0123456789abcdef"}
    scanned(setright)
    age(setright, 11)
    setright("remind")
    assert list(duty.open) == [ASK], "what is high is late first"
    setright("remind")
    assert list(duty.open) == [ASK] and len(duty.log) == 1
    setright("fix", ".", "--control", ASK, "--all", "--yes")
    scanned(setright)
    mail.taken.clear()
    setright("remind")
    assert not duty.open and duty.log[-1] == ("resolve", ASK) and not mail.taken
    assert setright("remind", "--format", "json").json["letters"] == [] and len(duty.log) == 2
    duty.close()


def test_many_findings_of_one_fix_are_one_letter(setright: Program, mail: Letters):
    text = setright.file.read_text()
    setright.file.write_text(text + "".join(text.replace('"shop"', f'"shop{n}"') for n in range(5)))
    scanned(setright)
    age(setright, 11)
    setright("remind")
    ((to, letter),) = mail.taken
    assert "6 resources" in letter["Subject"] and letter.get_body(("html",)).get_content().count("<tr>") == 7


def test_nobody_hears_of_it_outside_their_hours(setright: Program, mail: Letters):
    (setright.tree / "setright.toml").write_text(
        (setright.tree / "setright.toml").read_text().replace('until = "24:00"', 'until = "00:00"')
    )
    scanned(setright)
    age(setright, 11)
    told = setright("remind", "--format", "json").json
    assert told["letters"] == [] and told["held"] == 1 and mail.taken == []


def test_a_letter_that_reaches_nobody_is_told_and_tried_again(setright: Program):
    (setright.tree / "setright.toml").write_text(ESTATE)
    scanned(setright)
    age(setright, 11)
    for _ in range(2):
        told = setright("remind", "--format", "json").json
        assert told["posted"] == 0 and told["unreached"][0]["to"] == ["web"]


def test_a_digest_comes_once_a_week_with_its_picture(setright: Program, mail: Letters):
    scanned(setright)
    age(setright, 1)
    setright("remind", "--digest", "weekly")
    setright("remind", "--digest", "weekly")
    assert [to for to, _ in mail.taken] == [["web@example.com"], ["boss@example.com"]]
    letter = mail.taken[0][1]
    assert letter["Subject"] == "web: 2 open, 0 overdue (weekly)"
    assert [part.get_content_type() for part in letter.walk()].count("image/png") == 1
    assert "Open at each week's end" in letter.get_body(("plain",)).get_content()


def test_what_is_sent_back_is_asked_of_the_next_and_is_in_the_ledger(setright: Program, mail: Letters):
    finding = scanned(setright)[ASK]
    told = setright("owners", "bounce", finding, "--reason", "not ours", "--format", "json").json
    assert (told["was"], told["owner"]) == ("web", "platform")
    assert setright("owners", "bounce", finding, "--reason", "nor ours").code == 2  # nobody else is known
    assert setright("owners", "bounce", finding, "--reason", "x", "--to", "wbe").err.count("did you mean 'web'?") == 1
    scanned(setright)
    shown = setright("owners", "show", finding, "--format", "json").json
    assert shown["owner"] == "platform" and shown["sent_back"][0]["reason"] == "not ours"
    events = [json.loads(line) for line in (setright.tree.parent / "state" / "ledger.jsonl").read_text().splitlines()]
    (back,) = [each["body"] for each in events if each["event"] == "sent back"]
    assert back["was"] == "web" and back["wrong"]
    age(setright, 11)
    setright("remind")
    assert subjects(mail) == [("platform@example.com", "Overdue")]
    named = setright("owners", "bounce", finding, "--reason", "asked them", "--to", "web", "--format", "json").json
    assert named["owner"] == "web"


def test_an_exception_is_warned_of_and_its_end_opens_the_finding(setright: Program, mail: Letters):
    finding = scanned(setright)[ASK]
    age(setright, 11)
    setright("except", finding, "--reason", "OPS-1", "--until", "3d", "--approver", "Cid")
    setright("remind")
    setright("remind")
    ((to, letter),) = mail.taken
    assert to == ["web@example.com", "cid@example.com"] and "ends on" in letter["Subject"]
    with opened(setright).store.writing() as connection:
        ended = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        connection.change(
            "UPDATE exceptions SET made_at = :made, until = :ended", {"ended": ended, "made": "2026-01-01T00:00:00.000000Z"}
        )
    mail.taken.clear()
    setright("remind")
    assert [words for _, words in subjects(mail)] == ["Overdue", "The exception for aws_db_instance.shop ended on " + ended[:10]]
    known = next(each for each in setright("findings", "--format", "json").json["findings"] if each["id"] == finding)
    assert known["reopened_count"] == 1 and known["owner"] == "web"


def test_what_is_left_open_counts_on_no_path(setright: Program, mail: Letters):
    """Scan, gate, every format, report, list, reminder, digest, plan, fix and what channels are told."""
    finding = scanned(setright)[ASK]
    age(setright, 11)
    assert setright("except", finding, "--reason", "OPS-1", "--until", "90d").code == 0
    one = (".", "--control", ASK)
    scan = setright("scan", *one, "--format", "json")
    assert scan.code == 0 and scan.json["findings"] == [] and [each["id"] for each in scan.json["excepted"]] == [finding]
    assert setright("scan", *one, "--fail-on", "info").code == 0
    for form in ("sarif", "junit", "ocsf", "markdown"):
        assert setright("scan", *one, "--format", form).code == 0
    assert 'failures="0"' in setright("scan", *one, "--format", "junit").out
    sarif = setright("scan", *one, "--format", "sarif").json
    assert all(result.get("suppressions") for result in sarif["runs"][0]["results"])
    assert finding not in {each["id"] for each in setright("findings", "--format", "json").json["findings"]}
    assert setright("remind", "--digest", "daily", "--format", "json").json["letters"][0]["subject"].startswith("web: 1 open")
    assert not any("Overdue" in letter["Subject"] for _, letter in mail.taken)
    assert setright("plan", *one, "--format", "json").json["plans"] == []
    before = setright.file.read_text()
    assert setright("fix", *one, "--all", "--yes", "--format", "json").json["plans"] == []
    assert setright.file.read_text() == before
    report = setright("report", "--format", "json", "-n", "0").json
    (left,) = [each for each in _each(report) if each.get("id") == finding]
    assert left["left_open"] == "exception" or left.get("status") in ("excepted", "deviation-approved"), left


def test_no_channel_hears_that_what_is_left_open_came_back(setright: Program, mail: Letters):
    file = setright.tree / "setright.toml"
    file.write_text(file.read_text().replace('events = ["message.*"]', 'events = ["finding.*"]\nto = ["soc@example.com"]'))
    finding = scanned(setright)[ASK]
    assert [words for _, words in subjects(mail)] == ["To put right (high)", "To put right (medium)"]
    setright("except", finding, "--reason", "OPS-1", "--until", "90d")
    mail.taken.clear()
    bad = setright.file.read_text()
    setright.file.write_text(bad.replace("storage_encrypted       = false", "storage_encrypted       = true"))
    scanned(setright)
    setright.file.write_text(bad)
    scanned(setright)
    assert [words for _, words in subjects(mail)] == ["Put right"]


def _each(told):
    if isinstance(told, dict):
        yield told
        told = list(told.values())
    for item in told if isinstance(told, list) else ():
        yield from _each(item)


def test_an_inventory_says_whose_it_is_and_what_hangs_on_it(setright: Program):
    (setright.tree / "setright.toml").write_text('[[organisations]]\nname = "acme"\n[[owners]]\nname = "dba"\n')
    (setright.tree / "cmdb.csv").write_text(
        "Hostname;Env;Business Criticality;Support group\naws_db_instance.shop;PROD;tier-0;dba\n"
    )
    told = setright("assets", "import", "cmdb.csv", "--map", "owner=Support group", "--format", "json").json
    assert told["assets"] == 1 and told["not_understood"] == []
    found = setright("scan", ".", "--control", ASK, "--format", "json").json["findings"][0]
    assert found["owner"] == "dba" and "importance critical" in found["risk_why"]
    assert "cmdb.csv" in found["owner_why"]
    assert "critical" in setright("assets", "show", "aws_db_instance.shop").out


def test_a_list_of_what_is_attacked_raises_the_risk(setright: Program):
    (setright.tree / "setright.toml").write_text('[risk]\nkev = "kev.json"\n')
    (setright.tree / "kev.json").write_text('{"vulnerabilities": [{"cveID": "CVE-2024-3094"}]}')
    setright.file.write_text(setright.file.read_text().replace('"shop"\n', '"shop-CVE-2024-3094"\n'))
    found = setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"][0]
    assert "exploited in attacks: CVE-2024-3094" in found["risk_why"] and found["risk"] == 36
    (setright.tree / "kev.json").write_text("nothing")
    ran = setright.process("scan", ".", "--control", AUTO)
    assert ran.code == 2 and "kev.json" in ran.err


def test_whoever_changed_it_last_is_asked_where_nobody_is_named(setright: Program):
    run = lambda *words: subprocess.run(["git", "-C", setright.tree, *words], check=True, capture_output=True)  # noqa: E731
    run("init", "-q")
    run("add", ".")
    run("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "x")
    found = setright("scan", ".", "--control", ASK, "--format", "json").json["findings"][0]
    assert found["owner"] == "ann@example.com" and "last change of main.tf in git" in found["owner_why"]


def test_a_control_whose_fix_was_taken_back_is_riskier_to_change(setright: Program):
    def risk():
        return next(f for f in setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"])

    before = risk()
    ran = setright("fix", ".", "--control", AUTO, "--yes", "--format", "json")
    assert setright("rollback", ran.json["run"], "--format", "json").code == 0
    after = risk()
    assert after["change_risk"] == before["change_risk"] + 10 and "taken back once before" in after["change_risk_why"]
