"""What outlives a process, but for secrets: targets, findings, plans, approvals, runs, exceptions. The only database code."""

from __future__ import annotations

from setright.engine.store.exceptions import Exceptions
from setright.engine.store.findings import Asset, Findings, Known, Seen, Wanted
from setright.engine.store.plans import Approval, KeptPlans, PlanState
from setright.engine.store.runs import Run, RunPlan, Runs

__all__ = ["Approval", "Asset", "Known", "PlanState", "Run", "RunPlan", "Seen", "Store", "Wanted"]


class Store(Findings, KeptPlans, Runs, Exceptions):
    """All parts of the store over one database, opened by its URL."""
