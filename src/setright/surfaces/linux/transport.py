"""What a transport can do for the Linux surface: answer a batch of questions, put one thing atomically, run a script.

Three of them: this host (`local`), a root file system nobody runs (`offline`), a host reached by ssh (`ssh`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from setright.model import Plain
from setright.surfaces.base import SurfaceError

LIMIT_BYTES = 8 << 20  # of one file; configuration is smaller, and a scan must not be a way to fill our memory
COMMANDS = ("run", "walk")  # what a shell command answers
STATE = "/run/setright"  # root's own, gone after a reboot; the lock on it keeps two runs apart


class Ask(msgspec.Struct, frozen=True):
    """One read-only question. In `name` ``*?[`` are globs within a path segment and ``**`` is any depth of regular files.

    `what` says what comes back, one `Reply` for each thing there is:
    ``file`` its bytes; ``stat`` type, owner, group, mode, separated by tabs; ``inode`` what an exact restore needs, as JSON;
    ``home`` as ``stat``, for the home ``folders`` of root and of people, or the ``dot-files`` in them;
    ``packages`` the names of what is installed, under the package manager's, and ``+install``, ``+remove`` where it could,
    and ``+contained`` in a container;
    ``grep`` the lines that hold `pattern` (plain or gzip); ``list`` nothing but the name; ``sysctl`` a key's value, under its
    path, but in a container what is its host's; ``unit`` lines for `units.states`; ``run`` what a shell command printed, and
    ``walk`` the same of one that looks through whole folders, which takes longest.
    """

    what: str
    name: str
    pattern: str = ""


class Reply(msgspec.Struct, frozen=True):
    """One answer. `error` says why there is no data, or what a command that failed printed; `real` where a link leads."""

    name: str
    data: bytes | None = None
    error: str = ""
    real: str = ""


Answers = Mapping[Ask, Sequence[Reply]]


class Ran(msgspec.Struct, frozen=True):
    """How a script ended."""

    status: int
    out: bytes
    err: str


class Running(Protocol):
    """A script that runs while we do something else."""

    def ended(self) -> Ran:
        """Waits for its end. Raises SurfaceError."""

    def stop(self) -> None:
        """Nobody waits for it any more; it is ended where that can be done."""


class Lot(NamedTuple):
    """Questions that are being answered. `answers` waits, and raises SurfaceError; `stop` gives them up."""

    asks: Sequence[Ask]
    answers: Callable[[], Answers]
    stop: Callable[[], None]


class Symlink(msgspec.Struct, frozen=True):
    """A symbolic link before and after; None: not there."""

    path: str
    before: str | None
    after: str | None


def nothing() -> None:
    """Nothing is to be done meanwhile."""


class Transport(Protocol):
    """`live` is False where nothing runs: no daemon, no kernel, no command. Errors are SurfaceError."""

    target: str
    live: bool

    def prepare(self) -> None:
        """Something will soon be asked: what can be made ready for it begins. What goes wrong is told when it is asked."""

    def find(self, asks: Sequence[Ask], meanwhile: Callable[[], None] = nothing) -> Answers:
        """`meanwhile` is called once, while the target looks."""

    def begin(self, asks: Sequence[Ask]) -> Lot:
        """Starts to find; of the questions those that are better asked when the answer is needed are left out."""

    def put(self, path: str, before: str, after: bytes | None, inode: Mapping[str, Plain]) -> None:
        """Replaces a file whose digest is `before`, atomically. Raises Moved. `inode` may hold uid, gid, mode, mtime_ns,
        xattr to give it, `new_mode` for a file that is new, and `made`: folders to remove when the file is deleted."""

    def own(self, path: str, before: str, after: str) -> None:
        """Gives a file owner, group and mode, each as ``owner:group:0640``. Raises Moved."""

    def link(self, links: Sequence[Symlink]) -> None:
        """Makes and removes symbolic links. Raises Moved where one is not as `before`."""

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        """Runs a POSIX shell script, as root where we may."""

    def banner(self) -> str:
        """What the target's sshd says first where we reach it; ``no answer: why`` where nothing does."""

    def reconnect(self) -> None:
        """Proves that a new way in works. Raises SurfaceError."""

    def close(self) -> None: ...


ADVICE = {
    "No space left": "the disk is full; free some space and run again",
    "Disk quota": "the disk quota is used up; free some space and run again",
    "Read-only file system": "the file system is mounted read-only; remount it writable, or set the value where the image is made",
    "Permission denied": "run as root (sudo), or log in as a user who may sudo without a password",
    "Operation not permitted": "it may be immutable (lsattr, chattr -i) or this is not really root",
    "Device or resource busy": "it is a mount point of its own; set the value where it is mounted from",
    "Text file busy": "the program is running",
    "--attributes-only": "the cp here is not GNU's, and cannot give a file what the old one had; install coreutils",
    "Too many levels of symbolic links": "its symbolic links go round in a circle; put them right first",
}


def sorry(target: str, path: str, why: str) -> SurfaceError:
    """The error for a failed write: what, why, what now. `why` is the system's own text. A package may be half there then."""
    untouched = "" if path.startswith("package:") else "; nothing was changed"
    advice = next((f"; {text}" for key, text in ADVICE.items() if key in why), untouched)
    return SurfaceError(f"{target}: {path}: {_reason(why) or 'the write failed'}{advice}")


def _reason(said: str) -> str:
    """The line that tells most: an error of APT's, which stands below what it did; else the first, but for sudo's own sorrows."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("sudo: unable to resolve host")]
    return next((line for line in lines if line.startswith("E: ")), next(iter(lines), ""))
