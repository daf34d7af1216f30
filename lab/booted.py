"""Throw-away Debian hosts that boot: systemd is PID 1 and starts sshd, journald, cron and what else is enabled. Needs root.

    python -m lab.booted up 2                     start hosts h1 and h2
    python -m lab.booted run -- ssh h1 systemctl is-system-running
    python -m lab.booted down

As the hosts of `lab/hosts.py`, but for what starts them: systemd-nspawn(1). They are shut down and boot again on the same
overlay, so a change that keeps a host from booting shows. The kernel is this machine's: no boot loader, no module, no auditd.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from lab.hosts import Lab, main

CGROUPS = Path("/sys/fs/cgroup")
START = r"""
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=$BASE,upperdir=$HERE/upper,workdir=$HERE/work $HERE/root
echo $NAME > $HERE/root/etc/hostname
grep -qs "127.0.1.1 $NAME" $HERE/root/etc/hosts || echo "127.0.1.1 $NAME" >> $HERE/root/etc/hosts
for c in $GROUPS_OF; do mkdir -p $c; echo $$ > $c/cgroup.procs; done
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_TMPFS_TMP=0
exec systemd-nspawn -q -D $HERE/root --network-namespace-path=/run/netns/$NETNS --register=no --keep-unit --boot \
  --machine=$NETNS --console=pipe --capability=CAP_NET_ADMIN --drop-capability=CAP_AUDIT_CONTROL --kill-signal=SIGRTMIN+3
"""
SHUTDOWN_S = 30.0


class Booted(Lab):
    """Hosts 1..count, each booted."""

    start = START

    def environment(self, n: int) -> dict[str, str]:
        groups = [str(CGROUPS / c / f"setright-{self.name}{n}") for c in ("systemd", "unified") if (CGROUPS / c).is_dir()]
        return super().environment(n) | {"GROUPS_OF": " ".join(groups), "NETNS": f"{self.name}{n}"}

    def reboot(self, n: int) -> None:
        """Shuts a host down as its operator would, and starts it again. Raises RuntimeError where it does not come back."""
        before = self.pid(n)
        os.kill(before, signal.SIGRTMIN + 3)
        until = time.monotonic() + SHUTDOWN_S
        while self.pid(n) and time.monotonic() < until:
            time.sleep(0.05)
        super().reboot(n)

    def stop(self, n: int) -> None:
        super().stop(n)
        groups = [Path(group) for group in self.environment(n)["GROUPS_OF"].split()]
        until = time.monotonic() + SHUTDOWN_S
        while any(not _removed(group) for group in groups) and time.monotonic() < until:
            time.sleep(0.05)


def _removed(group: Path) -> bool:
    """Whether a control group is gone; it can go when the last process of the host has."""
    try:
        for folder in [*sorted(group.rglob("*/"), reverse=True), group] if group.exists() else ():
            folder.rmdir()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(__doc__, Booted, "boot"))
