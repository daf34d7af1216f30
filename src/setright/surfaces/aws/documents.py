"""Resources as documents: found by listing, read group by group, each call once a resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from setright.model import Document, Path, Plain, Problem, Tree
from setright.surfaces.aws.account import Account, ApiError
from setright.surfaces.aws.entry import AwsEntry, Group, ResourcePlace, with_place
from setright.surfaces.aws.loop import together
from setright.surfaces.aws.shapes import UNKNOWN, indented_json, put, reach, value_of
from setright.surfaces.base import SurfaceError


class Gathered(NamedTuple):
    """A resource that was found, and the groups that its document holds."""

    entry: AwsEntry
    place: ResourcePlace
    groups: tuple[Path, ...]

    @property
    def locator(self) -> str:
        return self.entry.locator.format(**self.place._asdict())


class Spotted(NamedTuple):
    """A listed resource with the listing's own item."""

    known: Gathered
    item: Mapping[str, Plain]


Item = tuple[ResourcePlace, Mapping[str, Plain]]
Listed = tuple[list[Spotted], list[Problem]]


async def list_resources(account: Account, entry: AwsEntry, groups: tuple[Path, ...], names: tuple[str, ...]) -> Listed:
    """Every resource of a kind whose id one of `names` matches (none: all), and the regions that could not be listed."""
    number = await account.id() if "{account}" in entry.locator or _speaks_of_account(entry) else ""
    regions = await account.regions() if entry.scope == "region" else (account.home,)
    answers = await together(_or_refusal(account, entry, number, region) for region in regions)
    found: list[Spotted] = []
    problems: list[Problem] = []
    for region, answer in zip(regions, answers, strict=True):
        if isinstance(answer, ApiError):
            problems.append(Problem(entry.locator.format(account=number or "*", region=region, id="*"), str(answer)))
        else:
            found += [Spotted(Gathered(entry, place, groups), item) for place, item in answer if _asked(account, place, names)]
    return found, problems


async def read_resource(account: Account, known: Gathered, item: Mapping[str, Plain] | None) -> Tree | None:
    """The tree of one resource, its groups read at once; None where the resource is gone.

    A group that may not be read is ``{"$unknown": why}`` in the tree. `item` None: the listing is asked for this one.
    """
    try:
        item = await _item(account, known) if item is None else item
        answers = await _answers(account, known)
    except ApiError as error:
        if error.code in known.entry.gone:
            return None
        raise
    if item is None:
        return None
    tree: Tree = {}
    for path in known.groups:
        group = known.entry.groups[path]
        value = _value(group, answers[_question(group, known.place)] if group.read else item)
        if value is not None:
            put(tree, path, value)
    return tree


def document(locator: str, tree: Tree | None) -> Document:
    return Document(locator, None if tree is None else indented_json(tree), "json")


async def _or_refusal(account: Account, entry: AwsEntry, number: str, region: str) -> list[Item] | ApiError:
    try:
        return await _in_region(account, entry, number, region)
    except ApiError as error:
        return error


async def _in_region(account: Account, entry: AwsEntry, number: str, region: str) -> list[Item]:
    if entry.list is None:
        return [
            (ResourcePlace(number, region, number if entry.scope == "account" else region), {"account": number, "region": region})
        ]
    arguments = with_place(entry.list.arguments, ResourcePlace(number, region, ""))
    pages = await account.pages(entry.list.call, region, **arguments)
    items = [item for page in pages for item in reach(page, tuple(entry.list.at.split("/"))) or ()]
    return [(ResourcePlace(number, item.get(entry.list.region) or region, str(item[entry.list.id])), item) for item in items]


def _asked(account: Account, place: ResourcePlace, names: tuple[str, ...]) -> bool:
    in_region = not account.target.regions or place.region in account.target.regions
    return in_region and (not names or any(fnmatchcase(place.id, name) for name in names))


async def _item(account: Account, known: Gathered) -> Mapping[str, Plain] | None:
    """What the listing says of one resource now."""
    listing, place = known.entry.list, known.place
    if listing is None:
        return {"account": place.account, "region": place.region}
    if not listing.again:
        return {listing.id: place.id}
    answer = await account.call(listing.call, place.region, **with_place(listing.again, place))
    items = [item for item in reach(answer, tuple(listing.at.split("/"))) or () if str(item[listing.id]) == place.id]
    return items[0] if items else None


async def _answers(account: Account, known: Gathered) -> dict[str, Plain]:
    """The answer to each call that the groups need, or the refusal. Raises Refused where the resource itself is gone."""
    asked = {_question(group, known.place): group for group in _reading(known)}
    got = await together(_answer(account, known, group) for group in asked.values())
    return dict(zip(asked, got, strict=True))


def _reading(known: Gathered) -> Iterable[Group]:
    return (known.entry.groups[path] for path in known.groups if known.entry.groups[path].read)


def _question(group: Group, place: ResourcePlace) -> str:
    return f"{group.read} {with_place(group.arguments, place)}"


async def _answer(account: Account, known: Gathered, group: Group) -> Plain:
    arguments = with_place(known.entry.one, known.place) | with_place(group.arguments, known.place)
    try:
        return await account.call(group.read, known.place.region, **arguments)
    except ApiError as error:
        if error.code in known.entry.gone:
            raise
        return error


def _value(group: Group, answer: Plain) -> Plain:
    if isinstance(answer, ApiError):
        return group.empty if answer.code in group.absent else {UNKNOWN: str(answer)}
    try:
        return value_of(group, answer)
    except (ValueError, TypeError, KeyError) as error:
        raise SurfaceError(f"{group.read}: an answer that this binding does not understand: {error!r}") from error


def _speaks_of_account(entry: AwsEntry) -> bool:
    spoken = [entry.one, *(group.arguments for group in entry.groups.values())]
    return any("{account}" in str(arguments) for arguments in spoken) or entry.list is None
