"""The objects of ``setright/1``: what every command with ``--format json`` says. Fields are added, never changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from setright.controls.words import place_in_words, value_in_words
from setright.engine.redact import OF_THIS_PROCESS, fingerprint, redact_text, redact_value
from setright.model import LANES, SEVERITIES, Finding, Mismatch, Param, Plain, Plan, Requirement, Some, Unknown, Verdict

if TYPE_CHECKING:
    from setright.engine.decision import Weighed
    from setright.engine.scan import Excepted, Found, Scan

SCHEMA = "setright/1"


class Looked(Protocol):
    """One target that was scanned or planned for; `scan` None: it could not be read, and `error` says why."""

    @property
    def target(self) -> str: ...
    @property
    def scan(self) -> Scan | None: ...
    @property
    def error(self) -> str: ...
    @property
    def weighed(self) -> Mapping[str, Weighed]: ...


class Report(NamedTuple):
    """What was found on all targets. `key` makes the fingerprints of secrets."""

    results: tuple[Looked, ...]
    key: bytes = OF_THIS_PROCESS

    @property
    def found(self) -> list[Found]:
        """Worst first; within one severity as the targets were given."""
        each = [found for result in self.results if result.scan for found in result.scan.found]
        return sorted(each, key=lambda f: -SEVERITIES.index(f.finding.severity))

    @property
    def excepted(self) -> list[Excepted]:
        """What is knowingly left open; worst first."""
        each = [excepted for result in self.results if result.scan for excepted in result.scan.excepted]
        return sorted(each, key=lambda e: -SEVERITIES.index(e.finding.severity))

    def weighed(self, found: Found) -> Weighed | None:
        """What is known of a finding beyond itself; None where it was not weighed."""
        return next((w for r in self.results if (w := r.weighed.get(found.finding.id))), None)

    @property
    def unreached(self) -> list[Looked]:
        return [result for result in self.results if result.scan is None]

    @property
    def passed(self) -> int:
        return sum(result.scan.passed for result in self.results if result.scan)


def scan_object(report: Report) -> dict[str, Plain]:
    return {
        "schema": SCHEMA,
        "findings": [finding_object(found, report.key, report.weighed(found)) for found in report.found],
        "excepted": excepted(report),
        "notices": notices(report),
        "problems": problems(report),
        "targets": targets(report),
        "summary": summary(report),
    }


def which_finding(finding: Finding) -> dict[str, Plain]:
    """Which finding it is, in a few words: wherever one is told of."""
    return {
        "id": finding.id,
        "control": finding.control,
        "title": finding.title,
        "severity": finding.severity,
        "verdict": str(finding.verdict),
        "target": finding.target,
        "resource": finding.resource,
        "kind": finding.kind,
    }


def finding_object(found: Found, key: bytes, weighed: Weighed | None = None) -> dict[str, Plain]:
    """`have` and `want` map each path that is not right to its value; a running value's path ends in `` (running)``.

    `lane`, the risks (0 to 100) and `owner` are null where nothing was weighed (`unknown`) or nobody is known to own it.
    """
    finding = found.finding
    return {
        **which_finding(finding),
        "location": msgspec.to_builtins(finding.location),
        "have": {place_in_words(m): have(found, m, key) for m in finding.mismatches},
        "want": {place_in_words(m): want(m) for m in finding.mismatches},
        "why_unknown": redact_text(finding.why_unknown, key=key),
        **_weighed(weighed, key),
        "frameworks": {name: list(ids) for name, ids in finding.frameworks.items()},
    }


def _weighed(weighed: Weighed | None, key: bytes) -> dict[str, Plain]:
    if weighed is None:
        names = ("lane", "reason", "risk", "risk_why", "change_risk", "change_risk_why", "owner", "owner_confidence", "owner_why")
        return dict.fromkeys(names)
    changing, owner = weighed.changing, weighed.owner
    return {
        "lane": weighed.lane,
        "reason": redact_text(weighed.reason, key=key),
        "risk": weighed.leaving.score,
        "risk_why": weighed.leaving.why,
        "change_risk": changing.score if changing else None,
        "change_risk_why": changing.why if changing else None,
        "owner": owner.owner or None,
        "owner_confidence": owner.confidence,
        "owner_why": owner.why,
    }


def have(found: Found, mismatch: Mismatch, key: bytes) -> Plain:
    """The value that is there, without its secrets."""
    if found.control.secret and mismatch.have is not None:
        return fingerprint(value_in_words(mismatch.have), key)
    return redact_value(mismatch.path, as_plain(mismatch.have), key)


def want(mismatch: Mismatch) -> Plain:
    """The value wanted, or ``{operator: argument}``."""
    if mismatch.op == "none":
        return {"absent": True}
    return as_plain(mismatch.want) if mismatch.op == "equals" else {mismatch.op: as_plain(mismatch.want)}


def as_plain(given: Plain) -> Plain:
    """What JSON can say of a value: a text for what cannot be told, the name of a parameter that has no value."""
    if given is None or isinstance(given, bool | str):
        return given
    match given:
        case Unknown():
            return given.text
        case Param():
            return {"param": given.name}
        case Some() | Requirement():
            return "as the control requires of each item"
        case dict():
            return {str(name): as_plain(item) for name, item in given.items()}
        case list() | tuple():
            return [as_plain(item) for item in given]
    return given


def problems(report: Report) -> list[dict[str, str]]:
    """What could not be read or understood, target by target."""
    return [
        {"target": result.target, "locator": problem.locator, "why": redact_text(problem.why, key=report.key)}
        for result in report.results
        if result.scan
        for problem in result.scan.problems
    ]


def excepted(report: Report) -> list[dict[str, Plain]]:
    """What is knowingly left open and why. `kind` is where that is said: exception, repository, comment or adopted."""
    return [
        {
            "id": each.finding.id,
            "control": each.finding.control,
            "title": each.finding.title,
            "severity": each.finding.severity,
            "target": each.finding.target,
            "resource": each.finding.resource,
            "location": msgspec.to_builtins(each.finding.location),
            "kind": each.kind,
            "reason": redact_text(each.reason, key=report.key),
            "until": each.until or None,
        }
        for each in report.excepted
    ]


def notices(report: Report) -> list[dict[str, str]]:
    """What people should know of comments and lists that leave findings open."""
    return [
        {"target": result.target, "locator": notice.locator, "why": redact_text(notice.why, key=report.key)}
        for result in report.results
        if result.scan
        for notice in result.scan.notices
    ]


def targets(report: Report) -> list[dict[str, Plain]]:
    return [{"target": r.target, "read": r.scan is not None, "why": redact_text(r.error)} for r in report.results]


def summary(report: Report) -> dict[str, Plain]:
    """Counts. `severities` are of what failed; what could not be told is counted apart."""
    verdicts = Counter(found.finding.verdict for found in report.found)
    failed = Counter(found.finding.severity for found in report.found if found.finding.verdict is Verdict.FAIL)
    left_open = Counter(each.kind for each in report.excepted)
    return {
        "targets": len(report.results),
        "unreached": len(report.unreached),
        "passed": report.passed,
        "failed": verdicts[Verdict.FAIL],
        "unknown": verdicts[Verdict.UNKNOWN],
        "problems": len(problems(report)),
        "excepted": left_open["exception"] + left_open["repository"],
        "suppressed": left_open["comment"],
        "adopted": left_open["adopted"],
        "outside": sum(len(result.scan.outside) for result in report.results if result.scan),
        "lanes": _lanes(report),
        "severities": {severity: failed[severity] for severity in reversed(SEVERITIES)},
    }


def _lanes(report: Report) -> dict[str, int]:
    """How many findings there are in each lane, most able first."""
    counts = Counter(weighed.lane for result in report.results for weighed in result.weighed.values())
    return {lane: counts[lane] for lane in LANES if counts[lane]}


def plans_object(plans: Sequence[Plan], report: Report | None = None) -> dict[str, Plain]:
    """The plans as people and programs read them; a plan file adds what `apply` needs."""
    about = _about(report) if report else {}
    lanes = Counter(plan.lane for plan in plans)
    return {
        "schema": SCHEMA,
        "hash": joint_hash(plans),
        "plans": [plan_object(plan) for plan in plans],
        **about,
        "summary": {"plans": len(plans), "lanes": dict(lanes), **({"scan": summary(report)} if report else {})},
    }


def _about(report: Report) -> dict[str, Plain]:
    """What of a scan stands beside its plans."""
    told = {"targets": targets(report), "problems": problems(report)}
    return told | {"excepted": excepted(report), "notices": notices(report)}


def joint_hash(plans: Iterable[Plan]) -> str:
    """One hash over all plans in their order: what an approver of the whole file approves."""
    return sha256("\n".join(plan.hash for plan in plans).encode()).hexdigest()


def plan_object(plan: Plan) -> dict[str, Plain]:
    return {
        "hash": plan.hash,
        "target": plan.target,
        "family": plan.family,
        "document": plan.document,
        "documents": [change.locator for change in plan.changes],
        "diff": diff_of(plan),
        "lane": plan.lane,
        "reason": redact_text(plan.reason),
        "findings": list(plan.findings),
        "controls": list(plan.controls),
        "resources": list(plan.resources),
        "breaks_if": [
            {
                "sentence": sentence,
                "fact": fact,
                "holds": answer.holds,
                "evidence": redact_text(answer.text),
                "source": answer.source,
            }
            for sentence, fact, answer in plan.breaks_if
        ],
        "effect": {"restart": plan.effect.restart, "disruption": plan.effect.disruption},
        "belongs": [{name: redact_text(value) for name, value in msgspec.structs.asdict(each).items()} for each in plan.belongs],
        "undo": plan.effect.undo,
        "steps": msgspec.to_builtins(plan.steps),
        "made_at": plan.made_at,
        "expires_at": plan.expires_at,
    }


def diff_of(plan: Plan) -> str:
    """The diffs of all its documents; redacted when the plan was made."""
    return "".join(change.diff for change in plan.changes)


def run_object(
    run: str | None, ended: Sequence[tuple[Plan, Plain]], report: Report | None = None, rounds: Mapping[str, int] | None = None
) -> dict[str, Plain]:
    """What came of each plan: `outcome` is verified, unverified, reverted, refused or hand; `rounds` of those after the first."""
    outcomes: Mapping[str, int] = Counter(outcome.outcome for _, outcome in ended)
    return {
        "schema": SCHEMA,
        "run": run,
        "plans": [
            plan_object(p) | {"outcome": outcome.outcome, "why": redact_text(outcome.why), "round": (rounds or {}).get(p.hash, 1)}
            for p, outcome in ended
        ],
        **(_about(report) if report else {}),
        "summary": {"plans": len(ended), **outcomes, **({"scan": summary(report)} if report else {})},
    }
