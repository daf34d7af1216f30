"""Who answers for a resource: what the configuration, the resource's own tags, lists of owners and git say.

Sources: CODEOWNERS (docs.github.com, docs.gitlab.com; the last line that matches counts), catalog-info.yaml
(backstage.io/docs/features/software-catalog/descriptor-format), git-log(1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING

from setright.engine.scan import Found
from setright.engine.witnesses import accounted, tagged_witnesses
from setright.model import Resource
from setright.policy.owners import Owner, Ownership, Returns, Witness, ranked
from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.git import last_changers

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
CATALOGUE = "catalog-info.yaml"
MAX_BYTES = 1_000_000
Listed = Callable[[Found], Iterable[Witness]]


def nowhere_listed(found: Found) -> Iterable[Witness]:
    """No list of assets."""
    return ()


class Claims:
    """Everything that names owners for one target. `root` is where its sources are, None for what is no tree of sources.

    `listed` is what lists of assets say, `last` who is asked where nothing names anybody, `returns` what was sent back.
    """

    def __init__(
        self,
        said: Sequence[Witness],
        owners: Sequence[Owner],
        root: File | None,
        listed: Listed = nowhere_listed,
        last: Sequence[Witness] = (),
        returns: Returns = Returns(),  # noqa: B008 - immutable
    ) -> None:
        self._said = list(said)
        self._owners = owners
        self._root = root
        self._listed = listed
        self._last = list(last)
        self._returns = returns
        self._by_file: dict[str, list[Witness]] = {}
        self._entries: dict[str, list[Witness]] = {}  # by folder
        self._by_resource: dict[int, tuple[Resource, Ownership]] = {}  # by the id of the resource that each holds

    def of(self, found: Found) -> Ownership:
        """The surest owner; one without a name where nothing names any and nobody is asked for such."""
        if found.finding.id in self._returns.refused:
            return self._surest(found)
        known = self._by_resource.get(id(found.resource))
        if known is None:
            known = self._by_resource[id(found.resource)] = found.resource, self._surest(found)
        return known[1]

    def ranked(self, found: Found) -> list[Ownership]:
        """Every owner that something names for a finding, the one to ask first."""
        id_, resource = found.finding.id, found.resource
        evidence = [
            *self._said,
            *self._returns.named.get(id_, ()),
            *tagged_witnesses(resource.tree, self._owners),
            *self._listed(found),
        ]
        evidence += [*accounted(resource.name, resource.tree, self._owners), *self._of(resource.home[0])]
        evidence += [] if evidence else self._changed(resource.home[0])
        refused = self._returns.refused.get(id_, frozenset[str]())
        return ranked([*evidence, *self._last], self._owners, refused, self._returns.belief)

    def _surest(self, found: Found) -> Ownership:
        first, *rest = self.ranked(found) or [Ownership()]
        return first._replace(others=tuple(each for other in rest for each in other.evidence))

    def _changed(self, locator: str) -> list[Witness]:
        """Who changed the file last, where nothing better is known."""
        who = self._changers.get(locator) if self._root else None
        return [Witness(who, "last-change", f"last change of {locator} in git")] if who else []

    @cached_property
    def _changers(self) -> dict[str, str]:
        assert self._root is not None
        try:
            return last_changers(self._root)
        except SurfaceError:  # no repository, or no git: nobody is known to have changed anything
            return {}

    def _of(self, locator: str) -> list[Witness]:
        if locator not in self._by_file:
            self._by_file[locator] = list(self._of_file(locator))
        return self._by_file[locator]

    def _of_file(self, locator: str) -> Iterator[Witness]:
        if self._root is None:
            return
        yield from self._lists.of(locator)
        yield from self._entry(locator.rpartition("/")[0])

    def _entry(self, folder: str) -> list[Witness]:
        """What the entry of a software catalogue in the folder says, or in the nearest one above it."""
        if folder not in self._entries:
            file = f"{folder}/{CATALOGUE}" if folder else CATALOGUE
            owner = self._catalogue(file)
            above = self._entry(folder.rpartition("/")[0]) if folder and not owner else []
            self._entries[folder] = [Witness(owner, "catalogue", file)] if owner else above
        return self._entries[folder]

    @cached_property
    def _lists(self) -> _CodeOwners:
        assert self._root is not None
        return _CodeOwners(self._root)

    def _catalogue(self, file: str) -> str:
        """`spec.owner` of the first entry, without the namespace and kind that may stand before it; empty: there is none."""
        assert self._root is not None
        text = _text(self._root / file)
        if "owner" not in text:
            return ""
        import yaml

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
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        self._below = root.relative_to(top)
        self._lines: list[tuple[GitIgnoreSpec, str, list[str], int]] = []
        self._file = next((name for name in CODEOWNERS if (top / name).is_file()), "")
        if not self._file:
            return
        from pathspec import GitIgnoreSpec

        for number, line in enumerate(_text(top / self._file).splitlines(), 1):
            words = line.split("#", 1)[0].split()
            if words and not words[0].startswith(("[", "^[")):
                self._lines.append((GitIgnoreSpec.from_lines(words[:1]), words[0], words[1:], number))

    def of(self, locator: str) -> Iterator[Witness]:
        if not self._lines:
            return
        path = (self._below / locator).as_posix()
        for spec, pattern, owners, number in reversed(self._lines):
            if spec.match_file(path):
                for owner in owners[:1]:  # who is named first is asked first
                    yield Witness(owner, "codeowners", f"{self._file} line {number}: {pattern} {owner}")
                return


def _text(file: File) -> str:
    """What a file says; empty where it is not there, or is no text of a sensible size."""
    try:
        return file.read_text("utf-8") if file.stat().st_size <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""
