"""Root's rights where sudo asks for a password: whether it does, and whom the password is tried on. Source: sudo(8), sudoers(5)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from setright.surfaces.base import SurfaceError

Result = TypeVar("Result")
# What sudo does for us: it works, it works on a terminal alone, it asks, or nothing.
WHO = """LC_ALL=C; export LC_ALL
[ "$(id -u)" != 0 ] && command -v sudo >/dev/null || exit 0
if said=$(sudo -n true 2>&1); then echo works; else case $said in *"have a tty"*) echo tty ;; *) echo asks ;; esac; fi
"""


class SudoRefused(SurfaceError):
    """Sudo took another password than ours, or does not let us."""


class Password:
    """One password, which may be many hosts'. `ask` tells it when it is first needed.

    Until a host took it hosts are tried one by one, and where the first refuses it, it is tried on no other: a word mistyped
    must not lock an account that all of them share. Nor is it tried again on a host that refused it.
    """

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._alone = Lock()
        self._word = ""
        self._taken = False
        self._refused: dict[str, str] = {}  # why, by target

    def try_on(self, target: str, login: Callable[[str], Result]) -> Result:
        """What `login` gives, which is given the password and raises Refused."""
        with self._alone:
            self._stop_if_refused(target)
            self._word = self._word or self._ask()
            if not self._taken:
                done = self._login(target, login)
                self._taken = True
                return done
        return self._login(target, login)

    def still(self, login: Callable[[str], Result]) -> Result:
        """As `try_on`, where it worked a moment ago; that it is refused now is not the password's fault."""
        return login(self._word)

    def _login(self, target: str, login: Callable[[str], Result]) -> Result:
        try:
            return login(self._word)
        except SudoRefused as error:
            self._refused[target] = str(error)
            raise

    def _stop_if_refused(self, target: str) -> None:
        if target in self._refused:
            raise SudoRefused(self._refused[target])
        if self._refused and not self._taken:
            raise SudoRefused(f"{target}: sudo's password was not tried here, since {next(iter(self._refused))} refused it")
