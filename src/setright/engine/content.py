"""What lies in a content root (controls/, bindings/, baselines/), read once and kept: in the state for as long as no file changes,
and ready made in the package that ships it.

What is kept are the files' plain mappings (msgpack). In the state it is known by every file's place, size and time. The
package's, which the build makes, by what every file and every module that reads them says, whatever its time; one that does
not fit is as none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path as File

import msgspec

from setright.bindings.load import load_bindings
from setright.controls.baselines import Baseline, load_baseline
from setright.controls.load import read_control
from setright.model import Binding

VERSION = 4  # of the form in which it is kept
ROOMS = ("controls", "bindings", "baselines")
READY = "catalogue.msgpack"  # beside the rooms, in the package
PACKAGE = File(__file__).resolve().parent.parent
READERS = ("controls/*.py", "bindings/load.py", "engine/catalogue.py", "engine/content.py", "dialect.py", "model.py", "patterns.py")


class StoredControl(msgspec.Struct, frozen=True, array_like=True):
    """What is asked of a control before it is read, and its file's mapping (msgpack)."""

    kind: str
    severity: str
    mapping: msgspec.Raw


class Content(msgspec.Struct, frozen=True):
    """All of one root. `print` says of which files it was read.

    `agreed` has of baselines the controls that were found to agree; where other roots bring more, they are looked into again.
    """

    print: str
    controls: dict[str, StoredControl]
    bindings: list[Binding]
    baselines: list[Baseline]
    agreed: dict[str, list[str]] = {}


def content_root() -> File:
    """Where the shipped content lies: inside the installed package, or beside `src` in a checkout."""
    shipped = PACKAGE / "content"
    return shipped if shipped.is_dir() else PACKAGE.parent.parent


def content_of(root: File, cache: File | None) -> Content:
    """Raises ControlError or BindingError at the first bad file."""
    print_ = _fingerprint(root)
    kept = cache / f"catalogue-{sha256(str(root).encode()).hexdigest()[:16]}.msgpack" if cache else None
    if kept and (found := _kept(kept)) and found.print == print_:
        return found
    content = _ready(root, print_) or _read(root, print_)
    if kept:
        write(kept, msgspec.msgpack.encode(content))
    return content


def packed(root: File, content: Content, agreed: dict[str, list[str]]) -> bytes:
    """What a package ships as `READY`, of its root's content."""
    return msgspec.msgpack.encode(msgspec.structs.replace(content, print=_digest(root), agreed=agreed))


def write(kept: File, data: bytes) -> None:
    """Written whole or not at all; a cache that cannot be written is no error."""
    new = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        new.replace(kept)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()


def _read(root: File, print_: str) -> Content:
    controls = {}
    for file in sorted((root / "controls").rglob("*.yaml")):
        raw = read_control(file, root / "controls")
        controls[raw["id"]] = StoredControl(raw["kind"], raw["severity"], msgspec.Raw(msgspec.msgpack.encode(raw)))
    baselines = [load_baseline(file) for file in sorted((root / "baselines").glob("*.yaml"))]
    return Content(print_, controls, load_bindings(root / "bindings"), baselines)


def _ready(root: File, print_: str) -> Content | None:
    """What the package has of its own content, where it fits."""
    if root != content_root() or not (root / READY).is_file():
        return None
    found = _kept(root / READY)
    return msgspec.structs.replace(found, print=print_) if found and found.print == _digest(root) else None


def _kept(file: File) -> Content | None:
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=Content)
    except (OSError, msgspec.DecodeError):  # none yet, or of another form
        return None


def _fingerprint(root: File) -> str:
    told = [f"{path}\0{size}\0{time_ns}\n" for path, size, time_ns in _files(root)]
    return sha256("".join([str(VERSION), *told]).encode()).hexdigest()


def _digest(root: File) -> str:
    """Of the bytes of all that is read, and of all that reads it."""
    told = sha256()
    readers = [str(file) for pattern in READERS for file in sorted(PACKAGE.glob(pattern))]
    for base, paths in ((str(PACKAGE), readers), (str(root), [path for path, _, _ in _files(root)])):
        for path in paths:
            with open(path, "rb") as file:  # noqa: PTH123 - as below
                data = file.read()
            told.update(f"{path[len(base) :]}\0{len(data)}\0".encode() + data)
    return told.hexdigest()


def _files(root: File) -> Sequence[tuple[str, int, int]]:
    return [file for room in ROOMS for file in sorted(_below(str(root / room)))]


def _below(folder: str) -> Iterator[tuple[str, int, int]]:
    if not os.path.isdir(folder):  # noqa: PTH112 - a thousand entries: os.scandir is four times quicker than pathlib
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            elif entry.name.endswith(".yaml"):
                stat = entry.stat()
                yield entry.path, stat.st_size, stat.st_mtime_ns
