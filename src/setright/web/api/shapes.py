"""What each operation takes and gives: the one definition that requests are read by and the OpenAPI document is made from."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from setright.engine.contract import SCHEMA
from setright.model import Plain

PREFIX = "/api/v1"
MANY = 500  # targets or plans of one call

Word = Annotated[str, Meta(min_length=1, max_length=500)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=MANY)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{8,64}$")]
Hashes = Annotated[tuple[Hash, ...], Meta(min_length=1, max_length=MANY)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Severity = Literal["info", "low", "medium", "high", "critical"]
Threshold = Literal["never", "any", "info", "low", "medium", "high", "critical"]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something asked for."""


class ScanRequest(Asked, frozen=True, kw_only=True):
    """`targets` are names, globs or @groups of the configuration; `controls` ids or globs (empty: the baseline's).

    With `fail_on` an end with open findings of that severity or above is a problem (409), as it is for `setright scan --fail-on`.
    """

    targets: Words
    controls: tuple[Word, ...] = ()
    baseline: str = ""
    min_severity: Severity = "info"
    fail_on: Threshold = "never"


class PlanRequest(Asked, frozen=True, kw_only=True):
    """As for a scan. The plans are kept, as asked for by the token's actor."""

    targets: Words
    controls: tuple[Word, ...] = ()
    baseline: str = ""
    min_severity: Severity = "info"


class ApproveRequest(Asked, frozen=True, kw_only=True):
    """The actor's yes to exactly these plans, for one run each. Nobody agrees to what they asked for themselves."""

    plans: Hashes
    dry_run: bool = False


class ApplyRequest(Asked, frozen=True, kw_only=True):
    """Runs those of the plans that policy lets run or that have all their approvals; says of the others why not.

    `strict`: any other outcome than `verified` is a problem (409).
    """

    plans: Hashes
    dry_run: bool = False
    strict: bool = False


class RollbackRequest(Asked, frozen=True, kw_only=True):
    """Takes back what a run changed: a run by its id, or the last one that changed something by one of these plans.

    `strict`: any other outcome than `reverted` is a problem (409).
    """

    run: str = ""
    plans: Annotated[tuple[Hash, ...], Meta(max_length=MANY)] = ()
    dry_run: bool = False
    strict: bool = False


class ExceptRequest(Asked, frozen=True, kw_only=True):
    """Leaves a finding open knowingly; its approver is the actor. `until` is a date (2026-12-31) or days from now (30d)."""

    finding: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    reason: Text
    until: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,4}d)$")]
    compensating: Annotated[str, Meta(max_length=2000)] = ""
    dry_run: bool = False


class ProblemDetails(msgspec.Struct, frozen=True):
    """Why something was not done (RFC 9457); `detail` says what to do. `answer` is what came of it all the same."""

    type: str
    title: str
    status: int
    detail: str
    schema: str = SCHEMA
    instance: str = ""
    answer: dict[str, Plain] | None = None


class Told(msgspec.Struct, frozen=True):
    """A call: what was asked for, and once it has ended what came of it. `status` is 0 until then.

    `answer` is the object that the command of the same name says with `--format json`; `problem` is null where there is none.
    """

    id: str
    action: str
    actor: str
    state: Literal["waiting", "running", "ended"]
    url: str
    at: str
    ended_at: str | None
    status: int
    answer: dict[str, Plain] | None
    problem: ProblemDetails | None
    schema: str = SCHEMA


class Operation(NamedTuple):
    """One thing that can be asked for. `action` is the right that it needs; `is_long`: answered by 202 and a call to look at."""

    action: str
    path: str
    takes: type[Asked]
    says: str
    is_long: bool = False


OPERATIONS = (
    Operation("scan", "/scans", ScanRequest, "Find what is configured wrong; change nothing.", is_long=True),
    Operation("plan", "/plans", PlanRequest, "Make plans and keep them; change nothing.", is_long=True),
    Operation("approve", "/approvals", ApproveRequest, "Agree to plans that somebody else asked for."),
    Operation("apply", "/runs", ApplyRequest, "Run exactly these plans; refuse one if anything moved.", is_long=True),
    Operation("rollback", "/rollbacks", RollbackRequest, "Restore what a run changed, verified.", is_long=True),
    Operation("except", "/exceptions", ExceptRequest, "Leave a finding open knowingly, with a reason and an end."),
)
BY_ACTION = {operation.action: operation for operation in OPERATIONS}
