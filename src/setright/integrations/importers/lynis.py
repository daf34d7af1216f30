"""Lynis' report (lynis-report.dat): warnings and suggestions, as ``kind[]=TEST|text|detail|solution|``."""

from __future__ import annotations

import re

from setright.integrations.importers import Imported

LINE = re.compile(r"(warning|suggestion)\[\]=([A-Z]+-\d+)\|([^|]*)\|([^|]*)\|([^|]*)")
LINK = "https://cisofy.com/lynis/controls/{}/"
NAME = re.compile(r"[\w.:-]+")


def read(data: bytes) -> list[Imported]:
    lines = data.decode("utf-8", "replace").splitlines()
    host = next((line.partition("=")[2] for line in lines if line.startswith("hostname=")), "")
    return [_of(found, host) for line in lines if (found := LINE.match(line))]


def _of(found: re.Match[str], host: str) -> Imported:
    sort, test, said, detail, solution = found.groups()
    told = [each for each in (detail, solution) if each.strip() not in ("", "-")]
    setting = NAME.match(told[0]) if told else None
    return Imported(
        "lynis",
        test,
        said,
        "medium" if sort == "warning" else "low",
        host,
        resource=setting[0] if setting else "",
        text="; ".join(told),
        remedy=said,
        link=LINK.format(test),
    )
