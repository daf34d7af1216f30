"""Promises of the host's firewall: who owns it, what it lets in, and how it is closed and opened again."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Change, Steps, Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.facts import down_services
from setright.surfaces.linux.states import deeds, firewall
from setright.surfaces.linux.surface import open_ssh
from tests.hosts import logs_in
from tests.surfaces.linux.states import Loop, evidence

needs_root = pytest.mark.root

RULESET = """table inet filter {
chain input { type filter hook input priority 0; policy drop
iifname lo accept; ct state established,related accept; tcp dport 22 accept; }
chain forward { type filter hook forward priority 0; policy drop; }
}"""


def test_what_listens_is_known_without_ss_too(tmp_path: Path) -> None:
    for name in ("awk", "sort"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    kinds, places = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}, ("0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:127.0.0.1")
    held, mine, open_ = [], set(), set()
    try:
        for kind, place in ((kind, place) for kind in kinds for place in places):
            held.append(socket.socket(socket.AF_INET6 if ":" in place else socket.AF_INET, kinds[kind]))
            held[-1].bind((place, 0))
            if kind == "tcp":
                held[-1].listen()
            mine.add(f"{kind}/{held[-1].getsockname()[1]}")
            open_ |= {f"{kind}/{held[-1].getsockname()[1]}"} if place in ("0.0.0.0", "::") else set()
        for path in (os.environ["PATH"], str(tmp_path)):
            out = subprocess.run(["/bin/sh", "-c", firewall.PORTS.name], env={"PATH": path}, capture_output=True, text=True).stdout
            assert mine & set(firewall.listening(evidence(ports=out))) == open_
    finally:
        for each in held:
            each.close()


def rules(*objects: Tree) -> str:
    return json.dumps({"nftables": list(objects)})


def chain(policy: str, family: str = "inet", name: str = "input") -> Tree:
    return {"chain": {"family": family, "table": "t", "name": name, "type": "filter", "hook": name, "policy": policy}}


def rule(*expressions: Tree, family: str = "inet", name: str = "input", table: str = "t") -> Tree:
    return {"rule": {"family": family, "table": table, "chain": name, "expr": list(expressions)}}


LOOPBACK: Tree = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}


@pytest.mark.parametrize(
    ("objects", "seen"),
    [
        ([], "accept"),
        ([chain("accept")], "accept"),
        ([chain("drop")], "drop"),
        ([chain("accept"), rule({"drop": None})], "drop"),
        ([chain("accept"), rule({"match": 1}, {"drop": None})], "accept"),
        ([chain("drop"), rule({"counter": {}}, {"accept": None}), rule(LOOPBACK, {"accept": None})], "accept"),
        ([chain("drop"), rule(LOOPBACK, {"accept": None})], "drop"),
        ([chain("accept"), rule({"counter": {}}, {"drop": None})], "drop"),
        ([chain("drop"), rule({"drop": None}), rule({"accept": None})], "drop"),
        ([chain("drop"), rule({"jump": {"target": "more"}}), rule({"accept": None}, name="more")], "accept"),
        ([chain("drop"), rule({"jump": {"target": "input"}}), rule(LOOPBACK, {"accept": None})], "drop"),
        ([chain("drop", "ip")], "accept-ipv6"),
        ([chain("drop", "ip"), chain("drop", "ip6")], "drop"),
    ],
)
def test_what_the_firewall_lets_in_is_told_for_both_families(objects: list[Tree], seen: str) -> None:
    told = firewall.tell(evidence(who="nftables\n", ports="tcp 0.0.0.0:22\ntcp 127.0.0.1:631\n", rules=rules(*objects)))
    assert told is not None
    assert (told["input"], told["owners"], told["listening"]) == (seen, ["nftables"], ["tcp/22"])


def test_what_passes_through_says_nothing_of_what_comes_in() -> None:
    accepts: list[Tree] = [{"match": {"left": {}, "right": ["established"]}}, {"accept": None}]
    through = [chain("drop", name="forward"), rule(*accepts, name="forward"), rule(LOOPBACK, {"accept": None}, name="forward")]
    sent = [rule({"jump": {"target": "more"}}), rule(*accepts, name="more"), rule(LOOPBACK, {"accept": None}, name="more")]
    told = [firewall.tell(evidence(who="", ports="", rules=rules(chain("drop"), *some))) or {} for some in (through, sent)]
    assert [(each["loopback"], each["established"]) for each in told] == [(False, False), (True, True)]


DOWN_NOW = """S\tnginx.service\nK\tnginx.service\nR\tnginx\t[::]:443 ssl\nR\tnginx\t443 quic\nR\tnginx\tunix:/run/a
R\tnginx\t192.0.2.1
R\tnginx\t127.0.0.1:81\nL\t0.0.0.0:69 (Datagram)\nL\t/run/b (Stream)\nS\tother.service\nR\tapache\t22\n"""


def test_what_a_service_that_is_down_would_listen_on_is_let_in_and_what_nobody_can_tell_stands_against_it() -> None:
    ours = rule(match({"set": [22, 80, 81]}), {"accept": None}, table="setright")
    told = firewall.tell(evidence(who="", ports="tcp 0.0.0.0:22\n", down=DOWN_NOW, rules=rules(chain("drop"), ours))) or {}
    assert (told["listening"], told["down"]) == (["tcp/22"], ["udp/69", "tcp/80", "tcp/443", "udp/443"])
    assert told["left-open"] == ["tcp/81"], "what a service is for stays open while it is down"
    assert "tcp dport { 22, 80, 443 } accept\n    udp dport { 69, 443 } accept" in firewall._rules("input", told)
    answer = down_services.answer("", evidence(down=DOWN_NOW))
    assert answer.holds is True and answer.text.startswith("other.service: down though started with the host")
    assert down_services.answer("", evidence(down="")).holds is False
    assert down_services.answer("", Evidence({})).holds is None


def test_tables_of_the_former_packet_filter_are_told() -> None:
    assert (firewall.tell(evidence(who="nftables\n", ports="", legacy="ip filter\nip nat\n")) or {})["legacy"] == [
        "ip filter",
        "ip nat",
    ]
    assert "legacy" not in (firewall.tell(evidence(who="nftables\n", ports="", legacy="")) or {})


def test_what_routers_and_clusters_speak_beside_tcp_and_udp_is_let_in_and_told_in_the_plan() -> None:
    told = firewall.tell(evidence(who="", ports="tcp 0.0.0.0:22\n", taken="1\n58\n89\n112\n132\n255\n", rules=rules()))
    assert told is not None and told["protocols"] == ["ospf", "vrrp", "132"]
    _, come = firewall.in_words(told, told | {"owners": ["nftables"], "input": "drop"}) or ("", "")
    assert 'meta l4proto { 89, 112, 132 } accept comment "ospf, vrrp, 132"' in come


@needs_root
def test_a_program_that_takes_a_protocol_of_its_own_is_seen(tmp_path: Path) -> None:
    """In a network of its own, where nothing else takes any."""
    take = "import socket, subprocess, sys; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112); subprocess.run(['sh'])"
    script = firewall.TAKEN.name
    run = subprocess.run(["unshare", "--net", sys.executable, "-c", take], input=script, capture_output=True, text=True, timeout=60)
    assert run.stdout.split() == ["112"]


def match(port: object, field: str = "dport") -> Tree:
    return {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": field}}, "right": port}}


@pytest.mark.parametrize(
    ("expressions", "unused"),
    [
        ([match(8080), {"accept": None}], ["tcp/8080"]),
        ([match({"set": [22, 80, 443]}), {"accept": None}], ["tcp/443", "tcp/80"]),
        ([match(8080), {"drop": None}], None),
        ([match("192.0.2.1", "saddr"), match(8080), {"accept": None}], None),
        ([match({"range": [1, 9]}), {"accept": None}], None),
    ],
)
def test_a_hole_that_nothing_listens_behind_is_told(expressions: list[Tree], unused: list[str] | None) -> None:
    told = firewall.tell(evidence(who="nftables\n", ports="tcp 0.0.0.0:22\n", rules=rules(chain("drop"), rule(*expressions))))
    assert (told or {}).get("unused") == unused


def test_a_port_of_our_table_that_nothing_listens_on_is_told_apart_and_closes() -> None:
    ours = [rule(match({"set": [22, 80]}), {"accept": None}, table="setright"), rule(match(81), {"accept": None})]
    told = firewall.tell(evidence(who="nftables\n", ports="tcp 0.0.0.0:22\n", rules=rules(chain("drop"), *ours))) or {}
    assert (told["left-open"], told["unused"]) == (["tcp/80"], ["tcp/81"])
    after = {key: value for key, value in told.items() if key != "left-open"}
    assert firewall.in_words(told, after) == ("    tcp dport { 80 } accept", "")
    assert "grep -vxF '\ntcp/80'" in deeds("firewall", told, after) and "echo '\ntcp/80'" in firewall.back(told)


def test_only_what_was_open_before_is_opened_by_the_switch() -> None:
    closed = {"owners": ["nftables"], "listening": ["tcp/22"], "input": "drop", "forward": "accept"}
    assert "delete table inet setright_forward" in firewall.back(closed)
    assert "delete table inet setright\n" not in firewall.back(closed)
    with pytest.raises(SurfaceError):
        deeds("firewall", closed, closed | {"output": "drop"})


@needs_root
@pytest.mark.skipif(not shutil.which("nft"), reason="needs nftables")
def test_nft_takes_whatever_we_let_in_and_reads_it_as_we_do(tmp_path: Path) -> None:
    """The rules as a change writes them, loaded in a network of their own and told again."""
    rng = random.Random(5)
    many = 1000 if os.environ.get("SETRIGHT_ALL") else 25
    ports = [
        sorted({f"{rng.choice(['tcp', 'udp'])}/{rng.randrange(1, 65536)}" for _ in range(rng.randrange(6))}) for _ in range(many)
    ]
    lines = []
    for let_in in ports:
        others = rng.sample([*firewall.PROTOCOLS, "132"], rng.randrange(3))
        text = firewall._rules("input", {"listening": let_in, "protocols": others}) + firewall._rules("forward", {})
        (file := tmp_path / f"{len(lines)}.nft").write_text(f"flush ruleset\n{text}")
        lines.append(f"nft -c -f {file} && nft -f {file} && nft -j list ruleset || echo refused")
    run = subprocess.run(["unshare", "--net", "sh"], input="\n".join(lines), capture_output=True, text=True, timeout=300)
    told = [firewall.tell(evidence(who="nftables\n", ports="", rules=line)) for line in run.stdout.splitlines()]
    assert [sorted((t or {}).get("left-open", [])) for t in told] == ports
    assert {(t or {}).get("input") for t in told} == {(t or {}).get("forward") for t in told} == {"drop"}


@needs_root
def test_rules_that_nft_loads_are_read_as_they_hold(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/firewall/*")
    assert ("firewall/input", "state:firewall") in loop.wrong()
    loop.sh(f"printf '%s' '{RULESET}' | nft -f -")
    assert loop.wrong() == {("firewall/owner", "state:firewall")}


def reached(host: Lab) -> bool:
    with host.inside():
        try:
            socket.create_connection((host.address(1), 22), 1.5).close()
        except TimeoutError:
            return False
    return True


LIVE = """nft list ruleset; cat /etc/nftables.conf
ls -A /etc/nftables.d /etc/systemd/system/sysinit.target.wants 2>/dev/null; true"""


@needs_root
def test_closing_what_nobody_let_in_keeps_the_way_in_and_goes_back(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/firewall/*")
    loop.sh("(setsid nc -lk -p 8080 >/dev/null 2>&1 &) ; true")
    before = loop.sh(LIVE)
    run = loop.fix()
    assert loop.outcomes(run) == ["state:firewall: verified"]
    assert logs_in(host, 1)
    assert not loop.wrong()
    assert {"table inet setright", "table inet setright_forward"} <= set(re.findall(r"table inet \w+", loop.sh("nft list ruleset")))
    assert "policy drop" in loop.sh("nft flush ruleset; nft -f /etc/nftables.conf; nft list ruleset")
    assert logs_in(host, 1), "what is loaded at a start lets us in as well"
    loop.sh("nft delete table inet filter")  # of the stock file, which nothing had loaded here
    loop.rollback(run)
    assert loop.sh(LIVE) == before


@needs_root
def test_what_passes_through_is_closed_though_all_may_come_in(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/firewall/forward")
    before = loop.sh(LIVE)
    run = loop.fix()
    assert loop.outcomes(run) == ["state:firewall: verified"]
    loop.rollback(run)
    assert loop.sh(LIVE) == before


@needs_root
def test_a_firewall_that_shuts_us_out_opens_again_by_itself(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/firewall/input")
    before = loop.sh(LIVE)
    surface = open_ssh("ssh://h1", timeout_s=5.0)
    (scanned,) = surface.again(["state:firewall"]).values()
    kept = surface.keep(["state:firewall"])
    steps = Steps(arm=True)
    assert surface.arm(kept, steps, 4.0, "t-firewall")
    tree = json.loads(scanned.data or b"")
    shut = tree | {"listening": [], "input": "drop", "owners": ["nftables"], "loopback": True, "established": True}
    surface.write(Change("state:firewall", "json", scanned.data, json.dumps(shut).encode()))
    assert not reached(host)
    time.sleep(6)
    assert logs_in(host, 1)
    assert loop.sh(LIVE) == before
    surface.close()


@needs_root
def test_rules_that_would_not_load_at_a_start_are_no_place_for_ours(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/firewall/input")
    loop.sh("mv /etc/nftables.conf /srv/; ln -s ../srv/nftables.conf /etc/nftables.conf")
    sound = loop.sh(f"{LIVE}; readlink /etc/nftables.conf")
    run = loop.fix()
    assert loop.outcomes(run) == ["state:firewall: verified"]
    loop.rollback(run)
    assert loop.sh(f"{LIVE}; readlink /etc/nftables.conf") == sound
    loop.sh("printf 'table inet {\n' >>/etc/nftables.conf")
    broken = loop.sh(LIVE)
    (ended,) = loop.outcomes(loop.fix())
    assert ended.startswith("state:firewall: reverted") and loop.sh(LIVE) == broken
