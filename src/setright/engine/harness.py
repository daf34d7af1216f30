"""A control's promises, checked on its own examples: nobody writes these tests.

Good passes; bad is found; the fix gives exactly the bytes of `fixed`; fixed passes; a second run plans nothing;
undo gives the first bytes back; every binding that the kind has is shown by an example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File

from setright.bindings.error import BindingError
from setright.bindings.examples import example_documents
from setright.controls.derive import resolve
from setright.engine.catalogue import Catalogue
from setright.engine.change import changes
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import Scan, bindings_for, judge_reading
from setright.model import Control, Document, Example, Plain, Plan, Reading, Verdict
from setright.surfaces.memory import Memory


def broken_promises(catalogue: Catalogue, control: Control) -> list[str]:
    """What does not hold of a control, in words; empty when all of it does."""
    binding = catalogue.bindings.get(control.kind)
    if binding is None:
        return [f"kind {control.kind!r} has no binding; kinds are {', '.join(sorted(catalogue.bindings))}"]
    said = list(_coverage(control, sorted(family for family, entry in binding.layouts.items() if "as" not in entry)))
    cleared: set[str] = set()
    for number, example in enumerate(control.examples):
        said += [f"example {number + 1}: {words}" for words in _example(catalogue, control, example, cleared)]
    by_itself = {sentence for sentence, teller in control.breaks_if.items() if not isinstance(teller, str)}
    said += [f"breaks-if: {sentence}: no bad example with a fix clears it" for sentence in sorted(by_itself - cleared)]
    return said


def _coverage(control: Control, families: list[str]) -> Iterator[str]:
    shown = {e.family or families[0] for e in control.examples}
    if len(families) > 1 and any(not e.family for e in control.examples):
        yield f"the kind has several bindings: each example needs in: one of {', '.join(families)}"
    if odd := shown - set(families):
        yield f"in: {', '.join(sorted(odd))}: the kind is not bound there; it is on {', '.join(families)}"
    if not any(e.good is not None for e in control.examples):
        yield "needs an example that is good"
    if not any(e.bad is not None for e in control.examples):
        yield "needs an example that is bad"


def _example(catalogue: Catalogue, control: Control, example: Example, cleared: set[str]) -> Iterator[str]:
    """What is broken of one example; `cleared` gathers the fears that it shows to be without ground."""
    binding = catalogue.bindings[control.kind]
    family = example.family or min(binding.layouts)
    if family not in binding.layouts:
        return
    try:
        trial = _Trial(catalogue, resolve(control, dict(example.params)), family)
        if example.good is not None:
            yield from trial.good(example_documents(binding, family, example.good))
        elif example.fixed is None:
            yield from trial.only_by_hand(example_documents(binding, family, example.bad))
        else:
            yield from trial.put_right(
                example_documents(binding, family, example.bad), example_documents(binding, family, example.fixed)
            )
            cleared |= trial.cleared
    except BindingError as error:
        yield str(error)


class _Trial:
    """One control against documents in memory."""

    def __init__(self, catalogue: Catalogue, control: Control, family: str) -> None:
        self.control = control
        self.family = family
        self.bindings = bindings_for(catalogue.bindings, (family,), [control])
        self.cleared: set[str] = set()

    def good(self, given: Mapping[str, Document]) -> Iterator[str]:
        scan = self._scan(given)
        yield from self._unreadable(scan)
        if scan.found:
            yield f"the good example is found: {_told(scan)}"
        elif not scan.passed:
            yield "the good example holds nothing that the control speaks of"

    def only_by_hand(self, given: Mapping[str, Document]) -> Iterator[str]:
        scan = self._scan(given)
        yield from self._unreadable(scan)
        if not _failed(scan):
            yield "the bad example passes"
        elif any(p.lane != "hand" for p in self._plans(scan, given)):
            yield "the control can put this right; add fixed:"

    def put_right(self, given: Mapping[str, Document], fixed: Mapping[str, Document]) -> Iterator[str]:
        scan = self._scan(given)
        yield from self._unreadable(scan)
        if not _failed(scan):
            yield "the bad example passes"
            return
        surface = Memory(given, (self.family,))
        plans = self._plans(scan, given)
        self.cleared |= {sentence for each in plans for sentence, _, answer in each.breaks_if if answer.holds is False}
        done = []
        for each in plans:
            if each.lane == "hand":
                yield f"no fix: {each.reason}"
            done += changes(each, surface.again([c.locator for c in each.changes]))
        for change in done:
            surface.write(change)
        yield from self._compared(surface.documents, given, fixed)
        for change in reversed(done):
            surface.write(change.inverse())
        if _bytes(surface.documents) != _bytes(given):
            yield "undo does not give the first bytes back"

    def _compared(self, got: Mapping[str, Document], given: Mapping[str, Document], fixed: Mapping[str, Document]) -> Iterator[str]:
        want = _bytes(given) | _bytes(fixed)
        for locator in sorted(_bytes(got) | want):
            if _bytes(got).get(locator) != want.get(locator):
                meant = fixed.get(locator) or given.get(locator)
                yield f"{locator}: the fix gives\n{_shown(got.get(locator))}\nthe example says\n{_shown(meant)}"
        again = self._scan(got)
        if left := [f for f in again.found if any(not m.live for m in f.finding.mismatches)]:
            yield f"still found after the fix: {_told(again._replace(found=tuple(left)))}"
        if any(p.changes for p in self._plans(again, got)):
            yield "a second run plans something"

    def _scan(self, given: Mapping[str, Document]) -> Scan:
        return judge_reading("example", Reading(tuple(given.values())), self.bindings, [self.control])

    def _plans(self, scan: Scan, given: Mapping[str, Document]) -> tuple[Plan, ...]:
        return plan(scan, Memory(given, (self.family,)), PlanOptions(together=True)).plans

    @staticmethod
    def _unreadable(scan: Scan) -> Iterator[str]:
        for problem in scan.problems:
            yield f"{problem.locator}: {problem.why}"


def _failed(scan: Scan) -> bool:
    return any(f.finding.verdict is Verdict.FAIL for f in scan.found)


def _told(scan: Scan) -> str:
    return "; ".join(f"{f.resource.name}: {f.finding.why_unknown or [_pair(m) for m in f.finding.mismatches]}" for f in scan.found)


def _pair(mismatch: Plain) -> tuple[Plain, Plain]:
    return mismatch.path, mismatch.have


def _bytes(documents: Mapping[str, Document]) -> dict[str, bytes]:
    return {d.locator: d.data for d in documents.values() if d.data is not None}


def _shown(document: Document | None) -> str:
    return "(nothing)" if document is None or document.data is None else document.data.decode(errors="backslashreplace")


def check_file(catalogue: Catalogue, file: File, root: File) -> list[str]:
    """The broken promises of one control file that may not be in the catalogue yet. Raises ControlError if it cannot be read."""
    from setright.controls.load import build, read_control

    return broken_promises(catalogue, build(read_control(file, root)))
