"""Laying a run out: its targets in the order in which they go, and the wave of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from setright.engine.runs import by_target
from setright.engine.store import Job, Work
from setright.model import Plan
from setright.policy.estate import Subject
from setright.policy.rules import Policy, Waves
from setright.policy.ruling import Case, speaks
from setright.policy.waves import by_default, portions, rank

Cases = Callable[[Plan], Sequence[Case]]


def laid_out(run: str, plans: Sequence[Plan], policy: Policy, subject: Callable[[str], Subject], cases: Cases) -> Work:
    """A job for each target, those first whose loss would matter least. Targets of one entry of `policy.waves` go in its waves."""
    subjects = {target: subject(target) for target in {plan.target for plan in plans}}
    grouped = by_target(plans)
    order = sorted(grouped, key=lambda target: (rank(subjects[target]), target))
    entries: dict[Waves, list[str]] = {}
    first = {plan.target: plan for plan in reversed(plans)}
    for target in order:
        entries.setdefault(_entry(policy, subjects[target], first[target], cases), []).append(target)
    jobs: list[Job] = []
    places: dict[str, int] = {}
    wave = 0
    for entry, targets in entries.items():
        rest = iter(targets)
        for wave, size in enumerate(portions(entry.sizes, len(targets)), wave + 1):  # noqa: B020 - goes on from where it was
            for target in [next(rest) for _ in range(size)]:
                jobs.append(Job(run, len(jobs), target, _tenant(subjects[target]), wave, entry.soak_s))
                places |= dict.fromkeys(grouped[target], len(jobs) - 1)
    return Work(tuple(jobs), places, policy.error_budget)


def taken_back(run: str, plans: Sequence[Plan], subject: Callable[[str], Subject]) -> Work:
    """A job for each target whose plans go back, all at once."""
    jobs = [Job(run, n, target, _tenant(subject(target)), stage="rollback") for n, target in enumerate(by_target(plans))]
    numbers = {job.target: job.number for job in jobs}
    return Work(tuple(jobs), {plan.hash: numbers[plan.target] for plan in plans})


def _entry(policy: Policy, subject: Subject, plan: Plan, cases: Cases) -> Waves:
    spoken = (w for w in policy.waves if any(speaks(w, subject, case, plan.lane) for case in cases(plan)))
    return next(spoken, None) or by_default(subject)


def _tenant(subject: Subject) -> str:
    """The organisation at the top."""
    return subject.organisations[-1] if subject.organisations else ""
