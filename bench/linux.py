"""Reads of Linux hosts beside Lynis, oscap and Ansible's facts: python -m bench.linux [-n N] [--files FILES] [HOSTS]

Whole processes. Starts throw-away hosts (`lab/fleet.py`) and needs root. The image has some ten thousand files and a server
ten times that, so the first host, which peers read too, is given as many more. Peers run where they are made to: Lynis and oscap
on the host, where its image has them (SETRIGHT_LAB names another folder with images), Ansible from here. CPU is that of the
processes started here; what an sshd and the shells of a host do for us is the host's, and shows in wall time alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lab.fleet import Fleet
from lab.hosts import BASE
from lab.scap import stream

from bench.measure import SETRIGHT, Spent, middle, peer, run

HEAD = f"{'what':<34} {'hosts':>5} {'wall s':>8} {'CPU s':>8} {'MB':>6} {'s a host':>9}"
SCAN = ("scan", "--format", "json", "--fail-on", "never", "--baseline", "cis-debian-12-l2")
LYNIS = "lynis audit system --quick --no-colors --logfile /run/lynis.log --report-file /run/lynis.dat"
OSCAP = "timeout 900 oscap xccdf eval --profile cis_level2_server /run/ds.xml"


class Program(NamedTuple):
    """`says` is what its output holds for each host where it did its work."""

    name: str
    hosts: int
    command: tuple[str, ...]
    says: str


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=3, help="rounds of ours; peers run once")
    words.add_argument("--files", type=int, default=100_000, help="that the first host has beside those of its image")
    words.add_argument("hosts", type=int, nargs="?", default=20)
    given = words.parse_args()
    fleet = Fleet(f"b{os.getpid() % 10000}")
    try:
        fleet.up(given.hosts)
        fill(fleet, given.files)
        with tempfile.TemporaryDirectory() as home, fleet.inside():
            (Path(home) / ".ssh").symlink_to(fleet.folder / "ssh")
            env = os.environ | {"HOME": home, "SSH_AUTH_SOCK": "", "SETRIGHT_STATE": f"{home}/state"}
            print(HEAD)
            for program in programs(fleet, given.hosts):
                rounds = given.n if program.command[0] == SETRIGHT else 1  # peers take a minute and more
                show(program, [run(program.command, env) for _ in range(rounds)])
    finally:
        fleet.down()


def fill(fleet: Fleet, files: int) -> None:
    """As many empty files, five hundred a folder, on the first host."""
    for folder in (fleet.root(1) / f"srv/{n}" for n in range(files // 500)):
        folder.mkdir()
        for n in range(500):
            (folder / str(n)).touch()


def programs(fleet: Fleet, count: int) -> Iterator[Program]:
    """Ours, and those peers that are there."""
    for hosts in sorted({1, count}):
        targets = [f"ssh://h{n}" for n in range(1, hosts + 1)]
        yield Program("setright scan by ssh", hosts, (SETRIGHT, *SCAN, *targets), '"verdict"')
    enter = (str(shutil.which("nsenter")), "-t", str(fleet.pid(1)), *["-m", "-u", "-i", "-n", "-p", "-r", "-w", "env", "-i"])
    inside = (*enter, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c")
    if (BASE / "usr/sbin/lynis").exists():
        yield Program("Lynis on the host", 1, (*inside, LYNIS), "Hardening index")
    if (BASE / "usr/bin/oscap").exists() and (found := _stream()):
        shutil.copyfile(found, fleet.root(1) / "run/ds.xml")
        yield Program("oscap on the host, CIS level 2", 1, (*inside, OSCAP), "Result")
    if ansible := peer("ansible"):
        for hosts in sorted({1, count}):
            inventory = ",".join(f"h{n}" for n in range(1, hosts + 1)) + ","
            keys = fleet.folder / "ssh"
            login = f"-F {keys}/config -i {keys}/id_ed25519 -o UserKnownHostsFile={keys}/known_hosts"
            words = ("all", "-f", "20", "-i", inventory, "-m", "setup", "--ssh-common-args", login)
            yield Program("Ansible facts by ssh", hosts, (ansible, *words), "ansible_facts")


def _stream() -> Path | None:
    """None where apt cannot have it just now."""
    try:
        return stream()
    except RuntimeError as error:
        print(f"oscap is left out: {error}")
        return None


def show(program: Program, runs: Sequence[Spent]) -> None:
    spent = middle(runs)
    if spent.out.count(program.says) < program.hosts:
        print(f"{program.name:<34} {program.hosts:>5} did not do its work: {spent.out[:200]!r}", flush=True)
        return
    row = f"{program.name:<34} {program.hosts:>5} {spent.wall_s:8.2f} {spent.cpu_s:8.2f} {spent.peak_mb:6.0f}"
    print(f"{row} {spent.wall_s / program.hosts:9.2f}", flush=True)


if __name__ == "__main__":
    main()
