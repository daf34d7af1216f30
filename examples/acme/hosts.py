"""ACME's hosts: six real sshd hosts of the lab, each with faults that people really leave, and one that does not bear its fix."""

from __future__ import annotations

from lab.hosts import Lab

NAMES = ("bank-ledger", "bank-test", "shop-front", "shop-test", "media-stream", "media-archive")  # h1, h2 ...
FRAIL = 6
WORN = """
printf 'PermitRootLogin yes\\nX11Forwarding yes\\nMaxAuthTries 10\\n' >> /etc/ssh/sshd_config
kill -HUP 1
"""
SERVICE = """#!/bin/sh
# rsyslog, for hosts without systemd
case $1 in
  start) rsyslogd ;;
  stop) pkill -x rsyslogd; true ;;
  restart) pkill -x rsyslogd; sleep 0.3; rsyslogd ;;
  status) pgrep -x rsyslogd >/dev/null ;;
esac
"""
# A log shipper of the archive's own, which reads the logs as nobody: where they are closed to it, it takes rsyslog down with it
# and waits for somebody to look.
SHIPPER = """
sed -i 's/^[$]FileCreateMode.*/$FileCreateMode 0644/' /etc/rsyslog.conf
cat > /etc/init.d/rsyslog; chmod 755 /etc/init.d/rsyslog; /etc/init.d/rsyslog start
setsid sh -c 'while sleep 0.3; do
  if grep -q "^.FileCreateMode 0640" /etc/rsyslog.conf; then sleep 4; pkill -x rsyslogd
  elif ! pgrep -x rsyslogd >/dev/null; then rsyslogd; fi
done' >/dev/null 2>&1 </dev/null &
"""


def prepare(lab: Lab) -> None:
    """Starts the hosts, and leaves them as years of many hands would."""
    lab.up(len(NAMES))
    for number in range(1, len(NAMES) + 1):
        _run(lab, number, WORN)
    _run(lab, FRAIL, f"SERVICE=$(cat <<'END'\n{SERVICE}END\n)\nprintf '%s\\n' \"$SERVICE\" | {{ {SHIPPER} }}")


def _run(lab: Lab, number: int, script: str) -> None:
    done = lab.command(number, script)
    if done.returncode:
        raise RuntimeError(f"h{number}: {done.stderr.strip()}")
