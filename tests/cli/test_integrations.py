"""The journey of what happened to a receiver, told by the program as people run it."""

import pytest

from tests.integrations.receiver import SECRET, Receiver

from .conftest import ASK, AUTO, BOTH, Program


@pytest.fixture
def receiver():
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def told(setright: Program, receiver: Receiver):
    """The program with one channel, to the receiver."""
    setright.env["SOC_SECRET"] = SECRET
    configure(setright, receiver)
    return setright


def configure(setright: Program, receiver: Receiver, more: str = "") -> None:
    text = f'[integrations.soc]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "env:SOC_SECRET"\n{more}'
    (setright.tree / "setright.toml").write_text(text)


def types(receiver: Receiver) -> list[str]:
    return [event["type"].removeprefix("io.setright.") for event in receiver.events]


def test_what_a_scan_and_a_fix_change_is_told_once_and_in_order(told, receiver):
    told("scan", ".", *BOTH)
    assert types(receiver) == ["finding.opened"] * 2
    opened = {event["data"]["control"]: event["data"] for event in receiver.events}
    assert opened.keys() == {AUTO, ASK} and opened[AUTO]["lane"] == "auto" and opened[AUTO]["location"]["path"] == "main.tf"
    told("scan", ".", *BOTH)
    assert len(receiver.events) == 2
    told("fix", ".", *BOTH, "--all", "--yes")
    told("scan", ".", *BOTH)
    rest = types(receiver)[2:]
    assert rest.index("plan.approved") < rest.index("plan.verified") < rest.index("finding.resolved")
    assert rest.count("finding.resolved") == 2


def test_no_secret_is_ever_sent(told, receiver):
    told("scan", ".", "--baseline", "all")
    told("fix", ".", "--all", "--yes")
    assert receiver.raw and not any(b"correct-horse-battery" in body for body in receiver.raw)


def test_a_receiver_that_is_down_delays_and_loses_nothing(told, receiver):
    receiver.status = 503
    ran = told("scan", ".", *BOTH)
    assert ran.code == 1 and "not told yet: soc" in ran.err and "503" in ran.err
    (line,) = told("integrations", "list", "--format", "json").json["channels"]
    assert (line["waiting"], line["sent"]) == (2, 0) and "503" in line["error"]
    receiver.status = 0
    rests = told("integrations", "send")
    assert rests.code == 3 and "soc: 0 sent, 2 wait until 20" in rests.out and "503" in rests.out  # too early for the receiver
    store_is_patient_no_more(told)
    assert told("integrations", "send").code == 0
    assert types(receiver) == ["finding.opened"] * 2


def test_a_channel_that_is_named_is_tried_at_once(told, receiver):
    receiver.status = 503
    told("scan", ".", *BOTH)
    receiver.status = 0
    assert told("integrations", "send", "soc").out == "soc: 2 sent\n"
    odd = told("integrations", "send", "sock")
    assert odd.code == 2 and "no [integrations.sock]" in odd.err and "soc" in odd.err


def store_is_patient_no_more(told: Program) -> None:
    """As if the wait after a failure were over."""
    import sqlite3

    with sqlite3.connect(f"{told.env['SETRIGHT_STATE']}/setright.db") as database:
        database.execute("UPDATE channels SET next_at = ''")


def test_a_channel_hears_only_what_it_asked_for(told, receiver):
    configure(told, receiver, 'severities = ["medium"]\nevents = ["finding.opened"]\n')
    told("scan", ".", *BOTH)
    assert {event["data"]["severity"] for event in receiver.events} <= {"medium"}
    configure(told, receiver, "off = true\n")
    (told.tree / "other.tf").write_text(told.file.read_text().replace('"shop"', '"other"'))
    heard = len(receiver.events)
    told("scan", ".", *BOTH)
    assert len(receiver.events) == heard


def test_a_test_message_says_what_came_back(told, receiver):
    assert told("integrations", "test", "soc").out == "soc: taken\n"
    assert types(receiver) == ["message.test"]
    receiver.status = 401
    ran = told("integrations", "test", "soc")
    assert ran.code == 3 and "401" in ran.err and "credentials" in ran.err


def test_what_will_be_sent_can_be_seen_first(told, receiver):
    receiver.status = 500
    told("scan", ".", *BOTH)
    waiting = told("integrations", "waiting", "soc", "--format", "json").json["waiting"]
    assert [each["event"] for each in waiting] == ["finding.opened"] * 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('secret = "env:SOC_SECRET"\ntls = "none"', "unknown field tls; it takes "),
        ('secret = "in-the-file"', "env:NAME"),
        ('secret = "env:NOT_THERE"', "NOT_THERE"),
        ('secret = "env:SOC_SECRET"\nurls = "x"', "urls"),
        ('secret = "env:SOC_SECRET"\nseverities = 4', "severities"),
    ],
)
def test_a_channel_that_is_not_right_says_where(told, receiver, line, says):
    (told.tree / "setright.toml").write_text(f'[integrations.soc]\ntype = "webhook"\nurl = "{receiver.url}"\n{line}\n')
    ran = told("integrations", "test", "soc")
    assert ran.code == 2 and "integrations.soc" in ran.err and says in ran.err


def test_a_type_that_is_none_of_ours_names_those_that_are(told):
    (told.tree / "setright.toml").write_text('[integrations.soc]\ntype = "pigeon"\n')
    ran = told("integrations", "list")
    assert ran.code == 2 and "pigeon" in ran.err and "webhook" in ran.err
