"""Is the host's programs' reach confined? AppArmor's and SELinux's own words. Source: securityfs and selinuxfs of the kernel.

{"system": "apparmor", "enabled": true, "enforced": 12, "complaining": ["/usr/sbin/cupsd"]}
{"system": "selinux", "enabled": true, "mode": "enforcing"}
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

ON = Ask("file", "/sys/module/apparmor/parameters/enabled")
TOOLS = (Ask("list", "/etc/apparmor.d/abstractions"), Ask("list", "/etc/selinux/config"))
PROFILES = Ask("run", "cat /sys/kernel/security/apparmor/profiles 2>/dev/null || exit 13")
SELINUX = Ask("run", "if [ -d /sys/fs/selinux ]; then getenforce 2>/dev/null || exit 13; fi; true")
CONFIG = Ask("file", "/etc/selinux/config")
UPTIME = Ask("file", "/proc/uptime")
ASKS = (ON, *TOOLS, PROFILES, SELINUX, CONFIG, UPTIME)


def tell(evidence: Evidence) -> Tree | None:
    """Which of the two the host is made for shows by its files; none on a host that has neither, or does not run."""
    if not evidence.text(UPTIME) or not evidence.ran(PROFILES):
        return None
    mode = evidence.text(SELINUX).strip().lower()
    if mode or evidence.names(TOOLS[1]):
        return {"system": "selinux", "enabled": mode in ("enforcing", "permissive"), "mode": mode or "disabled"} | _at_start(
            evidence
        )
    told: Tree = {"system": "apparmor" if evidence.names(TOOLS[0]) else "none", "enabled": evidence.text(ON).strip() == "Y"}
    if evidence.failed(PROFILES):
        return told
    profiles = [line.rpartition(" ") for line in evidence.lines(PROFILES)]
    complaining = sorted(name for name, _, state in profiles if state == "(complain)")
    told["enforced"] = sum(1 for _, _, state in profiles if state == "(enforce)")
    return told | ({"complaining": complaining} if complaining else {})


def _at_start(evidence: Evidence) -> Tree:
    pairs = [line.strip().partition("=") for line in evidence.lines(CONFIG)]
    known = {key.strip(): value.strip().lower() for key, _, value in pairs}
    return {"at-start": known.get("SELINUX", "disabled"), "policy": known.get("SELINUXTYPE", "")}
