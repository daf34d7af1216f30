"""Which declared assets something found is: by its names, whatever their case. Pure; patterns as in fnmatch(3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

from setright.policy.estate import Asset

GLOB = frozenset("*?[")


class Assets:
    """All assets, found by an exact name at once; only those with globs are gone through one by one."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._exact: dict[str, list[Asset]] = {}
        self._globs: list[tuple[str, Asset]] = []
        for asset in assets:
            for name in (asset.name, *asset.aliases):
                if GLOB & set(name):
                    self._globs.append((name.casefold(), asset))
                else:
                    self._exact.setdefault(name.casefold(), []).append(asset)

    def called(self, names: Iterable[str], target: Sequence[str]) -> list[Asset]:
        """The assets of these names, those told by an exact name first; `target` are the names of where they were found."""
        if not self._exact and not self._globs:
            return []
        found = {id(asset): asset for asset in self._called({name.casefold() for name in names if name}) if _is_in(asset, target)}
        return list(found.values())

    def _called(self, names: set[str]) -> Iterator[Asset]:
        for name in sorted(names):
            yield from self._exact.get(name, ())
        for pattern, asset in self._globs:
            if any(fnmatchcase(name, pattern) for name in names):
                yield asset


class Traits(NamedTuple):
    """What is known of something besides its owner; empty: nothing. `why` says where its exposure stands."""

    environment: str = ""
    organisation: str = ""
    importance: str = ""
    exposure: str = ""
    tags: tuple[str, ...] = ()
    why: str = ""

    def over(self, other: Traits) -> Traits:
        """These, and where they say nothing the other's; tags of both."""
        first = [mine or its for mine, its in zip(self[:4], other[:4], strict=True)]
        why = self.why if self.exposure else other.why if other.exposure else ""
        return Traits(first[0], first[1], first[2], first[3], tuple(dict.fromkeys((*self.tags, *other.tags))), why)


def traits_of(assets: Sequence[Asset]) -> Traits:
    """What assets say together; an earlier one goes first."""
    told = Traits()
    for asset in assets:
        where = f"asset {asset.name}" + (f" of {asset.source}" if asset.source else "")
        told = told.over(Traits(asset.environment, asset.organisation, asset.importance, asset.exposure, asset.tags, where))
    return told


def names_of_url(url: str) -> tuple[str, ...]:
    """The host of a target's URL, by its full and its short name."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ()
    short = host.partition(".")[0]
    return tuple(dict.fromkeys(name for name in (host, "" if short.isdigit() else short) if name))


def _is_in(asset: Asset, target: Sequence[str]) -> bool:
    return not asset.targets or any(fnmatchcase(name, pattern) for pattern in asset.targets for name in target)
