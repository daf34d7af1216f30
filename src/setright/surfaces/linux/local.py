"""This host: files through the kernel, everything that runs through a shell beside them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import script
from setright.surfaces.linux.banner import banner
from setright.surfaces.linux.files import Files
from setright.surfaces.linux.sysctl import path_of
from setright.surfaces.linux.transport import COMMANDS, STATE, Answers, Ask, Found, Ran

OF_SHELL = (*COMMANDS, "unit", "packages")


class Local(Files):
    """The host this program runs on, with the rights it runs with."""

    live = True

    def __init__(self) -> None:
        super().__init__("host:local", Path("/"))

    def find(self, asks: Sequence[Ask]) -> Answers:
        asks = list(dict.fromkeys(asks))
        with ThreadPoolExecutor(1) as pool:  # a shell mostly waits for what it starts
            told = pool.submit(self._shell, [ask for ask in asks if ask.what in OF_SHELL])
            found = {ask: self._answer(ask) for ask in asks if ask.what not in OF_SHELL}
            return found | dict(told.result())

    def _shell(self, asks: Sequence[Ask]) -> Answers:
        if not asks:
            return {}
        nonce = token_hex(16)
        return script.answers(asks, nonce, self.run(script.question(asks, nonce), 180.0).out)

    def _answer(self, ask: Ask) -> list[Found]:
        if ask.what == "sysctl":
            return [self._sysctl(found) for found in self.each(path_of(ask.name), "list") if is_ours(found.name)]
        return self.each(ask.name, ask.what, ask.pattern)

    def _sysctl(self, found: Found) -> Found:
        """One read, since the kernel gives a parameter's value to the first read only."""
        try:
            handle = os.open(found.name, os.O_RDONLY | os.O_NONBLOCK)
            try:
                return Found(found.name, b" ".join(os.read(handle, 65536).split()))
            finally:
                os.close(handle)
        except OSError:
            return Found(found.name, None, script.ENDINGS["barred"])

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        try:
            done = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, timeout=timeout_s, check=False)
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


def is_ours(parameter: str) -> bool:
    """Whether a kernel parameter is this system's own. In a container most are its host's: root may not write what root may."""
    if os.geteuid() or os.access(parameter, os.W_OK):
        return True
    return not Path(parameter).stat().st_mode & 0o200
