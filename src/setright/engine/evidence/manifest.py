"""The list of a pack: every file with its digest, which records of the ledger are there, and what its head was."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from setright.engine.record import Head

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


class PackedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the pack."""

    name: str
    size_bytes: int
    sha256: str


class LedgerRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An unbroken part of the ledger, by the numbers of its first and last record."""

    first: int
    last: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`head` was the ledger's last record when the pack was made; `files` stand in the order of the archive."""

    made_by: str
    run: str
    made_at: str
    head: Head
    ledger: tuple[LedgerRange, ...]
    files: tuple[PackedFile, ...]


def signed_bytes(manifest: bytes) -> bytes:
    """What is signed: nothing else of ours can be taken for it."""
    return b"setright evidence " + sha256(manifest).hexdigest().encode()
