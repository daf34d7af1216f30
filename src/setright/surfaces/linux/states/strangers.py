"""What Samba, rsync and xinetd offer to whoever calls, by their files. Sources: smb.conf(5), rsyncd.conf(5), xinetd.conf(5).

    {"samba-write": ["x (/srv/x)"], "samba-read": ["pub (/srv/pub)"], "samba-old": ["server min protocol = NT1"],
     "rsync-write": ["x (/srv/x)"], "rsync-read": ["all (/)"], "clear-text": ["telnet (/etc/xinetd.d/telnet)"]}

`samba-read` and `rsync-read` are what guests may read, of rsync where that is not made to be read: the whole disk, homes, settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

SAMBA, RSYNC = Ask("file", "/etc/samba/smb.conf"), Ask("file", "/etc/rsyncd.conf")
XINETD = tuple(Ask("file", name) for name in ("/etc/xinetd.conf", "/etc/xinetd.d/*"))
ASKS = (SAMBA, RSYNC, *XINETD)
SAME = {
    "public": "guestok",
    "writable": "writeable",
    "writeok": "writeable",
    "allowhosts": "hostsallow",
    "minprotocol": "serverminprotocol",
}
NO, YES = ("no", "false", "0"), ("yes", "true", "1")
OLD = {
    "serverminprotocol": re.compile(r"(?i)core|coreplus|lanman[12]?|nt1"),
    "lanmanauth": re.compile(r"(?i)yes|true|1"),
    "ntlmauth": re.compile(r"(?i)yes|true|1|ntlmv1-permitted"),
    "nullpasswords": re.compile(r"(?i)yes|true|1"),
    "allowinsecurewidelinks": re.compile(r"(?i)yes|true|1"),
}
PRIVATE = re.compile(r"/(?:(?:etc|home|root|boot|usr|var|var/lib|var/backups)(?:/|$))?$|/(?:etc|home|root)/")
CLEAR = re.compile(
    r"(?:telnet|r?shell|rsh|r?login|r?exec|rexec|tftp|finger|systat|netstat|n?talk|(?:chargen|echo|discard|daytime|time)\S*)$"
)
SERVICE = re.compile(r"^\s*(?:service\s+(\S+)|(defaults))\s*\{([^}]*)\}", re.MULTILINE)
Section = Mapping[str, str]


def tell(evidence: Evidence) -> Tree | None:
    """None where none of them is there."""
    told: dict[str, list[Plain] | Unknown] = {}
    for sort, ask, seen in (("samba", SAMBA, _samba), ("rsync", RSYNC, _rsync)):
        sections = _sections(evidence.text(ask))
        why = evidence.barred(ask) or _included(sections)
        found = seen(sections) if evidence.all(ask) else {}
        told |= {f"{sort}-{name}": Unknown(why) for name in ("write", "read", "old") if why} | {k: v for k, v in found.items() if v}
    if why := evidence.barred(*XINETD):
        told["clear-text"] = Unknown(why)
    if services := [f"{name} ({path})" for path, name in _clear(evidence)]:
        told["clear-text"] = [*services]
    return {"of": "files", **told} if evidence.names(*ASKS) or told else None


def _sections(text: str) -> dict[str, dict[str, str]]:
    """By name; what stands before the first is ``global``. Words of keys are joined, as both programs compare them."""
    found: dict[str, dict[str, str]] = {"global": {}}
    mine = found["global"]
    for line in re.sub(r"\\\n", " ", text).splitlines():
        said = line.strip()
        if said.startswith("["):
            mine = found.setdefault(said.strip("[] \t").lower() if said.lower() == "[global]" else said.strip("[] \t"), {})
        elif said.startswith("&"):
            mine["include"] = said.partition(" ")[2]
        elif said and said[0] not in "#;" and "=" in said:
            key, _, value = said.partition("=")
            name = re.sub(r"\s+", "", key).lower()
            mine[SAME.get(name, name)] = value.strip()
    return found


def _included(sections: Mapping[str, Section]) -> str:
    named = [each["include"] for each in sections.values() if each.get("include")]
    return f"what stands in {named[0]}, which is included, was not read" if named else ""


def _samba(sections: Mapping[str, Section]) -> dict[str, list[Plain]]:
    general = sections["global"]
    shares = {name: {**general, **own} for name, own in sections.items() if name != "global"}
    lets = {name: s for name, s in shares.items() if _is(s, "guestok") and not _is(s, "printable") and not s.get("hostsallow")}
    told = {name: f"{name} ({share.get('path', '')})" for name, share in lets.items()}
    writes = {name for name, s in lets.items() if _is(s, "writeable") or s.get("readonly", "yes").lower() in NO}
    old: list[Plain] = [f"{key} = {general[key]}" for key, bad in OLD.items() if bad.fullmatch(general.get(key, ""))]
    write: list[Plain] = [told[name] for name in told if name in writes]
    return {"samba-write": write, "samba-read": [told[name] for name in told if name not in writes], "samba-old": old}


def _rsync(sections: Mapping[str, Section]) -> dict[str, list[Plain]]:
    general = sections["global"]
    modules = {name: {**general, **own} for name, own in sections.items() if name != "global"}
    lets = {name: m for name, m in modules.items() if not m.get("authusers") and not m.get("hostsallow")}
    told = {name: f"{name} ({module.get('path', '')})" for name, module in lets.items()}
    write = {name for name, m in lets.items() if m.get("readonly", "yes").lower() in NO or _is(m, "writeonly")}
    read = {name for name, m in lets.items() if PRIVATE.match(m.get("path", ""))} - write
    return {
        "rsync-write": [told[name] for name in told if name in write],
        "rsync-read": [told[name] for name in told if name in read],
    }


def _is(section: Section, key: str) -> bool:
    return section.get(key, "").lower() in YES


def _clear(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Services of xinetd that show what is typed, or answer anybody, and are not turned off."""
    texts = [
        (reply.name, re.sub(r"(?m)^\s*#.*$", "", (reply.data or b"").decode(errors="replace")))
        for a in XINETD
        for reply in evidence.all(a)
    ]
    off = {word for _, text in texts for m in SERVICE.finditer(text) if m[2] for word in _value(m[3], "disabled").split()}
    for path, text in texts:
        for match in SERVICE.finditer(text):
            name = match[1] or ""
            if CLEAR.match(name) and _value(match[3], "disable").lower() not in YES and name not in off:
                yield path, name


def _value(block: str, key: str) -> str:
    found = re.search(rf"(?m)^\s*{key}\s*\+?=\s*(.*?)\s*$", block)
    return found[1] if found else ""
