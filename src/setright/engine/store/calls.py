"""What other programs asked for by the API, with which tokens: each call once, whatever happens between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from setright.engine.store.database import Database, Row, inserted, stored_json
from setright.engine.store.plans import among
from setright.engine.times import stamp
from setright.model import Plain

NEXT = """UPDATE calls SET state = 'running', host = :host WHERE id = (
    SELECT id FROM calls WHERE state = 'waiting' ORDER BY at, id LIMIT 1) AND state = 'waiting' RETURNING *"""
END = "UPDATE calls SET state = 'ended', status = :status, answer = :answer, ended_at = :at WHERE id = :id AND state <> 'ended'"
CUT_OFF = """UPDATE calls SET state = 'ended', status = :status, answer = :answer, ended_at = :at
    WHERE state = 'running' AND host = :host"""


class BearerToken(msgspec.Struct, frozen=True):
    """Whom a bearer stands for, what it may ask for and of which targets (names or URLs, globs; empty: all of the configuration).

    `hash` is of the secret half, which is nowhere but with its holder.
    """

    id: str
    hash: str
    actor: str
    actions: tuple[str, ...]
    targets: tuple[str, ...]
    made_by: str
    made_at: str
    expires_at: str
    revoked_at: str | None = None
    used_at: str | None = None


class Call(msgspec.Struct, frozen=True):
    """One thing asked for. `key` is the caller's name for it, so that asking again is not asking twice.

    `body` is what was asked for, as JSON; `status` and `answer` how it ended, as HTTP says it: 0 and empty before.
    """

    id: str
    token: str
    actor: str
    action: str
    key: str
    body: str
    state: str
    at: str
    host: str = ""
    status: int = 0
    answer: str = ""
    ended_at: str | None = None


class Calls(Database):
    """The calls' part of the store."""

    def add_token(self, made: BearerToken) -> None:
        row = {**msgspec.to_builtins(made), "actions": stored_json(made.actions), "targets": stored_json(made.targets)}
        with self.writing() as connection:
            connection.change(inserted("tokens", row), row)

    def api_tokens(self) -> list[BearerToken]:
        """All ever made, the newest first."""
        with self.reading() as connection:
            return [_token(row) for row in connection.rows("SELECT * FROM tokens ORDER BY made_at DESC, id")]

    def api_token(self, id_: str) -> BearerToken | None:
        with self.reading() as connection:
            row = next(iter(connection.rows("SELECT * FROM tokens WHERE id = :id", {"id": id_})), None)
        return _token(row) if row else None

    def revoke_token(self, id_: str, at: datetime) -> bool:
        """False where there is none that still holds."""
        revoke = "UPDATE tokens SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL"
        with self.writing() as connection:
            return connection.change(revoke, {"id": id_, "at": stamp(at)}) == 1

    def token_used(self, id_: str, at: datetime) -> None:
        with self.writing() as connection:
            connection.change("UPDATE tokens SET used_at = :at WHERE id = :id", {"id": id_, "at": stamp(at)})

    def take_call(self, asked: Call) -> tuple[Call, bool]:
        """Keeps a call, unless its actor made one by that key already: then that one, and False."""
        row: dict[str, Plain] = msgspec.to_builtins(asked)
        with self.writing() as connection:
            new = connection.change(inserted("calls", row, "ON CONFLICT (actor, key) DO NOTHING"), row) == 1
            same = {"actor": asked.actor, "key": asked.key}
            (kept,) = connection.rows("SELECT * FROM calls WHERE actor = :actor AND key = :key", same)
        return msgspec.convert(kept, Call), new

    def call(self, id_: str) -> Call | None:
        with self.reading() as connection:
            row = next(iter(connection.rows("SELECT * FROM calls WHERE id = :id", {"id": id_})), None)
        return msgspec.convert(row, Call) if row else None

    def next_call(self, host: str) -> Call | None:
        """The oldest that waits, taken by this host; None: nothing waits."""
        with self.writing() as connection:
            row = next(iter(connection.rows(NEXT, {"host": host})), None)
        return msgspec.convert(row, Call) if row else None

    def end_call(self, id_: str, status: int, answer: str, at: datetime) -> bool:
        """Writes down how a call ended; False where it had ended already."""
        with self.writing() as connection:
            return connection.change(END, {"id": id_, "status": status, "answer": answer, "at": stamp(at)}) == 1

    def cut_off_calls(self, host: str, status: int, answer: str, at: datetime) -> int:
        """Ends what a process of this host had begun before it died; how many those were."""
        with self.writing() as connection:
            return connection.change(CUT_OFF, {"host": host, "status": status, "answer": answer, "at": stamp(at)})

    def forget_calls(self, before: datetime) -> int:
        """Drops what ended before then; its key may then be used for another call. The ledger keeps what was asked for."""
        with self.writing() as connection:
            return connection.change("DELETE FROM calls WHERE state = 'ended' AND ended_at < :before", {"before": stamp(before)})

    def asked_also(self, hashes: Iterable[str], by: str) -> None:
        """That somebody asked for plans, whoever was first."""
        rows = [{"hash": hash_, "by": by} for hash_ in hashes]
        with self.writing() as connection:
            connection.change_each(inserted("also_asked", ("hash", "by"), "ON CONFLICT DO NOTHING"), rows)

    def everybody_who_asked(self, hashes: Sequence[str]) -> dict[str, set[str]]:
        """Who asked for each plan: the first, and all who did by the API."""
        found: dict[str, set[str]] = {hash_: set() for hash_ in hashes}
        with self.reading() as connection:
            for names, values in among(hashes):
                for table in ("requests", "also_asked"):
                    query = f'SELECT hash, "by" FROM {table} WHERE hash IN {names}'  # noqa: S608 - names of ours
                    for row in connection.rows(query, values):
                        found[row["hash"]].add(row["by"])
        return found


def _token(row: Row) -> BearerToken:
    told = {name: msgspec.json.decode(row[name]) for name in ("actions", "targets")}
    return msgspec.convert({**row, **told}, BearerToken)
