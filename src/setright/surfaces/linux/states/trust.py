"""Who and what is trusted on a host, as lists that can be approved: sudo rules, keys, groups, jobs, services, rules, files.

    {"sudo-rules": ["%sudo ALL=(ALL:ALL) ALL"], "keys": ["ops SHA256:... ssh-ed25519"], "jobs": ["/etc/cron.d/backup 0 3 ..."],
     "services": ["ssh.service"], "packet-rules": ["sha256:...", "inet filter sha256:..."], "members": ["sudo:ops"],
     "files": ["/etc/pam.d/su root:root 0644 sha256:...", "/etc/shadow root:shadow 0640 -"],
     "places": {"keys": ["/home/ops/.ssh/authorized_keys"], "packet-rules": ["/etc/nftables.conf", "state:packet-rules"]}}

Each entry is one line, so that a new one shows by itself (``NOPASSWD`` without its colon, which would make the
rest a secret). Packet rules have one for all, and one for each table, which names what changed; files whose bytes are secret or
change by themselves have no digest. `places` are the documents that a list comes from, which are kept where it is approved.
Source: sudoers(5), sshd(8), crontab(5), systemd.unit(5), nft(8), group(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.states.packet_rules import TABLES
from setright.surfaces.linux.transport import Ask

SUDO = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] || exit 13
parts=$(ls -d /etc/sudoers.d/* 2>/dev/null | grep -Ev 'sudoers[.]d/([^/]*[.]|[^/]*~$)')
cat /etc/sudoers $parts 2>/dev/null | sed -e ':a' -e '/\\$/N; s/\\\n/ /; ta' |
sed -e 's/[[:space:]]\{1,\}/ /g; s/^ //; s/ $//; s/PASSWD: */PASSWD /g' |
grep -Ev '^(#([^0-9i]|$)|#include|@include|$)' | sort -u; true""",
)
# ssh-keygen(1) is asked once for all, of each key with its account for a comment; what looks like a key in a line is one.
KEYS = Ask(
    "run",
    rf"""{KEY_FILES}command -v ssh-keygen >/dev/null || exit 127
key_files | awk -F '\t' '{{
  while ((getline line < $2) > 0) {{
    if (line ~ /^[ \t]*#/) continue
    n = split(line, w, /[ \t"]+/)
    for (i = 1; i < n; i++) if (w[i] ~ /^(ssh|ecdsa|sk)-/ && w[i + 1] ~ /^AAAA/) print w[i], w[i + 1], $1
  }}
  close($2) }}' | sort -u | ssh-keygen -lf - 2>/dev/null | awk '{{print $3, $2, $NF}}' | sort -u; true""",
)
JOBS = Ask(
    "run",
    r"""for f in /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/*; do
  [ -f "$f" ] && sed -e 's/[[:space:]]\{1,\}/ /g; s/^ //' "$f" | grep -E '^[0-9*@]' | sed "s,^,$f ,"
done | sort -u; ls -d /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* 2>/dev/null; true""",
)
SERVICES = Ask("run", "cd /etc/systemd/system && ls -d *.wants/* *.requires/* 2>/dev/null | sed 's,.*/,,' | sort -u; true")
PACKETS = Ask(
    "run",
    rf"""{TABLES}
digest() {{ sha256sum | sed 's/^/sha256:/; s/ .*//'; }}
each=$(tables | while read -r _ family name; do echo "$family $name $(rules "$family" "$name" | digest)"; done)
printf '%s\n' "$each" | digest; printf '%s\n' "$each"
""",
)
PRIVILEGED = "root sudo wheel admin adm docker podman lxd incus-admin libvirt disk shadow kmem"  # each is nearly root
MEMBERS = Ask(
    "run",
    f"""awk -F: -v all=' {PRIVILEGED} ' 'FNR == NR {{
  if (index(all, " " $1 " ")) {{ name[$3] = $1; n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i]) print $1 ":" m[i] }}
  next
}} $4 in name {{ print name[$4] ":" $1 }}' /etc/group /etc/passwd | sort -u""",
)
FIREWALLS = (
    "/etc/nftables.conf /etc/nftables.d/* /etc/nftables/* /etc/sysconfig/nftables.conf /etc/ufw/*.rules /etc/ufw/ufw.conf"
    " /etc/default/ufw /etc/firewalld/*.conf /etc/firewalld/*.xml /etc/firewalld/*/*.xml /etc/iptables/rules.v[46]"
    " /etc/sysconfig/iptables /etc/sysconfig/ip6tables"
)
FILES = (
    "/etc/ssh/sshd_config /etc/ssh/sshd_config.d/* /etc/pam.d/* /etc/authselect/* /etc/security/*.conf /etc/nsswitch.conf"
    " /etc/hosts.allow /etc/hosts.deny /etc/ld.so.preload /etc/ld.so.conf /etc/ld.so.conf.d/* /etc/profile /etc/profile.d/*"
    " /etc/bash.bashrc /etc/bashrc /etc/environment /etc/rc.local /etc/systemd/system/*.service /etc/systemd/system/*.socket"
    f" /etc/systemd/system/*.timer /etc/systemd/system/*.d/*.conf {FIREWALLS}"
)
BARE = "/etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/ssh/ssh_host_*_key"
PLACES = Ask(
    "run",
    rf"""{KEY_FILES}[ "$(id -u)" = 0 ] || exit 13
say() {{ n=$1; shift; for f do [ ! -f "$f" ] || [ -L "$f" ] || printf '%s\t%s\n' "$n" "$f"; done; }}
say sudo-rules /etc/sudoers /etc/sudoers.d/*
key_files | cut -f 2 | sort -u | tr '\n' '\0' | xargs -0 sh -c 'for f do [ -L "$f" ] || printf "keys\t%s\n" "$f"; done' sh
say jobs /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/* /etc/cron.hourly/* \
  /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*
say packet-rules {FIREWALLS}
f=$(say files {FILES} | cut -f 2); printf '%s\n' "$f" | sed 's/^/files\t/'
printf '%s\n' "$f" | tr '\n' '\0' | xargs -0 sha256sum -- 2>/dev/null | sed 's/^/sum\t/'
b=$(say bare {BARE} | cut -f 2)
printf '%s\n' "$f" "$b" | tr '\n' '\0' | xargs -0 stat -c '%U:%G %a %n' -- 2>/dev/null | sed 's/^/owned\t/'; true""",
)
PARTS = {"sudo-rules": SUDO, "keys": KEYS, "jobs": JOBS, "services": SERVICES, "packet-rules": PACKETS, "members": MEMBERS}
ASKS = (*PARTS.values(), PLACES)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs. What could not be asked has no key."""
    if not evidence.ran(SERVICES):
        return None
    told: Tree = {"host": "/"}
    for name, ask in PARTS.items():
        lines = sorted({line.strip() for line in evidence.lines(ask)})
        if lines and not evidence.failed(ask):
            told[name] = lines
    return told if evidence.failed(PLACES) else told | _places(evidence.lines(PLACES), "packet-rules" in told)


def _places(lines: list[str], rules: bool) -> Tree:
    """What lies behind the lists, and the list of files. `rules`: what holds now can be told, and put back."""
    rows = [line.split("\t", 1) for line in lines if "\t" in line]
    places: dict[str, list[str]] = {}
    for name, path in rows:
        if name not in ("sum", "owned") and path:
            places.setdefault(name, []).append(path)
    if rules:
        places.setdefault("packet-rules", []).append("state:packet-rules")
    return {"files": sorted(_files(rows)), "places": {name: sorted(set(paths)) for name, paths in places.items()}}


def _files(rows: list[list[str]]) -> Iterator[str]:
    sums = {path: digest for name, text in rows if name == "sum" for digest, _, path in [text.partition("  ")]}
    for name, text in sorted(rows):
        if name == "owned":
            owner, mode, path = text.split(" ", 2)
            yield f"{path} {owner} {int(mode, 8):04o} {'sha256:' + sums[path] if path in sums else '-'}"
