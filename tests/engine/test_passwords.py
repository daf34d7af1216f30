"""Promises about where the password for sudo is: a place is named, it is asked once, and nothing shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.engine.configuration import Configuration, Target, load_configuration, parse_configuration
from setright.engine.error import EngineError
from setright.engine.passwords import Passwords
from setright.surfaces.base import SurfaceError

WEB = Target("web", "ssh://ops@web")


def had(passwords: Passwords, target: Target = WEB) -> str:
    password = passwords.of(target)
    assert password is not None
    return password.try_on(target.url, lambda word: word)


def test_a_target_s_own_place_goes_before_the_one_for_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALL", "one for all")
    (tmp_path / "own").write_text("  its own \n")
    passwords = Passwords(Configuration(sudo="env:ALL"))
    assert had(passwords) == "one for all"
    assert had(passwords, Target("db", "ssh://db", sudo=f"file:{tmp_path}/own")).strip() == "its own"
    assert passwords.of(WEB) is passwords.of(Target("x", "ssh://x")), "what is learnt of a password counts for all who share it"


@pytest.mark.parametrize("url", [".", "host:local", "root:/mnt", "aws://prod"])
def test_only_hosts_over_ssh_have_one(url: str) -> None:
    assert Passwords(Configuration(sudo="env:ALL")).of(Target("x", url)) is None


def test_nobody_is_asked_before_a_host_needs_it_and_then_once() -> None:
    asked: list[str] = []
    passwords = Passwords(Configuration(sudo="ask"), lambda prompt: asked.append(prompt) or "word")  # type: ignore[func-returns-value]
    password = passwords.of(WEB)
    assert password is not None and not asked
    assert [password.try_on(f"ssh://{n}", lambda word: word) for n in "abc"] == ["word"] * 3
    assert asked == ["Password for sudo: "]


@pytest.mark.parametrize(
    ("place", "why"),
    [("env:NONE_SUCH", "env:NONE_SUCH"), ("file:/none/such", "file:/none/such"), ("env:EMPTY", "env:EMPTY gives is no password")],
)
def test_a_place_without_a_password_is_named(place: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(SurfaceError, match=why):
        had(Passwords(Configuration(sudo=place)))


def test_without_a_terminal_nobody_can_be_asked() -> None:
    def none(_: str) -> str:
        raise EOFError

    with pytest.raises(SurfaceError, match="no terminal"):
        had(Passwords(Configuration(sudo="ask"), none))


@pytest.mark.parametrize("text", ['sudo = "hunter2"', '[[targets]]\nname = "a"\nurl = "ssh://a"\nsudo = "hunter2"'])
def test_a_password_in_the_configuration_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(EngineError, match="sudo") as caught:
        parse_configuration(text)
    assert "hunter2" not in str(caught.value)


def test_the_environment_names_the_place_and_goes_first() -> None:
    assert load_configuration(environ={"HOME": "/x", "SETRIGHT_SUDO": "env:PW"}).sudo == "env:PW"
    with pytest.raises(EngineError, match="SETRIGHT_SUDO: names no place") as caught:
        load_configuration(environ={"HOME": "/x", "SETRIGHT_SUDO": "hunter2"})
    assert "hunter2" not in str(caught.value)
