"""Actions and workflows of the repository itself: the rights that they need and ask for, and who calls them.

GitHub starts no run in which a called workflow, or a job of it, asks for more than the job that calls it has. So what calls one is
left with all that it asks for, and a called one asks for no more than each of its callers gives. One that is only ever called, and
says nothing, has what they give. docs.github.com, Reusing workflow configurations: supported keywords and permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from setright.bindings.error import Missing
from setright.bindings.layouts import _workflow_git as git
from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.layouts._documents import mappings
from setright.bindings.layouts._workflow_calls import ACTION, events
from setright.bindings.source import Same, Source, noted
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree
from setright.trees import as_list

Given = Mapping[str, str]  # by right: read or write
SURE = {"contents": "read", "packages": "read"}  # what a token has whatever the repository's settings are
LEVELS = {"none": 0, "read": 1, "write": 2}
OF_ALL = {"read-all": {rights.EVERY: "read"}, "write-all": {rights.EVERY: "write"}}


class CallingJob(NamedTuple):
    """A job that calls a workflow of the tree; what it gives is None where the repository's settings decide that."""

    place: str
    gives: Given | None


class Own(NamedTuple):
    """What a repository brings: its actions and called workflows by what `uses` calls them, and the calls, by file."""

    called: dict[str, tuple[Source, Tree]]
    calls: dict[str, list[tuple[str, Tree, str, Tree]]]  # by the workflow called: file, workflow, job's name and job


def is_only_called(workflow: Tree) -> bool:
    return [*events(workflow.get("on"))] == ["workflow_call"]


def table_for(sources: Mapping[str, Source], layout: Mapping[str, Plain]) -> Callable[[str], rights.Rights]:
    """What is known of the rights that steps of a workflow need, with the actions and workflows of its own repository."""
    found, table = _own(Same(sources)), layout.get("rights", {})

    def table_of(file: str) -> rights.Rights:
        own = found.get(_root(file))
        if own is None or not own.called:
            return table  # type: ignore[no-any-return]
        first = next(iter(own.called.values()))[0]
        trees = {name: tree for name, (_, tree) in own.called.items()}
        return noted(first, "rights", (table, *trees.values()), partial(with_own, table, trees))

    return table_of


def callers_of(sources: Mapping[str, Source], file: str) -> tuple[CallingJob, ...]:
    """The jobs of the tree that call a workflow of it, with what they have to give."""
    own = _own(Same(sources)).get(_root(file))
    return tuple(_callers(own, _name(file))) if own else ()


def calling(sources: Mapping[str, Source], file: str) -> list[Tree]:
    """The workflows that what callers give is read off, so that who is seen with them is seen anew when they change."""
    own = _own(Same(sources)).get(_root(file))
    found: dict[str, Tree] = {}
    names = [_name(file)] if own else []
    for name in names:  # which grows on the way
        new = {where: workflow for where, workflow, _, _ in own.calls.get(name, ()) if where not in found} if own else {}
        found |= new
        names += map(_name, new)
    return [*found.values()]


def calls_about(jobs: Iterable[Plain], callers: Sequence[CallingJob], table: rights.Rights) -> Tree:
    """Who calls a workflow, and what the workflows of the tree that its jobs call ask for, where there are such."""
    asked: dict[str, str] = {}
    for job in jobs:
        if isinstance(job, dict) and job.get("uses") is not None:
            asked = rights.joined(asked, table.get(rights.ASKING.format(rights.used(job)), {}))
    above = [{"job": each.place, "gives": None if each.gives is None else dict(each.gives)} for each in callers]
    return {**({"called-by": above} if above else {}), **({"asked": asked} if asked else {})}


def no_more(name: str, callers: Sequence[CallingJob], had: Given | None, placed: Sequence[Edit]) -> None:
    """Raises Missing where edits let a called workflow ask for more than a caller has, of which it did not ask for before."""
    for each in placed:
        asked = {} if each.remove or each.path[-1:] != ("permissions",) else said(each.value) or {}
        for caller in callers if had is None or not covers(had, asked) else ():
            given = SURE if caller.gives is None else caller.gives
            if short := next((f"{right}: {level}" for right, level in asked.items() if not covers(given, {right: level})), ""):
                raise Missing(
                    f"{name}: {caller.place} calls it and does not give {short}: it would not start; say that there first"
                )


def said(permissions: Plain) -> dict[str, str] | None:
    """The rights that `permissions` speaks of; None where it says nothing."""
    if isinstance(permissions, dict):
        return {right: level for right, level in permissions.items() if level in ("read", "write")}
    return None if permissions is None else OF_ALL.get(str(permissions), OF_ALL["write-all"])


def covers(given: Given, asked: Given) -> bool:
    every = given.get(rights.EVERY, "none")
    return all(LEVELS[given.get(right, every)] >= LEVELS[level] for right, level in asked.items())


def with_own(table: rights.Rights, files: Mapping[str, Tree]) -> rights.Rights:
    """The table with the actions and workflows of the tree itself, by what `uses` calls them (``./.github/actions/a``)."""
    whole = dict(table)
    for _ in range(rights.MAX_DEPTH):
        found = {name: needed for name, tree in files.items() if (needed := _needed(tree, whole)) is not None}
        if found.items() <= whole.items():
            break
        whole |= found
    for _ in range(rights.MAX_DEPTH):  # of actions that use each other
        whole |= {git.PUSHING.format(name): {} for name, tree in files.items() if git.pushes(_steps_of(tree), whole)}
        calm = (name for name, tree in files.items() if _is_composite(tree) and not git.uses_git(_steps_of(tree), None, whole))
        whole |= {git.CALM.format(name): {} for name in calm}
        whole |= {rights.ASKING.format(name): _asked(tree, whole) for name, tree in files.items() if "jobs" in tree}
        whole |= {rights.LIKELY.format(name): _likely(tree, whole) for name, tree in files.items() if "jobs" in tree}
    return whole


@lru_cache(maxsize=1)
def _own(same: Same) -> dict[str, Own]:
    """What each repository brings, by the folder that it stands in."""
    found: dict[str, Own] = {}
    for source, _, document in mappings(same.sources):
        root, hidden, rest = source.locator.rpartition(".github/")
        jobs, runs = document.get("jobs"), document.get("runs")
        own = found.setdefault(root, Own({}, {})) if hidden else Own({}, {})
        if ACTION.search(source.locator) and isinstance(runs, dict):
            own.called[f"./.github/{rest.rpartition('/')[0]}"] = source, document
        elif isinstance(jobs, dict):
            if "workflow_call" in events(document.get("on")):
                own.called[_name(source.locator)] = source, document
            for name, job in jobs.items():
                if isinstance(job, dict) and job.get("uses") is not None:
                    own.calls.setdefault(rights.of_own_name(job), []).append((source.locator, document, name, job))
    return found


def _root(file: str) -> str:
    return file.rpartition(".github/")[0]


def _name(file: str) -> str:
    return f"./.github/{file.rpartition('.github/')[2]}"


def _callers(own: Own, name: str, depth: int = 0) -> Iterator[CallingJob]:
    for file, workflow, job_name, job in own.calls.get(name, ()) if depth < rights.MAX_DEPTH else ():
        gives = said(job.get("permissions", workflow.get("permissions")))
        above = [*_callers(own, _name(file), depth + 1)] if gives is None and is_only_called(workflow) else []
        yield from above or [CallingJob(f"job {job_name} of {file}", gives)]


def _is_composite(tree: Tree) -> bool:
    return bool(look_up(tree, ("runs", "using")) == "composite")


def _steps_of(tree: Tree) -> Tree:
    """The steps of an action, as those of a job."""
    return {"steps": look_up(tree, ("runs", "steps"))}


def _jobs_of(tree: Tree) -> Iterable[Tree]:
    jobs = tree.get("jobs")
    return [each for each in jobs.values() if isinstance(each, dict)] if isinstance(jobs, dict) else []


def _needed(tree: Tree, table: rights.Rights) -> Given | None:
    """What an action of steps, or a workflow that others call, uses; None where that cannot be told."""
    runs = tree.get("runs")
    if isinstance(runs, dict):
        is_handed = runs.get("using") != "composite" or rights.TOKEN.search(str(tree.get("inputs")))
        return None if is_handed else rights.needs({}, {"steps": as_list(runs.get("steps"))}, table)
    found = said(tree.get("permissions")) or {}
    for job in _jobs_of(tree):
        own = said(job.get("permissions", tree.get("permissions")))
        needed = rights.needs(tree, job, table) if own is None else own
        if needed is None:
            return None
        found = rights.joined(found, needed)
    return None if rights.EVERY in found else found


def _asked(tree: Tree, table: rights.Rights) -> Given:
    """What a called workflow says that it and its jobs shall have."""
    found = said(tree.get("permissions")) or {}
    for job in _jobs_of(tree):
        own = said(job.get("permissions"))
        nested = table.get(rights.ASKING.format(rights.used(job)), {}) if job.get("uses") is not None else {}
        found = rights.joined(found, nested if own is None else own)
    return found


def _likely(tree: Tree, table: rights.Rights) -> Given:
    """What the jobs of a called workflow get where they say nothing themselves: what is known of them, else what is usual."""
    heirs = [job for job in _jobs_of(tree) if job.get("permissions", tree.get("permissions")) is None]
    found: dict[str, str] = {}
    for job in heirs:
        found = rights.joined(found, rights.granted(tree, job, table))
    return found
