"""Services that are given less, on a real systemd: they start again under it at once, or the change is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.booted import Booted

from tests.hosts import Program, hosts

pytestmark = [pytest.mark.root, pytest.mark.slow]

UNIT = """printf '[Service]\\nExecStart=/bin/sh -c "{0}"\\n' >/etc/systemd/system/{1}.service
systemctl daemon-reload; systemctl start {1}; sleep 2; systemctl is-active {1}"""
SHOWN = "systemctl show -P MainPID -P NoNewPrivileges -P ProtectSystem -P ActiveState {}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Booted]:
    with hosts(1, Booted) as lab:
        yield lab


def put_right(lab: Booted, folder: Path, *controls: str) -> dict[str, tuple[str, str]]:
    words = [word for control in controls for word in ("--control", f"linux/sandbox/{control}")]
    _, told, _ = Program(lab, folder)("fix", "ssh://h1", *words, "--all", "--yes")
    plans: list[dict[str, Any]] = told["plans"]
    return {plan["document"]: (plan["outcome"], plan["why"]) for plan in plans}


def test_a_service_runs_under_it_at_once_and_others_run_on(lab: Booted, tmp_path: Path) -> None:
    assert lab.command(1, UNIT.format("exec sleep 1000", "calm")).stdout.strip() == "active"
    before, cron = lab.command(1, SHOWN.format("calm")).stdout.split(), lab.command(1, "systemctl show -P MainPID cron").stdout
    ended = put_right(lab, tmp_path, "*")
    assert {outcome for document, (outcome, _) in ended.items() if "calm" in document} == {"verified"}
    after = lab.command(1, SHOWN.format("calm")).stdout.split()
    assert after[0] != before[0] and sorted(after[1:]) == ["active", "full", "yes"]
    assert lab.command(1, "systemctl show -P MainPID cron").stdout == cron
    lab.command(1, "systemctl stop calm; rm -r /etc/systemd/system/calm.service*; systemctl daemon-reload")


def test_a_service_that_cannot_start_under_it_has_its_rights_back(lab: Booted, tmp_path: Path) -> None:
    assert lab.command(1, UNIT.format("exec sleep 1000", "steady")).stdout.strip() == "active"
    assert lab.command(1, UNIT.format("touch /usr/mark && exec sleep 1000", "needy")).stdout.strip() == "active"
    ended = put_right(lab, tmp_path, "system-files")
    told = {document.split("/")[4]: outcome for document, (outcome, _) in ended.items()}
    assert (told["needy.service.d"], told["steady.service.d"]) == ("reverted", "verified")
    assert lab.command(1, SHOWN.format("needy")).stdout.split()[1:] == ["no", "no", "active"]
    assert lab.command(1, "ls /etc/systemd/system/needy.service.d 2>/dev/null").stdout == ""
