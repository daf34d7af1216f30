"""What workflows use from elsewhere, and the commits that a repository's lock file names for it.

    calls: {name: actions/checkout, ref: v4, sort: action | workflow | docker | local, pinned: true, commit: 11bd...,
      release: v4.2.2, fits: true, instead: ruby/setup-ruby, from: workspace | repository | checkout}

A commit is told by the repository's lock file, or by the binding (`commits:`), which names the release that a tag is held to;
it fits where the lock names it, the tag is that of the release, or the release has all `inputs:` that the step gives. A branch that
is named after a major (releases/v4) is held as its tag is. Of an action that its makers have given up (`archived:`) `instead` tells
what does its work now. GitHub does not tell capitals apart in the names of owners and repositories. `from` is told of what is
local: ``./`` is taken from the workspace as it is then, ``$/`` from the repository as it was when the workflow began; what another
checkout of the job brought is no file of this one.

The lock is .github/actions.lock.yml, a mapping as ``actions/checkout@v4: 11bd71901bbe5b1630ceea73d27597364c9af683``.
docs.github.com, Workflow syntax, jobs.<job_id>.steps[*].uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import mappings
from setright.bindings.source import ACTIONS_LOCK, Source
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Resource, Tree
from setright.patterns import late
from setright.trees import as_list


class KnownActions(NamedTuple):
    """What the binding knows: for action@tag the release that it is held to with its commit, inputs of the releases, successors."""

    commits: Mapping[str, Sequence[str]]
    inputs: Mapping[str, Sequence[str]]
    archived: Mapping[str, str] = {}


NOTHING = KnownActions({}, {})


def known_by(layout: Mapping[str, Plain]) -> KnownActions:
    """What a binding's layout tells, by names in small letters."""
    commits = {_small(uses): release for uses, release in layout.get("commits", {}).items()}
    return KnownActions(
        commits, *({_small(name): told for name, told in layout.get(key, {}).items()} for key in ("inputs", "archived"))
    )


def _small(uses: str) -> str:
    name, at, ref = uses.partition("@")
    return name.lower() + at + ref


ACTION = late(r"(?:^|/)action\.ya?ml$")
OWN = "$/"
BRANCHES = ("main", "master")
COMMIT = late(r"[0-9a-f]{40}")
DIGIT, DIGITS = late(r"\d"), late(r"\d+")
OF_MAJOR = late(r"releases?/(?P<tag>v\d+)")
USES = late(r"(?P<name>[\w.-]+/[\w.-]+(?:/[^@\s]+)?)@(?P<ref>\S+)")


def calls(
    raw: Tree, locked: Mapping[str, Tree], file: str, known_here: KnownActions = NOTHING, beside: Sequence[Plain] = ()
) -> Tree:
    """What a step or job uses from elsewhere, taken apart; `beside` are the steps of its job."""
    uses = raw.get("uses")
    if not isinstance(uses, str):
        return {}
    if uses.startswith(("./", "../", OWN)):
        place = "repository" if uses.startswith(OWN) else "checkout" if _is_brought(uses, beside) else "workspace"
        return {"calls": {"name": uses, "sort": "local", "pinned": True, "from": place}}
    if uses.startswith("docker://"):
        return {"calls": {"name": uses[9:], "sort": "docker", "pinned": "@sha256:" in uses}}
    found = USES.fullmatch(uses)
    if found is None:
        return {"calls": {"name": uses, "sort": "action", "pinned": False}}
    told = {
        "name": found["name"],
        "ref": found["ref"],
        "sort": "workflow" if "/.github/workflows/" in found["name"] else "action",
        "pinned": bool(COMMIT.fullmatch(found["ref"])),
    }
    if instead := known_here.archived.get(_repository(found["name"])):
        told["instead"] = instead
    if commit := known(locked, file, uses):
        return {"calls": told | {"commit": commit, "fits": True}}
    given = raw.get("with")
    return {"calls": told | _released(found["name"], found["ref"], list(given) if isinstance(given, dict) else [], known_here)}


def events(raw: Plain) -> Tree:
    """What a workflow is `on`, as a mapping."""
    if isinstance(raw, dict):
        return {event: {} if how is None else how for event, how in raw.items()}
    return {str(event): {} for event in as_list(raw)}


def _is_brought(uses: str, beside: Sequence[Plain]) -> bool:
    """Whether a step checks something out into the folder that it stands in."""
    paths = [look_up(each, ("with", "path")) for each in beside]
    return any(isinstance(path, str) and f"{uses}/".startswith(f"./{path.removeprefix('./').rstrip('/')}/") for path in paths)


def of_repository(resource: Resource, sources: Mapping[str, Source]) -> Edit:
    """The edit that takes an action or workflow of the tree from the repository. Raises BindingError where it is not there."""
    name, file = resource.tree["calls"]["name"], resource.home[0]
    root, path = file.rpartition(".github/")[0], name.removeprefix("./").rstrip("/")
    found = [f"{root}{path}{end}" for end in ("", "/action.yml", "/action.yaml") if path]
    if not any(each in sources for each in found):
        raise BindingError(f"{file}: {name}: is no file of this repository; let it stay where it is made or checked out")
    return Edit(("uses",), OWN + path)


def _repository(name: str) -> str:
    return "/".join(name.lower().split("/")[:2])


def _released(name: str, ref: str, given: Sequence[str], known_here: KnownActions) -> Tree:
    """The commit of the release that a tag is or is short for, and of the newest one for a branch."""
    action, commits = _repository(name), known_here.commits
    exact = commits.get(f"{action}@{ref}")
    if ref in BRANCHES and exact is None:
        release, commit = _newest(action, commits)
        return {"commit": commit, "release": release, "fits": False} if commit else {}
    branch = OF_MAJOR.fullmatch(ref)
    short = branch["tag"] if branch else ref.split(".")[0]
    release, commit = exact or commits.get(f"{action}@{short}") or ("", "")
    is_of_release = ref == release and DIGIT.search(ref) is not None
    if not (exact or (commit and (branch or is_of_release or release.startswith(f"{ref}.")))):
        return {}
    served = name.lower() in known_here.inputs and set(given) <= set(known_here.inputs[name.lower()])
    return {"commit": commit, "release": release, "fits": is_of_release or served}


def _newest(action: str, commits: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The newest known release of an action, with its commit."""
    known_of_it = [release for uses, release in commits.items() if uses.startswith(f"{action}@") and DIGIT.search(release[0])]
    return max(known_of_it, key=lambda release: [int(each) for each in DIGITS.findall(release[0])], default=("", ""))


def action_locks(sources: Mapping[str, Source]) -> dict[str, Tree]:
    """What each lock file says, by the folder of the repository that it is of; the deepest first."""
    found = {s.locator[: -len(ACTIONS_LOCK)]: d for s, _, d in mappings(sources) if s.locator.endswith(ACTIONS_LOCK)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def known(locked: Mapping[str, Tree], file: str, uses: str) -> str:
    lock = next((lock for folder, lock in locked.items() if file.startswith(folder)), {})
    commit = lock.get(uses)
    return commit if isinstance(commit, str) and COMMIT.fullmatch(commit) else ""
