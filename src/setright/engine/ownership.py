"""Who answers for a resource: what the configuration, the resource's own tags and the tree's lists of owners say.

Sources: CODEOWNERS (docs.github.com, docs.gitlab.com; the last line that matches counts), catalog-info.yaml
(backstage.io/docs/features/software-catalog/descriptor-format), labels and tags by the names that people give them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path as File

import yaml

from setright.engine.scan import Found
from setright.engine.world import Slot
from setright.model import Path, Plain, Tree
from setright.policy.owners import Evidence, Owner, Ownership, ranked

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
CATALOGUE = "catalog-info.yaml"
TAGS = ("Tags", "tags", "labels", "metadata/labels", "metadata/annotations", "userLabels", "resource_labels")
NAMES = {"owner", "team", "owners", "owned-by", "service-owner", "app.kubernetes.io/owner", "squad"}
MAX_BYTES = 1_000_000
Place = tuple[Slot, str, tuple[str, Path]]


class Claims:
    """Everything that names owners for one target. `root` is where its sources are, None for what is no tree of sources."""

    def __init__(self, said: Sequence[Evidence], owners: Sequence[Owner], root: File | None) -> None:
        self._said = list(said)
        self._owners = owners
        self._root = root
        self._by_file: dict[str, list[Evidence]] = {}
        self._by_resource: dict[Place, Ownership] = {}

    def of(self, found: Found) -> Ownership:
        """The surest owner; one without a name where nothing names any."""
        resource = found.resource
        place = found.slot, resource.name, resource.home
        if place not in self._by_resource:
            evidence = [*self._said, *_tagged(resource.tree), *self._of(resource.home[0])]
            self._by_resource[place] = next(iter(ranked(evidence, self._owners)), Ownership())
        return self._by_resource[place]

    def _of(self, locator: str) -> list[Evidence]:
        if locator not in self._by_file:
            self._by_file[locator] = list(self._of_file(locator))
        return self._by_file[locator]

    def _of_file(self, locator: str) -> Iterator[Evidence]:
        if self._root is None:
            return
        yield from self._lists.of(locator)
        folder = File(locator).parent
        for place in (folder, *folder.parents):
            if entry := self._catalogue(place / CATALOGUE):
                yield Evidence(entry, "catalogue", str(place / CATALOGUE))
                return

    @cached_property
    def _lists(self) -> _CodeOwners:
        assert self._root is not None
        return _CodeOwners(self._root)

    def _catalogue(self, file: File) -> str:
        """`spec.owner` of the first entry, without the namespace and kind that may stand before it; empty: there is none."""
        assert self._root is not None
        text = _text(self._root / file)
        if "owner" not in text:
            return ""
        try:
            entry = next(iter(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))), None)
        except yaml.YAMLError:
            return ""
        spec = entry.get("spec") if isinstance(entry, dict) else None
        owner = spec.get("owner") if isinstance(spec, dict) else None
        return owner.rpartition("/")[2].rpartition(":")[2] if isinstance(owner, str) else ""


class _CodeOwners:
    """The list of owners of a repository, whose root is at or above a tree's."""

    def __init__(self, root: File) -> None:
        from pathspec import GitIgnoreSpec

        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        self._below = root.relative_to(top)
        self._lines: list[tuple[GitIgnoreSpec, str, list[str], int]] = []
        self._file = next((name for name in CODEOWNERS if (top / name).is_file()), "")
        for number, line in enumerate(_text(top / self._file).splitlines() if self._file else (), 1):
            words = line.split("#", 1)[0].split()
            if words and not words[0].startswith(("[", "^[")):
                self._lines.append((GitIgnoreSpec.from_lines(words[:1]), words[0], words[1:], number))

    def of(self, locator: str) -> Iterator[Evidence]:
        path = (self._below / locator).as_posix()
        for spec, pattern, owners, number in reversed(self._lines):
            if spec.match_file(path):
                for owner in owners[:1]:  # who is named first is asked first
                    yield Evidence(owner, "codeowners", f"{self._file} line {number}: {pattern} {owner}")
                return


def _tagged(tree: Tree) -> Iterator[Evidence]:
    for place in TAGS:
        node: Plain = tree
        for key in place.split("/"):
            node = node.get(key) if isinstance(node, dict) else None
        for name, value in _pairs(node):
            if name.casefold() in NAMES and isinstance(value, str) and value:
                yield Evidence(value, "tag", f"{place}: {name} = {value}")


def _pairs(node: Plain) -> Iterator[tuple[str, Plain]]:
    """Tags as a mapping, or as AWS lists them."""
    if isinstance(node, dict):
        yield from node.items()
    for item in node if isinstance(node, list) else ():
        if isinstance(item, dict) and isinstance(item.get("Key"), str):
            yield item["Key"], item.get("Value")


def _text(file: File) -> str:
    """What a file says; empty where it is not there, or is no text of a sensible size."""
    try:
        return file.read_text("utf-8") if file.stat().st_size <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""
