"""What oscap judges Debian 12 by: the data stream of a later release's ssg-debian, fetched once by an apt with folders of its own.

python -m lab.scap               prints where it is
"""

from __future__ import annotations

import sys
from pathlib import Path

from lab.hosts import CACHE, build
from lab.packages import own_apt, run

LATER, PACKAGE = "sid", "ssg-debian"
STREAM = "usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml"


def stream() -> Path:
    """Raises RuntimeError where apt cannot have it."""
    top = CACHE / "scap"
    if not (top / STREAM).exists():
        mirror = (build() / "etc/apt/sources.list").read_text().split()[1]
        apt = own_apt(top, f"deb {mirror} {LATER} main\n")
        run(*apt, "update")
        run(*apt, "download", PACKAGE, cwd=top / "pool")
        (deb,) = (top / "pool").glob(f"{PACKAGE}_*.deb")
        run("dpkg-deb", "-x", str(deb), str(top))
    return top / STREAM


if __name__ == "__main__":
    sys.exit(print(stream()))
