"""The record of everything decided and done: STATE/ledger.jsonl, one signed record a line, each chained to the one before.

A record is ``{actor, at, body, event, hash, previous, seq, signature}`` in canonical JSON (sorted keys, no blanks,
UTF-8): `hash` is the SHA-256 of the other fields but `signature`, `signature` the Ed25519 signature (RFC 8032) of
`hash`. STATE/ledger.head holds the signed number and hash of the last record, so that a dropped tail shows.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

import msgspec

from setright.engine.durable import create, private_directory, sync_directory
from setright.engine.error import EngineError
from setright.engine.keys import secret_key, signing_key
from setright.engine.proof import verify_ledger
from setright.engine.record import HEAD_BYTES, NOTHING, Head, Record, canonical, read_head, read_record
from setright.engine.redact import redact_value
from setright.engine.times import now, stamp
from setright.model import Plain

__all__ = ["Ledger", "verify_ledger"]

TAIL_BYTES = 1 << 16


class Ledger:
    """The ledger of one state directory, for one actor; several processes and threads may append at once."""

    def __init__(self, state: Path, actor: str) -> None:
        self.path = private_directory(state) / "ledger.jsonl"
        self.actor = actor
        self._key = signing_key(state)
        self._public = self._key.public_key()
        self._fingerprints = secret_key(state, "fingerprints")
        self._head_path = self.path.with_suffix(".head")
        self._threads = Lock()
        self._seen: tuple[int, Head] | None = None  # the file's size after our last append, and that record

    def append(self, event: str, body: Plain) -> Record:
        """The record written; it outlives a power cut when this returns. Secrets in `body` become fingerprints.

        Raises EngineError where the file cannot be written, or where its end is not what was signed last.
        """
        return self.append_all([(event, body)])[0]

    def append_all(self, entries: Sequence[tuple[str, Plain]]) -> list[Record]:
        """As `append` for each, with the disk waited for once. A crash may leave the first of them."""
        contents = [(event, self._content(body)) for event, body in entries]
        with self._threads, self._locked() as file:
            last = self._mend(file, self._last(file))
            first = [] if last.seq else self._write(file, last, contents[:1])  # a ledger of several has a head
            last = Head(first[0].seq, first[0].hash) if first else last
            return first + self._write(file, last, contents[len(first) :])

    def said(self, run: str) -> set[tuple[str, str]]:
        """The event and the plan of each record of ours about a run."""
        name, found = f'"run":"{run}"'.encode(), set[tuple[str, str]]()
        with self._threads, self._locked(), self.path.open("rb") as file:
            for line in file:
                with suppress(EngineError):
                    if name in line and "plan" in (record := read_record(line.removesuffix(b"\n"), self._public)).body:
                        found.add((record.event, record.body["plan"]))
        return found

    def _content(self, body: Plain) -> Plain:
        plain = redact_value((), msgspec.to_builtins(body, str_keys=True), self._fingerprints)
        return msgspec.json.decode(canonical(plain))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            fresh = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EngineError(f"{self.path}: {error.strerror}; nothing is done that cannot be recorded") from error
        try:
            if fresh:
                sync_directory(self.path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _last(self, file: int) -> Head:
        size = os.fstat(file).st_size
        if self._seen and self._seen[0] == size:
            return self._seen[1]
        line = last_line(file, size)
        last = Head(0, NOTHING) if line is None else self._trusted(line)
        head = read_head(self._head_path, self._public)
        if (head and head.seq >= last.seq and head != last) or (not head and last.seq > 1):
            signed = f"record {head.seq} was signed last" if head else f"{self._head_path.name} is gone"
            raise EngineError(
                f"{self.path}: ends with record {last.seq}, but {signed}; see `setright ledger verify`, "
                f"then keep {self.path.name} and {self._head_path.name} as evidence and move both away to begin a new ledger"
            )
        return last

    def _trusted(self, line: bytes) -> Head:
        try:
            record = read_record(line, self._public)
        except EngineError as error:
            raise EngineError(f"{self.path}: its last record was tampered with ({error}); see `setright ledger verify`") from error
        return Head(record.seq, record.hash)

    def _mend(self, file: int, last: Head) -> Head:
        """Moves what a crash left of an unfinished line to a file beside the ledger, and records that."""
        torn = torn_end(file)
        if not torn:
            return last
        digest = sha256(torn).hexdigest()
        aside = self.path.with_name(f"ledger.torn-{last.seq + 1}-{digest[:8]}")
        try:
            create(aside, torn)
            os.ftruncate(file, os.fstat(file).st_size - len(torn))
        except OSError as error:
            raise EngineError(f"{self.path}: {error.strerror}; its unfinished last line cannot be moved to {aside.name}") from error
        note = {"kept_as": aside.name, "size_bytes": len(torn), "sha256": digest}
        (mended,) = self._write(file, last, [("ledger.mended", note)])
        return Head(mended.seq, mended.hash)

    def _write(self, file: int, last: Head, contents: Sequence[tuple[str, Plain]]) -> list[Record]:
        records: list[Record] = []
        for event, content in contents:
            records.append(self._signed(last, event, content))
            last = Head(records[-1].seq, records[-1].hash)
        if records:
            self._append_whole(file, b"".join(canonical(record) + b"\n" for record in records))
            self._write_head(last)
            self._seen = (os.fstat(file).st_size, last)
        return records

    def _signed(self, last: Head, event: str, content: Plain) -> Record:
        unsigned = Record(last.seq + 1, stamp(now()), self.actor, event, content, last.hash)
        hashed = unsigned.content_hash()
        return msgspec.structs.replace(unsigned, hash=hashed, signature=self._key.sign(bytes.fromhex(hashed)).hex())

    def _append_whole(self, file: int, lines: bytes) -> None:
        start = os.fstat(file).st_size
        try:
            if os.write(file, lines) != len(lines):
                raise OSError(28, "no room for the whole record")
            os.fsync(file)
        except OSError as error:
            os.ftruncate(file, start)
            raise EngineError(
                f"{self.path}: {error.strerror}; nothing is done that cannot be recorded: make room for it"
            ) from error

    def _write_head(self, head: Head) -> None:
        """In place and within one disk sector, so that it is whole at any time; never newer than the synced ledger."""
        signed = msgspec.structs.replace(head, signature=self._key.sign(head.statement()).hex())
        fresh = not self._head_path.exists()
        file = os.open(self._head_path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(file, canonical(signed).ljust(HEAD_BYTES - 1) + b"\n", 0)
            if fresh:
                os.fsync(file)
        finally:
            os.close(file)


def last_line(file: int, size: int) -> bytes | None:
    """The last line that is whole, without its end; None where there is none."""
    read, end = b"", size
    while end > 0:
        start = max(0, end - TAIL_BYTES)
        read, end = os.pread(file, end - start, start) + read, start
        lines = read.split(b"\n")
        if len(lines) > (2 if start else 1):
            return lines[-2]
    return None


def torn_end(file: int) -> bytes:
    """What stands after the last line end: nothing, unless a crash came between."""
    end, torn = os.fstat(file).st_size, b""
    while end > 0:
        start = max(0, end - TAIL_BYTES)
        block = os.pread(file, end - start, start)
        cut = block.rfind(b"\n")
        torn = block[cut + 1 :] + torn
        if cut >= 0:
            break
        end = start
    return torn
