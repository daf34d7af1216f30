"""The controls, bindings and baselines we ship and those of an organisation, read once and cached.

The cache holds the files' plain mappings (msgpack), keyed by every file's place, size and time; a control's is decoded, and
the control built, when something of its kind is judged, so start-up hardly grows with the catalogue.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path as File

import msgspec

from setright.bindings.load import load as load_bindings
from setright.controls.baselines import Baseline, left_out, load_baseline, resolved, select
from setright.controls.chosen import Chosen
from setright.controls.contradictions import contradictions, suspects
from setright.controls.derive import resolve
from setright.controls.error import ControlError
from setright.controls.load import build, read
from setright.model import SEVERITIES, Binding, Control, Plain

VERSION = 3  # of the cache's form


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A control's file, what is asked of it before it is read, and its mapping as written (msgpack)."""

    file: str
    kind: str
    severity: str
    mapping: msgspec.Raw


class Content(msgspec.Struct, frozen=True):
    """All of one root. `print` says of which files it was read."""

    print: str
    controls: dict[str, Written]
    bindings: list[Binding]
    baselines: list[Baseline]


class Catalogue:
    """Everything that says what right looks like."""

    def __init__(
        self,
        written: dict[str, Written],
        bindings: dict[str, Binding],
        baselines: dict[str, Baseline],
        checked: Checked | None = None,
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

    def file_of(self, control_id: str) -> File:
        self.control(control_id)
        return File(self._written[control_id].file)

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
        known = self._checked.of(baseline) if self._checked else None
        if known is not None:
            return known
        chosen = select(self.baseline(baseline), self.cited(), self.baselines)
        self._agreed(self.baseline(baseline), chosen)
        if self._checked:
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
    """The controls of each baseline that were found to agree, kept beside the cache as long as no content changes."""

    def __init__(self, cache: File, prints: Sequence[str]) -> None:
        self._cache = cache
        self._print = sha256("\n".join(prints).encode()).hexdigest()

    def of(self, baseline: str) -> list[str] | None:
        """The ids of its controls; None where they are not known to agree."""
        try:
            print_, *ids = self._file(baseline).read_text("utf-8").splitlines()
        except (OSError, ValueError):  # none yet, of no text, or empty
            return None
        return ids if print_ == self._print else None

    def add(self, baseline: str, ids: Sequence[str]) -> None:
        _write(self._file(baseline), "\n".join([self._print, *ids]).encode())

    def _file(self, baseline: str) -> File:
        return self._cache / f"chosen-{sha256(baseline.encode()).hexdigest()[:16]}.txt"


def content_root() -> File:
    """Where the shipped content lies: inside the installed package, or beside `src` in a checkout."""
    package = File(__file__).resolve().parent.parent
    shipped = package / "content"
    return shipped if shipped.is_dir() else package.parent.parent


def load_catalogue(roots: Sequence[File], cache: File | None = None) -> Catalogue:
    """The content of all roots (each with controls/, bindings/, baselines/), later roots last.

    Raises ControlError or BindingError at the first bad file, and where two files have one id.
    """
    written: dict[str, Written] = {}
    bindings: dict[str, Binding] = {}
    baselines: dict[str, Baseline] = {}
    prints: list[str] = []
    for root in roots:
        prints.append(_fingerprint(root))
        content = _content(root, prints[-1], cache)
        if doubled := written.keys() & content.controls.keys():
            raise ControlError(f"{root}: {', '.join(sorted(doubled))}: another content root has a control of that id")
        written |= content.controls
        bindings |= {each.kind: each for each in content.bindings}
        baselines |= {each.id: each for each in content.baselines}
    return Catalogue(written, bindings, resolved(baselines), Checked(cache, prints) if cache else None)


def _content(root: File, print_: str, cache: File | None) -> Content:
    kept = cache / f"catalogue-{sha256(str(root).encode()).hexdigest()[:16]}.msgpack" if cache else None
    if kept and (found := _cached(kept, print_)):
        return found
    content = _read(root, print_)
    if kept:
        _write(kept, msgspec.msgpack.encode(content))
    return content


def _read(root: File, print_: str) -> Content:
    controls = {}
    for file in sorted((root / "controls").rglob("*.yaml")):
        raw = read(file, root / "controls")
        controls[raw["id"]] = Written(str(file), raw["kind"], raw["severity"], msgspec.Raw(msgspec.msgpack.encode(raw)))
    baselines = [load_baseline(file) for file in sorted((root / "baselines").glob("*.yaml"))]
    return Content(print_, controls, load_bindings(root / "bindings"), baselines)


def _fingerprint(root: File) -> str:
    files = [file for room in ("controls", "bindings", "baselines") for file in sorted(_files(str(root / room)))]
    told = [f"{path}\0{size}\0{time_ns}\n" for path, size, time_ns in files]
    return sha256("".join([str(VERSION), *told]).encode()).hexdigest()


def _files(folder: str) -> Iterable[tuple[str, int, int]]:
    if not os.path.isdir(folder):  # noqa: PTH112 - a thousand entries: os.scandir is four times quicker than pathlib
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            elif entry.name.endswith(".yaml"):
                stat = entry.stat()
                yield entry.path, stat.st_size, stat.st_mtime_ns


def _cached(kept: File, print_: str) -> Content | None:
    try:
        held = msgspec.msgpack.decode(kept.read_bytes(), type=Content)
    except (OSError, msgspec.DecodeError):  # none yet, or of another form
        return None
    return held if held.print == print_ else None


def _write(kept: File, data: bytes) -> None:
    """Written whole or not at all; a cache that cannot be written is no error."""
    new = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        new.replace(kept)
    except OSError:
        new.unlink(missing_ok=True)


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), 3, 0.5)
    return f"; did you mean {' or '.join(near)}?" if near else "; `setright controls list` shows all"
