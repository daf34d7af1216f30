"""What listens no more is let in no more: a service that is stopped leaves no hole behind, in the same run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab.booted import Booted

from tests.hosts import Program, hosts, logs_in

pytestmark = [pytest.mark.root, pytest.mark.slow]

RULES = "nft list table inet setright"
STOPS, CLOSES = ("--control", "linux/service/rpcbind"), ("--control", "linux/firewall/*", "--control", "linux/ufw-rules/*")


class Serving(Booted):
    """Booted hosts with a service that nobody uses, and ufw, which is off."""

    also = ("rpcbind", "ufw")


@pytest.fixture(scope="module")
def lab() -> Iterator[Serving]:
    with hosts(4, Serving) as lab:
        yield lab


@pytest.fixture(scope="module")
def program(lab: Serving, tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(lab, tmp_path_factory.mktemp("stopped"))


def sh(lab: Serving, n: int, command: str) -> str:
    done = lab.command(n, command)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def let_in(lab: Serving, n: int) -> set[str]:
    """What our table lets in."""
    found = re.findall(r"(tcp|udp) dport (?:\{ ([\d, ]+) \}|(\d+)) accept", sh(lab, n, RULES))
    return {f"{kind}/{port}" for kind, many, one in found for port in (many or one).split(", ")}


def fix(program: Program, n: int, *controls: str) -> tuple[dict, dict[str, str]]:
    code, told, said = program("fix", f"ssh://h{n}", *controls, "--all", "--yes")
    assert code in (0, 1), said
    return told, {plan["document"]: f"{plan['outcome']} {plan['why']}" for plan in told["plans"] if plan["lane"] != "hand"}


def test_the_firewall_closes_after_the_service_has_stopped(lab: Serving, program: Program) -> None:
    told, ended = fix(program, 1, *STOPS, *CLOSES)
    assert all(each.startswith("verified") for each in ended.values()), ended
    assert [*ended][-1] == "state:firewall" and "planned again" in ended["state:firewall"]
    assert let_in(lab, 1) == {"tcp/22"} and logs_in(lab, 1)
    program("rollback", told["run"])
    assert "rpcbind" in sh(lab, 1, "systemctl is-active rpcbind && ss -ltnp") and not lab.command(1, RULES).stdout


def test_a_hole_of_our_table_closes_with_the_service_it_was_for(lab: Serving, program: Program) -> None:
    fix(program, 2, *CLOSES)
    file, before = sh(lab, 2, "cat /etc/nftables.d/setright.nft"), let_in(lab, 2)
    assert before == {"tcp/22", "tcp/111", "udp/111"}
    told, ended = fix(program, 2, *STOPS, *CLOSES)
    assert ended["state:firewall"].startswith("verified"), ended
    assert let_in(lab, 2) == {"tcp/22"} and logs_in(lab, 2)
    program("rollback", told["run"])
    assert let_in(lab, 2) == before and sh(lab, 2, "cat /etc/nftables.d/setright.nft") == file


def test_a_hole_of_ufw_closes_with_the_service_it_was_for(lab: Serving, program: Program) -> None:
    sh(lab, 3, "ufw allow 22/tcp && ufw allow 111 && ufw --force enable")
    before = sh(lab, 3, "ufw status")
    told, ended = fix(program, 3, *STOPS, *CLOSES)
    assert ended["/etc/ufw/user.rules"].startswith("verified"), ended
    assert "111" not in sh(lab, 3, "ufw status") and logs_in(lab, 3)
    program("rollback", told["run"])
    assert sh(lab, 3, "ufw status") == before


def test_a_service_that_is_down_is_not_shut_out(lab: Serving, program: Program) -> None:
    sh(lab, 4, "systemctl stop rpcbind.socket rpcbind.service")
    unit = "[Service]\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n"
    sh(lab, 4, f"printf '{unit}' >/etc/systemd/system/own.service; systemctl enable own.service")
    _, ended = fix(program, 4, *CLOSES)
    assert "own.service: down though started with the host" in ended["state:firewall"], ended
    assert not lab.command(4, RULES).stdout
    sh(lab, 4, "systemctl disable own.service")
    fix(program, 4, *CLOSES)
    assert let_in(lab, 4) == {"tcp/22", "tcp/111", "udp/111"} and logs_in(lab, 4)
