"""The controls, bindings and baselines we ship and those of an organisation. A control's mapping is decoded, and the control
built, when something of its kind is judged, so start-up hardly grows with the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path as File

import msgspec

from setright.controls.baselines import Baseline, left_out, resolved, select
from setright.controls.chosen import Chosen
from setright.controls.contradictions import contradictions, suspects
from setright.controls.derive import resolve
from setright.controls.error import ControlError
from setright.controls.load import build
from setright.engine.content import Content, StoredControl, content_of, packed, write
from setright.engine.content import content_root as content_root
from setright.model import SEVERITIES, Binding, Control, Plain


class Catalogue:
    """Everything that says what right looks like."""

    def __init__(
        self,
        written: dict[str, StoredControl],
        bindings: dict[str, Binding],
        baselines: dict[str, Baseline],
        checked: Checked,
    ) -> None:
        self._written = written
        self._built: dict[str, Control] = {}
        self._checked = checked
        self.bindings = bindings
        self.baselines = baselines

    def ids(self) -> list[str]:
        return sorted(self._written)

    def control(self, control_id: str) -> Control:
        """Raises ControlError for an id that is not there, naming near ones."""
        if control_id not in self._built:
            if control_id not in self._written:
                raise ControlError(f"there is no control {control_id!r}{_near(control_id, self._written)}")
            self._built[control_id] = build(self._mapping(control_id))
        return self._built[control_id]

    def for_families(
        self, families: Sequence[str], ids: Iterable[str], params: Mapping[str, Plain] | None = None, least: str = SEVERITIES[0]
    ) -> Chosen:
        """The controls among `ids` of at least that severity whose kind one of the families can hold.

        Their parameters are filled in from `params` or their defaults; None: they stay parameters.
        """
        kinds = {kind for kind, binding in self.bindings.items() if not binding.layouts.keys().isdisjoint(families)}
        grave = SEVERITIES[SEVERITIES.index(least) :]
        named = [(i, each.kind) for i in ids if (each := self._written[i]).kind in kinds and each.severity in grave]
        return Chosen(named, self.control if params is None else lambda id_: resolve(self.control(id_), dict(params)))

    def baseline(self, name: str) -> Baseline:
        if name not in self.baselines:
            raise ControlError(f"there is no baseline {name!r}; baselines are {', '.join(sorted(self.baselines))}")
        return self.baselines[name]

    def named(self, names: Iterable[str]) -> list[Baseline]:
        """The baselines of these names; a name that stands for no file, as `all` does, has none."""
        return [self.baselines[name] for name in names if name in self.baselines]

    def params(self, names: Iterable[str]) -> dict[str, Plain]:
        """The values that baselines give, those of a later one over an earlier one's."""
        return {name: value for each in self.named(names) for name, value in each.params.items()}

    def selected(self, baseline: str) -> list[str]:
        """The ids of a baseline; ``all`` is every control. Raises ControlError where they cannot all hold."""
        if baseline == "all":
            return self.ids()
        known = self._checked.of(baseline)
        if known is not None:
            return known
        chosen = select(self.baseline(baseline), self.cited(), self.baselines)
        self._agreed(self.baseline(baseline), chosen)
        self._checked.add(baseline, chosen)
        return chosen

    def left_out(self, baseline: str) -> dict[str, str]:
        """What a baseline's line would take and leaves out, with the reasons."""
        return left_out(self.baseline(baseline), self.cited(), self.baselines)

    def cited(self) -> dict[str, Mapping[str, Sequence[str]]]:
        """What each control cites: framework -> sections."""
        return {i: {name: [*map(str, ids)] for name, ids in self._mapping(i)["frameworks"].items()} for i in self.ids()}

    def parameters(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """The parameters of controls, each with the controls that have it."""
        found: dict[str, list[str]] = {}
        for i in ids:
            for name in self._mapping(i).get("param", {}):
                found.setdefault(name, []).append(i)
        return found

    def _mapping(self, control_id: str) -> dict[str, Plain]:
        mapping: dict[str, Plain] = msgspec.msgpack.decode(self._written[control_id].mapping)
        return mapping

    def _agreed(self, baseline: Baseline, chosen: Sequence[str]) -> None:
        if odd := baseline.params.keys() - self.parameters(self.ids()).keys():
            raise ControlError(
                f"baseline {baseline.id}: params: no control has {', '.join(sorted(odd))}; see `setright controls list`"
            )
        doubtful = suspects({i: self._mapping(i) for i in chosen})
        if found := contradictions([resolve(self.control(i), dict(baseline.params)) for i in doubtful]):
            told = "; ".join(map(str, found[:3])) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
            raise ControlError(f"baseline {baseline.id}: {told}; leave one of them out by without:")


class Checked:
    """The controls of each baseline that were found to agree, kept beside the cache as long as no content changes.

    `agreed` are those that are known without looking, by baseline.
    """

    def __init__(self, cache: File | None, prints: Sequence[str], agreed: Mapping[str, list[str]]) -> None:
        self._cache = cache
        self._print = sha256("\n".join(prints).encode()).hexdigest()
        self._agreed = agreed

    def of(self, baseline: str) -> list[str] | None:
        """The ids of its controls; None where they are not known to agree."""
        if baseline in self._agreed or self._cache is None:
            return self._agreed.get(baseline)
        try:
            print_, *ids = self._file(self._cache, baseline).read_text("utf-8").splitlines()
        except (OSError, ValueError):  # none yet, of no text, or empty
            return None
        return ids if print_ == self._print else None

    def add(self, baseline: str, ids: Sequence[str]) -> None:
        if self._cache:
            write(self._file(self._cache, baseline), "\n".join([self._print, *ids]).encode())

    def _file(self, cache: File, baseline: str) -> File:
        return cache / f"chosen-{sha256(baseline.encode()).hexdigest()[:16]}.txt"


def load_catalogue(roots: Sequence[File], cache: File | None = None) -> Catalogue:
    """The content of all roots (each with controls/, bindings/, baselines/), later roots last.

    Raises ControlError or BindingError at the first bad file, and where two files have one id.
    """
    return _over([(root, content_of(root, cache)) for root in roots], cache)


def shipped_content(root: File) -> bytes:
    """What a package ships of its content, so that a first start reads no more than that. Raises as `load_catalogue`."""
    content = content_of(root, None)
    known = _over([(root, content)], None)
    return packed(root, content, {name: known.selected(name) for name in known.baselines})


def _over(contents: Sequence[tuple[File, Content]], cache: File | None) -> Catalogue:
    written: dict[str, StoredControl] = {}
    bindings: dict[str, Binding] = {}
    baselines: dict[str, Baseline] = {}
    for root, content in contents:
        if doubled := written.keys() & content.controls.keys():
            raise ControlError(f"{root}: {', '.join(sorted(doubled))}: another content root has a control of that id")
        written |= content.controls
        bindings |= {each.kind: each for each in content.bindings}
        baselines |= {each.id: each for each in content.baselines}
    agreed = contents[0][1].agreed if len(contents) == 1 else {}
    checked = Checked(cache, [content.print for _, content in contents], agreed)
    return Catalogue(written, bindings, resolved(baselines), checked)


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), 3, 0.5)
    return f"; did you mean {', '.join(near)}?" if near else "; `setright controls list` shows all"
