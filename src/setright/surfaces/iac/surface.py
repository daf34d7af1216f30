"""A tree of source files as a surface. Going back is exact; nothing runs here, so nothing reloads."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from setright.model import Answer, Change, Document, Kept, Problem, Reading, Steps, Want, digest
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.iac.walk import (
    BESIDE,
    COMPOSE,
    charts,
    env_files,
    files,
    files_beside,
    holds_configuration,
    in_charts,
    lens_for,
    lens_of,
    script_of,
)

MAX_SIZE_BYTES = 8_000_000
ENV = ".env"
SETTING = re.compile(rb"(?m)^([ \t]*(?:export[ \t]+)?[A-Za-z_][\w.]*[ \t]*[=:]|)[^\n]+$")
UNSPEAKABLE = "its name has a line break or is not UTF-8, so no report could name it; rename it"
OURS = "ours are Terraform, CloudFormation, Kubernetes, Compose, workflows of GitHub and GitLab, and Dockerfiles"


class SourceTree:
    """A directory or one file of it. Locators are paths relative to the directory."""

    families = ("terraform", "cloudformation", "kubernetes", "dockerfile", "compose", "actions", "gitlab")
    arms = False
    settled = True

    def __init__(self, place: Path, target: str = "") -> None:
        """`target` is the name of the tree, where it is not its place: a checkout of our own stands for the user's."""
        try:
            there = place.exists()
        except OSError as error:
            raise SurfaceError(f"{place}: {error.strerror}; let this user read the directories that lead there") from error
        if not there:
            raise SurfaceError(
                f"{place}: there is no such file or directory; give a path, a name of setright.toml, or such as host:local or ssh://host"
            )
        self.target = target or str(place)
        if not place.is_file() and not place.is_dir():
            raise SurfaceError(f"{place}: is neither a file nor a directory; give one of these")
        self._only = place.name if place.is_file() else None
        self.root = (place.parent if self._only else place).resolve()

    def read(self, wants: Sequence[Want]) -> Reading:
        """Every candidate file once. A file that is too large or cannot be read is a problem."""
        documents: list[Document] = []
        problems: list[Problem] = []
        folders = {path.rpartition("/")[0] for want in wants for path in want.near}
        seen = list(self._near(folders) if folders else self._candidates(problems))
        problems += [Problem(_written(path), UNSPEAKABLE) for path, _ in seen if _written(path) != path]
        candidates = [(path, lens) for path, lens in seen if _written(path) == path]
        found = charts(path for path, _ in candidates)
        of_charts = {f"{chart}{name}" for chart in found for name in ("Chart.yaml", "values.yaml", "values.schema.json")}
        for path, lens in in_charts(candidates, found):
            try:
                data = self._bytes(path)
            except (OSError, SurfaceError) as error:
                problems.append(Problem(path, f"cannot be read: {error}"))
                continue
            if holds_configuration(path, lens, data) or path in of_charts:
                documents.append(Document(path, data, lens_for(lens, data)))
        documents += self._beside(documents)
        builds = any(each.lens == "dockerfile" or COMPOSE.search(each.locator) for each in documents)
        return Reading(tuple(each for each in documents if builds or each.lens != "text"), tuple(problems))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        found = {}
        for locator in locators:
            file = self._file(locator)
            data = file.read_bytes() if file.exists() else None
            lens = "helm" if self._is_template(locator) else lens_of(file.name) or BESIDE.get(file.name, "")
            found[locator] = Document(locator, data, lens_for(lens, data or b""))
        return found

    def in_words(self, locator: str, before: bytes | None, after: bytes | None) -> tuple[bytes, bytes] | None:
        """A file of secrets as people may see it: its names alone."""
        if locator.rpartition("/")[2] != ENV:
            return None
        return SETTING.sub(rb"\1...", before or b""), SETTING.sub(rb"\1...", after or b"")

    def ask(self, facts: Sequence[str]) -> dict[str, Answer]:
        return {fact: Answer(None, "source files cannot tell; its owner can") for fact in facts}

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        return [Kept(d.locator, d.lens, d.data, self._meta(d.locator)) for d in self.again(locators).values()]

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        """Every put was checked by reading it again; no outside checker is needed for that."""

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        return False

    def write(self, change: Change) -> None:
        file = self._file(change.locator)
        try:
            with _locked(self.root):
                now = file.read_bytes() if file.exists() else None
                if now == change.after:
                    return
                if now != change.before:
                    raise Moved(f"{change.locator}: changed since it was read ({digest(now)[:12]}); nothing written, plan again")
                _put(file, change.after)
        except OSError as error:
            raise SurfaceError(f"{change.locator}: cannot be written: {error.strerror}; nothing was changed") from error

    def reload(self, steps: Steps) -> None:
        """Source files hold as written."""

    def probe(self, steps: Steps) -> Mapping[str, str]:
        return {}

    def reconnect(self) -> None:
        """There is no connection to lose."""

    def disarm(self, token: str) -> None:
        """Nothing was armed."""

    def close(self) -> None:
        """Nothing is open."""

    def _is_template(self, locator: str) -> bool:
        """Whether a file is a template of a chart."""
        chart, inside, _ = locator.rpartition("templates/")
        return bool(inside) and (self.root / chart / "Chart.yaml").exists() and lens_of(locator) == "yaml"

    def _candidates(self, problems: list[Problem]) -> Iterator[tuple[str, str]]:
        if self._only is None:
            yield from files(self.root, partial(self._unread, problems))
        elif lens := lens_of(self._only):
            yield self._only, lens
        else:
            raise SurfaceError(f"{self.target}: no format of ours; {OURS}")

    def _unread(self, problems: list[Problem], path: str, why: str) -> None:
        if not path:
            raise SurfaceError(f"{self.target}: cannot be read: {why}; let this user read the directory")
        problems.append(Problem(_written(path), f"cannot be read: {why}"))

    def _near(self, folders: set[str]) -> Iterator[tuple[str, str]]:
        for folder in sorted(folders):
            for name in sorted(entry.name for entry in os.scandir(self.root / folder) if entry.is_file(follow_symlinks=False)):
                if lens := lens_of(name) or script_of(name):
                    yield f"{folder}/{name}" if folder else name, lens

    def _beside(self, documents: Sequence[Document]) -> list[Document]:
        """What stands beside Compose files, or may."""
        known = {each.locator for each in documents}
        wanted = dict.fromkeys(env_files(self.root, known), BESIDE[ENV]) | dict(files_beside(known))
        found = (self._text(path, lens) for path, lens in wanted.items() if path not in known)
        return [each for each in found if each is not None]

    def _text(self, path: str, lens: str) -> Document | None:
        """What a file says, or that there is none; None for a link, and for what is no text or cannot be read."""
        file = self.root / path
        try:
            data = self._bytes(path) if file.exists() else None
            (data or b"").decode()
        except (OSError, SurfaceError, UnicodeDecodeError):
            return None
        return None if file.is_symlink() else Document(path, data, lens)

    def _bytes(self, path: str) -> bytes:
        file = self.root / path
        if (size := file.stat().st_size) > MAX_SIZE_BYTES:
            raise SurfaceError(f"{size} bytes; files over {MAX_SIZE_BYTES} bytes are left alone")
        return file.read_bytes()

    def _file(self, locator: str) -> Path:
        """The file of a locator, which must lie inside the tree whatever a plan file says."""
        file = self.root / locator
        if file.is_symlink():
            raise SurfaceError(f"{locator}: is a link to another file; refused: name that one ({file.readlink()})")
        if not file.parent.resolve().is_relative_to(self.root):
            raise SurfaceError(f"{locator}: leads out of {self.root}; refused")
        return file

    def _meta(self, locator: str) -> dict[str, int]:
        file = self._file(locator)
        return {"mode": file.stat().st_mode & 0o7777} if file.exists() else {}


def _written(path: str) -> str:
    """The path as a report can name it, on one line and in UTF-8; other bytes as ``\\xe9``."""
    return os.fsencode(path).decode(errors="backslashreplace").replace("\r", "\\r").replace("\n", "\\n")


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One writer at a time in a tree; the lock is the directory itself."""
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _put(file: Path, data: bytes | None) -> None:
    """Replaces the file whole or not at all; mode, owner and attributes stay."""
    if data is None:
        file.unlink(missing_ok=True)
        _sync(file.parent)
        return
    new = file.with_name(f".{file.name}.setright")
    with os.fdopen(_alone(new), "wb") as out:
        try:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            _like(file, new)
            new.replace(file)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    _sync(file.parent)


def _alone(new: Path) -> int:
    """A new file of ours alone, open and locked; what a killed process left in its place goes, and a living one is waited for."""
    while True:
        try:
            handle, is_new = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), True
        except FileExistsError:
            try:
                handle, is_new = os.open(new, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), False
            except FileNotFoundError:
                continue
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _stands_at(new, handle):
            if is_new:
                return handle
            new.unlink()
        os.close(handle)


def _stands_at(place: Path, handle: int) -> bool:
    try:
        return os.path.samestat(place.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _like(old: Path, new: Path) -> None:
    if not old.exists():
        new.chmod(0o600 if old.name == ENV else 0o644)
        return
    import shutil

    stat = old.stat()
    shutil.copystat(old, new)
    os.utime(new)  # builds look for newer files
    if (stat.st_uid, stat.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):  # not root: the owner becomes the caller, as any editor's save would
            os.chown(new, stat.st_uid, stat.st_gid)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
