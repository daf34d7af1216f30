"""Throw-away Debian hosts with a real sshd, each in namespaces of its own, to try the Linux surface on. Needs root.

    python lab/hosts.py up 3                      start hosts h1..h3; the first time it builds the base root (3 to 4 minutes)
    python lab/hosts.py run -- ssh h1 id          run a command where the hosts can be reached, with their keys and known_hosts
    python lab/hosts.py list                      address, log and changed files of each
    python lab/hosts.py down                      stop them all and remove what they wrote

A host is an overlay on the base root, so its `upper` folder holds exactly what was touched. PID 1 is sshd: `kill -HUP 1` reloads
it, systemd does not run. Log in as `ops` (key, sudo without password). The network 198.18.0.0/16 exists only inside the hub's
namespace. /proc/sys is a copy that can be read and written, except `net`, which is real and the host's own. See namespaces(7).
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

CACHE = Path(os.environ.get("SETRIGHT_LAB", Path.home() / ".cache/setright-lab"))
BASE, KEY = CACHE / "base", CACHE / "id_ops"
PACKAGES = "openssh-server,sudo,nftables,iproute2,procps,cron,rsyslog,systemd-sysv,dbus,libpam-pwquality,logrotate,kmod,acl,attr"
DROPPED = "-sys_module,-sys_time,-sys_boot,-sys_rawio,-audit_control,-syslog,-mac_admin,-mac_override"
CLONE_NEWNET = 0x40000000
PREPARE = """
rm -f /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null
useradd -m -s /bin/bash -p '*' -G adm ops
install -d -m 700 -o ops -g ops /home/ops/.ssh
cat > /home/ops/.ssh/authorized_keys; chown ops:ops /home/ops/.ssh/authorized_keys; chmod 600 /home/ops/.ssh/authorized_keys
echo 'ops ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ops; chmod 440 /etc/sudoers.d/ops
echo 'nameserver 127.0.0.1' > /etc/resolv.conf; echo 'options timeout:1 attempts:1' >> /etc/resolv.conf
apt-get clean; rm -rf /var/lib/apt/lists/*
"""
INSTALL = """
[ -z "$1" ] || printf '%s' "$1" >/etc/apt/sources.list
shift
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends "$@" >/dev/null
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >/etc/resolv.conf
apt-get clean; rm -rf /var/lib/apt/lists/*
"""
START = r"""
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=$BASE,upperdir=$HERE/upper,workdir=$HERE/work $HERE/root
cd $HERE/root
mount -t proc proc proc
mount -t tmpfs -o mode=755,size=4m tmpfs mnt
cp -a $SYSCTL/. mnt/; mkdir mnt/net
mount --bind proc/sys/net mnt/net; mount --move mnt proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run; mkdir -p run/sshd run/lock
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev; mkdir -p dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
for n in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 dev/${n%:*} c 1 ${n#*:}; done
mknod -m 666 dev/tty c 5 0
hostname $NAME; echo "127.0.1.1 $NAME" >> etc/hosts
pivot_root . mnt; umount -l /mnt
exec setpriv --bounding-set $DROPPED --inh-caps=-all /usr/sbin/sshd -D -e
"""


def build(also: Sequence[str] = ()) -> Path:
    """The base root that hosts share, made once: a stock Debian 12 with sshd, sudo and a key for user ops; with packages besides,
    a copy of it that has them. Who asks meanwhile waits."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        return _with(also) if also else _base()


def _base() -> Path:
    if (BASE / "etc/.ready").exists():
        return BASE
    shutil.rmtree(BASE, ignore_errors=True)
    BASE.mkdir()
    with (CACHE / "debootstrap.log").open("w") as log:
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(BASE), *_mirror(), stdout=log)
    if not KEY.exists():
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(KEY))
    _run("chroot", str(BASE), "sh", "-ec", PREPARE, input=KEY.with_suffix(".pub").read_bytes())
    (BASE / "etc/.ready").touch()
    return BASE


def _with(also: Sequence[str]) -> Path:
    base = CACHE / "-".join(["base", *also])
    if (base / "etc/.ready").exists():
        return base
    shutil.rmtree(base, ignore_errors=True)
    _run("cp", "-a", "--no-target-directory", str(_base()), str(base))
    (base / "etc/.ready").unlink()
    shutil.copyfile("/etc/resolv.conf", base / "etc/resolv.conf")
    sources = "".join(f"deb {mirror} bookworm main\n" for mirror in _mirror())
    _run("chroot", str(base), "sh", "-ec", INSTALL, "sh", sources, *also)
    (base / "etc/.ready").touch()
    return base


def _mirror() -> list[str]:
    """The mirror this machine's own apt uses; none leaves the choice to debootstrap."""
    seen = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"], capture_output=True, text=True
    )
    return [line.split()[0] for line in seen.stdout.splitlines() if line.endswith(" bookworm")][:1]


def _run(*words: str, **options: object) -> None:
    subprocess.run(words, check=True, timeout=1500, **options)  # type: ignore[call-overload]


class Lab:
    """A set of hosts that reach each other and nothing else. Several sets live side by side under different names."""

    start = START
    also: Sequence[str] = ()  # packages besides

    def __init__(self, name: str = "lab") -> None:
        self.name, self.netns, self.folder = name, f"{name}hub", CACHE / "hosts" / name

    @property
    def base(self) -> Path:
        return build(self.also)

    def address(self, n: int) -> str:
        return f"198.18.{n // 250}.{n % 250}"

    def numbers(self) -> list[int]:
        return sorted(int(p.name) for p in self.folder.glob("[0-9]*"))

    def up(self, count: int) -> None:
        """Starts hosts 1..count where they do not run yet, and waits until each answers."""
        build(self.also)
        self._start_hub()
        for n in range(1, count + 1):
            if not self.pid(n):
                self._start(n)
        self._write_ssh()
        with self.inside():
            for n in range(1, count + 1):
                _wait_for_banner(self.address(n), 20.0)

    def down(self) -> None:
        for n in self.numbers():
            self.stop(n)
        subprocess.run(["ip", "netns", "del", self.netns], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, n: int) -> None:
        """Ends one host and removes what it wrote."""
        if pid := self.pid(n):
            os.kill(pid, signal.SIGKILL)
        for words in (["-n", self.netns, "link", "del", f"v{n}"], ["netns", "del", f"{self.name}{n}"]):
            subprocess.run(["ip", *words], capture_output=True)
        for _ in range(40):
            shutil.rmtree(self.folder / str(n), ignore_errors=True)
            if not (self.folder / str(n)).exists():
                return
            time.sleep(0.05)

    def reboot(self, n: int) -> None:
        """Ends every process of a host and starts it again on the same overlay; /run and /tmp are empty after."""
        if pid := self.pid(n):
            os.kill(pid, signal.SIGKILL)
        while self.pid(n):
            time.sleep(0.02)
        time.sleep(0.2)
        self._boot(n)
        with self.inside():
            _wait_for_banner(self.address(n), 20.0)

    def pid(self, n: int) -> int:
        """The host's PID 1 as seen from here; 0 when it does not run."""
        file = self.folder / str(n) / "pid"
        outer = file.read_text() if file.exists() else "0"
        try:
            if f"HERE={self.folder / str(n)}\0".encode() not in Path(f"/proc/{outer}/environ").read_bytes():
                return 0
            return int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])
        except (OSError, IndexError):
            return 0

    def upper(self, n: int) -> Path:
        """Where everything the host wrote is."""
        return self.folder / str(n) / "upper"

    def root(self, n: int) -> Path:
        """The host's file system as it sees it."""
        return Path(f"/proc/{self.pid(n)}/root")

    def command(self, n: int, script: str) -> subprocess.CompletedProcess[str]:
        """Runs a shell script as root in a host, past its sshd."""
        words = ["nsenter", "-t", str(self.pid(n)), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "env", "-i"]
        words += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "sh", "-c", script]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Moves this thread, and those it starts, into the hub's network for a while."""
        with Path("/proc/thread-self/ns/net").open() as old, Path(f"/run/netns/{self.netns}").open() as hub:
            _enter(hub.fileno())
            try:
                yield
            finally:
                _enter(old.fileno())

    def told(self) -> str:
        """The hosts as JSON."""
        hosts = [
            {"name": f"h{n}", "address": self.address(n), "changed": str(self.upper(n)), "up": bool(self.pid(n))}
            for n in self.numbers()
        ]
        return json.dumps({"network": self.netns, "hosts": hosts}, indent=1)

    def run(self, command: Sequence[str]) -> int:
        """Runs a command where the hosts can be reached; its ~/.ssh is the lab's."""
        home = Path.home() / ".ssh"
        home.mkdir(mode=0o700, exist_ok=True)
        bind = f'mount --bind {shlex.quote(str(self.folder / "ssh"))} {shlex.quote(str(home))} && exec "$@"'
        return subprocess.run(
            ["ip", "netns", "exec", self.netns, "unshare", "--mount", "sh", "-c", bind, "sh", *command]
        ).returncode

    def _start_hub(self) -> None:
        if Path(f"/run/netns/{self.netns}").exists():
            return
        _ip(f"netns add {self.netns}")
        for words in (
            f"link add br0 address {_mac(0)} type bridge",
            "link set br0 up",
            "link set lo up",
            "addr add 198.18.255.254/16 dev br0",
        ):
            _ip(f"-n {self.netns} {words}")

    def _start(self, n: int) -> None:
        self.stop(n)
        for sub in ("upper", "work", "root"):
            (self.folder / str(n) / sub).mkdir(parents=True)
        ns = f"{self.name}{n}"
        _ip(f"netns add {ns}")
        _ip(f"link add v{n} netns {self.netns} type veth peer name eth0 address {_mac(n)} netns {ns}")
        _ip(f"-n {self.netns} link set v{n} master br0 up")
        for words in (f"addr add {self.address(n)}/16 dev eth0", "link set eth0 up", "link set lo up"):
            _ip(f"-n {ns} {words}")
        self._boot(n)

    def environment(self, n: int) -> dict[str, str]:
        """What the script that starts a host is told."""
        here = self.folder / str(n)
        told = {"BASE": str(self.base), "HERE": str(here), "SYSCTL": str(_sysctl()), "NAME": f"h{n}", "DROPPED": DROPPED}
        return {"PATH": os.environ["PATH"]} | told

    def _boot(self, n: int) -> None:
        here, space = self.folder / str(n), f"{self.name}{n}"
        words = ["ip", "netns", "exec", space, "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
        words = [*(words if self.start == START else ["unshare", "--mount"]), "bash", "-ec", self.start]
        with (here / "log").open("a") as log:
            child = subprocess.Popen(
                words, env=self.environment(n), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        (here / "pid").write_text(str(child.pid))

    def _write_ssh(self) -> None:
        """A ~/.ssh for the hub: key, known hosts, names h1, h2 ..."""
        ssh = self.folder / "ssh"
        ssh.mkdir(parents=True, exist_ok=True)
        ssh.chmod(0o700)
        keys = [p.read_text().split()[:2] for p in sorted((BASE / "etc/ssh").glob("ssh_host_*_key.pub"))]
        names = {n: f"{self.address(n)},h{n}" for n in self.numbers()}
        (ssh / "known_hosts").write_text("".join(f"{names[n]} {kind} {key}\n" for n in names for kind, key in keys))
        shutil.copyfile(KEY, ssh / "id_ed25519")
        (ssh / "id_ed25519").chmod(0o600)
        hosts = "".join(f"Host h{n}\n  HostName {self.address(n)}\n  HostKeyAlias h{n}\n" for n in names)
        (ssh / "config").write_text(f"{hosts}Host *\n  User ops\n  IdentityFile ~/.ssh/id_ed25519\n  ConnectTimeout 10\n")


def _sysctl() -> Path:
    """A copy of /proc/sys without net, made once: what hosts see and may write, so that no sysctl reaches this machine."""
    copy = CACHE / "sysctl"
    for top in ("kernel", "fs", "vm", "dev", "user", "abi") if not copy.exists() else ():
        for file in Path("/proc/sys", top).rglob("*"):
            into = copy / file.relative_to("/proc/sys")
            if file.is_dir():
                into.mkdir(parents=True, exist_ok=True)
                continue
            into.parent.mkdir(parents=True, exist_ok=True)
            into.write_bytes(_value(file))
            into.chmod(file.stat().st_mode & 0o777)
    return copy


def _value(file: Path) -> bytes:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.read(handle, 65536)
        finally:
            os.close(handle)
    except OSError:
        return b""


def _wait_for_banner(address: str, limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            with socket.create_connection((address, 22), 1.0) as wire:
                if wire.recv(5) == b"SSH-2":
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{address} does not answer within {limit_s:g} s; see the log beside its upper folder")


L = TypeVar("L", bound=Lab)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _mac(n: int) -> str:
    """A host's own, and the hub's for 0: one that starts again is found where it was, however many others run."""
    return f"02:00:c6:12:{n // 256:02x}:{n % 256:02x}"


def _ip(words: str) -> None:
    _run("ip", *words.split())


def start_by_words(lab: Lab, words: Sequence[str]) -> None:
    """``up 3``."""
    lab.up(int(words[0]) if words else 1)


def main(
    about: str | None = __doc__,
    made: Callable[[str], L] = Lab,  # type: ignore[assignment]
    name: str = "lab",
    up: Callable[[L, Sequence[str]], None] = start_by_words,
) -> int:
    """The command line of a sort of hosts: `up` starts those that its words say."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["build", "up", "run", "list", "down"])
    parser.add_argument("--name", default=name, help="a set of hosts of its own, up to 6 letters")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="what to start, or the command after --")
    given = parser.parse_args()
    if os.geteuid():
        parser.error("needs root: it makes network and mount namespaces")
    lab = made(given.name)
    if given.what == "run":
        return lab.run([word for word in given.rest if word != "--"])
    if given.what == "build":
        build(lab.also)
    elif given.what == "up":
        up(lab, given.rest)
    elif given.what == "down":
        lab.down()
    print(lab.told())
    return 0


if __name__ == "__main__":
    sys.exit(main())
