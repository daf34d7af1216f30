"""What a ledger is made of: records, the head, their canonical bytes and signatures (RFC 8032, RFC 8259)."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from setright.engine.error import EngineError
from setright.model import Plain

NOTHING = "0" * 64
HEAD_BYTES = 512


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing decided or done. `previous` is the hash of the record before; of the first, `NOTHING`."""

    seq: int
    at: str
    actor: str
    event: str
    body: Plain
    previous: str
    hash: str = ""
    signature: str = ""

    def content_hash(self) -> str:
        content = {
            "actor": self.actor,
            "at": self.at,
            "body": self.body,
            "event": self.event,
            "previous": self.previous,
            "seq": self.seq,
        }
        return sha256(canonical(content)).hexdigest()


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record is the last. An auditor who keeps a copy elsewhere needs to trust no later head of ours."""

    seq: int
    hash: str
    signature: str = ""

    def statement(self) -> bytes:
        return f"setright ledger head {self.seq} {self.hash}".encode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Head) and (self.seq, self.hash) == (other.seq, other.hash)

    def __hash__(self) -> int:
        return hash((self.seq, self.hash))


def canonical(value: Plain) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8: equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def read_record(line: bytes, key: Ed25519PublicKey) -> Record:
    """The record of a line. Raises EngineError, saying which of form, hash and signature is not ours."""
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineError(f"not a record: {error}") from error
    if record.hash != record.content_hash() or canonical(record) != line:
        raise EngineError("its content is not what its hash says")
    if not is_signed(key, record.signature, bytes.fromhex(record.hash)):
        raise EngineError("its signature is not ours")
    return record


def read_head(path: Path, key: Ed25519PublicKey) -> Head | None:
    """The head kept at a path; None where there is none. Raises EngineError where it is not ours."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}") from error
    try:
        head = msgspec.json.decode(data, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"{path}: not a ledger's head: {error}") from error
    if not is_signed(key, head.signature, head.statement()):
        raise EngineError(f"{path}: its signature is not ours")
    return head


def is_signed(key: Ed25519PublicKey, signature: str, statement: bytes) -> bool:
    """Whether it is, with the signature in the one form in which it is written: lower-case digits without blanks."""
    try:
        key.verify(raw := bytes.fromhex(signature), statement)
    except (InvalidSignature, ValueError):
        return False
    return raw.hex() == signature
