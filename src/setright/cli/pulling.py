"""`setright fix --pr`: the options, the way from a target to a pull request, and what is told of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from setright.cli.failure import CLEAN, Failure

if TYPE_CHECKING:
    from setright.app import App
    from setright.cli.options import Selection, Shown
    from setright.engine.proposal import Words
    from setright.engine.propose import Draft
    from setright.engine.publish import Goal, Published
    from setright.integrations.forge import Forge
    from setright.integrations.forge import Repository as Place
    from setright.integrations.git import Repository, Worktree

F = TypeVar("F", bound=Callable[..., Any])
TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}
APIS = {"github": "GITHUB_API_URL", "gitlab": "CI_API_V4_URL"}
TOLD = {
    "opened": "Opened {url}",
    "updated": "Updated {url}",
    "unchanged": "Nothing new: {url} is open and says the same",
    "declined": "Nothing new: {url} was closed without merging, and stays so; `setright except` says why for good",
    "nothing": "Nothing to put right on {base} that needs no other word; no pull request was opened",
    "drafted": "Nothing was pushed",
    "refused": "Nothing was pushed, as you said",
}


class PullOptions(NamedTuple):
    """How a pull request is made."""

    remote: str
    fork: str
    base: str | None
    branch: str | None
    commit_per: str
    author: str
    signoff: bool
    label: tuple[str, ...]
    forge: str | None
    api_url: str | None
    project: str | None
    fork_project: str | None
    token_file: str | None
    pages_url: str


def pull_options(command: F) -> F:
    """``--pr`` and what goes with it, as `pull`; None without ``--pr``."""
    options = [
        click.option("--pr", is_flag=True, help="Open a pull request instead of writing here; one that is open is updated."),
        click.option("--remote", default="origin", metavar="NAME", help="With --pr: the remote.  [default: origin]"),
        click.option("--fork", default="", metavar="NAME", help="With --pr: push to this remote, your fork of that repository."),
        click.option("--base", metavar="BRANCH", help="With --pr: what to merge into.  [default: the remote's default branch]"),
        click.option("--branch", metavar="NAME", help="With --pr: the branch to push.  [default: setright/ and a hash]"),
        click.option(
            "--commit-per", type=click.Choice(["control", "file", "all"]), default="control", help="With --pr: the commits."
        ),
        click.option(
            "--author", default="", metavar="'NAME <MAIL>'", help="With --pr: who commits.  [default: as git is configured]"
        ),
        click.option("--signoff", is_flag=True, help="With --pr: add Signed-off-by to the commits."),
        click.option("--label", multiple=True, metavar="LABEL", help="With --pr: give it this label; may be repeated."),
        click.option("--forge", type=click.Choice(sorted(TOKENS)), help="With --pr: which forge, where its name does not tell."),
        click.option("--api-url", metavar="URL", help="With --pr: the forge's API.  [default: from the remote]"),
        click.option("--project", metavar="OWNER/NAME", help="With --pr: the repository there.  [default: from the remote]"),
        click.option("--fork-project", metavar="OWNER/NAME", help="With --pr: the fork there.  [default: from --fork]"),
        click.option("--token-file", metavar="FILE", help="With --pr: the token.  [default: $GITHUB_TOKEN or $GITLAB_TOKEN]"),
        click.option("--pages-url", default="", metavar="URL", help="With --pr: your documentation site, for links to controls."),
    ]

    @wraps(command)
    def with_pull(*, pr: bool, **rest: Any) -> Any:
        given = {name: rest.pop(name) for name in PullOptions._fields}
        return command(pull=PullOptions(**given) if pr else None, **rest)

    for option in reversed(options):
        with_pull = option(with_pull)
    return with_pull  # type: ignore[return-value]


class Request(NamedTuple):
    """What shall be proposed. `ask_first`: a person at the terminal is shown it and asked."""

    selection: Selection
    pull: PullOptions
    together: bool
    dry_run: bool
    ask_first: bool


class Pulled(NamedTuple):
    """What came of it, and what it was about."""

    published: Published
    drafts: tuple[Draft, ...]
    goal: Goal
    words: Words
    commits: int


def propose(app: App, request: Request, show: Shown) -> Pulled:
    """Makes the pull request, in a checkout of the base branch; the user's own tree is not touched."""
    from setright.engine.proposal import words
    from setright.engine.publish import Published, commit, publish
    from setright.integrations.git import Signed
    from setright.surfaces.iac.surface import SourceTree

    targets = app.targets(request.selection.targets)
    repository, inside = _repository(targets, request.pull)
    forge = None if request.dry_run else _forge(repository, request.pull)
    goal = _goal(repository, request, inside)
    with repository.worktree(goal.at) as tree:
        drafts = _drafts(app, request, tree, inside)
        if not any(draft.steps for draft in drafts):
            return Pulled(Published("nothing"), drafts, goal, words(drafts), 0)
        commits = commit(tree, drafts, Signed(request.pull.author, request.pull.signoff))
        drafts = tuple(app.verify(draft, SourceTree(tree.place / inside[draft.target], draft.target)) for draft in drafts)
        told = words(drafts, request.pull.pages_url)
        if forge is None or (request.ask_first and not _agreed(told, goal, request.pull.fork, show)):
            return Pulled(Published("refused" if forge else "drafted"), drafts, goal, told, commits)
        published = publish(repository, forge, tree.tip, drafts, goal, told)
    _record(app, published, drafts, goal)
    return Pulled(published, drafts, goal, told, commits)


def tell_outcome(outcome: Pulled, show: Shown) -> int:
    """Says what came of it; gives the exit code."""
    from setright.cli.output import emit, json_text
    from setright.engine.contract import plans_object

    published, goal = outcome.published, outcome.goal
    if show.format == "json":
        plans = [plan for draft in outcome.drafts for plan in (*draft.plans, *draft.waiting, *draft.hands)]
        about = {"state": published.state, "url": published.url or None, "branch": goal.branch, "base": goal.base}
        words = {"title": outcome.words.title, "body": outcome.words.body, "commits": outcome.commits}
        emit(json_text(plans_object(plans) | {"pull_request": about | words}), show)
        return CLEAN
    line = TOLD[published.state].format(url=published.url, base=goal.base) + _left(outcome)
    emit(f"{outcome.words.title}\n\n{outcome.words.body}\n{line}\n" if published.state == "drafted" else f"{line}\n", show)
    return CLEAN


def _left(outcome: Pulled) -> str:
    """What of it is for somebody else, where nobody reads it in a description."""
    if outcome.published.state != "nothing":
        return ""
    waiting = sum(len(draft.waiting) for draft in outcome.drafts)
    hands = sum(len(draft.hands) for draft in outcome.drafts)
    told = f"; plans that wait for a decision: {waiting} (--all takes them in)" if waiting else ""
    return f"{told}; for a person: {hands}" if hands else told


def _repository(targets: Sequence[str], pull: PullOptions) -> tuple[Repository, dict[str, Path]]:
    """The repository that all targets are in, and where in it each is."""
    from setright.integrations.git import Repository

    for target in targets:
        if not Path(target).exists():
            raise Failure(f"{target}: --pr is for source files in a git repository; this is no path here")
    repository = Repository(Path(targets[0]).resolve(), pull.remote, pull.fork)
    places = {target: Path(target).resolve() for target in targets}
    for target, place in places.items():
        if not place.is_relative_to(repository.root):
            raise Failure(f"{target}: is not in the repository {repository.root}; one pull request is for one repository")
    return repository, {target: place.relative_to(repository.root) for target, place in places.items()}


def _forge(repository: Repository, pull: PullOptions) -> Forge:
    from setright.integrations import github, gitlab
    from setright.integrations.forge import repository_of, sort_of

    place = repository_of(repository.url())
    sort = pull.forge or sort_of(place.host, os.environ)
    project = pull.project or place.project
    if not place.host and not (pull.api_url and pull.project):
        raise Failure(f"{pull.remote}: is a path, which names no forge; say --forge, --api-url and --project")
    fork = _fork(repository, pull, place, project)
    token = _token(sort, pull.token_file)
    api = pull.api_url or os.environ.get(APIS[sort]) or {"github": github, "gitlab": gitlab}[sort].api_url(place.host)
    return github.GitHub(api, project, token, fork) if sort == "github" else gitlab.GitLab(api, project, token, fork)


def _fork(repository: Repository, pull: PullOptions, place: Place, project: str) -> str:
    """The fork's name on the forge; empty without one."""
    from setright.integrations.forge import repository_of

    if not pull.fork:
        if pull.fork_project:
            raise Failure("--fork-project: say --fork NAME, too: the remote that is pushed to")
        return ""
    fork = repository_of(repository.url(pull.fork))
    if fork.host and place.host and fork.host != place.host and not pull.fork_project:
        raise Failure(f"{pull.fork}: is on {fork.host}, and {pull.remote} on {place.host}; a fork is on the same forge")
    name = pull.fork_project or fork.project
    if not name:
        raise Failure(f"{pull.fork}: is a path, which names no repository of the forge; say --fork-project OWNER/NAME")
    if name.lower() == project.lower():
        raise Failure(f"{pull.fork}: is {project} itself; leave --fork away, or name the remote of your fork")
    return name


def _token(sort: str, file: str | None) -> str:
    try:
        token = Path(file).read_text().strip() if file else os.environ.get(TOKENS[sort], "").strip()
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; the token could not be read") from error
    if not token or not token.isascii() or not token.isprintable():
        raise Failure(f"there is no token for {sort}; set {TOKENS[sort]}, or name a file with --token-file")
    return token


def _goal(repository: Repository, request: Request, inside: Mapping[str, Path]) -> Goal:
    from setright.engine.proposal import branch_of
    from setright.engine.publish import Goal

    default = repository.default_branch() if request.pull.branch or not request.pull.base else ""
    base = request.pull.base or default
    branch = request.pull.branch
    repository.check_name(base)
    if branch:
        repository.check_name(branch)
    if branch in {base, default}:
        raise Failure(f"{branch}: is what people merge into, which nothing is pushed to; say another --branch")
    at = repository.fetch(base)
    if not at:
        raise Failure(f"{request.pull.remote}: has no branch {base!r}; say --base BRANCH")
    chosen = request.selection
    asked = [
        base,
        *map(str, inside.values()),
        "",
        chosen.baseline or "",
        *chosen.controls,
        chosen.min_severity,
        str(request.together),
    ]
    return Goal(branch or branch_of(asked), base, at, request.pull.label)


def _drafts(app: App, request: Request, tree: Worktree, inside: Mapping[str, Path]) -> tuple[Draft, ...]:
    from setright.surfaces.iac.surface import SourceTree

    made = []
    for target, place in inside.items():
        here = tree.place / place
        if not here.exists():
            raise Failure(f"{target}: is not on the base branch; merge it first, or say --base BRANCH")
        folder = place if here.is_dir() else place.parent
        surface = SourceTree(here, target)
        drafted = app.draft(surface, request.selection.ask(), together=request.together, per=request.pull.commit_per)
        made.append(drafted._replace(inside="" if folder == Path() else f"{folder.as_posix()}/"))
    return tuple(made)


def _agreed(told: Words, goal: Goal, fork: str, show: Shown) -> bool:
    if not show.quiet:
        click.echo(f"{told.title}\n\n{told.body}", err=True)
    return click.confirm(f"Push {goal.branch}{f' to {fork}' if fork else ''} and open a pull request into {goal.base}?", err=True)


def _record(app: App, published: Published, drafts: Sequence[Draft], goal: Goal) -> None:
    if published.state in ("opened", "updated"):
        plans = [plan.hash for draft in drafts for plan in draft.plans]
        about = {"url": published.url, "branch": goal.branch, "base": goal.base, "at": goal.at, "plans": plans}
        app.ledger.append(f"pull request {published.state}", about)
