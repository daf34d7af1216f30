"""An AWS account as a surface: resources read and written through the service APIs, as the bindings' `aws:` entries say.

Each document is one resource as canonical JSON and holds the attribute groups that the controls speak of, no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from setright.model import Answer, Change, Document, Kept, Path, Plain, Problem, Reading, Steps, Tree, Want
from setright.surfaces.aws import facts, writer
from setright.surfaces.aws.account import Account, ApiError
from setright.surfaces.aws.documents import Gathered, Spotted, document, list_resources, read_resource
from setright.surfaces.aws.entry import AwsEntry, parse_entry
from setright.surfaces.aws.loop import Loop, together
from setright.surfaces.aws.rules import ENDS
from setright.surfaces.aws.shapes import normal
from setright.surfaces.aws.target import AwsTarget, parse_target
from setright.surfaces.base import SurfaceError

T = TypeVar("T")


def open_aws(url: str, wait: Callable[[], float] | None = None) -> Aws:
    """The account of ``aws://[PROFILE][?region=...][&endpoint=...]``; nothing is asked of it yet.

    `wait` says how many seconds to wait before a call.
    """
    return Aws(parse_target(url), wait)


class Aws:
    """Never cuts itself off: what it changes is not what it reaches the account by, so it has no dead-man's switch."""

    families = ("aws",)
    arms = False

    def __init__(self, target: AwsTarget, wait: Callable[[], float] | None = None) -> None:
        self._wait = wait
        self.target = target.url
        self._where = target
        self._loop = Loop()
        self._entries: dict[str, AwsEntry] = {}
        self._known: dict[str, Gathered] = {}
        self._written: dict[str, bytes] = {}
        self._account = self._opened()

    @property
    def calls(self) -> Mapping[str, int]:
        """How often each operation was called, retries not counted."""
        return dict(self._account.calls)

    def read(self, wants: Sequence[Want]) -> Reading:
        """Every resource wanted. What may not be read is a problem, or an unknown value where only a part may not.

        Raises SurfaceError where the account cannot be reached or takes no credentials.
        """
        documents: dict[str, Document] = {}
        problems: list[Problem] = []
        for found, told in self._run(together([self._read(want) for want in wants])):
            documents |= {d.locator: d for d in found}
            problems += told
        return Reading(tuple(documents.values()), tuple(problems))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        """With the same groups as when they were read first, and with our own bytes where what we wrote still holds.

        Raises SurfaceError for a document that `read` never gave.
        """
        knowns = [self._one(locator) for locator in locators]
        trees = self._run(together([read_resource(self._account, known, None) for known in knowns]))
        return {k.locator: self._document(k.locator, tree) for k, tree in zip(knowns, trees, strict=True)}

    def ask(self, facts_: Sequence[str]) -> dict[str, Answer]:
        """``NAME:RESOURCE`` asks of one resource, ``NAME`` of the account."""
        places = {known.place.id: known.place for known in self._known.values()}
        answers = self._run(together([facts.answer(self._account, places, fact) for fact in facts_]))
        return dict(zip(facts_, answers, strict=True))

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        """The documents; with a security group, the tags of its rules too."""
        documents = self.again(locators)
        metas = self._run(together([self._meta(self._one(locator)) for locator in locators]))
        return [Kept(name, "json", documents[name].data, meta) for name, meta in zip(locators, metas, strict=True)]

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        """``ec2-dry-run`` asks EC2 whether it would take the change; other services have nothing to ask."""
        _refuse_others(steps.validate, ("ec2-dry-run",))
        if "ec2-dry-run" in steps.validate:
            self._run(together([writer.rehearse(self._account, *self._change(change)) for change in changes]))

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        return False

    def write(self, change: Change) -> None:
        """The groups that differ, each by its own call; `writer.write_differences` tells of the window in which one can be lost."""
        self._run(writer.write_differences(self._account, *self._change(change), change.meta))
        self._written[change.locator] = change.after or b""

    def reload(self, steps: Steps) -> None:
        """What an API takes holds at once."""
        _refuse_others(steps.reload, ())

    def probe(self, steps: Steps) -> Mapping[str, str]:
        """``identity``: who AWS says we are, so that a change which locks us out is seen."""
        _refuse_others(steps.probe, ("identity",))
        if "identity" not in steps.probe:
            return {}
        return {"identity": str(self._run(self._account.call("sts:GetCallerIdentity", self._account.home))["Arn"])}

    def reconnect(self) -> None:
        """New clients, and who we are asked over them."""
        fresh = self._opened()
        try:
            self._run(fresh.call("sts:GetCallerIdentity", fresh.home))
        finally:
            self._run(fresh.close())

    def disarm(self, token: str) -> None:
        """Nothing was armed."""

    def close(self) -> None:
        self._run(self._account.close())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(work)

    def _opened(self) -> Account:
        async def opened() -> Account:
            return Account(self._where, wait=self._wait)

        return self._run(opened())

    async def _read(self, want: Want) -> tuple[list[Document], list[Problem]]:
        entry = self._entries.setdefault(want.kind, parse_entry(want.kind, want.layout))
        groups = entry.wanted(want.keys)
        near = await self._near(entry, want.near)
        problems: list[Problem] = []
        if want.near:
            found = [Spotted(known._replace(groups=_both(known, groups)), {}) for known in near]
        else:
            try:
                found, problems = await list_resources(self._account, entry, groups, want.names)
            except ApiError as error:
                return [], [Problem(want.kind, str(error))]
        items = [None if want.near else each.item for each in found]
        gathering = [self._tree(each.known, item) for each, item in zip(found, items, strict=True)]
        results = await together(gathering)
        documents = []
        for each, result in zip(found, results, strict=True):
            if isinstance(result, str):
                problems.append(Problem(each.known.locator, result))
            elif result is not None:
                self._known[each.known.locator] = each.known
                documents.append(self._document(each.known.locator, result))
        return documents, problems

    async def _near(self, entry: AwsEntry, locators: Sequence[str]) -> list[Gathered]:
        """Those of the named documents that are of this kind."""
        known = [self._known[name] for name in locators if name in self._known and self._known[name].entry.kind == entry.kind]
        unseen = [name for name in locators if name not in self._known]
        if not unseen:
            return known
        number = await self._account.id()
        places = [entry.place(name, number, self._account.home) for name in unseen]
        return known + [Gathered(entry, place, ()) for place in places if place]

    async def _tree(self, known: Gathered, item: Mapping[str, Plain] | None) -> Tree | str | None:
        """The resource, or why it cannot be read."""
        try:
            return await read_resource(self._account, known, item)
        except ApiError as error:
            return str(error)

    def _document(self, locator: str, tree: Tree | None) -> Document:
        """Two orders of the same keys are one state: a plan that follows on ours must find the bytes that it was made on."""
        ours = self._written.get(locator)
        if ours and tree is not None and normal(json.loads(ours)) == normal(tree):
            return Document(locator, ours, "json")
        return document(locator, tree)

    async def _meta(self, known: Gathered) -> dict[str, Plain]:
        if not any(known.entry.groups[path].shape in ENDS for path in known.groups):
            return {}
        return {"rule-tags": await writer.rule_tags(self._account, known)}

    def _one(self, locator: str) -> Gathered:
        if locator not in self._known:
            raise SurfaceError(f"{locator}: was not read over this connection, so what of it to read is not known; read it first")
        return self._known[locator]

    def _change(self, change: Change) -> tuple[Gathered, Tree, Tree]:
        if change.before is None or change.after is None:
            raise SurfaceError(f"{change.locator}: resources are neither made nor deleted here; do it by hand")
        before, after = normal(json.loads(change.before)), normal(json.loads(change.after))
        return writer.touched(self._one(change.locator), before, after), before, after


def _both(known: Gathered, groups: tuple[Path, ...]) -> tuple[Path, ...]:
    """In the binding's order: a document once read never shrinks on one connection."""
    return tuple(path for path in known.entry.groups if path in groups or path in known.groups)


def _refuse_others(steps: Sequence[str], known: Sequence[str]) -> None:
    if odd := set(steps) - set(known):
        raise SurfaceError(f"an AWS account has no step {', '.join(sorted(odd))}; it has {', '.join(known) or 'none'}")
