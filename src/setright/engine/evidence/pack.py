"""Packs the evidence of a run. Everything in it has its secrets as fingerprints, and stands in a signed list with its SHA-256."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from setright import __version__
from setright.engine.change import PRIVATE, Lapsed, changes
from setright.engine.error import EngineError
from setright.engine.evidence.archive import laid_out
from setright.engine.evidence.manifest import MANIFEST, SIGNATURE, LedgerRange, Manifest, PackedFile, signed_bytes
from setright.engine.keys import public_pem, secret_key, signing_key
from setright.engine.ledger import Ledger
from setright.engine.record import Record, canonical, read_head, read_record
from setright.engine.redact import redact_text, redact_value
from setright.engine.snapshots import Snapshots
from setright.engine.store import Run, Store
from setright.engine.times import now, stamp
from setright.model import Document, Kept, Plain, Plan
from setright.policy.exceptions import FindingException

PACKED = "evidence packed"
ENDINGS = ("verified", "unverified", "reverted", "refused", "hand", "lapsed")


class Packer:
    """Makes packs of the runs of one state directory."""

    def __init__(self, state: Path, store: Store, ledger: Ledger) -> None:
        self._state, self._store, self._ledger = state, store, ledger
        self._key = signing_key(state)
        self._fingerprints = secret_key(state, "fingerprints")
        self._snapshots = Snapshots(state)

    def pack(self, run_id: str) -> bytes:
        """The pack, recorded in the ledger. Raises EngineError where there is no such run, or its ledger is not whole."""
        run = self._store.run(run_id)
        plans = [self._store.plan(part.hash) for part in run.plans]
        records = self._records(run, {plan.hash for plan in plans})
        head = read_head(self._ledger.path.with_suffix(".head"), self._key.public_key())
        if head is None or not records:
            raise EngineError(f"{run_id}: the ledger says nothing of it; see `setright ledger verify`")
        files = dict(self._files(run, plans, records))
        made = Manifest(
            f"setright {__version__}",
            run.id,
            stamp(now()),
            head,
            tuple(_segments(records)),
            tuple(PackedFile(name, len(data), sha256(data).hexdigest()) for name, data in files.items()),
        )
        listed = canonical(made)
        signature = self._key.sign(signed_bytes(listed)).hex().encode() + b"\n"
        packed = laid_out({MANIFEST: listed, SIGNATURE: signature, **files})
        self._ledger.append(PACKED, {"run": run.id, "sha256": sha256(packed).hexdigest(), "size_bytes": len(packed)})
        return packed

    def _files(self, run: Run, plans: Sequence[Plan], records: Sequence[Record]) -> Iterator[tuple[str, bytes]]:
        """Each file of the pack by its name."""
        yield "run.json", self._json(run)
        hashes = [plan.hash for plan in plans]
        asked_by, approvals = self._store.asked_by(hashes), self._store.every_approval(hashes)
        excepted = {each.finding: each for each in self._store.exceptions()}
        for place, (part, plan) in enumerate(zip(run.plans, plans, strict=True), 1):
            folder = f"plans/{place:04}-{plan.hash[:12]}"
            yield f"{folder}/plan.json", self._json(plan)
            decided = {"lane": plan.lane, "reason": plan.reason, "asked_by": asked_by.get(plan.hash, "")}
            approved = msgspec.to_builtins(approvals.get(plan.hash, ()))
            yield (
                f"{folder}/decision.json",
                self._json(decided | {"breaks_if": plan.breaks_if, "belongs": plan.belongs, "approvals": approved}),
            )
            yield f"{folder}/checks.json", self._json(self._checks(run, plan, records, part.outcome))
            yield f"{folder}/exceptions.json", self._json([_told(excepted[f]) for f in plan.findings if f in excepted])
            yield from self._documents(folder, plan, self._store.kept(run.id, plan.hash))
        yield "ledger.jsonl", b"".join(canonical(record) + b"\n" for record in records)
        yield "ledger.pub", public_pem(self._key.public_key())
        yield "READ-ME.txt", READ_ME.encode()

    def _checks(self, run: Run, plan: Plan, records: Sequence[Record], outcome: str | None) -> Plain:
        """What was found before, what the checks and the health probes said after, and how it ended."""
        mine = [r for r in records if r.body.get("run") == run.id and r.body.get("plan") == plan.hash]
        found = [self._store.finding(finding) for finding in plan.findings]
        return {
            "found_before": [msgspec.to_builtins(each) for each in found if each],
            "checked": [{"at": r.at, "event": r.event, **r.body} for r in mine if r.event in ("checked", "checked back")],
            "ended": [{"at": r.at, "outcome": r.event, "why": r.body.get("why", "")} for r in mine if r.event in ENDINGS],
            "outcome": outcome,
        }

    def _documents(self, folder: str, plan: Plan, kept: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each document before and after, without its secrets; the digests are those of the real bytes."""
        prior = [self._snapshots.get(address) for address in kept]
        told = []
        after = _after(plan, prior)
        for number, planned in enumerate(plan.changes, 1):
            before = next((each for each in prior if each.locator == planned.locator), None)
            name = f"{folder}/document-{number:02}"
            told.append({"locator": planned.locator, "sha256_before": planned.before, "sha256_after": planned.after})
            if planned.lens in PRIVATE:
                continue
            if before is not None:
                yield f"{name}-before.txt", self._shown(before.data, planned.locator)
            if planned.locator in after:
                yield f"{name}-after.txt", self._shown(after[planned.locator], planned.locator)
            yield f"{name}.diff", planned.diff.encode("utf-8", "surrogateescape")
        yield f"{folder}/documents.json", self._json(told)

    def _records(self, run: Run, hashes: set[str]) -> list[Record]:
        """All between the run's first record and its last, and what was recorded of its plans before."""
        every = list(self._every_record())
        within = [r.seq for r in every if _is_of(r, run.id)]
        if not within:
            return []
        first, last = min(within), max(within)
        mine = [r for r in every if first <= r.seq <= last or (r.seq < first and _names(r, hashes))]
        return [read_record(canonical(record), self._key.public_key()) for record in mine]

    def _every_record(self) -> Iterator[Record]:
        """As they stand there; those that are taken are checked one by one."""
        with self._ledger.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield msgspec.json.decode(line, type=Record)
                except msgspec.DecodeError as error:
                    raise EngineError(f"{self._ledger.path}: line {number} is no record; see `setright ledger verify`") from error

    def _json(self, value: Plain) -> bytes:
        plain = redact_value((), msgspec.to_builtins(value, str_keys=True), self._fingerprints)
        return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"

    def _shown(self, data: bytes | None, locator: str) -> bytes:
        """The text without its secrets; of what does not exist nothing."""
        text = (data or b"").decode("utf-8", "surrogateescape")
        return redact_text(text, locator, self._fingerprints).encode("utf-8", "surrogateescape")


def _after(plan: Plan, prior: Sequence[Kept]) -> Mapping[str, bytes | None]:
    """The documents as the plan leaves them; nothing where they cannot be made again, as by another version of the program."""
    documents = {each.locator: Document(each.locator, each.data, each.lens) for each in prior}
    if not all(planned.locator in documents for planned in plan.changes):
        return {}
    try:
        return {change.locator: change.after for change in changes(plan, documents)}
    except Lapsed:
        return {}


def _is_of(record: Record, run: str) -> bool:
    return isinstance(record.body, dict) and run in (record.body.get("run"), record.body.get("of")) and record.event != PACKED


def _names(record: Record, hashes: set[str]) -> bool:
    return isinstance(record.body, dict) and record.body.get("plan") in hashes and "run" not in record.body


def _segments(records: Sequence[Record]) -> Iterator[LedgerRange]:
    """First and last of each unbroken run of records."""
    first = last = records[0].seq
    for record in records[1:]:
        if record.seq != last + 1:
            yield LedgerRange(first, last)
            first = record.seq
        last = record.seq
    yield LedgerRange(first, last)


def _told(made: FindingException) -> Plain:
    return msgspec.to_builtins(made) | {"until": stamp(made.until), "made_at": stamp(made.made_at)}


READ_ME = """\
What a run of setright did, who decided it, and what came of it.

run.json                     the run: its plans, how each ended, the addresses of the states kept before
plans/N/plan.json            the plan as it was shown and agreed to; its hash is what approvals are bound to
plans/N/decision.json        why it could run: the lane, the reason, what might break, who asked and who agreed
plans/N/document-*           each document before, after, and the difference; secrets are fingerprints
plans/N/documents.json       SHA-256 of each document's real bytes before and after
plans/N/checks.json          what was found before, what checks and health probes said after, how it ended
plans/N/exceptions.json      what is knowingly left open of it
ledger.jsonl                 the signed records of the ledger that speak of it, each chained to the one before
manifest.json, manifest.sig  every file with its SHA-256, the parts of the ledger, its head; and the Ed25519 signature

To check all of it, offline, with the public key that you were given otherwise than by this file:

    setright ledger verify --pack PACK.zip --key ledger.pub
"""
