"""What a walk over all local file systems shows: files that everybody can write, that nobody owns, that lend rights.

    {"world-writable": [...], "open-folders": [...], "unowned": [...], "setuid": [...], "setuid-unknown": [...],
     "programs-not-roots": [...], "devices": [...]}

A key stands only where there is something to name, or where the walk was cut short before there was. Container layers,
snapshots and file systems of other hosts are left out.
Source: find(1), chmod(1); which package owns a file is dpkg's and rpm's to say.
"""

from __future__ import annotations

import shlex

from setright.model import Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

LIMIT_S, MOST = 60, 1000
LOCAL = "ext[234]|xfs|btrfs|f2fs|jfs|zfs|vfat|exfat|tmpfs|overlay"
SKIPPED = (
    "/proc /sys /run /snap /dev/pts /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/kubelet /var/lib/lxc"
    " /var/lib/machines /var/lib/snapd /.snapshots"
)
PRUNED = " -o ".join(f"-path {folder}" for folder in SKIPPED.split())
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
# What costs most for each file stands behind what settles most files: find(1) swaps tests, but none with one that prints or prunes.
# /usr and the folders of people, where most files are, are each walked beside the rest; what those print waits in a pipe.
WALK = Ask(
    "walk",
    rf"""[ "$(id -u)" = 0 ] || exit 13
tops=$(awk '$3 ~ /^({LOCAL})$/ && ($3 != "overlay" || $2 == "/") && $2 !~ "^/(proc|sys|run)/" {{print $2}}' /proc/self/mounts)
case "
$tops
" in *"
/
"*) ;; *) tops="/ $tops" ;; esac
known() {{ getent "$1" | awk -F : -v t="$2" '$3 ~ /^[0-9]+$/ && !seen[$3]++ {{printf "%s-%s %s", n++ ? " -o " : "", t, $3}}'; }}
users=$(known passwd uid) groups=$(known group gid)
near=$(stat -c '%d %F %n' / /usr /home /root /srv 2>/dev/null |
  awk 'NR == 1 {{d = $1}} NR > 1 && $1 == d && $2 == "directory" {{print $3}}')
usr= people= rest=
for d in $near; do rest="$rest -o -path $d"; case $d in /usr) usr=$d ;; *) people="$people $d" ;; esac; done
walk() {{
  skip=$1; shift
  timeout {LIMIT_S} find "$@" -xdev -ignore_readdir_race -type d \( \( {PRUNED} $skip \) -prune \) -o \( \
    -perm /6002 \( \
      \( -type f -perm -0002 -printf 'w\t%p\0' \) , \( -type d -perm -0002 ! -perm -1000 -printf 'd\t%p\0' \) , \
      \( -type f -perm /6000 -printf 's\t%p\0' \) \) , \
    ! -type f ! -type d \( \( -type b -o -type c \) ! -path '/dev/*' -printf 'b\t%p\0' \) , \
    \( ! -uid 0 \( ! \( $users \) -printf 'u\t%p\0' \) -o ! -gid 0 \( ! \( $groups \) -printf 'u\t%p\0' \) \) \)
  [ $? -le 1 ] || printf 'cut\0'
}}
owned() {{
  if command -v dpkg-query >/dev/null; then
    sed 'p; s@^/usr/\(bin\|sbin\|lib\)/@/\1/@' | grep -hFx -f - /var/lib/dpkg/info/*.list /var/lib/dpkg/diversions |
      sed 's@^/\(bin\|sbin\|lib\)/@/usr/\1/@'
  elif command -v rpm >/dev/null; then while read -r f; do rpm -qf "$f" >/dev/null 2>&1 && echo "$f"; done; fi
}}
if [ -n "$users" ] && [ -n "$groups" ] && [ "$(find / -maxdepth 0 -printf x)" = x ]; then
  found=$({{ [ -z "$usr" ] || walk '' /usr; printf '\0told\0'; }} |
    {{ {{ [ -z "$people" ] || walk '' $people; printf '\0told\0'; }} | {{ walk "$rest" $tops; cat; }}; cat; }} |
    tr '\n\0' '?\n'; echo ended)
else
  found=$(printf 'cut\n\ntold\n\ntold\nended')
fi
case $found in *"
told
"*"
told
"*ended) ;; *) exit 14 ;; esac
printf '%s\n' "$found" | awk '$0 != "ended" && ++seen[substr($0, 1, 2)] <= {4 * MOST}'
mine=$(printf '%s\n' "$found" | sed -n 's/^s\t//p')
has=$(printf '%s\n' "$mine" | owned | sort -u)
printf '%s\n' "$mine" | grep -vFx -e "$has" | sed -n '/./s/^/n\t/p'
true""",
)
OTHERS = Ask(
    "walk",
    rf"""[ "$(id -u)" = 0 ] || exit 13
[ "$(find / -maxdepth 0 -printf x)" = x ] || {{ echo cut; exit; }}
find {PROGRAMS} -xdev \( -type f -o -type d \) \( ! -user root -o -perm /022 \) ! -perm -1000 -printf 'p\t%p\n' 2>/dev/null
true""",
)
ASKS = (WALK, OTHERS)
CUT = Unknown(f"the walk over the file systems did not come to its end (it has {LIMIT_S} s, and needs find of GNU)")


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or not as root: what we may not enter we cannot judge."""
    if not evidence.ran(WALK) or evidence.failed(WALK) or evidence.failed(OTHERS):
        return None
    found: dict[str, list[str]] = {name: [] for name in SORTS.values()}
    lines, others = evidence.lines(WALK), evidence.lines(OTHERS)
    for line in (*lines, *others):
        sort, _, path = line.partition("\t")
        if sort in SORTS and path:
            found[SORTS[sort]].append(path.partition("\t")[0])
    untold = {name: CUT for sort, name in SORTS.items() if "cut" in (others if sort == "p" else lines)}
    return {"disk": "/"} | untold | {name: sorted(set(paths))[:MOST] for name, paths in found.items() if paths}


def deeds(before: Tree, after: Tree) -> str:
    """Takes from, and gives back to, everybody the right to write; sets and clears the sticky bit."""
    lines = []
    for key, take, give in (("world-writable", "o-w", "o+w"), ("open-folders", "+t", "-t")):
        was, now = (set(listed) if isinstance(listed := tree.get(key), list) else set() for tree in (before, after))
        for mode, paths in ((take, was - now), (give, now - was)):
            lines += [
                f"[ -L {shlex.quote(p)} ] || [ ! -e {shlex.quote(p)} ] || chmod {mode} -- {shlex.quote(p)} || exit 1"
                for p in sorted(paths)
            ]
    return "\n".join(lines)


def back(before: Tree) -> str:
    """The rights to write that were there: what logins run may have leant on one."""
    return deeds({}, before)
