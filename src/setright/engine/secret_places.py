"""Names of places that a secret is had from, as `setright.toml` and the environment write them; never the secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from setright.engine.error import EngineError

ASK = "ask"  # at the terminal
SecretPlace = Annotated[str, msgspec.Meta(pattern=rf"^$|^{ASK}$|^(env|file|keyring):.")]


def place_in(environ: Mapping[str, str], name: str) -> str:
    """The place that a variable names; empty where it is not set. Raises EngineError, which does not tell what it held."""
    try:
        return msgspec.convert(environ.get(name, ""), SecretPlace)
    except msgspec.ValidationError as error:
        raise EngineError(f"{name}: names no place; write env:NAME, file:/path, keyring:service/user, or {ASK}") from error
