"""What strangers bring into runs that have the repository's rights: code of their branches, files of their runs, text for actions.

securitylab.github.com, Preventing pwn requests; docs.github.com, Secure use reference; the README of each action in `code:`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from setright.bindings.layouts._workflow_text import expressions
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

EVENTS = ("pull_request_target", "issue_comment", "workflow_run")
GUARDS = late(  # what lets in the repository's own people only; `github.actor` may be a bot whom a stranger set to work
    r"author_association|\.fork\s*(?:==\s*false|!=\s*true)|!\s*github\.event\.[\w.]+\.fork\b|(?:head_repository|head\.repo)\.full_name\s*=="
    r"|github\.(?:triggering_)?actor\s*==\s*'(?![^']*\[bot\])|contains\([^()]*(?:\([^()]*\))?[^()]*github\.(?:triggering_)?actor"
    r"|(?:user|sender)\.login\s*==|github\.repository\s*==\s*github\.event\.[\w.]*head"
)
FETCHES = late(
    r"\b(?:gh|hub)\s+pr\s+checkout\b[^\n]*|\bgit\s+(?:fetch|pull)\b[^\n]*\bpull/[^\n]*"
    r"|\bgit\s+(?:fetch|pull|checkout|clone|merge|switch)\b[^\n]*\$\{\{[^}]*(?:pull_request\.head|workflow_run\.head|head_ref)[^\n]*"
)
DOWNLOADS = late(r"dawidd6/action-download-artifact@.*|actions/download-artifact@.*")
BY_COMMAND = late(r"\bgh\s+run\s+download\b(?:[^\n]*?\s(?:-D|--dir)[ =](\S+))?")
RUNS_FILE = (
    r"(?m)(?:^|[;&|])[ \t]*(?:sudo[ \t]+)?(?:(?:(?:ba|da|z)?sh|python[\d.]*|node|ruby|perl|source|\.)[ \t]+(?:-\S+[ \t]+)*)?"
)
LOCAL = late(
    RUNS_FILE.removesuffix("?") + r"(?!-)[\w./-]+\.(?:sh|py|js|rb|pl)\b|" + RUNS_FILE.removeprefix("(?m)") + r"\./[\w./-]+"
)
WRITES = late(r"GITHUB_(?:ENV|PATH)\b")
ITS_NAME = late(r"[\"']?(?:\$\{?(?:env:)?GITHUB_(?:ENV|PATH)\}?|%GITHUB_(?:ENV|PATH)%)[\"']?")
CONSTANT = late(r"[ \t]*(?:echo|printf|Write-Output|Add-Content)\b[^$`%|<]*")
Code = Mapping[str, Sequence[str]]  # owner/name in small letters -> inputs


def started(on: Mapping[str, Plain]) -> str:
    """The event by which strangers start a workflow with the repository's rights; empty where none does."""
    return next((event for event in EVENTS if event in on), "")


def is_guarded(*conditions: Plain) -> bool:
    """Whether an `if` lets in the repository's own people only."""
    return any(GUARDS.search(str(each)) for each in conditions if each is not None)


def brought(steps: Sequence[Plain], index: int, code: Code, dynamic: Collection[str]) -> Tree:
    """What strangers may bring by a step: a branch that it `fetches`, a file that it `runs`, what it `sets`, and `inputs-run`."""
    step = steps[index]
    if not isinstance(step, dict):
        return {}
    run = str(step.get("run") or "")
    fetched = FETCHES.search(run)
    found = {
        "fetches": fetched[0].strip() if fetched else "",
        "runs": _of_artifact(run, steps[: index + 1]),
        "sets": next((line.strip() for line in run.splitlines() if WRITES.search(line) and not _is_constant(line)), ""),
        "inputs-run": _inputs(step, code, dynamic),
    }
    return {key: value for key, value in found.items() if value}


def _is_constant(line: str) -> bool:
    """Whether a line that writes into a file of the runner writes only what stands there."""
    return CONSTANT.fullmatch(ITS_NAME.sub("", line)) is not None


def _inputs(step: Tree, code: Code, dynamic: Collection[str]) -> list[Tree]:
    """The expressions in inputs that an action runs as code."""
    names = code.get(str(step.get("uses", "")).partition("@")[0].lower(), ())
    return [{**each, "input": name} for name in names for each in expressions(look_up(step, ("with", name)), dynamic=dynamic)]


def _of_artifact(run: str, steps: Sequence[Plain]) -> str:
    """What a script runs of the files that another run left, as its steps before or itself fetched them; empty for nothing."""
    for step in steps:
        uses = str(look_up(step, ("uses",)) or "")
        if DOWNLOADS.fullmatch(uses) and (uses.startswith("dawidd6/") or look_up(step, ("with", "run-id"))):
            place = str(look_up(step, ("with", "path")) or "")
        elif (ran := BY_COMMAND.search(str(look_up(step, ("run",)) or ""))) is not None:
            place = ran[1] or ""
        else:
            continue
        if found := _runs_below(run, place.strip("\"'").removeprefix("./").rstrip("/"), steps):
            return found
    return ""


def _runs_below(run: str, place: str, steps: Sequence[Plain]) -> str:
    if place and "${{" not in place:
        found = re.search(rf"{RUNS_FILE}(?:\./)?{re.escape(place)}/[\w./-]+", run)
        return found[0].strip() if found else ""
    has_own = any(str(look_up(step, ("uses",))).startswith("actions/checkout@") for step in steps)
    local = None if has_own or place else LOCAL.search(run)
    return local[0].strip(" \t;&|\n") if local else ""


def only_labels(workflow: Tree) -> bool:
    """Whether all that a workflow does is to label, by what GitHub makes for it."""
    jobs = [job for job in workflow["jobs"].values() if isinstance(job, dict)]
    steps = [str(look_up(step, ("uses",))) for job in jobs for step in as_list(job.get("steps")) or [None]]
    return bool(steps) and all(each.startswith("actions/labeler@") for each in steps)
