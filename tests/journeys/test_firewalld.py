"""A real firewalld on a booted host: its zones let in only what listens, and whoever shuts the door on us lets us in again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.booted import Booted

from setright.model import Change, Steps
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.surface import open_ssh
from tests.hosts import Program, environment, files, hosts, logs_in

pytestmark = [pytest.mark.root, pytest.mark.slow]

WISHES = ("--control", "linux/firewalld-zone/*", "--control", "linux/firewalld/*", "--control", "linux/firewall/*")
OPEN = (
    "systemctl is-system-running -q --wait;"
    "for w in set-target=ACCEPT add-port=8080/tcp add-masquerade; do firewall-cmd -q --permanent --zone=public --$w; done;"
    "firewall-cmd -q --reload; printf '[Socket]\\nListenStream=2222\\nAccept=yes\\n' >/run/systemd/system/other.socket;"
    "printf '[Service]\\nExecStart=/bin/cat\\n' >/run/systemd/system/other@.service; systemctl start other.socket"
)
ZONE, STEPS = "/etc/firewalld/zones/public.xml", Steps(("firewalld-check",), ("firewalld-reload",), ("firewalld-active",), arm=True)


class Walled(Booted):
    """Hosts with firewalld."""

    also = ("firewalld", "netbase")


@pytest.fixture(scope="module")
def lab() -> Iterator[Walled]:
    with hosts(1, Walled) as lab:
        yield lab


OPENED = "filter_INPUT_POLICIES_post\n\t\taccept"


def rules(lab: Walled) -> str:
    return lab.command(
        1, "nft list chain inet firewalld filter_IN_public; nft list chain inet firewalld filter_IN_public_allow"
    ).stdout


def test_zones_are_closed_and_opened_again_and_what_listens_stays_reachable(
    lab: Walled, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = Program(lab, tmp_path_factory.mktemp("walled"))
    lab.command(1, OPEN)
    before = files(lab, 1)[ZONE.lstrip("/")]
    assert OPENED in rules(lab)
    _, told, _ = program("fix", "ssh://h1", *WISHES, "--all", "--yes")
    zone = [plan for plan in told["plans"] if plan["document"] == ZONE]
    assert [plan["outcome"] for plan in zone] == ["verified"], told["plans"]
    text = (lab.root(1) / ZONE.lstrip("/")).read_text()
    assert '<port port="2222" protocol="tcp"/>' in text, "it listens"
    assert "<zone>" in text and "8080" not in text and "masquerade" not in text
    assert "tcp dport 22 accept" in rules(lab) and "dport 8080" not in rules(lab) and "reject with" in rules(lab)
    assert logs_in(lab, 1)
    assert not program("scan", "ssh://h1", "--control", "linux/firewalld-zone/*", "--fail-on", "never")[1]["findings"]
    _, back, _ = program("rollback", told["run"])
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert files(lab, 1)[ZONE.lstrip("/")] == before
    assert OPENED in rules(lab)


def test_what_was_opened_at_run_time_alone_is_found_told_and_closed_by_a_reload(
    lab: Walled, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = Program(lab, tmp_path_factory.mktemp("run-time"))
    lab.command(1, "firewall-cmd -q --permanent --zone=public --remove-masquerade; firewall-cmd -q --reload")
    lab.command(1, "firewall-cmd -q --zone=public --add-masquerade")
    words, written = ("ssh://h1", "--control", "linux/firewalld-zone/masquerade"), files(lab, 1)
    assert len(program("scan", *words)[1]["findings"]) == 1
    _, told, _ = program("fix", *words, "--all", "--yes")
    assert [(plan["outcome"], plan["lane"], plan["diff"]) for plan in told["plans"]] == [("verified", "ask", "")]
    assert "public: masquerade yes" in str(told["plans"][0]["breaks_if"]), "what a reload forgets is told"
    assert lab.command(1, "firewall-cmd --zone=public --query-masquerade").stdout == "no\n"
    assert {**files(lab, 1), **written} == written


def test_a_zone_that_shuts_us_out_heals_itself(lab: Walled, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(lab, tmp_path).items():  # type: ignore[arg-type]
        monkeypatch.setenv(name, value)
    with lab.inside():
        surface = open_ssh("ssh://h1", 4.0)
        before = surface.again([ZONE])[ZONE].data
        shut = Change(ZONE, "firewalld-zone", before, b'<zone target="DROP"/>\n')
        kept = surface.keep([ZONE])
        surface.validate([shut], STEPS)
        assert surface.arm(kept, STEPS, 6.0, "walled")
        surface.write(shut)
        surface.reload(STEPS)
        with pytest.raises(SurfaceError, match="no answer|cannot connect"):
            surface.reconnect()
        lab.command(1, "for i in $(seq 40); do [ -e /var/lib/setright/arm-walled/done ] && exit; sleep 0.5; done")
        surface.reconnect()
        assert surface.again([ZONE])[ZONE].data == before
        surface.close()


def test_what_firewalld_would_not_read_is_refused(lab: Walled, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(lab, tmp_path).items():  # type: ignore[arg-type]
        monkeypatch.setenv(name, value)
    with lab.inside():
        surface = open_ssh("ssh://h1", 4.0)
        before = surface.again([ZONE])[ZONE].data
        with pytest.raises(SurfaceError, match="(?s)firewalld-check refuses the change: .*INVALID_TARGET"):
            surface.validate([Change(ZONE, "firewalld-zone", before, b'<zone target="x"/>\n')], STEPS)
        surface.close()
