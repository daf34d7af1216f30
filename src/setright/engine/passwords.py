"""Where the password for sudo is, target by target: a name, never the password itself. Asked for when a host first needs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from getpass import getpass
from typing import TYPE_CHECKING

from setright.engine.configuration import Configuration, Target
from setright.engine.error import EngineError
from setright.engine.secret_places import ASK
from setright.surfaces.base import SurfaceError

if TYPE_CHECKING:
    from setright.surfaces.linux.sudo import Password


class Passwords:
    """Targets that name the same place share one password, and what is learnt of it."""

    def __init__(self, configuration: Configuration, prompt: Callable[[str], str] = getpass) -> None:
        self._default = configuration.sudo
        self._prompt = prompt
        self._made: dict[str, Password] = {}

    def of(self, target: Target) -> Password | None:
        """None: sudo is to work without one. A target's own goes before the one for all."""
        place = target.sudo or self._default
        if not place or not target.url.startswith("ssh:"):
            return None
        from setright.surfaces.linux.sudo import Password

        return self._made.setdefault(place, Password(partial(self._had, place, os.environ)))

    def _had(self, place: str, environ: Mapping[str, str]) -> str:
        """What stands there. Raises SurfaceError, which names the place."""
        from setright.engine.channels import secret

        try:
            word = self._prompt("Password for sudo: ") if place == ASK else str(secret(place, "sudo", environ))
        except EngineError as error:
            raise SurfaceError(str(error)) from error
        except (OSError, EOFError) as error:
            raise SurfaceError(
                "sudo: there is no terminal to ask for the password at; name an env:, file: or keyring: place"
            ) from error
        if not word or "\n" in word:
            raise SurfaceError(f"sudo: what {place} gives is no password")
        return word
