"""Many real hosts at once, some of them in trouble: what an estate looks like on a bad day. Needs root.

    python -m lab.fleet up 200                    start hosts h1..h200, eight at a time
    python -m lab.fleet up 12 silent=2 full=3     and spoil some: h2 does not answer, the disk of h3 is full
    python -m lab.fleet run -- setright scan ssh://h1 ssh://h2
    python -m lab.fleet down

Each host is one of `lab/hosts.py`: its own sshd, network, file system and process tree, some 8 MB of memory. The ways to spoil:

    down         is off: nothing answers at its address         gone         connections to its sshd are refused
    silent       takes connections and never says a word        slow         takes two seconds before each command
    full         /etc is on a disk without a free byte          read-only    /etc is mounted read-only
    asks         sudo asks for a password                       no-sudo      the account has no sudo at all
    other-key    has another host key than known_hosts says     unknown      is not in known_hosts
    one-by-one   MaxStartups 2:100:4, MaxSessions 1             behind       can be reached from h1 only, the jump host
    dies         ends, all of it, when the first write comes
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.hosts import Lab, build, main

AT_ONCE = 8
JUMP = 1
FULL = "cp -a /etc /run/etc; mount -t tmpfs -o size=3m tmpfs /etc; cp -a /run/etc/. /etc/; cat /dev/zero >/etc/x; rm -r /run/etc"
SCRIPTS = {
    "slow": "echo 'sleep 2' >/home/ops/.ssh/rc",
    "full": FULL,
    "read-only": "mount --bind /etc /etc; mount -o remount,bind,ro /etc",
    "asks": "sed -i s/NOPASSWD:// /etc/sudoers.d/ops",
    "no-sudo": "rm /etc/sudoers.d/ops",
    "other-key": "rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null; kill -HUP 1",
    "one-by-one": "printf 'MaxStartups 2:100:4\\nMaxSessions 1\\n' >/etc/ssh/sshd_config.d/00-few.conf; kill -HUP 1",
}
WAYS = ("down", "gone", "silent", "unknown", "behind", "dies", *SCRIPTS)


class Fleet(Lab):
    """Hosts 1..count; `spoiled` says what is wrong with which."""

    def __init__(self, name: str = "fleet") -> None:
        super().__init__(name)
        self.spoiled: dict[int, str] = {}
        self._watching: list[threading.Thread] = []

    def up(self, count: int) -> None:
        build()
        self._start_hub()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._start, [n for n in range(1, count + 1) if not self.pid(n)]))
        super().up(count)

    def down(self) -> None:
        for n in self.numbers():
            if pid := self.pid(n):
                os.kill(pid, signal.SIGKILL)
        for watch in self._watching:
            watch.join()
        super().down()

    def spoil(self, ways: Mapping[int, str]) -> None:
        """One way for each host."""
        for n, way in ways.items():
            self.spoiled[n] = way
            self._spoil(n, way)
        self._write_ssh()
        self._rewrite_ssh()

    def _spoil(self, n: int, way: str) -> None:
        if way == "down":
            subprocess.run(["ip", "-n", f"{self.name}{n}", "link", "set", "eth0", "down"], check=True)
            os.kill(self.pid(n), signal.SIGKILL)
        elif way == "gone":
            self._refuse(n, "tcp dport 22 reject with tcp reset")
        elif way == "behind":
            self._refuse(n, f"ip saddr != {self.address(JUMP)} tcp dport 22 drop")
        elif way == "dies":
            watch = threading.Thread(target=self._kill_at_first_write, args=(n,), daemon=True)
            self._watching.append(watch)
            watch.start()
        elif way == "silent":
            os.kill(self.pid(n), signal.SIGSTOP)
        elif way in SCRIPTS:
            done = self.command(n, SCRIPTS[way])
            if done.returncode:
                raise RuntimeError(f"h{n} cannot be made {way}: {done.stderr}")
        elif way != "unknown":
            raise RuntimeError(f"there is no way {way!r} to spoil a host; there are {', '.join(WAYS)}")

    def _refuse(self, n: int, rule: str) -> None:
        chain = "{ type filter hook input priority 0; }"
        self.command(n, f"nft add table ip f; nft 'add chain ip f in {chain}'; nft 'add rule ip f in {rule}'")

    def _kill_at_first_write(self, n: int) -> None:
        """The lock that every write takes lies in /run/setright."""
        while pid := self.pid(n):
            if (self.root(n) / "run/setright").exists():
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.005)

    def _rewrite_ssh(self) -> None:
        """What the client knows of spoiled hosts."""
        of = {way: [n for n, each in self.spoiled.items() if each == way] for way in ("unknown", "behind")}
        known = self.folder / "ssh/known_hosts"
        lines = known.read_text().splitlines(keepends=True)
        unknown = tuple(f"{self.address(n)},h{n} " for n in of["unknown"])
        known.write_text("".join(line for line in lines if not unknown or not line.startswith(unknown)))
        config = self.folder / "ssh/config"
        jumps = "".join(f"Host h{n}\n  ProxyJump h{JUMP}\n" for n in of["behind"])
        config.write_text(jumps + config.read_text())


def ways(words: Iterable[str]) -> dict[int, str]:
    """``full=3,4`` as what is wrong with which host."""
    split = (word.partition("=") for word in words)
    return {int(n): way for way, _, numbers in split for n in numbers.split(",")}


def memory_mb(fleet: Fleet) -> float:
    """What the hosts' processes take together, shared pages by their share (proc_pid_smaps(5), Pss)."""
    total_kb = 0
    for n in fleet.numbers():
        done = subprocess.run(["ip", "netns", "pids", f"{fleet.name}{n}"], capture_output=True, text=True)
        for pid in done.stdout.split():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb / 1024


def start_by_words(fleet: Fleet, words: Sequence[str]) -> None:
    """``up 12 full=3,4``."""
    fleet.up(int(words[0]) if words else 8)
    fleet.spoil(ways(words[1:]))


if __name__ == "__main__":
    sys.exit(main(__doc__, Fleet, "fleet", start_by_words))
