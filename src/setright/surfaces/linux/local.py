"""This host: files through the kernel, everything that runs through a shell beside them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import script
from setright.surfaces.linux.banner import banner
from setright.surfaces.linux.files import Files
from setright.surfaces.linux.shell import FIND_S
from setright.surfaces.linux.sysctl import path_of
from setright.surfaces.linux.transport import COMMANDS, STATE, Answers, Ask, Lot, Ran, Reply, nothing

PATH = f"{script.FOLDERS}:/run/current-system/sw/bin"  # none of the caller's own folders; the last is NixOS'
OF_SHELL = (*COMMANDS, "unit", "packages")


class Local(Files):
    """The host this program runs on, with the rights it runs with."""

    live = True

    def __init__(self) -> None:
        super().__init__("host:local", Path("/"))

    def find(self, asks: Sequence[Ask], meanwhile: Callable[[], None] = nothing) -> Answers:
        asks = list(dict.fromkeys(asks))
        lot = self.begin(asks)
        try:
            meanwhile()
            found = {ask: self._answer(ask) for ask in asks if ask.what not in OF_SHELL}
            return {**found, **lot.answers()}
        finally:
            lot.stop()

    def begin(self, asks: Sequence[Ask]) -> Lot:
        """What needs no shell is read in no time."""
        asks, nonce = [ask for ask in asks if ask.what in OF_SHELL], token_hex(16)
        if not asks:
            return Lot((), dict, nothing)
        running = _Running(self.target, script.question(asks, nonce), FIND_S)
        return Lot(asks, lambda: script.answers(asks, nonce, running.ended().out), running.stop)

    def _answer(self, ask: Ask) -> list[Reply]:
        if ask.what == "sysctl":
            return [self._sysctl(found) for found in self.each(path_of(ask.name), "list") if is_ours(found.name)]
        return self.each(ask.name, ask.what, ask.pattern)

    def _sysctl(self, found: Reply) -> Reply:
        """One read, since the kernel gives a parameter's value to the first read only."""
        try:
            handle = os.open(found.name, os.O_RDONLY | os.O_NONBLOCK)
            try:
                return Reply(found.name, b" ".join(os.read(handle, 65536).split()))
            finally:
                os.close(handle)
        except OSError:
            return Reply(found.name, None, script.ENDINGS["barred"])

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        try:
            done = subprocess.run(
                ["/bin/sh"], input=script.encode(), capture_output=True, timeout=timeout_s, check=False, env=_ours()
            )
        except subprocess.TimeoutExpired as error:
            raise SurfaceError(f"{self.target}: a script did not end within {timeout_s:g} s") from error
        return Ran(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def lock_folder(self) -> Path:
        folder = Path(STATE)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def banner(self) -> str:
        port = self.run(f"{script.PRELUDE}sshd -T 2>/dev/null | sed -n 's/^port //p'").out.split()
        return banner("127.0.0.1", int(port[0]) if port else 22)

    def reconnect(self) -> None:
        """This program is the way in; it is still here."""

    def close(self) -> None:
        """Nothing is held open."""


class _Running:
    """A script and all that it starts. What it prints is kept in memory, so that it never waits for us."""

    def __init__(self, target: str, script: str, timeout_s: float) -> None:
        self._target, self._timeout_s = target, timeout_s
        self._given, self._out, self._err = (os.fdopen(os.memfd_create("setright"), "w+b") for _ in range(3))
        self._given.write(script.encode())
        self._given.seek(0)
        self._shell = subprocess.Popen(
            ["/bin/sh"], stdin=self._given, stdout=self._out, stderr=self._err, env=_ours(), process_group=0
        )

    def ended(self) -> Ran:
        try:
            status = self._shell.wait(self._timeout_s)
            for each in (self._out, self._err):
                each.seek(0)
            return Ran(status, self._out.read(), self._err.read().decode(errors="replace"))
        except subprocess.TimeoutExpired as error:
            raise SurfaceError(f"{self._target}: a script did not end within {self._timeout_s:g} s") from error
        finally:
            self.stop()

    def stop(self) -> None:
        if self._shell.poll() is None:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        for each in (self._given, self._out, self._err):
            each.close()


def _ours() -> dict[str, str]:
    return os.environ | {"PATH": PATH}


def is_ours(parameter: str) -> bool:
    """Whether a kernel parameter is this system's own. In a container most are its host's: root may not write what root may."""
    if os.geteuid() or os.access(parameter, os.W_OK):
        return True
    return not Path(parameter).stat().st_mode & 0o200
