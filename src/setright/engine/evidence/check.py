"""Is a pack whole and ours? Told from the pack and a public key alone, each fault with its place. Nothing is unpacked."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from setright.engine.error import EngineError
from setright.engine.evidence.archive import ArchiveMember, archive_members, laid_out
from setright.engine.evidence.manifest import MANIFEST, SIGNATURE, LedgerRange, Manifest, PackedFile, signed_bytes
from setright.engine.record import Record, is_signed, read_record

LEDGER = "ledger.jsonl"


class Flaw(msgspec.Struct, frozen=True):
    """What is not as it was packed, and where: a file, a record, or a byte of the archive."""

    place: str
    what: str


class Checked(msgspec.Struct, frozen=True):
    """What was found of a pack; `manifest` None where there is none to trust."""

    files: int
    records: int
    flaws: tuple[Flaw, ...]
    manifest: Manifest | None = None

    @property
    def whole(self) -> bool:
        return not self.flaws


def check(pack: bytes, key: Ed25519PublicKey) -> Checked:
    """Never raises on what the pack holds: whatever is wrong with it is a flaw."""
    pieces = list(archive_members(pack))
    named = {piece.name: piece for piece in reversed(pieces)}  # of two of one name the first
    try:
        manifest = _manifest(named, key)
    except EngineError as error:
        return Checked(len(pieces), 0, (Flaw(MANIFEST, str(error)), *_cut(pieces, pack)))
    flaws = [flaw for entry in manifest.files for flaw in _file(entry, named.get(entry.name))]
    known = {MANIFEST, SIGNATURE, *(entry.name for entry in manifest.files)}
    flaws += [Flaw(piece.name, "is not in the signed list: it was put in") for piece in pieces if piece.name not in known]
    records, wrong = _ledger(named[LEDGER].data if LEDGER in named else b"", manifest, key)
    flaws += wrong
    if not flaws:
        flaws += _form(pack, {name: named[name].data for name in (MANIFEST, SIGNATURE, *(e.name for e in manifest.files))})
    return Checked(len(pieces), records, tuple(flaws), manifest)


def _manifest(named: dict[str, ArchiveMember], key: Ed25519PublicKey) -> Manifest:
    for name in (MANIFEST, SIGNATURE):
        if name not in named or not named[name].is_whole:
            raise EngineError(f"{name} is not there, or cut: this is no pack of ours, or not all of it")
    data = named[MANIFEST].data
    try:
        key.verify(bytes.fromhex(named[SIGNATURE].data.decode("ascii").removesuffix("\n")), signed_bytes(data))
        return msgspec.json.decode(data, type=Manifest)
    except (InvalidSignature, ValueError) as error:
        raise EngineError(
            "its signature is not of this key: the list or the signature was changed, or the key is another"
        ) from error


def _file(entry: PackedFile, piece: ArchiveMember | None) -> list[Flaw]:
    if piece is None:
        return [Flaw(entry.name, "is missing")]
    if not piece.is_whole or len(piece.data) < entry.size_bytes:
        return [Flaw(entry.name, f"is cut: {len(piece.data)} of {entry.size_bytes} bytes are there")]
    if sha256(piece.data).hexdigest() != entry.sha256:
        return [Flaw(entry.name, f"was changed: its SHA-256 is not {entry.sha256}")]
    return []


def _cut(pieces: list[ArchiveMember], pack: bytes) -> list[Flaw]:
    return [Flaw(f"byte {len(pack)}", f"the archive ends within {piece.name}") for piece in pieces if not piece.is_whole]


def _ledger(data: bytes, manifest: Manifest, key: Ed25519PublicKey) -> tuple[int, list[Flaw]]:
    """Each record for itself, then that they are the parts the list names, and that each names the one before."""
    flaws: list[Flaw] = []
    records: list[Record] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            records.append(read_record(line, key))
        except EngineError as error:
            flaws.append(Flaw(f"{LEDGER} line {number}", str(error)))
    there = {record.seq: record for record in records}
    for segment in manifest.ledger:
        flaws += _segment(segment, there)
    head = manifest.head
    if not is_signed(key, head.signature, head.statement()):
        flaws.append(Flaw("head", "the signature of the ledger's head is not of this key"))
    if head.seq in there and there[head.seq].hash != head.hash:
        flaws.append(Flaw(f"record {head.seq}", "is not the one that was signed as the last"))
    return len(records), flaws


def _segment(segment: LedgerRange, there: dict[int, Record]) -> list[Flaw]:
    flaws = []
    for seq in range(segment.first, segment.last + 1):
        record, before = there.get(seq), there.get(seq - 1)
        if record is None:
            flaws.append(Flaw(f"record {seq}", "is missing"))
        elif before is not None and record.previous != before.hash:
            flaws.append(Flaw(f"record {seq}", "does not name the hash of the record before it"))
    return flaws


def _form(pack: bytes, files: dict[str, bytes]) -> list[Flaw]:
    """The archive's own bytes: all that the files' digests do not cover."""
    right = laid_out(files)
    if pack == right:
        return []
    at = next((place for place, (a, b) in enumerate(zip(pack, right, strict=False)) if a != b), min(len(pack), len(right)))
    if at == len(pack):
        return [Flaw(f"byte {at}", f"the archive is cut: {len(right) - at} bytes are missing at its end")]
    return [Flaw(f"byte {at}", "the archive's own frame was changed, or something was put in")]
