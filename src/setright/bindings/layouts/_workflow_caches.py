"""What a step brings along from caches of other runs, and whether it can leave them be.

With `lookup-only` actions/cache, since v3.3, and Swatinem/rust-cache, since v2.7.6, only ask whether there is one; a build then
makes anew what it would have held. Steps that are left out where one was found would miss it. What actions that set up tools take
for it the binding tells (`caches:`, with the major that has it first). The actions' README and CHANGELOG.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree
from setright.patterns import late
from setright.trees import as_list

TAKES_LOOKUP_ONLY = late(
    r"actions/cache@(?!v?[12](?:\.|$)|v?3\.[0-2](?:\.|$))\S+"
    r"|Swatinem/rust-cache@(?!v?1(?:\.|$)|v?2\.[0-6](?:\.|$)|v?2\.7\.[0-5]$)\S+"
)
PUBLISHES = late(  # actions that make what others download
    r"(?:softprops/action-gh-release|ncipollo/release-action|goreleaser/goreleaser-action|pypa/gh-action-pypi-publish"
    r"|rubygems/release-gem|js-devtools/npm-publish|changesets/action|release-drafter/release-drafter|katyo/publish-crates)@.*",
    re.I,
)
RELEASE_BRANCH = "release"  # as such branches begin
MAJOR = late(r"v?(\d{1,3})(?:\.\S*)?")

Caches = Mapping[
    str, Sequence[Plain]
]  # owner/name[/path] in small letters -> input, what it says for none, the first major that has it


def is_for_release(on: Mapping[str, Plain]) -> bool:
    """Whether a workflow is started for releases: by one, by a tag, or by branches that are named for them."""
    pushed = on.get("push")
    if "release" in on or not isinstance(pushed, dict):
        return "release" in on
    branches = as_list(pushed.get("branches"))
    return "tags" in pushed or bool(branches and all(str(each).startswith(RELEASE_BRANCH) for each in branches))


def makes_release(steps: Sequence[Plain]) -> bool:
    """Whether a job publishes what it built."""
    return any(PUBLISHES.fullmatch(str(look_up(step, ("uses",)))) for step in steps)


def can_skip(step: Tree, job: Tree) -> bool:
    """Whether the step may look for its cache only."""
    if not TAKES_LOOKUP_ONLY.fullmatch(str(step.get("uses"))):
        return False
    name = step.get("id")
    return name is None or not any(each in str(job) for each in (f"steps.{name}.", f"steps['{name}']", f'steps["{name}"]'))


def brings(step: Tree, caches: Caches) -> str | None:
    """The name of an action that brings its tools from a cache, unless an input that the step does not give yet says no."""
    name, _, ref = str(step.get("uses", "")).partition("@")
    told = caches.get(name.lower())
    if told is None:
        return None
    parameter, off, since = told
    major = MAJOR.fullmatch(ref)
    is_old = int(major[1]) < int(since) if major else bool(since)
    now = look_up(step, ("with", parameter))
    return None if is_old or str(now).lower() == str(off).lower() or "${{" in str(now) else name


def without_cache(name: str, caches: Caches) -> Edit:
    """The edit with which an action brings no cache along."""
    parameter, off, _ = caches[name.lower()]
    return Edit(("with", parameter), off)
