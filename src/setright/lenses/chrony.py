"""chrony.conf and its drop-ins. Source: chrony.conf(5) of chrony 4.3: names in any case, ``! ; # %`` begin a comment line.

    {"pool": ["2.debian.pool.ntp.org iburst"], "user": "_chrony", "cmdport": 0, "rtcsync": True}

Sources and access rules are lists, since their lines add up; of other directives the last line counts.
"""

from __future__ import annotations

import re

from setright.lenses._directives import Directives

LISTS = (
    "server",
    "pool",
    "peer",
    "refclock",
    "allow",
    "deny",
    "cmdallow",
    "cmddeny",
    "confdir",
    "sourcedir",
    "include",
    "bindcmdaddress",
)
DIRECTIVE = re.compile(r"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9]*)(?:(?P<gap>[ \t]+)(?P<value>[^\s][^\r]*?))?[ \t\r]*$")
FORMAT = Directives(LISTS, DIRECTIVE)
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span
