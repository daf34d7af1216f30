"""`setright integrations add`: asked, or told by a script."""

import contextlib
import sys

import pytest
from click.testing import CliRunner

from setright.cli import main
from tests.integrations.receiver import SECRET, Receiver

from .conftest import BOTH, Program

OURS = '# ours\nfallback = "platform" # or who is on duty\n'


@pytest.fixture
def receiver():
    opened = Receiver()
    yield opened
    opened.close()


def add(setright: Program, *words: str, said: str = ""):
    """As a person at the terminal, who types `said`."""
    with contextlib.chdir(setright.tree):
        return CliRunner(env=setright.env).invoke(main, ["integrations", "add", *words], input=said)


def test_a_person_is_asked_and_the_channel_works_at_once(setright: Program, receiver: Receiver):
    (setright.tree / "setright.toml").write_text(OURS)
    setright.env["SOC_SECRET"] = SECRET
    said = f"webhook\n{receiver.url}\n{SECRET}\n\nseverities=high\nnone=1\n\ny\n"  # the secret itself first, then what is proposed
    ran = add(setright, "soc", said=said)
    assert ran.exit_code == 0, ran.output
    table = f'[integrations.soc]\ntype = "webhook"\nurl = "{receiver.url}"\nsecret = "env:SOC_SECRET"\nseverities = ["high"]\n'
    assert (setright.tree / "setright.toml").read_text() == f"{OURS}\n{table}"
    assert (setright.tree / "setright.toml.before").read_text() == OURS
    assert [event["type"] for event in receiver.events] == ["io.setright.message.test"]
    assert "That is no place" in ran.stderr and "There is no such setting" in ran.stderr and "soc: taken" in ran.stdout


def test_a_script_says_it_all_and_nothing_is_asked(setright: Program, receiver: Receiver):
    setright.env["SOC_SECRET"] = SECRET
    words = ("soc", "--type", "webhook", "--set", f"url={receiver.url}", "--set", "secret=env:SOC_SECRET", "--yes", "--test")
    ran = add(setright, *words)
    assert ran.exit_code == 0 and ran.stdout.endswith("soc: taken\n")
    setright("scan", ".", *BOTH)
    assert len(receiver.events) == 3
    again = add(setright, *words)
    assert again.exit_code == 2 and "is there already" in again.stderr


def test_a_dry_run_shows_the_table_and_writes_nothing(setright: Program):
    words = ("soc", "--type", "webhook", "--set", "url=https://example.com", "--set", "secret=env:X", "--yes", "--dry-run")
    ran = add(setright, *words, "--format", "json")
    assert '[integrations.soc]\\ntype = \\"webhook\\"' in ran.stdout and '"dry_run": true' in ran.stdout
    assert sorted(each.name for each in setright.tree.iterdir()) == ["main.tf"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--type", "webhook", "--set", "url=https://x", "--set", "secret=hunter2-Planted"), "env:NAME"),
        (("--type", "webhook", "--set", "hunter2-Planted"), "KEY=VALUE"),
        (("--type", "webhook"), "url, secret: missing"),
        (("--type", "pigeon"), "is no type of channel"),
        ((), "--type"),
        (("--type", "webhook", "--test", "--format", "json"), "does not go with"),
    ],
)
def test_a_script_that_is_not_right_is_told_so_without_its_secret(setright: Program, words, says):
    ran = add(setright, "soc", "--yes", *words)
    assert ran.exit_code == 2 and says in ran.stderr and "hunter2" not in ran.output
    assert not (setright.tree / "setright.toml").exists()


def test_a_secret_is_had_from_the_keyring(setright: Program, receiver: Receiver, monkeypatch):
    """The library's own interface, with a backend of ours: there is no desktop here."""
    import keyring
    from keyring.backend import KeyringBackend

    class Held(KeyringBackend):
        priority = 1  # type: ignore[assignment]

        def get_password(self, service, username):
            return SECRET if (service, username) == ("setright", "soc") else None

        def set_password(self, service, username, password):
            raise NotImplementedError

        def delete_password(self, service, username):
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Held())
    try:
        words = ("soc", "--type", "webhook", "--set", f"url={receiver.url}", "--set", "secret=keyring:setright/soc", "--yes")
        assert add(setright, *words, "--test").exit_code == 0
        assert len(receiver.events) == 1
        missing = add(setright, "two", *words[1:-2], "secret=keyring:setright/nobody", "--yes", "--test")
        assert missing.exit_code == 2 and "nothing can be had from keyring:setright/nobody" in missing.stderr
    finally:
        keyring.set_keyring(before)
    monkeypatch.setitem(sys.modules, "keyring", None)
    ran = setright("integrations", "test", "soc")
    assert ran.code == 2 and "setright[keyring]" in ran.err


def test_a_ticket_system_is_added_and_tested_in_the_same_way(setright: Program):
    from tests.integrations.ticket_servers import TOKEN, USER, JiraServer

    jira = JiraServer()
    try:
        setright.env["DESK_TOKEN"] = TOKEN
        said = f"{jira.url}\n\nSEC\nuser={USER}\n\ny\n"
        ran = add(setright, "desk", "--type", "jira", said=said)
        assert ran.exit_code == 0, ran.output
        assert 'token = "env:DESK_TOKEN"' in (setright.tree / "setright.toml").read_text()
        assert TOKEN not in ran.output and jira.issues == {}
    finally:
        jira.close()
