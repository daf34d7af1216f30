"""Lynis' report (lynis-report.dat): warnings and suggestions, as ``kind[]=TEST|text|detail|solution|``.

The kernel's settings that differ stand in details alone: ``details[]=TEST|sysctl|desc:text;field:key;prefval:0;value:1;|``.
"""

from __future__ import annotations

import re

from setright.integrations.importers import Imported

LINE = re.compile(r"(warning|suggestion)\[\]=([A-Z]+-\d+)\|([^|]*)\|([^|]*)\|([^|]*)")
DETAIL = re.compile(r"details\[\]=([A-Z]+-\d+)\|sysctl\|desc:([^;|]*);field:([^;|]+);prefval:([^;|]*);value:([^;|]*)")
LINK = "https://cisofy.com/lynis/controls/{}/"
NAME = re.compile(r"[\w.:-]+")
NAMED = re.compile(r"'([\w.:-]+)'|\s(/[\w./-]*\w)")  # in a sentence: a quoted word, or a path


def read(data: bytes) -> list[Imported]:
    lines = data.decode("utf-8", "replace").splitlines()
    host = next((line.partition("=")[2] for line in lines if line.startswith("hostname=")), "")
    told = [_of(found, host) for line in lines if (found := LINE.match(line))]
    settings = [_of_setting(found, host) for line in lines if (found := DETAIL.match(line))]
    in_detail = {each.rule for each in settings}
    return [each for each in told if each.rule not in in_detail] + settings


def _of(found: re.Match[str], host: str) -> Imported:
    sort, test, said, detail, solution = found.groups()
    told = [each for each in (detail, solution) if each.strip() not in ("", "-")]
    named = NAME.match(told[0]) if told else NAMED.search(said)
    return Imported(
        "lynis",
        test,
        said,
        "medium" if sort == "warning" else "low",
        host,
        resource=next(filter(None, named.groups() or (named[0],))) if named else "",
        text="; ".join(told),
        remedy=said,
        link=LINK.format(test),
    )


def _of_setting(found: re.Match[str], host: str) -> Imported:
    test, said, key, preferred, value = found.groups()
    title = said if said not in ("", "-") else f"{key} has another value"
    remedy = f"set {key} to {preferred}"
    return Imported("lynis", test, title, "low", host, resource=key, text=f"it is {value}", remedy=remedy, link=LINK.format(test))
