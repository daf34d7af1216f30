"""Messages as the engine makes them, one of each sort."""

from setright.integrations.message import Message

FINDING = {
    "finding": "f-1a2b3c",
    "control": "linux/sshd/root-login",
    "title": "Root cannot log in over SSH",
    "severity": "high",
    "verdict": "fail",
    "target": "ssh://ops@shop-1",
    "resource": "sshd",
    "kind": "linux/sshd",
    "location": {"path": "/etc/ssh/sshd_config", "line": 3, "end_line": 3},
    "frameworks": {"cis-debian-12": ["5.1.20"]},
    "lane": "ask",
    "reason": 'a | b = c \\ d ^ "e"\nsecond line ünï',
    "risk": 52,
    "owner": "web",
}
PLAN = {
    "actor": "ann",
    "seq": 7,
    "run": "r1",
    "plan": "9f" * 32,
    "target": "ssh://ops@shop-1",
    "document": "/etc/ssh/sshd_config",
    "why": "",
    "controls": ["linux/sshd/root-login"],
    "lane": "ask",
}


def message(event="finding.opened", number=1, body=None, item="f-1a2b3c"):
    told = body if body is not None else (PLAN if event.startswith("plan.") else FINDING)
    return Message(f"m{number:04}", "soc", item, event, "2026-01-02T03:04:05.000006Z", told)
