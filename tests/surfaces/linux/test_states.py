"""Promises of what a host says of itself as a whole: the walk over its disk, its packages, updates and firewall."""

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

from setright.model import Change, Steps, Tree, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import packages
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.states import boot, confinement, deeds, disk, firewall, mounts, restarts, updates
from setright.surfaces.linux.surface import Linux, open_ssh
from setright.surfaces.linux.transport import Ask, Reply
from tests.hosts import logs_in
from tests.surfaces.linux.conftest import HereShell
from tests.surfaces.linux.states import Loop

needs_root = pytest.mark.root
RULESET = """table inet filter {
chain input { type filter hook input priority 0; policy drop
iifname lo accept; ct state established,related accept; tcp dport 22 accept; }
chain forward { type filter hook forward priority 0; policy drop; }
}"""
MADE = """mkdir -p /srv/drop; touch /srv/all /var/lost; chmod 777 /srv/drop; chmod 666 /srv/all; chown 4242:4242 /var/lost
cp /bin/true /srv/back; chmod 4755 /srv/back; cp /bin/true /usr/local/bin/tool; chmod 775 /usr/local/bin/tool"""


@needs_root
def test_a_walk_over_the_disk_finds_what_many_can_write_and_puts_it_right(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/disk/*")
    assert not loop.found(), "a stock Debian has nothing of the sort"
    loop.sh(MADE)
    here = {f"disk/{name}" for name in ("world-writable", "open-folders", "unowned", "setuid-unknown", "programs")}
    assert {control for control, _ in loop.wrong()} == here
    run = loop.fix()
    assert loop.outcomes(run) == ["state:disk: verified"]
    assert {control for control, _ in loop.wrong()} == here - {"disk/world-writable", "disk/open-folders"}
    assert loop.sh("stat -c %a /srv/all /srv/drop").split() == ["664", "1777"]
    loop.rollback(run)
    assert loop.sh("stat -c %a /srv/all /srv/drop").split() == ["666", "777"]


@needs_root
def test_a_walk_over_the_disk_that_is_cut_short_tells_what_it_saw_and_leaves_the_rest_open(host: Lab) -> None:
    """Once by the time that it has, once since there is no find of GNU."""
    host.command(1, "cp /bin/true /usr/bin/lends; chmod 775 /usr/bin/lends")
    timely, own = disk.WALK.name.replace(f"timeout {disk.LIMIT_S} ", "timeout 0.001 "), "/usr/local/bin/find"
    for walk, find in (
        (timely, ""),
        (disk.WALK.name, f"printf '#!/bin/sh\nexit 1\n' >{own}; chmod 755 {own}; PATH=/usr/local/bin:$PATH"),
    ):
        said = {
            ask: host.command(1, f"{find}\n{script}").stdout for ask, script in ((disk.WALK, walk), (disk.OTHERS, disk.OTHERS.name))
        }
        told = disk.tell(Evidence({ask: [Reply("", each.encode())] for ask, each in said.items()})) or {}
        assert told["setuid"] == told["devices"] == told["world-writable"] == disk.CUT
        assert told["programs-not-roots"] == (disk.CUT if find else ["/usr/bin/lends"])


@needs_root
def test_a_package_that_nothing_needs_is_removed_and_one_that_is_needed_stays(host: Lab) -> None:
    ran = host.command(1, packages.removal_script("dpkg", "libpwquality1"))
    assert ran.returncode and "would also remove libpam-pwquality" in ran.stderr
    assert host.command(1, packages.removal_script("dpkg", "acl")).returncode == 0
    assert host.command(1, "dpkg-query -W -f='${db:Status-Status}' acl").stdout != "installed"
    assert host.command(1, "dpkg-query -W -f='${db:Status-Status}' libpwquality1").stdout == "installed"


def test_the_packages_of_a_host_are_told_by_its_own_manager() -> None:
    ask = Ask("packages", "")
    (told,) = HereShell().find([ask])[ask]
    assert told.name == "dpkg" and b"\nbash\n" in (told.data or b"")


def test_an_image_tells_its_packages(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    status = "Package: telnet\nStatus: install ok installed\nVersion: 1\n\nPackage: nis\nStatus: deinstall ok config-files\n"
    (tmp_path / "var/lib/dpkg/status").write_text(status)
    want = Want("linux/package", {"documents": ["package:*"], "lens": "json"}, names=("telnet", "nis"))
    reading = Linux(Offline("root:test", tmp_path)).read([want])
    told = {d.locator: json.loads(d.data or b"")["installed"] for d in reading.documents}
    assert told == {"package:telnet": True, "package:nis": False}


def test_a_name_that_is_no_package_never_reaches_a_shell() -> None:
    with pytest.raises(SurfaceError, match="no name of a package"):
        packages.install("dpkg", "telnet; reboot")


@pytest.mark.parametrize(
    ("abbreviated", "said"),
    [("ii ", ""), ("rc ", ""), ("iW ", ""), ("iF ", "b"), ("iU ", "b"), ("iH ", "b"), ("iHR", "b"), ("iiR", "b")],
)
def test_nothing_is_installed_where_apt_would_go_on_with_what_was_cut_off(tmp_path: Path, abbreviated: str, said: str) -> None:
    (tmp_path / "dpkg-query").write_text(f"#!/bin/sh\nprintf 'ii  a\\n{abbreviated} b\\nii  c\\n'\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", f"{packages.UNFINISHED}echo installs"], capture_output=True, text=True, env=path)
    assert (done.returncode, done.stdout) == ((1, "") if said else (0, "installs\n"))
    assert (f"was begun: {said} - run" in done.stderr) == bool(said)
    assert packages.UNFINISHED in packages.install("dpkg", "x")
    assert packages.UNFINISHED not in packages.install("dpkg", "x", {"version": "1"}), "that is a way back"


def evidence(**outs: str) -> Evidence:
    modules = {"updates": updates.SIMULATE, "rules": firewall.RULES, "who": firewall.WHO, "ports": firewall.PORTS}
    modules |= {"legacy": firewall.LEGACY, "taken": firewall.TAKEN, "waiting": restarts.WAITING}
    modules |= {"menu": boot.MENU, "line": boot.LINE, "info": mounts.INFO, "profiles": confinement.PROFILES}
    modules |= {"uptime": confinement.UPTIME, "on": confinement.ON, "selinux": confinement.SELINUX}
    return Evidence({modules[name]: [Reply(name, out.encode())] for name, out in outs.items()})


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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("2.36-9+deb12u9", "2.36-9+deb12u10"),
        ("9.9-1", "1:0.1-1"),
        ("1.0-1~deb12u1", "1.0-1"),
        ("1.0", "1.0a"),
        ("1.0a", "1.0+b"),
        ("1.0-1", "1.0-1-2"),
    ],
)
def test_versions_are_ordered_as_dpkg_orders_them(old: str, new: str) -> None:
    for have, there in ((old, new), (new, old), (old, old)):
        newer = subprocess.run(["dpkg", "--compare-versions", have, "lt", there], timeout=10).returncode == 0
        told = updates.tell(evidence(updates=f"M apt\nA 3\nY\nS openssl {have} {there}\n"))
        assert ("security" in (told or {})) == newer


def test_security_updates_are_told_with_their_versions() -> None:
    told = updates.tell(evidence(updates="M apt\nA 3\nY\nS openssl 3.0.1 3.0.2\n"))
    assert told == {
        "manager": "apt",
        "lists-age-days": 3,
        "security": {"openssl": {"from": "3.0.1", "to": "3.0.2"}},
    }
    body = deeds("updates", told, {k: v for k, v in told.items() if k != "security"})
    assert "install -d" in body.splitlines()[0] and "openssl=3.0.2" in body.splitlines()[1]
    assert "openssl=3.0.1" in deeds("updates", {k: v for k, v in told.items() if k != "security"}, told)


def test_a_host_whose_sources_have_no_security_updates_is_not_called_up_to_date() -> None:
    told = updates.tell(evidence(updates="M apt\nA 0\n"))
    assert told == {"manager": "apt", "lists-age-days": 0, "security": updates.NOWHERE}
    assert updates.tell(evidence(updates="M apt\nA 0\nY\n")) == {"manager": "apt", "lists-age-days": 0}


def test_what_waits_for_a_restart_is_told() -> None:
    told = restarts.tell(evidence(waiting="W\nB\nR nginx.service\n"))
    assert told == {"restart-host": True, "restart-services": ["nginx.service"]}
    assert restarts.tell(evidence(waiting="")) is None


@needs_root
@pytest.mark.skipif(not os.path.exists("/usr/bin/dpkg-query"), reason="needs dpkg")  # noqa: PTH110
def test_a_host_without_lists_of_packages_says_that_it_cannot_tell(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/patches/*")
    assert {f.control: f.verdict.value for f in loop.found()} == {
        "linux/patches/security": "unknown",
        "linux/patches/lists": "unknown",
    }


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
        ([chain("drop", "ip")], "accept-ipv6"),
        ([chain("drop", "ip"), chain("drop", "ip6")], "drop"),
    ],
)
def test_what_the_firewall_lets_in_is_told_for_both_families(objects: list[Tree], seen: str) -> None:
    told = firewall.tell(evidence(who="nftables\n", ports="tcp 0.0.0.0:22\ntcp 127.0.0.1:631\n", rules=rules(*objects)))
    assert told is not None
    assert (told["input"], told["owners"], told["listening"]) == (seen, ["nftables"], ["tcp/22"])


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


def test_the_boot_loader_and_the_command_line_are_told() -> None:
    told = boot.tell(evidence(menu="loader\npassword\nsuperusers\n", line='audit=1 quiet x="a b"\n'))
    assert told == {
        "loader": "grub",
        "password": True,
        "unattended": False,
        "command-line": {"audit": "1", "quiet": True, "x": '"a b"'},
    }


def test_profiles_that_only_complain_are_named() -> None:
    profiles = "/usr/sbin/cupsd (complain)\nman_filter (enforce)\nlsb_release (enforce)\n"
    told = confinement.tell(evidence(profiles=profiles, uptime="9 9", on="Y\n", selinux=""))
    assert told == {"system": "none", "enabled": True, "enforced": 2, "complaining": ["/usr/sbin/cupsd"]}


def test_the_last_of_several_mounts_of_a_place_counts() -> None:
    info = [
        "1 0 0:1 / / rw - ext4 /dev/vda rw",
        "2 1 0:2 / /a\\040b rw,nodev - tmpfs t rw",
        "3 1 0:3 / /a\\040b ro x:1 - ext4 /dev/x rw",
    ]
    told = mounts.tell(evidence(info="\n".join(info)))
    assert told is not None
    assert told["/a b"] == {"source": "/dev/x", "fstype": "ext4", "options": {"ro": True}}


@needs_root
def test_a_package_that_cannot_be_had_is_left_to_people(host: Lab, tmp_path: Path) -> None:
    run = Loop(host, tmp_path, "linux/package/*").fix()
    assert {plan.lane for plan, _ in run.plans} == {"hand"}, "a fresh host has no lists of packages"
    assert all("apt-get update" in plan.reason or "apt-get update" in repr(outcome) for plan, outcome in run.plans)
