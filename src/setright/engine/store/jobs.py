"""The work of runs, one row a target: whose turn it is, who has taken it, and how far each run has come in its waves.

No target is worked on twice at once, whatever process asks. Tenants take turns, so that a large one starves nobody. A run
takes a wave through its stages (apply, soak, check, and revert where the check found something) before the next begins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from setright.engine.store.database import Connection, Database, Row, inserted
from setright.engine.times import moment, stamp
from setright.model import Plain

LOCK_JOBS = "SELECT pg_advisory_xact_lock(6185507)"
NEXT = """SELECT run, number, target, tenant, wave, soak_s, stage FROM jobs WHERE state = 'ready' AND tenant = :tenant {only}
    AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.target = jobs.target AND other.state = 'running')
    AND EXISTS (SELECT 1 FROM runs WHERE runs.id = jobs.run AND COALESCE(runs.worker, '') IN ('', :worker))
    ORDER BY run, number LIMIT 1"""
WAITING = """SELECT name FROM tenants WHERE EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' AND tenant = tenants.name)
    ORDER BY turn, name"""
TAKE = "UPDATE jobs SET state = 'running', worker = :worker WHERE run = :run AND number = :number"
SERVED = "UPDATE tenants SET turn = (SELECT MAX(turn) FROM tenants) + 1 WHERE name = :tenant"
GREET = "ON CONFLICT DO NOTHING"
END = """UPDATE jobs SET state = 'done', note = :note, bad = bad + :bad
    WHERE run = :run AND number = :number AND state = 'running' AND worker = :worker"""
BUSY = "SELECT 1 FROM jobs WHERE run = :run AND state IN ('ready', 'running', 'refusing') LIMIT 1"
CALL_OFF = "UPDATE jobs SET stage = 'refuse', state = 'held' WHERE run = :run AND stage = 'apply' AND state IN ('ready', 'held')"
CALLED_OFF = "SELECT 1 FROM jobs WHERE run = :run AND stage = 'refuse' AND state = 'held' LIMIT 1"
TAKE_OFF = "UPDATE jobs SET state = 'refusing', worker = :worker WHERE run = :run AND stage = 'refuse' AND state = 'held'"
TAKEN_OFF = """SELECT hash FROM run_plans JOIN jobs ON jobs.run = run_plans.run AND jobs.number = run_plans.job
    WHERE jobs.run = :run AND jobs.state = 'refusing' AND jobs.worker = :worker AND outcome IS NULL ORDER BY position"""
HAS = """EXISTS (SELECT 1 FROM run_plans WHERE run_plans.run = jobs.run AND run_plans.job = jobs.number
    AND run_plans.outcome IN ({outcomes}))"""
VERIFIED = HAS.format(outcomes="'verified'")
WRITTEN = HAS.format(outcomes="'verified', 'unverified'")
STAGE = "UPDATE jobs SET stage = :stage, state = 'ready', note = '' WHERE run = :run AND wave = :wave AND "
LEFT = """SELECT run FROM jobs WHERE state IN ('running', 'refusing') AND worker = :of
    UNION SELECT id AS run FROM runs WHERE state = 'running' AND worker = :of"""
GIVE_BACK = """UPDATE jobs SET state = CASE WHEN stage = 'refuse' THEN 'held' ELSE 'ready' END, worker = NULL
    WHERE state IN ('running', 'refusing') AND worker = :of"""
DONE = """SELECT COUNT(*) AS targets,
    SUM(CASE WHEN state = 'done' OR (wave = :wave AND stage IN ('check', 'revert')) THEN 1 ELSE 0 END) AS done
    FROM jobs WHERE run = :run"""


class Job(msgspec.Struct, frozen=True):
    """What is to be done for a run on one target; `wave` counts from 1, `tenant` is whose turn it takes."""

    run: str
    number: int
    target: str
    tenant: str = ""
    wave: int = 1
    soak_s: int = 0
    stage: str = "apply"


class Progress(NamedTuple):
    """How far a run has come. `why`: what stopped it before its end."""

    state: str
    wave: int
    waves: int
    stage: str
    done: int
    targets: int
    why: str


class Jobs(Database):
    """The jobs' part of the store."""

    def claim(self, worker: str, only: Collection[str] | None = None) -> Job | None:
        """The next job for a worker, of any run that has no worker of its own, or of `only` these."""
        with self.reading() as connection:
            if not connection.rows("SELECT 1 FROM jobs WHERE state = 'ready' LIMIT 1"):
                return None
        with self._jobs() as connection:
            for tenant in connection.rows(WAITING):
                if found := _next(connection, worker, str(tenant["name"]), only):
                    connection.change(TAKE, {"worker": worker, "run": found.run, "number": found.number})
                    connection.change(SERVED, {"tenant": found.tenant})
                    return found
        return None

    def end_job(self, job: Job, worker: str, *, bad: bool = False, note: str = "") -> bool:
        """False where somebody else has taken the job over. `bad`: it had to be taken back, which the run's budget counts."""
        ended = {"run": job.run, "number": job.number, "worker": worker, "note": note, "bad": int(bad)}
        with self._jobs() as connection:
            if connection.change(END, ended) != 1:
                return False
            if bad:
                _spend(connection, job.run)
        return True

    def call_off(self, run: str, why: str) -> None:
        """What has not begun of a run does not begin any more."""
        with self._jobs() as connection:
            connection.change("UPDATE runs SET why = :why WHERE id = :run AND why = ''", {"run": run, "why": why})
            connection.change(CALL_OFF, {"run": run})

    def advance(self, run: str, at: datetime) -> bool:
        """Takes a run on where its present stage is done. True: first there are plans to refuse (see `called_off`)."""
        with self.reading() as connection:
            if connection.rows(BUSY, {"run": run}):
                return False
        with self._jobs() as connection:
            found = connection.rows("SELECT * FROM runs WHERE id = :run AND state = 'running'", {"run": run})
            if not found or connection.rows(BUSY, {"run": run}):
                return False
            if connection.rows(CALLED_OFF, {"run": run}):
                return True
            _advance(connection, found[0], at)
        return False

    def called_off(self, run: str, worker: str) -> list[str]:
        """Hashes of the plans that do not run any more, for one worker to say so of, and then `refused`."""
        with self._jobs() as connection:
            connection.change(TAKE_OFF, {"run": run, "worker": worker})
            return [str(row["hash"]) for row in connection.rows(TAKEN_OFF, {"run": run, "worker": worker})]

    def refused(self, run: str, worker: str) -> None:
        """The plans called off have their outcomes."""
        end = "UPDATE jobs SET state = 'done' WHERE run = :run AND state = 'refusing' AND worker = :worker"
        with self._jobs() as connection:
            connection.change(end, {"run": run, "worker": worker})

    def bury(self, dead: Sequence[str] | None, me: str) -> list[str]:
        """Gives back what these workers had, None: all but `me`. The runs that nobody cares for any more: any worker may now.

        The name of nobody is empty: it has the runs whose worker was buried before.
        """
        if dead is not None and not dead:
            return []
        given: dict[str, Plain] = {f"w{n}": name for n, name in enumerate(dead or (me,))}
        which = f"IN (:{', :'.join(given)})" if dead else "<> :w0"
        with self._jobs() as connection:
            query = LEFT.replace("= :of", which)
            runs = [str(row["run"]) for row in connection.rows(query, given)]
            connection.change(GIVE_BACK.replace("= :of", which), given)
            connection.change(f"UPDATE runs SET worker = '' WHERE state = 'running' AND worker {which}", given)  # noqa: S608
            connection.change(f"DELETE FROM workers WHERE id {which}", given)  # noqa: S608
        return runs

    def under_way(self) -> list[str]:
        """The runs that have jobs and have not ended, oldest first."""
        query = "SELECT id FROM runs WHERE state = 'running' AND EXISTS (SELECT 1 FROM jobs WHERE run = id) ORDER BY id"
        with self.reading() as connection:
            return [str(row["id"]) for row in connection.rows(query)]

    def any_under_way(self, runs: Collection[str]) -> bool:
        names = {f"run{number}": run for number, run in enumerate(runs)}
        query = f"SELECT 1 FROM runs WHERE state = 'running' AND id IN (:{', :'.join(names)}) LIMIT 1"  # noqa: S608 - names of ours
        with self.reading() as connection:
            return bool(names and connection.rows(query, names))

    def progress(self, run: str) -> Progress:
        with self.reading() as connection:
            (row,) = connection.rows("SELECT state, wave, waves, stage, why FROM runs WHERE id = :run", {"run": run})
            (count,) = connection.rows(DONE, {"run": run, "wave": row["wave"]})
        return Progress(row["state"], row["wave"], row["waves"], row["stage"], count["done"] or 0, count["targets"], row["why"])

    def _jobs(self) -> _Held:
        return _Held(self)


class _Held:
    """A transaction that no other about jobs goes beside."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing = database.writing()

    def __enter__(self) -> Connection:
        connection = self._writing.__enter__()
        if not self._database.is_sqlite:
            connection.rows(LOCK_JOBS)
        return connection

    def __exit__(self, *error: Plain) -> None:
        self._writing.__exit__(*error)


def add_jobs(connection: Connection, jobs: Sequence[Job]) -> None:
    """Those of the first wave may be taken at once, the others wait for theirs."""
    rows = [msgspec.to_builtins(job) | {"state": "ready" if job.wave == 1 else "held"} for job in jobs]
    connection.change_each(inserted("tenants", ("name",), GREET), [{"name": name} for name in sorted({j.tenant for j in jobs})])
    if rows:
        connection.change_each(inserted("jobs", rows[0], GREET), rows)


def _next(connection: Connection, worker: str, tenant: str, only: Collection[str] | None) -> Job | None:
    if only is not None and not only:
        return None
    names = {f"run{number}": run for number, run in enumerate(only or ())}
    query = NEXT.format(only=f"AND run IN (:{', :'.join(names)})" if names else "")
    found = connection.rows(query, {"tenant": tenant, "worker": worker, **names})
    return Job(**found[0]) if found else None


def _spend(connection: Connection, run: str) -> None:
    """The budget of a run in waves: where it is used up, no other target begins."""
    (row,) = connection.rows("SELECT waves, budget, why FROM runs WHERE id = :run", {"run": run})
    (count,) = connection.rows("SELECT COUNT(*) AS bad FROM jobs WHERE run = :run AND bad > 0", {"run": run})
    if row["waves"] > 1 and not row["why"] and count["bad"] >= row["budget"]:
        targets = "1 target" if count["bad"] == 1 else f"{count['bad']} targets"
        why = f"the run was stopped: {targets} had to be taken back, and its error budget is {row['budget']}"
        connection.change("UPDATE runs SET why = :why WHERE id = :run", {"run": run, "why": why})
        connection.change(CALL_OFF, {"run": run})


def _advance(connection: Connection, row: Row, at: datetime) -> None:
    """The run's next stage; all jobs of the present one are done."""
    run, stage = row["id"], row["stage"]
    if row["waves"] == 1 or stage == "revert":
        _end(connection, run, at)
    elif stage == "apply" and (soak_s := _soak_s(connection, row)):
        _set(connection, run, stage="soak", due_at=stamp(at + timedelta(seconds=soak_s)))
    elif stage == "apply" or (stage == "soak" and moment(row["due_at"]) <= at):
        connection.change(STAGE + VERIFIED, {**_of(row), "stage": "check"})
        _set(connection, run, stage="check")
    elif stage == "check":
        _checked(connection, row, at)


def _soak_s(connection: Connection, row: Row) -> int:
    (found,) = connection.rows("SELECT MAX(soak_s) AS soak_s FROM jobs WHERE run = :run AND wave = :wave", _of(row))
    return int(found["soak_s"])


def _checked(connection: Connection, row: Row, at: datetime) -> None:
    """A wave that is as healthy as before lets the next one begin; another goes back."""
    run = row["id"]
    query = "SELECT target, note FROM jobs WHERE run = :run AND wave = :wave AND stage = 'check' AND note <> '' ORDER BY number"
    wrong = connection.rows(query, _of(row))
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        why = f"wave {row['wave']} of {row['waves']} was taken back: {wrong[0]['target']}: {wrong[0]['note']}{more}"
        _set(connection, run, stage="revert", why=why)
        connection.change(STAGE + WRITTEN, {**_of(row), "stage": "revert"})
        connection.change(CALL_OFF, {"run": run})
    elif row["why"] or row["wave"] == row["waves"]:
        _end(connection, run, at)
    else:
        _set(connection, run, stage="apply", wave=row["wave"] + 1)
        connection.change(STAGE + "state = 'held'", {"run": run, "wave": row["wave"] + 1, "stage": "apply"})


def _end(connection: Connection, run: str, at: datetime) -> None:
    _set(connection, run, state="ended", stage="", ended_at=stamp(at))


def _set(connection: Connection, run: str, **values: Plain) -> None:
    given = ", ".join(f"{name} = :{name}" for name in values)
    connection.change(f"UPDATE runs SET {given} WHERE id = :run", {"run": run, **values})  # noqa: S608 - names of ours


def _of(row: Row) -> dict[str, Plain]:
    return {"run": row["id"], "wave": row["wave"]}
