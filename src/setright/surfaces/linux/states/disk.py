"""What one walk over all local file systems shows: files that everybody can write, that nobody owns, that lend rights.

    {"world-writable": [...], "open-folders": [...], "unowned": [...], "setuid": [...], "setuid-unknown": [...],
     "programs-not-roots": [...], "devices": [...]}

A key stands only where there is something to name. Container layers, snapshots and file systems of other hosts are left out.
Source: find(1), chmod(1); which package owns a file is dpkg's and rpm's to say.
"""

from __future__ import annotations

import shlex

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

LIMIT_S, MOST = 60, 1000
LOCAL = "ext[234]|xfs|btrfs|f2fs|jfs|zfs|vfat|exfat|tmpfs|overlay"
SKIPPED = (
    "/proc /sys /run /snap /dev/pts /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/kubelet /var/lib/lxc"
    " /var/lib/machines /var/lib/snapd /.snapshots"
)
PROGRAMS = "/usr/bin /usr/sbin /usr/lib /usr/libexec /usr/local/bin /usr/local/sbin /bin /sbin"
SORTS = {
    "w": "world-writable",
    "d": "open-folders",
    "u": "unowned",
    "s": "setuid",
    "n": "setuid-unknown",
    "p": "programs-not-roots",
    "b": "devices",
}
WALK = Ask(
    "run",
    rf"""[ "$(id -u)" = 0 ] || exit 13
tops=$(awk '$3 ~ /^({LOCAL})$/ && ($3 != "overlay" || $2 == "/") && $2 !~ "^/(proc|sys|run)/" {{print $2}}' /proc/self/mounts)
case " $(echo $tops) " in *" / "*) ;; *) tops="/ $tops" ;; esac
skip=$(for d in {SKIPPED}; do printf -- '-path %s -o ' "$d"; done)
known() {{ getent "$1" | cut -d: -f3 | sort -nu | awk -v t="$2" 'NR > 1 {{printf " -o "}} {{printf "-%s %s", t, $1}}'; }}
walk() {{
  timeout {LIMIT_S} find $tops -xdev \( $skip -false \) -prune -o \( \
    \( -type f -perm -0002 -printf 'w\t%p\0' \) , \( -type d -perm -0002 ! -perm -1000 -printf 'd\t%p\0' \) , \
    \( -type f -perm /6000 -printf 's\t%p\0' \) , \
    \( \( -type b -o -type c \) ! -path '/dev/*' -printf 'b\t%p\0' \) , \
    \( \( ! \( $(known passwd uid) \) -o ! \( $(known group gid) \) \) -printf 'u\t%p\0' \) \) 2>/dev/null
}}
owned() {{
  if command -v dpkg-query >/dev/null; then
    sed 'p; s@^/usr/\(bin\|sbin\|lib\)/@/\1/@' | grep -hFx -f - /var/lib/dpkg/info/*.list /var/lib/dpkg/diversions |
      sed 's@^/\(bin\|sbin\|lib\)/@/usr/\1/@'
  elif command -v rpm >/dev/null; then while read -r f; do rpm -qf "$f" >/dev/null 2>&1 && echo "$f"; done; fi
}}
found=$(walk | tr '\n\0' '?\n'; echo ended)
case $found in *ended) ;; *) exit 14 ;; esac
printf '%s\n' "$found" | grep -v '^ended$' | head -n {4 * MOST}
mine=$(printf '%s\n' "$found" | sed -n 's/^s\t//p')
has=$(printf '%s\n' "$mine" | owned | sort -u)
printf '%s\n' "$mine" | while IFS= read -r f; do
  [ -z "$f" ] || printf '%s\n' "$has" | grep -qFx -e "$f" || printf 'n\t%s\n' "$f"
done
find {PROGRAMS} -xdev \( -type f -o -type d \) \( ! -user root -o -perm /022 \) ! -perm -1000 -printf 'p\t%p\n' 2>/dev/null
true""",
)
ASKS = (WALK,)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or not as root: what we may not enter we cannot judge."""
    if not evidence.ran(WALK) or evidence.failed(WALK):
        return None
    found: dict[str, list[str]] = {name: [] for name in SORTS.values()}
    for line in evidence.lines(WALK):
        sort, _, path = line.partition("\t")
        if sort in SORTS and path:
            found[SORTS[sort]].append(path.partition("\t")[0])
    return {"disk": "/"} | {name: sorted(set(paths))[:MOST] for name, paths in found.items() if paths}


def deeds(before: Tree, after: Tree) -> str:
    """Takes from, and gives back to, everybody the right to write; sets and clears the sticky bit."""
    lines = []
    for key, take, give in (("world-writable", "o-w", "o+w"), ("open-folders", "+t", "-t")):
        was, now = set(before.get(key, ())), set(after.get(key, ()))
        for mode, paths in ((take, was - now), (give, now - was)):
            lines += [
                f"[ -L {shlex.quote(p)} ] || [ ! -e {shlex.quote(p)} ] || chmod {mode} -- {shlex.quote(p)} || exit 1"
                for p in sorted(paths)
            ]
    return "\n".join(lines)
