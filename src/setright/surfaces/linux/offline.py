"""A root file system that nothing runs: a mounted image, a chroot, a container's layer. Only files, and links told as units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import translate
from pathlib import Path

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.files import Files, refusal
from setright.surfaces.linux.script import UNIT_FOLDERS
from setright.surfaces.linux.transport import COMMANDS, Answers, Ask, Lot, Ran, Reply, nothing

INSTALLED = re.compile(r"^Package: (\S+)\nStatus: \S+ \S+ installed$", re.MULTILINE)
NOTHING_RUNS = "nothing runs in an offline root file system"


class Offline(Files):
    """Files below the root; what a daemon or kernel would have to answer has no answer."""

    live = False

    def find(self, asks: Sequence[Ask], meanwhile: Callable[[], None] = nothing) -> Answers:
        meanwhile()
        units = {ask: [Reply(ask.name, b"")] for ask in asks if ask.what == "unit"}
        if units:
            listing = self._unit_listing([ask.name for ask in units])
            units = {ask: [Reply(ask.name, listing)] for ask in units}
        return units | {ask: self._answer(ask) for ask in dict.fromkeys(asks) if ask not in units}

    def begin(self, asks: Sequence[Ask]) -> Lot:
        return Lot((), dict, nothing)

    def _answer(self, ask: Ask) -> list[Reply]:
        if ask.what in COMMANDS:
            return [Reply(ask.name, None, NOTHING_RUNS)]
        if ask.what == "packages":
            return self._packages()
        return [] if ask.what == "sysctl" else self.each(ask.name, ask.what, ask.pattern)

    def _packages(self) -> list[Reply]:
        """What dpkg says; the tables of rpm need rpm."""
        try:
            text = self._bytes(self.real("/var/lib/dpkg/status")).decode(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            return [Reply("dpkg", None, refusal(error))]
        names = [match[1] for match in INSTALLED.finditer(text)]
        return [Reply("dpkg", "\n".join(names).encode())]

    def _unit_listing(self, names: Sequence[str]) -> bytes:
        """What `script.unit_command` would print without a running systemd."""
        called = re.compile("|".join(map(translate, names))).match
        lines = []
        for path, real in self._unit_entries():
            aim = str(real.readlink()) if real.is_symlink() else ""
            if not (called(real.name) or called(aim.rpartition("/")[2])):
                continue
            lines.append(f"L\t{path}\t{'l' if aim else 'f'}\t{aim}")
            if not aim and real.is_file() and self._can_be_enabled(real):
                lines.append(f"I\t{path}")
        return "\n".join(lines).encode()

    def _can_be_enabled(self, unit: Path) -> bool:
        """Whether it says so; one that cannot be read does not."""
        with suppress(OSError):
            return b"\n[Install]" in b"\n" + self._bytes(unit)
        return False

    def _unit_entries(self) -> Iterator[tuple[str, Path]]:
        """Everything in the unit folders and the folders of links below them: its own path, and where it is."""
        folders = [(folder, self.real(folder)) for folder in UNIT_FOLDERS.split()]
        for folder, real in folders:
            for entry in sorted(real.iterdir()) if real.is_dir() else ():
                yield f"{folder}/{entry.name}", entry
                if entry.suffix in (".wants", ".requires") and entry.is_dir() and not entry.is_symlink():
                    folders.append((f"{folder}/{entry.name}", entry))

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        raise SurfaceError(f"{self.target}: {NOTHING_RUNS}")

    def banner(self) -> str:
        return f"no answer: {NOTHING_RUNS}"

    def reconnect(self) -> None:
        """A file system is reached or not: there is no way in that a change could close."""
        if not Path(self.root).is_dir():
            raise SurfaceError(f"{self.target}: {self.root} is no longer there")

    def close(self) -> None:
        """Nothing is held open."""
