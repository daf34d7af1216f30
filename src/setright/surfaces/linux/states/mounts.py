"""What is mounted now, by place, with each mount's own flags. Source: /proc/self/mountinfo, proc(5); mount(8) remount,bind.

    {"/tmp": {"source": "tmpfs", "fstype": "tmpfs", "options": {"rw": true, "nosuid": true}}}

Flags of the file system as a whole (size=, errors=) belong to no single mount and are left out, and so is what the system
and its containers mount and unmount for themselves all the time.
"""

from __future__ import annotations

import re
import shlex

from setright.model import Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

INFO = Ask("file", "/proc/self/mountinfo")
ASKS = (INFO,)
OPPOSITE = {"nodev": "dev", "nosuid": "suid", "noexec": "exec"}
INNER = re.compile(
    r"(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|efivarfs|fusectl|hugetlbfs|mqueue|nsfs|overlay|proc|pstore"
    r"|ramfs|securityfs|squashfs|sysfs|tracefs)$"
)
PASSING = re.compile(r"/(proc|sys|run|snap|media|mnt|var/lib/(docker|containerd?s?|kubelet|lxcfs|snapd))(/|$)")
NO_SPACE = "\\040"
ESCAPE = re.compile(r"\\([0-7]{3})")


def tell(evidence: Evidence) -> Tree | None:
    """Where several are mounted over each other, the last is what a path leads to."""
    mounts: Tree = {}
    for line in evidence.lines(INFO):
        own, _, whole = line.partition(" - ")
        fields, rest = own.split(" "), whole.split(" ")
        if len(fields) > 5 and len(rest) > 1:
            place = ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])
            if place != "/" and (INNER.match(rest[0]) or PASSING.match(place)):
                continue
            mounts[place] = {"source": rest[1], "fstype": rest[0], "options": dict.fromkeys(fields[5].split(","), True)}
    return mounts or None


def deeds(before: Tree, after: Tree) -> str:
    """Remounts what changed: only the mount's own flags, all of them named, so that nothing else moves."""
    if before.keys() != after.keys():
        raise SurfaceError("state:mounts: nothing can be mounted or unmounted here, only remounted")
    commands = []
    for place, mount in after.items():
        if mount != before[place]:
            commands.append(f"{_remount(place, mount)} || exit 1")
    return "\n".join(commands)


def back(before: Tree) -> str:
    """The flags of each mount as they were, where they are others now: what a login runs may stand on one."""
    lines = []
    for place, mount in before.items():
        asked = shlex.quote(place.replace(" ", NO_SPACE))
        now = f"place={asked} awk '$5 == ENVIRON[\"place\"] {{o = $6}} END {{print o}}' {INFO.name}"
        lines.append(f"case $({now}) in ''|{','.join(mount['options'])}) ;; *) {_remount(place, mount)} || exit 1 ;; esac")
    return "\n".join(lines)


def _remount(place: str, mount: Tree) -> str:
    flags = mount["options"]
    named = [*flags, *(plain for flag, plain in OPPOSITE.items() if flag not in flags)]
    return f"mount -o remount,bind,{','.join(named)} {shlex.quote(place)}"
