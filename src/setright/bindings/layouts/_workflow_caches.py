"""Whether a step that restores a cache can leave it be: it takes `lookup-only`, and nothing reads what it found.

With that actions/cache, since v3.3, and Swatinem/rust-cache, since v2.7, only ask whether there is one; a build then makes anew
what it would have held. Steps that are left out where one was found would miss it. Both actions' README.
"""

from __future__ import annotations

from setright.model import Tree
from setright.patterns import late

TAKES_LOOKUP_ONLY = late(
    r"actions/cache@(?!v?[12](?:\.|$)|v?3\.[0-2](?:\.|$))\S+|Swatinem/rust-cache@(?!v?1(?:\.|$)|v?2\.[0-6](?:\.|$))\S+"
)


def can_skip(step: Tree, job: Tree) -> bool:
    """Whether the step may look for its cache only."""
    if not TAKES_LOOKUP_ONLY.fullmatch(str(step.get("uses"))):
        return False
    name = step.get("id")
    return name is None or not any(each in str(job) for each in (f"steps.{name}.", f"steps['{name}']", f'steps["{name}"]'))
