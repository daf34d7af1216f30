"""Does anybody use this service? `linux/service-in-use:cups.service`. Evidence: who needs it, is connected, set it up."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, count, some
from setright.surfaces.linux.transport import Ask
from setright.surfaces.linux.units import full, states

# The processes of a unit, and of those that stop with it, as a database's clusters do; one sed program for ss and for grep.
PROCESSES = """all=$(systemctl show -P ConsistsOf -- {0} 2>/dev/null)
pids=$(for u in {0} $all; do g=$(systemctl show -P ControlGroup -- "$u" 2>/dev/null); [ -z "$g" ] ||
cat "/sys/fs/cgroup$g/cgroup.procs" "/sys/fs/cgroup/systemd$g/cgroup.procs" 2>/dev/null; done | sort -u)
[ -n "$pids" ] || exit 0; mine=$(echo "$pids" | sed 's/.*/pid=&,/')
"""


def _connected(unit: str) -> Ask:
    """Established connections of the unit's processes with processes that are not its own, here or elsewhere."""
    return Ask(
        "run",
        PROCESSES.format(unit)
        + """theirs=$(ss -Htnp state established | grep -vF "$mine")
ss -Htnp state established | grep -F "$mine" | while read -r _ _ here there _; do case $there in
  127.*|"[::1]"*|"[::ffff:127."*) case $theirs in *" $there "*" $here "*) echo "by a program of this host" ;; esac ;;
  *) echo "from elsewhere" ;; esac; done
ss -Hxnp state established | awk -v mine="$(echo $pids)" 'BEGIN { n = split(mine, p, " +"); for (i = 1; i <= n; i++) own[p[i]] }
{ ours = 0; k = split($0, w, "pid="); for (i = 2; i <= k; i++) { split(w[i], v, ","); if (v[1] in own) ours = 1 }
  if (ours) { if ($4 ~ /^[/]/) there[$7] } else if (k > 1) other[$5] }
END { for (i in there) if (i in other) print "by a program of this host" }'""",
    )


def _served(unit: str) -> Ask:
    """Logs of access that the unit's processes write, with something in them of the last 30 days."""
    return Ask(
        "run",
        PROCESSES.format(unit)
        + """for p in $pids; do find "/proc/$p/fd" -lname '/var/log/*acces*' -printf '%l\\n' 2>/dev/null; done | sort -u |
while read -r f; do find "$f" "$f.1" -maxdepth 0 -size +0 -mtime -30 2>/dev/null; done""",
    )


MADE = """f=$(systemctl show -P FragmentPath -- {0} 2>/dev/null); [ -f "$f" ] || exit 0
if command -v dpkg-query >/dev/null; then
  p=$(dpkg-query -S "$f" "/usr$f" "${{f#/usr}}" 2>/dev/null | sed -n '1s/[:,].*//p'); [ -n "$p" ] || {{ echo "$f"; exit 0; }}
  s=$(dpkg-query -W -f '${{source:Package}}\\n' -- "$p" | head -n 1)
  {{ dpkg-query -W -f 'P ${{source:Package}} ${{Package}}\\n${{Conffiles}}\\n' |
    awk -v s="$s" '$1 == "P" {{ on = $2 == s; if (on) print "P", $3; next }} on && /^ \\// && NF == 2 {{ print "C", $2 "  " $1 }}'
    sed 's/^/R /' /var/lib/ucf/registry 2>/dev/null; sed 's/^/U /' /var/lib/ucf/hashfile 2>/dev/null; }} |
  awk '$1 == "P" {{ mine[$2] }} $1 == "C" {{ print $2 "  " $3 }} $1 == "R" && $2 in mine {{ kept[$3] }}
    $1 == "U" && $3 in kept {{ print $2 "  " $3 }}' | md5sum -c 2>/dev/null | sed -n 's/: FAILED$//p'
elif command -v rpm >/dev/null; then
  p=$(rpm -qf --qf '%{{NAME}}\\n' -- "$f" 2>/dev/null | grep -v ' ') || {{ echo "$f"; exit 0; }}
  rpm -V --noscripts --nodeps -- $p 2>/dev/null | sed -n 's/^..5...... *c //p'
fi"""


def _made(unit: str) -> Ask:
    """What people have made of it: configuration that is not as its package brought it, a unit of no package; dpkg(1), ucf(1)."""
    return Ask("run", MADE.format(unit) + "".join(f"\n{script}" for name, script in HELD.items() if unit.startswith(name)))


LOCAL_NAMES = (
    "grep -qsE '^nameserver +(127[.]0[.]0[.]1$|::1)' /etc/resolv.conf && echo '/etc/resolv.conf, which names this host'; true"
)
HELD = {  # unit -> what shows that it holds something, or is for something, where its configuration does not
    "postgresql": "ls -d /etc/postgresql/*/*/conf.d/*.conf /var/lib/pgsql/data/base/[1-9]????* "
    "/var/lib/p*sql/*/*/base/[1-9]????*; true",
    "mysql": "ls -d /var/lib/mysql/*/ | grep -vE '/(mysql|performance_schema|sys|#[^/]*)/$'; true",
    "redis": "find /var/lib/redis* -name 'dump.rdb' -size +1 2>/dev/null; true",
    "cups": "grep -ls '^<' /etc/cups/printers.conf; d=/usr/share/cups/cupsd.conf.default f=/etc/cups/cupsd.conf; "
    '[ ! -e "$d" ] || cmp -s "$d" "$f" || echo "$f"',
    "rsync": "ls /etc/rsyncd.conf 2>/dev/null; true",
    "nfs-server": "grep -ls '^[^#]' /etc/exports /etc/exports.d/* 2>/dev/null; true",
    "rpcbind": "awk '$3 == \"nfs\" { print $2 }' /proc/mounts",
    "autofs": "awk '$3 == \"autofs\" && $1 !~ /^systemd/ { print $2 }' /proc/mounts",
    "libvirtd": "ls /etc/libvirt/qemu/*.xml 2>/dev/null; true",
    "named": LOCAL_NAMES,
    "dnsmasq": LOCAL_NAMES,
}
HELD["mariadb"] = HELD["mysql"]


def _needed(unit: str) -> Ask:
    """Services that run and cannot without it; targets only gather."""
    return Ask(
        "run",
        f"""systemctl show -p RequiredBy -p BoundBy -p RequisiteOf --value -- {unit} 2>/dev/null | tr ' ' '\\n' |
grep '[.]service$' | while read -r u; do systemctl -q is-active -- "$u" && echo "$u"; done; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    unit = full(argument)
    return (Ask("unit", unit), _connected(unit), _served(unit), _made(unit), _needed(unit), *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where it runs and has a client, had one, or is what people have set up; else one that runs cannot be told unused."""
    unit = full(argument)
    found = states(unit, evidence.text(Ask("unit", unit)).encode())
    source = "unit files, systemctl, ss"
    if not argument or not found:
        return Answer(
            False if argument else None,
            f"{unit} is not installed" if argument else "which service? write linux/service-in-use:UNIT",
            source,
        )
    state = found[0]
    needing = evidence.lines(_needed(unit))
    if needing:
        return Answer(True, f"{some(needing)} runs and cannot without {unit}", source)
    if state.active == "active":
        return _running(unit, evidence)
    if state.active == "unknown":
        if evidence.never_booted():
            return Answer(False, f"{unit} is {state.enabled}, and this image has never been started", "unit files, /etc/machine-id")
        return Answer(None, f"{unit} is {state.enabled}; whether it runs cannot be told here", source)
    if state.enabled == "enabled":
        made = evidence.lines(_made(unit))
        so = f", and somebody set it up: {some(made, 2)}" if made else ""
        return Answer(True if made else None, f"{unit} does not run now, but is started with the host{so}", source)
    return Answer(False, f"{unit} does not run and is {state.enabled}", source)


def _running(unit: str, evidence: Evidence) -> Answer:
    """What tells that one that runs does so for somebody, best first."""
    peers = evidence.lines(_connected(unit))
    if peers:
        return Answer(True, f"{unit} is running, with {count(len(peers), 'connection')} {peers[0]} now", "ss")
    if logs := evidence.lines(_served(unit)):
        return Answer(True, f"{unit} is running, and had clients by {some(logs, 2)}", some(logs, 2))
    if made := evidence.lines(_made(unit)):
        return Answer(True, f"{unit} is running, and somebody set it up: {some(made, 2)}", "dpkg, rpm")
    return Answer(
        None, f"{unit} is running as its package brought it; nobody is connected at this moment", "systemctl, ss, dpkg, rpm"
    )
