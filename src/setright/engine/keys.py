"""The state directory's own keys: made once, readable by their owner alone, never sent anywhere.

`ledger.key` signs (Ed25519, RFC 8032); `snapshots.key` and `fingerprints.key` are 32 random bytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from setright.engine.durable import create
from setright.engine.error import EngineError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = 32


def secret_key(state: Path, name: str) -> bytes:
    """The 32 bytes of STATE/keys/NAME.key, made at random where there are none yet."""
    data = _kept(state / "keys" / f"{name}.key", os.urandom(KEY_BYTES))
    if len(data) != KEY_BYTES:
        raise EngineError(
            f"{state / 'keys' / name}.key: {len(data)} bytes, {KEY_BYTES} expected; put the right key back from your backup"
        )
    return data


def signing_key(state: Path) -> Ed25519PrivateKey:
    """The key the ledger is signed with; its public half is written beside it (`ledger.pub`) for auditors."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    place = state / "keys" / "ledger.key"
    made = b"" if place.exists() else _private_pem(Ed25519PrivateKey.generate())
    try:
        key = serialization.load_pem_private_key(_kept(place, made), password=None)
    except ValueError as error:
        raise EngineError(f"{place}: not a private key in PEM; put the right key back from your backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EngineError(f"{place}: not an Ed25519 key; put the right key back from your backup")
    if not (public := place.with_suffix(".pub")).exists():  # on a full disk there is no room to find that out by writing
        create(public, public_pem(key.public_key()))
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as an auditor takes it along (PEM, SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key(pem: bytes) -> Ed25519PublicKey:
    """The key an auditor was given. Raises EngineError on anything but an Ed25519 public key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise EngineError("not a public key in PEM; give the file STATE/keys/ledger.pub") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EngineError("not an Ed25519 public key; give the file STATE/keys/ledger.pub")
    return key


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _kept(path: Path, made: bytes) -> bytes:
    try:
        if not path.exists():
            create(path, made)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}; the state directory must be ours to write") from error
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise EngineError(f"{path}: mode {mode:04o} lets others read it; chmod 0600 it, and count what it protected as seen")
        return file.read()
