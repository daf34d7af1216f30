"""A real ufw: what it opens to everybody and should not is closed, its own status says so, and it comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.hosts import Lab

from tests.hosts import Program, hosts, logs_in

pytestmark = [pytest.mark.root, pytest.mark.slow]

OPENED = """ufw allow 22/tcp && ufw allow 5432 && ufw allow 6379/tcp comment 'the cache' && ufw allow 80,443/tcp
ufw allow from 192.0.2.0/24 to any port 3306 proto tcp && ufw allow in on eth0 to any port 9200 proto tcp
ufw --force enable"""


class Guarded(Lab):
    """Hosts with ufw."""

    also = ("ufw",)


@pytest.fixture(scope="module")
def lab() -> Iterator[Guarded]:
    with hosts(1, Guarded) as lab:
        yield lab


def test_what_is_for_few_is_closed_by_ufws_own_rules_and_opened_again(
    lab: Guarded, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = Program(lab, tmp_path_factory.mktemp("guarded"))

    def sh(command: str) -> str:
        done = lab.command(1, command)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    sh(OPENED)
    before = sh("ufw status; cat /etc/ufw/user.rules /etc/ufw/user6.rules")
    code, told, _ = program("fix", "ssh://h1", "--control", "linux/ufw-rules/for-few", "--all", "--yes")
    assert code == 0 and {plan["outcome"] for plan in told["plans"]} == {"verified"}, told["plans"]
    status = sh("ufw status")
    assert not {"5432", "6379"} & set(status.replace("/", " ").split())
    assert all(word in status for word in ("22/tcp", "80,443/tcp", "3306/tcp", "9200/tcp on eth0"))
    assert "dport 5432" not in sh("iptables-save; ip6tables-save") and logs_in(lab, 1)
    assert not program("scan", "ssh://h1", "--control", "linux/ufw-rules/for-few", "--fail-on", "never")[1]["findings"]
    program("rollback", told["run"])
    assert sh("ufw status; cat /etc/ufw/user.rules /etc/ufw/user6.rules") == before
