"""Is there a job, unit or monitor of another account than root that could read what is closed? Source: units, crontabs, ps."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
MONITORS = (
    "telegraf", "collectd", "zabbix_agentd", "zabbix_agent2", "nrpe", "node_exporter", "prometheus-node", "datadog-agent",
    "check_mk_agent", "munin-node", "filebeat", "promtail", "vector", "fluent-bit", "fluentd", "netdata", "otelcol",
)  # fmt: skip
UNITS = Ask(
    "run",
    r"""find /etc/systemd/system -maxdepth 2 -type f \( -name '*.service' -o -name '*.conf' \) -exec grep -lE \
'^(User=[^r]|User=r[^o]|DynamicUser=(yes|true|1))' {} + 2>/dev/null; true""",
)
TABLES = Ask(
    "run",
    r"""find /var/spool/cron -type f ! -name '.*' ! -user root 2>/dev/null
awk '!/^[[:space:]]*(#|[A-Za-z_]+=|$)/ && $1 !~ /^@/ && $6 != "root" {print FILENAME " (" $6 ")"}' \
/etc/crontab /etc/cron.d/* 2>/dev/null; true""",
)
RUNNING = Ask(
    "run", f"ps -eo user=,comm= 2>/dev/null | awk '$1 != \"root\" {{print $2}}' | grep -xE '{'|'.join(MONITORS)}' | sort -u; true"
)


def asks(argument: str) -> Sequence[Ask]:
    return (UNITS, TABLES, RUNNING, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Does not hold where there is none; of one that is there nobody can tell what it reads."""
    source = "/etc/systemd/system, /var/spool/cron, /etc/cron.d, ps"
    if evidence.never_booted():
        return Answer(False, "nothing reads here: this image has never been started", "/etc/machine-id, /var/log/wtmp")
    if not evidence.text(UPTIME) or not evidence.ran(UNITS):
        return Answer(None, "what runs as another account than root cannot be told here", source)
    found = [*evidence.lines(UNITS), *evidence.lines(TABLES), *evidence.lines(RUNNING)]
    if found:
        return Answer(None, f"{some(found)} may read it, as another account than root", source)
    return Answer(False, "no unit of this site, no crontab and no monitor runs as another account than root", source)
