"""The named steps of the Linux surface, as data. A binding names them; an unknown name is an error that lists what there is.

sshd(8): SIGHUP makes sshd read its configuration again, open sessions stay; ssh.socket starts a fresh sshd each time.
"""

from __future__ import annotations

import re
import shlex

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import servers
from setright.surfaces.linux.checker import Checker

# findmnt(8) also tells what was wrong before the change: a drive that is not plugged in must not keep us from the rest.
FSTAB = """amiss() {
  findmnt --verify --tab-file "$1" 2>&1 | awk '/^[^ ]/ { place = $0 } /[[]E[]]|^[^ ].*parse/ { print place ": " $0 }'
}
now=$(amiss {main}); was=$(amiss /etc/fstab)
new=$(printf '%s\n' "$now" | while IFS= read -r l; do printf '%s\n' "$was" | grep -qFx -e "$l" || printf '%s\n' "$l"; done)
[ -z "$new" ] || { printf '%s\n' "$new" >&2; exit 1; }
"""
# systemd-analyze(1) reads the units with their drop-ins, staged ones first; what it said of them before does not count. A link that
# gives a unit another name is one here too: two units would be at odds over what only one may own.
UNITS = """command -v systemd-analyze >/dev/null || exit 0
cd {main} 2>/dev/null || exit 0
for u in *.*; do
  [ -L "/etc/systemd/system/$u" ] && to=$(readlink -f "/etc/systemd/system/$u") && [ -f "$to" ] || continue
  [ "${to##*/}" = "$u" ] || ln -sf "$to" "$u"
done
set -- $(for u in *.*; do [ ! -e "$u" ] || [ "$u" = "${u%.wants}" ] || continue; echo "${u%.d}"; done | grep '[.]' | sort -u)
[ $# -gt 0 ] || exit 0
cd /
amiss() { SYSTEMD_UNIT_PATH=$at: systemd-analyze verify --man=no "$@" 2>&1 | sed "s@$at@/etc/systemd/system@g" | sort -u; }
now=$(at={main}; amiss "$@"); was=$(at=/etc/systemd/system; amiss "$@")
new=$(printf '%s\n' "$now" | while IFS= read -r l; do printf '%s\n' "$was" | grep -qFx -e "$l" || printf '%s\n' "$l"; done)
[ -z "$new" ] || { printf '%s\n' "$new" >&2; exit 1; }
"""
# pwck(8) also tells of homes that are not there; only what it said of the former files as well is let pass.
PWCK = """s=$(dirname {main})/shadow; [ -e "$s" ] || s=/etc/shadow
was=$(pwck -rq /etc/passwd /etc/shadow 2>&1); now=$(pwck -rq {main} "$s" 2>&1)
[ "$now" = "$was" ] && exit 0
printf '%s\\n' "$now" >&2; exit 1"""
FIREWALLD = ("zones", "services", "policies", "ipsets", "icmptypes", "helpers")
CHECKERS = {
    "sshd-t": Checker(
        main="/etc/ssh/sshd_config",
        files=("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"),
        command="mkdir -p -m 755 /run/sshd; sshd -t -f {main}",
        include=rb"(?im)^([ \t]*include[ \t=]+)([^\r\n]*)",
        folder="/etc/ssh",
    ),
    "visudo-c": Checker(
        main="/etc/sudoers",
        files=("/etc/sudoers", "/etc/sudoers.d/*"),
        command="visudo -cf {main}",
        include=rb"(?m)^([@#]include(?:dir)?[ \t]+)([^\r\n]*)",
        folder="/etc",
        mend="visudo -f {file}",
    ),
    "pwck": Checker(main="/etc/passwd", files=("/etc/passwd", "/etc/shadow"), command=PWCK),
    "fstab-verify": Checker(main="/etc/fstab", files=("/etc/fstab",), command=FSTAB),
    "unit-verify": Checker(
        main="/etc/systemd/system",
        files=tuple(f"/etc/systemd/system/*{sort}" for sort in (".service", ".mount", ".socket", ".timer", ".d/*.conf")),
        command=UNITS,
    ),
    "rsyslogd-n": Checker(
        main="/etc/rsyslog.conf",
        files=("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"),
        command="command -v rsyslogd >/dev/null || exit 0; rsyslogd -N1 -f {main}",
        include=rb"(?m)^([$]IncludeConfig[ \t]+)([^\r\n]*)",
    ),
    "firewalld-check": Checker(
        main="/etc/firewalld",
        files=("/etc/firewalld/firewalld.conf", *(f"/etc/firewalld/{folder}/*.xml" for folder in FIREWALLD)),
        command="command -v firewall-offline-cmd >/dev/null || exit 0; firewall-offline-cmd --system-config {main} --check-config",
    ),
    "nft-c": Checker(main="/etc/nftables.conf", files=("/etc/nftables.conf",), command="nft -c -f {main}"),
    **servers.CHECKERS,
}
SYSCTL_KEYS = "sysctl-keys"  # new keys of sysctl files must exist in the running kernel

# The sshd that serves us: the first listener above this shell, else the topmost sshd there, else the one that wrote its
# pid down. `reloaded` waits until it has executed itself anew, which moves its stack: before, the old rules still answer.
SSHD_PID = """sshd_pid() {
  p=$$ m=${setright_sshd:-}
  while [ -z "${setright_sshd:-}" ] && [ "${p:-0}" -gt 0 ]; do
    case $(cat "/proc/$p/comm" 2>/dev/null) in sshd*) m=$p ;; esac
    if [ "$m" = "$p" ] && grep -q '[[]listener]' "/proc/$p/cmdline" 2>/dev/null; then break; fi
    p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status" 2>/dev/null)
  done
  for m in $m $(cat /run/sshd.pid 2>/dev/null); do
    case $(cat "/proc/$m/comm" 2>/dev/null) in sshd*) echo "$m"; return ;; esac
  done
}
life() { cut -d' ' -f28 "/proc/$1/stat" 2>/dev/null; }
reloaded() {
  i=0
  while [ $i -lt 50 ] && [ "$(life "$1")" = "$2" ]; do sleep 0.02; i=$((i+1)); done
}
"""
SSH_RELOAD = (
    SSHD_PID
    + """m=$(sshd_pid) was=$(life "$m")
[ -n "$m" ] || exit 0
if [ -d /run/systemd/system ]; then
  for u in ssh sshd; do
    if systemctl -q is-active $u.service; then systemctl reload $u.service || exit 1; reloaded "$m" "$was"; exit 0; fi
  done
  if systemctl -q is-active ssh.socket || systemctl -q is-active sshd.socket; then exit 0; fi
fi
kill -HUP "$m" && reloaded "$m" "$was"
"""
)
SSH_START = (
    SSHD_PID
    + """if [ -z "$(sshd_pid)" ]; then
  { [ -d /run/systemd/system ] && { systemctl start ssh.service || systemctl start sshd.service; }; } || service ssh start || sshd
fi
"""
)
# augenrules(8): rules cannot change any more once the kernel was told so (enabled 2): then they hold after the next start.
AUDIT_RULES = """command -v augenrules >/dev/null || exit 0
case $(auditctl -s 2>/dev/null) in
  '') exit 0 ;;
  *'enabled 2'*) echo 'the audit rules are locked (-e 2): the kernel keeps those that it has until the host restarts'; exit 0 ;;
esac
augenrules --load >/dev/null
"""
AUDITD = """p=$(pidof auditd) && kill -HUP $p; true
"""
# Where the menu's entries stand apart from it (BLS), grub2-mkconfig leaves their command lines as they are, unless told otherwise.
UPDATE_GRUB = """if [ -e /boot/grub/grub.cfg ] && command -v update-grub >/dev/null; then update-grub 2>/dev/null >&2
elif [ -e /boot/grub2/grub.cfg ]; then
  grub2-mkconfig --help 2>&1 | grep -q -- --update-bls-cmdline && bls=--update-bls-cmdline
  grub2-mkconfig -o /boot/grub2/grub.cfg ${bls:-} 2>/dev/null >&2
fi
"""
# Called chronyd by Red Hat; Debian's chrony goes by both names.
CHRONY = """if [ -d /run/systemd/system ]; then
  for u in chronyd chrony; do if systemctl -q is-active $u; then systemctl restart $u || exit 1; break; fi; done
else service chrony status >/dev/null 2>&1 && service chrony restart || true; fi
"""
# Services whose own files we just wrote, or whose drop-in of ours is gone: they run on as before until they start again. One that
# does not come up, or not for two seconds, fails the change; one that failed just now is tried again on the way back. systemd
# itself does not notice a drop-in in a new folder, nor a mask until it reads the units anew: what is masked by then is left alone.
CHANGED_UNITS = r"""[ -d /run/systemd/system ] || exit 0
up=$(cut -d. -f1 /proc/uptime) now=$(date +%s)
fresh() {
  for f do
    case $f in /etc/systemd/system/*) ;; *) continue ;; esac
    m=$(stat -c %Y -- "$f" 2>/dev/null) || continue
    if [ $((now - m)) -lt 300 ] && [ $((now - m)) -lt "$age" ]; then return 0; fi
  done
  return 1
}
gone() { for f do case $f in */60-setright.conf) [ -e "$f" ] || return 0 ;; esac; done; return 1; }
shown=$(systemctl show -p Id -p LoadState -p DropInPaths -p FragmentPath -p ActiveState -p ActiveEnterTimestampMonotonic \
  -p InactiveEnterTimestampMonotonic -- '*.service')
changed=$(printf '%s\n' "$shown" | awk -v up="$up" 'BEGIN {RS = ""; FS = "\n"} {
  for (i = 1; i <= NF; i++) {n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1)}
  fell = v["ActiveState"] == "failed" && up - v["InactiveEnterTimestampMonotonic"] / 1000000 < 120
  if (v["LoadState"] == "loaded" && (v["ActiveState"] == "active" || fell))
    print v["Id"], v["ActiveEnterTimestampMonotonic"], v["FragmentPath"], v["DropInPaths"]}' | while read -r unit since files; do
  age=$((up - since / 1000000))
  if gone $files || fresh $files "/etc/systemd/system/$unit.d/60-setright.conf"; then echo "$unit"; fi
done)
systemctl daemon-reload || exit 1
changed=$(for u in $changed; do [ "$(systemctl show -P LoadState -- $u)" != loaded ] || echo $u; done)
[ -n "$changed" ] || exit 0
systemctl restart $changed || exit 1
sleep 2; for u in $changed; do systemctl -q is-active $u || exit 1; done
"""
RELOADS = {
    "changed-units-restart": CHANGED_UNITS,
    "update-grub": UPDATE_GRUB,
    "chrony-restart": CHRONY,
    "ssh-reload": SSH_RELOAD,
    "audit-rules-load": AUDIT_RULES,
    "auditd-hup": AUDITD,  # auditd.service cannot be restarted by hand
    "crypto-policies": "if command -v update-crypto-policies >/dev/null; then update-crypto-policies >/dev/null; fi\n",
    "dconf-update": "if command -v dconf >/dev/null; then dconf update; fi\n",
    "ufw-reload": "if grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && command -v ufw >/dev/null; then ufw reload >/dev/null; fi\n",
    "firewalld-reload": "if firewall-cmd -q --state 2>/dev/null; then firewall-cmd -q --reload; fi\n",  # its unit does not wait
    "daemon-reexec": "if [ -d /run/systemd/system ]; then systemctl daemon-reexec; fi\n",
    **servers.RELOADS,
    "daemon-reload": "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi\n",
}
SAYS_LATE = ("audit-rules-load",)  # they print what they could not make hold
AFTER_A_FALL = {"ssh-reload": SSH_START}  # what the dead-man's switch does besides: the reload may have ended the program
GENERIC = re.compile(r"([A-Za-z0-9@_.-]+)-(reload|restart|active)")


def checker(name: str) -> Checker:
    if name not in CHECKERS:
        raise SurfaceError(f"there is no check {name!r} on Linux; there are {', '.join([*CHECKERS, SYSCTL_KEYS])}")
    return CHECKERS[name]


def reloading(name: str) -> str:
    """The script of a reload step: one of `RELOADS`, or ``UNIT-reload``, ``UNIT-restart``. What does not run is left so."""
    if name in RELOADS:
        return RELOADS[name]
    unit, verb = _generic(name, ("reload", "restart"))
    return f"""if [ -d /run/systemd/system ]; then
  if systemctl -q is-active {unit}; then systemctl {verb} {unit}; fi
else service {unit} status >/dev/null 2>&1 && service {unit} {verb} || true; fi
"""


def activity(name: str) -> str:
    """The script of a probe: ``UNIT-active`` prints whether the service runs, one of `servers.PROBES` by what it answers."""
    if name in servers.PROBES:
        return servers.PROBES[name]
    unit, _ = _generic(name, ("active",))
    return f"""if [ -d /run/systemd/system ]; then systemctl is-active {unit}
elif service {unit} status >/dev/null 2>&1; then echo active; else echo inactive; fi
"""


def _generic(name: str, verbs: tuple[str, ...]) -> tuple[str, str]:
    match = GENERIC.fullmatch(name)
    if match is None or match[2] not in verbs:
        raise SurfaceError(f"there is no step {name!r} on Linux; there are {', '.join(RELOADS)} and UNIT-{', UNIT-'.join(verbs)}")
    return shlex.quote(match[1]), match[2]
