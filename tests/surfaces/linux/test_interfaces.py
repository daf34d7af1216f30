"""Promises of what interfaces believe: as they run and as they come up, put right and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import deeds, interfaces
from setright.surfaces.linux.transport import Ask, Reply
from tests.surfaces.linux.states import Loop

KEY = "net.ipv6.conf.eth0.accept_ra"


def told(now: str, **files: str) -> dict[str, tuple[object, object]]:
    found = {interfaces.NOW: [Reply("run", now.encode())]}
    for folder in interfaces.FOLDERS:
        mine = [
            Reply(f"{folder}/{n}.conf", text.encode()) for n, text in files.items() if ("usr" in n) == folder.startswith("/usr/lib")
        ]
        found |= {Ask("file", f"{folder}/*.conf"): mine} if folder in ("/etc/sysctl.d", "/usr/lib/sysctl.d") else {}
    tree = interfaces.tell(Evidence(found)) or {"settings": []}
    return {row["key"]: (row["running"], row["written"]) for row in tree["settings"]}


@pytest.mark.parametrize(
    ("files", "written"),
    [
        ({}, 1),
        ({"a": f"{KEY} = 0\n"}, 0),
        ({"a": f"{KEY} = 2\n", "b": "# x\n-net/ipv6/conf/eth0/accept_ra=0\n"}, 0),
        ({"a": f"{KEY} = 0\n", "b": "net.ipv6.conf.*.accept_ra = 1\n"}, 0),
        ({"a": "net.ipv6.conf.*.accept_ra = 0\n"}, 0),
        ({"z": f"{KEY} = 0\n", "usr": f"{KEY} = 2\n"}, 0),
        ({"a": "net.ipv6.conf.eth1.accept_ra = 0\nnet.ipv6.conf.default.accept_ra = 0\n"}, 1),
    ],
)
def test_what_files_give_an_interface_is_what_it_comes_up_with(files: dict[str, str], written: int) -> None:
    assert told("eth0\tipv6/accept_ra\t1\n", **files) == {KEY: (1, written)}


def test_a_dot_in_the_name_of_an_interface_is_written_as_sysctl_reads_it() -> None:
    assert told("eth0.5\tipv4/send_redirects\t1\n", a="net.ipv4.conf.eth0/5.send_redirects = 0\n") == {
        "net.ipv4.conf.eth0/5.send_redirects": (1, 0)
    }


def test_interfaces_that_have_come_or_gone_are_looked_at_anew() -> None:
    with pytest.raises(SurfaceError):
        deeds("interfaces", {"settings": []}, {"settings": [{"key": KEY, "sort": "a", "running": 0, "written": 0}]})


SHOWN = """cd /proc/sys/net && grep -H . ipv?/conf/*/accept_* ipv4/conf/*/send_redirects
ls /etc/sysctl.d; cat /etc/sysctl.d/*setright* 2>/dev/null; true"""


@pytest.mark.root
def test_each_interface_is_put_right_whatever_all_and_default_say(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/interfaces/*", "linux/sysctl/accept-redirects", "linux/sysctl/router-advertisements")
    loop.sh("ip link add lan0 type veth peer name lan1 && ip link set lan0 up && ip link set lan1 up")
    before = loop.sh(SHOWN)
    run = loop.fix()
    assert {each.rpartition(": ")[2] for each in loop.outcomes(run)} == {"verified"}
    values = loop.sh(
        f"cd /proc/sys/net && cat {' '.join(f'ipv?/conf/{name}/accept_redirects' for name in ('eth0', 'lan0', 'all'))}"
    )
    assert set(values.split()) == {"0"} and not loop.wrong()
    assert loop.sh("echo 1 >/proc/sys/net/ipv6/conf/lan0/accept_ra; sysctl -qp /etc/sysctl.d/99-setright-interfaces.conf") == ""
    assert not loop.wrong(), "what a start loads puts it right as well"
    loop.rollback(run)
    assert loop.sh(SHOWN) == before
