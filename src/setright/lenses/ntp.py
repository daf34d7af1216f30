"""ntp.conf of NTPsec and ntpd. Source: ntp.conf(5) of NTPsec 1.2: ``#`` begins a comment anywhere, the last directive counts.

    {"pool": ["0.debian.pool.ntp.org iburst"], "restrict": ["default kod nomodify nopeer noquery limited"], "leapfile": "/a"}

Sources and rules of access are lists, since their lines add up.
"""

from __future__ import annotations

import re

from setright.lenses._directives import Directives

LISTS = (
    "server",
    "pool",
    "peer",
    "unpeer",
    "refclock",
    "broadcast",
    "manycastclient",
    "restrict",
    "unrestrict",
    "disable",
    "enable",
    "interface",
    "nic",
    "includefile",
    "statistics",
    "filegen",
    "setvar",
    "tos",
    "tinker",
    "logconfig",
    "fudge",
)
DIRECTIVE = re.compile(r"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9]*)(?:(?P<gap>[ \t]+)(?P<value>[^\s#][^\r#]*?))?[ \t\r]*(?:#.*)?$")
FORMAT = Directives(LISTS, DIRECTIVE)
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span
