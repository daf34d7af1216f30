"""What every surface can do. The order of the steps is the engine's; how each is done is the surface's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from setright.model import Answer, Change, Document, Kept, Reading, Steps, Want


class SurfaceError(RuntimeError):
    """The target could not be reached, read or written; says what and what to do."""


class Cut(SurfaceError):
    """The connection was lost on the way, so nothing is known of what was asked; a new one may work."""


class Locked(SurfaceError):
    """It can be read and not written: its file system is mounted read-only, or somebody made it immutable."""


class Moved(SurfaceError):
    """The document is no longer what the change was planned on; nothing was written."""


class Rejected(SurfaceError):
    """The target's own checker refused the staged copy; nothing was written."""


class Fired(SurfaceError):
    """The dead-man's switch was faster: the prior state was put back."""


class Surface(Protocol):
    """One target of one family. Opened by `app`, closed when the work on the target is done.

    `families` are the keys of a binding that this surface serves; `arms` says whether it has a dead-man's switch.
    Errors are SurfaceError; nothing is ever a silent no-op.

    A surface may offer ``in_words(locator, before, after)``: two texts whose difference is the change as people read it, for
    a document that only programs do; None where it is read as it is. One that waits for its target may offer
    ``meanwhile(work)``: the next reading, which comes soon, calls `work` once while the target looks. One that cannot always make
    hold what is written may offer ``late()``: what of its last reload holds only after a restart, in sentences. One that does
    several changes at once in less time may offer ``ready(changes)``, before each of them is written: it does all or nothing. One
    whose documents no program acts on is ``settled``: what is wrong after a change does not get right by itself.
    """

    @property
    def target(self) -> str: ...
    @property
    def families(self) -> tuple[str, ...]: ...
    @property
    def arms(self) -> bool: ...

    def read(self, wants: Sequence[Want]) -> Reading:
        """Everything wanted, in one round trip where the transport allows."""

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        """Exactly these documents, fresh; one that is not there has data None."""

    def ask(self, facts: Sequence[str]) -> dict[str, Answer]:
        """Answers to named read-only questions, in one round trip; an unknown fact's answer has holds None."""

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        """The prior state of documents, with what else is needed to restore them exactly (owner, mode, xattr...)."""

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        """Checks the staged copies with the program's own checker. Raises Rejected with what it said."""

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        """Sets the dead-man's switch on the target: restores `kept` and reloads unless disarmed in time.

        `token` names the switch; arming again under one token starts its time anew (a step may be repeated after a
        crash). False where this surface has no switch, which `arms` says beforehand.
        """

    def write(self, change: Change) -> None:
        """Puts `after` where `before` still stands, atomically; putting what is there already is a no-op.

        Raises Moved where neither stands. With `meta` it also restores what `keep` noted.
        """

    def reload(self, steps: Steps) -> None:
        """Makes the written state hold, the least disruptive way."""

    def probe(self, steps: Steps) -> Mapping[str, str]:
        """Health by protocol, name -> what was seen; compared before and after a change."""

    def reconnect(self) -> None:
        """Proves that a NEW connection works; the old one stays open. Raises SurfaceError where it does not."""

    def disarm(self, token: str) -> None:
        """Confirms the change: the switch of this token does nothing any more. Raises where it already fired."""

    def close(self) -> None:
        """Ends the connection; the object is of no use after."""
