"""Many hosts by one command, some of them in trouble: each is told of by itself, and the rest go on. SETRIGHT_ALL=1 takes 200."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from lab.fleet import JUMP, Fleet

from tests.hosts import Program, files

pytestmark = [pytest.mark.root, pytest.mark.slow]

ALL = bool(os.environ.get("SETRIGHT_ALL"))
SPOILED = {
    2: "down", 3: "silent", 4: "slow", 5: "full", 6: "read-only", 7: "asks", 8: "no-sudo", 9: "other-key",
    10: "unknown", 11: "one-by-one", 12: "behind", 13: "dies", 14: "gone",
}  # fmt: skip
COUNT = 200 if ALL else len(SPOILED) + 3
BEHIND = range(COUNT - 39, COUNT + 1) if ALL else range(12, 13)
UNREACHED = {
    "down": "is it up", "gone": "the port open", "silent": "no answer within",
    "other-key": "has CHANGED", "unknown": "is not known",
}  # fmt: skip
REFUSED = {
    "full": "the disk is full", "read-only": "mounted read-only", "asks": "sudo without a password", "no-sudo": "sudo without",
    "dies": "the connection was cut",
}  # fmt: skip
WISHES = ("--control", "linux/login-defs/*", "--control", "linux/pwquality/*")


class Told(NamedTuple):
    """What the commands told, by target."""

    fleet: Fleet
    scanned: dict[str, Any]
    fixed: dict[str, set[tuple[str, str]]]
    codes: tuple[int, int]
    errors: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if os.geteuid():
        pytest.skip("needs root: real hosts in namespaces")
    fleet = Fleet(f"f{os.getpid() % 100000}")
    try:
        fleet.up(COUNT)
        fleet.spoil(SPOILED | dict.fromkeys(BEHIND, "behind"))
        program = Program(fleet, tmp_path_factory.mktemp("fleet"), timeout_s=1800.0 if ALL else 600.0)
        targets = [f"ssh://h{n}" for n in range(1, COUNT + 1)]
        code, scan, _ = program("scan", *targets, *WISHES, "--fail-on", "never")
        fix_code, fix, errors = program("fix", *targets, *WISHES, "--all", "--yes")
        fixed: dict[str, set[tuple[str, str]]] = {}
        for plan in fix["plans"]:
            fixed.setdefault(plan["target"], set()).add((plan["outcome"], plan["why"]))
        yield Told(fleet, {t["target"]: t for t in scan["targets"]}, fixed, (code, fix_code), errors)
    finally:
        fleet.down()


def hosts(*ways: str) -> dict[str, str]:
    return {f"ssh://h{n}": way for n, way in SPOILED.items() if way in ways}


def test_what_cannot_be_reached_is_told_one_by_one_with_what_to_do(told: Told) -> None:
    unread = {target: each["why"] for target, each in told.scanned.items() if not each["read"]}
    expected = hosts(*UNREACHED)
    assert unread.keys() == expected.keys()
    for target, way in expected.items():
        assert UNREACHED[way] in unread[target], (way, unread[target])
        assert f"setright: {target}: " in told.errors
    assert told.codes == (3, 3)


def test_every_other_host_is_put_right(told: Told) -> None:
    bad = hosts(*UNREACHED, *REFUSED)
    well = {target for target in told.scanned if target not in bad}
    assert len(well) == COUNT - len(UNREACHED) - len(REFUSED)
    assert {target: told.fixed.get(target) for target in well} == dict.fromkeys(well, {("verified", "")})


@pytest.mark.parametrize("way", REFUSED)
def test_a_host_that_cannot_be_written_says_why_and_is_left_as_it_was(told: Told, way: str) -> None:
    (target,) = hosts(way)
    outcomes = told.fixed[target]
    assert "verified" not in {outcome for outcome, _ in outcomes}
    assert any(REFUSED[way] in why for _, why in outcomes), outcomes
    if way != "dies":
        n = int(target.removeprefix("ssh://h"))
        assert not {path for path in files(told.fleet, n) if path.startswith(("etc/login.defs", "etc/security"))}


def test_a_host_that_dies_half_way_has_each_file_as_before_or_wholly_written(told: Told) -> None:
    (target,) = hosts("dies")
    upper = told.fleet.upper(int(target.removeprefix("ssh://h")))
    right = (told.fleet.upper(15) / "etc/login.defs").read_bytes()
    assert all(file.read_bytes() == right for file in upper.rglob("*.defs"))


def test_no_sshd_had_to_drop_us(told: Told) -> None:
    """Neither the one that takes two at once, nor the jump host that all of those behind it are reached by."""
    for n in (11, JUMP):
        log = (told.fleet.folder / str(n) / "log").read_text()
        assert "Accepted publickey" in log
        assert "MaxStartups" not in log, log[-2000:]
        assert log.count("no more sessions") <= log.count("Accepted publickey"), "a connection learns it by the first"


def test_a_host_behind_a_jump_host_is_reached_by_it_alone(told: Told) -> None:
    log = (told.fleet.folder / str(BEHIND[-1]) / "log").read_text()
    peers = {line.partition(" from ")[2].split()[0] for line in log.splitlines() if "Accepted publickey" in line}
    assert peers == {told.fleet.address(JUMP)}
