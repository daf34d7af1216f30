"""Does another account read from this home directory? `linux/home-is-read:ann`. Evidence: open files, unit files, web folders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import PASSWD, Evidence, some
from setright.surfaces.linux.transport import Ask


def _open(name: str) -> Ask:
    """Processes of others than the account and root that have a file or their working directory there."""
    return Ask(
        "run",
        f"""h=$(getent passwd {name} | cut -d: -f6); u=$(id -u {name}); [ -n "$h" ] && [ -r /proc/1/maps ] || exit 13
p=$(find /proc -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -uid 0 ! -uid "$u" -printf '%p/cwd %p/root %p/exe %p/fd ')
[ -z "$p" ] || find $p -maxdepth 1 -lname "$h/*" -printf '%l\\n' | sort -u; true""",
    )


def _served(name: str) -> Ask:
    """Configuration of web servers and units that names the folder, and folders that exist to be served."""
    return Ask(
        "run",
        f"""h=$(getent passwd {name} | cut -d: -f6); [ -n "$h" ] || exit 13
grep -rsIlF -- "$h/" /etc/nginx /etc/apache2 /etc/httpd /etc/systemd/system /etc/samba /etc/vsftpd.conf 2>/dev/null
[ ! -d "$h/public_html" ] || echo "$h/public_html"; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    return (PASSWD, _open(argument), _served(argument))


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where something else has it open or is configured to."""
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", argument):
        return Answer(None, "whose home? write linux/home-is-read:NAME")
    source = "/proc/PID/{cwd,exe,fd}, configuration of web servers and units"
    if any(not evidence.ran(ask) or evidence.failed(ask) for ask in (_open(argument), _served(argument))):
        return Answer(None, "what reads from it cannot be told here", source)
    used = evidence.lines(_open(argument)) + evidence.lines(_served(argument))
    if used:
        return Answer(True, f"{some(used)}", source)
    return Answer(False, f"only {argument} and root have a file of it open, and no server is configured to read there", source)
