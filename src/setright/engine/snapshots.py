"""The prior state of every document we change, encrypted, under an address that tells nothing of its content.

One object a file, STATE/snapshots/ab/cdef...: AES-256-GCM (NIST SP 800-38D) over the msgpack of a `Kept`. The
address is a keyed digest (HMAC-SHA-256), so equal states share an object and nobody can guess one by its name.
Nothing here ever deletes one.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from setright.engine.durable import replace_all
from setright.engine.error import EngineError
from setright.engine.keys import secret_key
from setright.model import Kept

MAGIC = b"setright snapshot 1\n"
NONCE_BYTES = 12
ADDRESS = re.compile(r"[0-9a-f]{64}")


class Shelf(Protocol):
    """Where other machines find what was put here."""

    def put_snapshot(self, address: str, sealed: bytes) -> None: ...
    def snapshot(self, address: str) -> bytes | None: ...


class Snapshots:
    """The snapshots of one state directory, and of a shelf that it shares with other machines: their keys must be the same."""

    def __init__(self, state: Path, shelf: Shelf | None = None) -> None:
        root = secret_key(state, "snapshots")
        self._shelf = shelf
        self._place = state / "snapshots"
        self._cipher = AESGCM(_derived(root, b"content"))
        self._address_key = _derived(root, b"address")
        self.tag = _derived(root, b"tag").hex()[:16]  # tells keys apart

    def put(self, kept: Kept) -> str:
        """Its address. When this returns, the object outlives a power cut."""
        return self.put_all([kept])[0]

    def put_all(self, kept: Sequence[Kept]) -> list[str]:
        """The addresses. When this returns, all objects outlive a power cut; the disk is waited for once where they are many."""
        addresses: list[str] = []
        new: dict[Path, bytes] = {}
        there: list[Path] = []
        for each in kept:
            plain = msgspec.msgpack.encode(each, order="deterministic")
            addresses.append(self._address(plain))
            path = self._path(addresses[-1])
            if self._is_whole(addresses[-1]):
                there.append(path)
            else:
                new[path] = self._sealed(addresses[-1], plain)
        try:
            replace_all(new, there)
        except OSError as error:
            raise EngineError(f"{self._place}: {error.strerror}; no snapshot, so nothing is changed: make room for it") from error
        if self._shelf:
            for address in dict.fromkeys(addresses):
                self._shelf.put_snapshot(address, self._path(address).read_bytes())
        return addresses

    def _sealed(self, address: str, plain: bytes) -> bytes:
        nonce = token_bytes(NONCE_BYTES)
        return MAGIC + nonce + self._cipher.encrypt(nonce, plain, address.encode())

    def get(self, address: str) -> Kept:
        """What was put. Raises EngineError where it is missing or no longer what was written."""
        path = self._path(address)
        try:
            sealed = path.read_bytes()
        except OSError as error:
            shelved = self._shelf.snapshot(address) if self._shelf else None
            if shelved is None:
                raise EngineError(
                    f"snapshot {address}: {path}: {error.strerror}; restore {path.parent.parent} from your backup"
                ) from error
            sealed = shelved
        head = len(MAGIC) + NONCE_BYTES
        if not sealed.startswith(MAGIC):
            raise EngineError(f"snapshot {address}: {path} is not a snapshot of ours; restore it from your backup")
        try:
            plain = self._cipher.decrypt(sealed[len(MAGIC) : head], sealed[head:], address.encode())
        except (InvalidTag, ValueError) as error:
            raise EngineError(
                f"snapshot {address}: {path} was damaged or sealed with another key; restore both from your backup"
            ) from error
        return msgspec.msgpack.decode(plain, type=Kept)

    def verify(self) -> Iterator[tuple[str, str]]:
        """Address and problem of each snapshot that cannot be had back any more."""
        for path in sorted(self._place.glob("??/*")):
            address = path.parent.name + path.name
            if ADDRESS.fullmatch(address):
                try:
                    self.get(address)
                except EngineError as error:
                    yield address, str(error)

    def _is_whole(self, address: str) -> bool:
        if not self._path(address).exists():
            return False
        try:
            self.get(address)
        except EngineError:
            return False
        return True

    def _address(self, plain: bytes) -> str:
        return hmac.digest(self._address_key, plain, sha256).hex()

    def _path(self, address: str) -> Path:
        if not ADDRESS.fullmatch(address):
            raise EngineError(f"{address!r} is no snapshot's address; one is 64 hexadecimal digits")
        return self._place / address[:2] / address[2:]


def _derived(root: bytes, use: bytes) -> bytes:
    return hmac.digest(root, b"setright snapshots " + use, sha256)
