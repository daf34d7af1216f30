"""What outlives a process, but for secrets: what was found, decided and done, and what is to be told. The only database code."""

from __future__ import annotations

from setright.engine.store.calls import BearerToken, Call, Calls
from setright.engine.store.exceptions import Exceptions
from setright.engine.store.figures import End, Figures, Life
from setright.engine.store.findings import Findings, Known, Seen, StoredTarget, Wanted
from setright.engine.store.imported import Foreign, ImportedFindings
from setright.engine.store.jobs import Job, Jobs, Progress
from setright.engine.store.looks import Looks, Open, Seeing, Tally
from setright.engine.store.outbox import Aside, ChannelState, Outbox
from setright.engine.store.people import People, SentBack, Standing, ToldFinding
from setright.engine.store.plans import Approval, KeptPlans, PlanState
from setright.engine.store.runs import Run, RunPlan, Runs, Work
from setright.engine.store.tickets import Fate, KeptTicket, Tickets
from setright.engine.store.workers import Workers

__all__ = [
    "Approval",
    "Aside",
    "BearerToken",
    "Call",
    "ChannelState",
    "End",
    "Fate",
    "Foreign",
    "Job",
    "KeptTicket",
    "Known",
    "Life",
    "Open",
    "PlanState",
    "Progress",
    "Run",
    "RunPlan",
    "Seeing",
    "Seen",
    "SentBack",
    "Standing",
    "Store",
    "StoredTarget",
    "Tally",
    "ToldFinding",
    "Wanted",
    "Work",
]


class Store(Findings, Looks, Figures, KeptPlans, Runs, Jobs, Workers, Exceptions, Outbox, People, ImportedFindings, Tickets, Calls):
    """All parts of the store over one database, opened by its URL."""
