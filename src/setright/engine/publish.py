"""Drafts in, a standing pull request out: one branch for what is asked again and again, made anew only when its change is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from setright.engine.error import EngineError
from setright.engine.proposal import Words, mark, mark_of, message
from setright.engine.propose import Draft
from setright.integrations.error import IntegrationError
from setright.integrations.forge import Forge, Pull, PullDraft, Unlabelled
from setright.integrations.git import Commit, Repository, Signed, Worktree


class Goal(NamedTuple):
    """From which branch into which, at which commit; and the labels."""

    branch: str
    base: str
    at: str  # the base's commit
    labels: tuple[str, ...] = ()


class Published(NamedTuple):
    """What came of it. `state` is ``opened``, ``updated``, ``unchanged``, ``declined`` or ``nothing``."""

    state: str
    url: str = ""


def commit(worktree: Worktree, drafts: Sequence[Draft], signed: Signed) -> int:
    """Makes the drafts' commits in the worktree; gives how many. What an earlier step put right as well needs none."""
    made = [
        Commit(message(step, draft), {draft.inside + change.locator: change.after for change in step.changes})
        for draft in drafts
        for step in draft.steps
        if step.changes
    ]
    for each in made:
        worktree.commit(each, signed)
    return len(made)


def publish(repository: Repository, forge: Forge, tip: str, drafts: Sequence[Draft], goal: Goal, words: Words) -> Published:
    """Pushes the commits and opens or updates the pull request; nothing where an open one says the same already.

    One that people closed without merging stays closed while the findings are the same. Raises EngineError where
    the branch holds what is not ours: the work of people is not written over. IntegrationError says what stands already.
    """
    pulls = forge.pulls(goal.branch, goal.base)
    there = next((pull for pull in pulls if pull.state == "open"), None)
    if there is None and _declined(pulls, drafts):
        return Published("declined", pulls[0].url)
    was = repository.fetch(goal.branch, repository.pushed)
    same = bool(was) and _is_same(repository, goal, was, tip)
    if there and same:
        return Published("unchanged", there.url)
    if not same:
        repository.push(tip, goal.branch, was)
    wanted = PullDraft(goal.branch, goal.base, words.title, words.body, goal.labels)
    try:
        return Published("updated", forge.update(there, wanted).url) if there else Published("opened", forge.open(wanted).url)
    except Unlabelled:
        raise
    except IntegrationError as error:
        raise IntegrationError(f"{error}. {_standing(repository, goal, there)}") from error


def _standing(repository: Repository, goal: Goal, there: Pull | None) -> str:
    if there:
        return f"{goal.branch} is pushed, and {there.url} shows it under its old description: run this again then"
    away = f"take it away: `git push {repository.pushed} --delete {goal.branch}`"
    return f"{goal.branch} is pushed, and no pull request of it is known: run this again then, open one by hand, or {away}"


def _declined(pulls: Sequence[Pull], drafts: Sequence[Draft]) -> bool:
    return bool(pulls) and pulls[0].state == "closed" and mark_of(pulls[0].body) == mark(drafts)


def _is_same(repository: Repository, goal: Goal, was: str, tip: str) -> bool:
    repository.deepen(goal.base)
    if foreign := repository.foreign(goal.at, was):
        raise EngineError(f"{goal.branch}: has commits that are not ours ({foreign[0]}); merge it or say another --branch")
    if not repository.is_ours(was):
        raise EngineError(f"{goal.branch}: is there, and its last commit is not ours; nothing was pushed, say another --branch")
    return repository.same_change(goal.at, was, tip)
