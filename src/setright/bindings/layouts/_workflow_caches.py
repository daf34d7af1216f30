"""What a step brings along from caches of other runs, and whether it can leave them be.

With `lookup-only` actions/cache, since v3.3, and Swatinem/rust-cache, since v2.7.6, only ask whether there is one; a build then
makes anew what it would have held. Steps that are left out where one was found would miss it. What actions that set up tools take
for it the binding tells (`caches:`, with the major that has it first). The actions' README and CHANGELOG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree
from setright.patterns import late

TAKES_LOOKUP_ONLY = late(
    r"actions/cache@(?!v?[12](?:\.|$)|v?3\.[0-2](?:\.|$))\S+"
    r"|Swatinem/rust-cache@(?!v?1(?:\.|$)|v?2\.[0-6](?:\.|$)|v?2\.7\.[0-5]$)\S+"
)
MAJOR = late(r"v?(\d{1,3})(?:\.\S*)?")

Caches = Mapping[
    str, Sequence[Plain]
]  # owner/name[/path] in small letters -> input, what it says for none, the first major that has it


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
