"""What workflows use from elsewhere, and the commits that a repository's lock file names for it.

    calls: {name: actions/checkout, ref: v4, sort: action | workflow | docker | local, pinned: true, commit: 11bd...}

The lock is .github/actions.lock.yml, a mapping as ``actions/checkout@v4: 11bd71901bbe5b1630ceea73d27597364c9af683``.
docs.github.com, Workflow syntax, jobs.<job_id>.steps[*].uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from setright.bindings.layouts._documents import mappings
from setright.bindings.source import Source
from setright.model import Tree

LOCK = ".github/actions.lock.yml"
COMMIT = re.compile(r"[0-9a-f]{40}")
USES = re.compile(r"(?P<name>[\w.-]+/[\w.-]+(?:/[^@\s]+)?)@(?P<ref>\S+)")


def calls(raw: Tree, locked: Mapping[str, Tree], file: str) -> Tree:
    """What a step or job uses from elsewhere, taken apart."""
    uses = raw.get("uses")
    if not isinstance(uses, str):
        return {}
    if uses.startswith(("./", "../", "$/")):
        return {"calls": {"name": uses, "sort": "local", "pinned": True}}
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
    commit = known(locked, file, uses)
    return {"calls": told | ({"commit": commit} if commit else {})}


def locks(sources: Mapping[str, Source]) -> dict[str, Tree]:
    """What each lock file says, by the folder of the repository that it is of; the deepest first."""
    found = {s.locator[: -len(LOCK)]: d for s, _, d in mappings(sources) if s.locator.endswith(LOCK)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def known(locked: Mapping[str, Tree], file: str, uses: str) -> str:
    lock = next((lock for folder, lock in locked.items() if file.startswith(folder)), {})
    commit = lock.get(uses)
    return commit if isinstance(commit, str) and COMMIT.fullmatch(commit) else ""
