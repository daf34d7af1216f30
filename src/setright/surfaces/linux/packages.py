"""The shell side of packages: installing and removing one, and nothing else with it. Source: apt-get(8), dpkg-query(1), dnf(8)."""

from __future__ import annotations

import re
import shlex

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.transport import Ask

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")
APT = "DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o Dpkg::Options::=--force-confold"


def version(name: str) -> Ask:
    """What to ask so that exactly this version can come back."""
    quoted = _checked(name)
    return Ask(
        "run",
        f"""if [ -e /var/lib/dpkg/status ]; then dpkg-query -W -f='${{Version}}' {quoted}
else rpm -q --qf '%{{VERSION}}-%{{RELEASE}}' {quoted}; fi 2>/dev/null; true""",
    )


def install(manager: str, name: str, kept: str = "") -> str:
    """Of the version kept, where one is: that is a way back."""
    quoted = _checked(name)
    if manager == "rpm":
        return f"dnf -y -q install {quoted}{f'-{shlex.quote(kept)}' if kept else ''} >&2 || exit 1"
    wanted = f"{quoted}={shlex.quote(kept)}" if kept else quoted
    return f"{_there(quoted)} || {APT} install --no-install-recommends {wanted} >&2 || exit 1"


def remove(manager: str, name: str, kept: str = "") -> str:
    """Configuration files stay. What needs the package keeps it from being removed."""
    quoted = _checked(name)
    if manager == "rpm":
        return f"dnf -y -q remove --noautoremove {quoted} >&2 || exit 1"
    return f"""{_there(quoted)} || exit 0
others=$(apt-get -s -o Debug::NoLocking=1 remove {quoted} | awk '$1 == "Remv" {{print $2}}' | grep -vxF {quoted})
if [ -n "$others" ]; then echo "removing it would also remove" $others >&2; exit 1; fi
{APT} remove {quoted} >&2 || exit 1"""


def _there(quoted: str) -> str:
    return f"[ \"$(dpkg-query -W -f='${{db:Status-Status}}' {quoted} 2>/dev/null)\" = installed ]"


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise SurfaceError(f"{name!r} is no name of a package")
    return shlex.quote(name)
