"""What a target answered to a fact's questions, easy to read; and what several facts look at. Pure."""

from __future__ import annotations

from setright.surfaces.linux.script import ENDINGS
from setright.surfaces.linux.transport import Answers, Ask, Reply

MACHINE_ID = Ask("file", "/etc/machine-id")
WTMP = Ask("file", "/var/log/wtmp")
PASSWD, SHADOW, GROUP = Ask("file", "/etc/passwd"), Ask("file", "/etc/shadow"), Ask("file", "/etc/group")
UPTIME = Ask("file", "/proc/uptime")
NEVER_BOOTED = (MACHINE_ID, WTMP, UPTIME)
NO_SHELLS = ("nologin", "false", "sync", "shutdown", "halt")


class Evidence:
    """The answers, by question. What was not asked counts as not there."""

    def __init__(self, found: Answers) -> None:
        self._found = found

    def all(self, ask: Ask) -> list[Reply]:
        return [each for each in self._found.get(ask, ()) if each.data is not None]

    def text(self, ask: Ask) -> str:
        return "\n".join((each.data or b"").decode(errors="replace") for each in self.all(ask))

    def lines(self, ask: Ask) -> list[str]:
        return [line for line in self.text(ask).splitlines() if line.strip()]

    def names(self, *asks: Ask) -> list[str]:
        """The paths that were found."""
        return [each.name for ask in asks for each in self.all(ask)]

    def barred(self, *asks: Ask) -> str:
        """Why something could not be read; empty where all could. Folders among files asked for by a pattern are passed over, and
        what a link to /dev/null has switched off."""
        found = ((ask, each) for ask in asks for each in self._found.get(ask, ()))
        replies = [(ask, each) for ask, each in found if each.data is None and each.real != "/dev/null"]
        return next((f"{r.name} {r.error}" for ask, r in replies if r.error != ENDINGS["folder"] or r.name == ask.name), "")

    def ran(self, ask: Ask) -> bool:
        """Whether a command could be run at all."""
        return bool(self.all(ask))

    def failed(self, ask: Ask) -> bool:
        """Whether a command that could be run ended with an error."""
        return any(each.error for each in self.all(ask))

    def rows(self, ask: Ask) -> list[list[str]]:
        """Colon separated records: passwd, shadow, group."""
        return [line.split(":") for line in self.lines(ask) if ":" in line]

    def shells(self) -> dict[str, str]:
        """Accounts with a shell that lets them work, and their home; needs `PASSWD`."""
        rows = [row for row in self.rows(PASSWD) if len(row) >= 7]
        return {row[0]: row[5] for row in rows if row[6].rpartition("/")[2] not in NO_SHELLS}

    def never_booted(self) -> bool:
        """An image that was made and never started: it does not run, no machine id yet, nobody ever logged in.
        Needs `NEVER_BOOTED`."""
        identity, runs = self.text(MACHINE_ID).strip(), self.text(UPTIME)
        return not runs and identity in ("", "uninitialized") and not any(each.data for each in self.all(WTMP))

    def since_boot(self) -> str:
        """How far back the kernel's counters reach; needs `UPTIME`."""
        words = self.text(UPTIME).split()
        return f"since the start {age(float(words[0]))} ago" if words else "since the start"


def age(seconds: float) -> str:
    """A span of time as people say it."""
    for name, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} seconds"


def count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def some(names: list[str], most: int = 4) -> str:
    """A few of the names, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
