"""Linux hosts and root file systems as one surface; what differs between them is the transport's.

How each kind of document is kept and put is in `puts`; the protocol's order is the engine's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from setright.model import Answer, Change, Document, Kept, Problem, Reading, Steps, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import deadman, included, puts, servers, staging, states
from setright.surfaces.linux.ahead import Ahead, often
from setright.surfaces.linux.documents import WantedPattern, documents_of, part_of, reading, wanted_patterns
from setright.surfaces.linux.facts import asks_of, fact_answer
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.patterns import matcher
from setright.surfaces.linux.script import PRELUDE
from setright.surfaces.linux.steps import SAYS_LATE, activity, checker, reloading
from setright.surfaces.linux.sudo import Password
from setright.surfaces.linux.transport import Answers, Ask, Transport, nothing

SETTLE_S = 0.5  # a program that fails to start again answers a little longer: health must hold this long after a reload
REFUSED_S = 2.0  # and one that starts again may answer nobody for a little while
NEW_MODES = {
    "/etc/sudoers.d/*": "0440",
    "/etc/ssh/sshd_config.d/*": "0600",
    "/etc/audit/rules.d/*": "0640",
    "/etc/cron.allow": "0640",
    "/etc/at.allow": "0640",
}


class Linux:
    """One Linux target. `again` of a running document has the keys of earlier reads; read before asking again."""

    families = ("linux",)

    def __init__(self, transport: Transport) -> None:
        self.target = transport.target
        self.arms = transport.live
        self._transport = transport
        self._lenses: dict[str, str] = {"effective:sshd": "sshd"}
        self._keys: dict[str, set[str]] = {}
        self._modes: dict[str, str] = dict(NEW_MODES)
        self._reloaded_at = 0.0
        self._late: list[str] = []
        self._ahead: Ahead | None = None
        self._meanwhile: Callable[[], None] = nothing

    def meanwhile(self, work: Callable[[], None]) -> None:
        """What the next reading, which comes soon, does while the target looks."""
        self._meanwhile = work
        self._transport.prepare()

    def read(self, wants: Sequence[Want]) -> Reading:
        wanted = [part for want in wants for part in self._parts(want)]
        extra = [deadman.LEFT_OPEN] if self._transport.live else []
        asks = [ask for part in wanted for ask in part.asks] + extra
        next_asks: list[Ask] = []

        def meanwhile() -> None:
            next_asks.extend(self._often(fact for want in wants for fact in want.facts))
            work, self._meanwhile = self._meanwhile, nothing
            work()

        found = self._transport.find(asks, meanwhile)
        self._look_ahead(next_asks, found)
        read = self._included(wants, reading(wanted, found))
        self._lenses |= {d.locator: d.lens for d in read.documents}
        left = (found[deadman.LEFT_OPEN][0].data or b"").decode().split() if extra else []
        return Reading(read.documents, read.problems + tuple(map(deadman.problem, left)))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        return self._looked(locators, ())[0]

    def ask(self, facts: Sequence[str]) -> dict[str, Answer]:
        asks = {fact: asks_of(fact) for fact in facts}
        wanted = [ask for some in asks.values() for ask in some or ()]
        known = self._ahead.answers(wanted) if self._ahead else {}
        found = {**known, **self._transport.find([ask for ask in wanted if ask not in known])}
        return {fact: fact_answer(fact, found) if some is not None else _no_fact(fact) for fact, some in asks.items()}

    def in_words(self, locator: str, before: bytes | None, after: bytes | None) -> tuple[bytes, bytes] | None:
        """The rules that a firewall gets and loses, in the words of its own files."""
        family, _, name = locator.partition(":")
        if family != "state" or before is None or after is None:
            return None
        texts = states.in_words(name, json.loads(before), json.loads(after))
        return None if texts is None else (texts[0].encode(), texts[1].encode())

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        asks = {locator: puts.ask_beside(locator) for locator in locators}
        now, found = self._looked(locators, [ask for ask in asks.values() if ask is not None])
        return [
            Kept(locator, now[locator].lens, now[locator].data, puts.meta(locator, found[ask][0] if ask else None))
            for locator, ask in asks.items()
        ]

    def validate(self, changes: Sequence[Change], steps: Steps) -> None:
        """In an offline root no checker can run: what holds there is what the lenses and the next reading say."""
        if self._transport.live:
            staging.validate_set(self._transport, steps.validate, changes)

    def arm(self, kept: Sequence[Kept], steps: Steps, within_s: float, token: str) -> bool:
        if not self.arms:
            return False
        bodies = [body for each in kept for body in puts.restoring(each)]
        script = deadman.arming(bodies, steps.reload, within_s, token)
        deadman.check_switch(self.target, token, self._transport.run(script))
        return True

    def write(self, change: Change) -> None:
        self._look_ahead((), {})
        self._learn(change)
        puts.put_change(self._transport, change, self._new_mode(change.locator))

    def ready(self, changes: Sequence[Change]) -> None:
        """Packages come in one transaction. Raises SurfaceError where they cannot: then each is tried by itself, and told."""
        self._look_ahead((), {})
        puts.ready(self._transport, changes)

    def reload(self, steps: Steps) -> None:
        """In an offline root nothing runs that could be reloaded."""
        self._late = []
        for name in steps.reload if self._transport.live else ():
            said = self._run(name, reloading(name))
            self._late += said.splitlines() if name in SAYS_LATE else []
            self._reloaded_at = time.monotonic()

    def late(self) -> list[str]:
        """What the last reload could not make hold."""
        return self._late

    def probe(self, steps: Steps) -> Mapping[str, str]:
        """After a reload health is what is seen at the end of a while, so that an answer of the old program does not count."""
        if not self._transport.live:
            return {}
        if steps.probe:
            time.sleep(max(0.0, self._reloaded_at + SETTLE_S - time.monotonic()))
        seen = {name: said for each in steps.probe for name, said in self._probe(each).items()}
        return seen | {f"next start: {name}": self._next_start(name) for name in steps.next_start}

    def reconnect(self) -> None:
        """Shortly after a reload a closed port is tried again: the program may not listen yet. A refused login is final,
        since hosts shut out those who try too often."""
        while True:
            try:
                return self._transport.reconnect()
            except SurfaceError as error:
                if not isinstance(error.__cause__, OSError) or time.monotonic() > self._reloaded_at + REFUSED_S:
                    raise
            time.sleep(0.1)

    def disarm(self, token: str) -> None:
        deadman.check_switch(self.target, token, self._transport.run(deadman.disarming(token)))

    def close(self) -> None:
        self._look_ahead((), {})
        self._transport.close()

    def _often(self, facts: Iterable[str]) -> list[Ask]:
        """What may be asked next."""
        return often(fact for fact in sorted(set(facts)) if fact.startswith("linux/")) if self._transport.live else []

    def _look_ahead(self, asks: Sequence[Ask], found: Answers) -> None:
        """Begins to find that out; what was found before holds no more."""
        if self._ahead:
            self._ahead.stop()
        self._ahead = Ahead(asks, found, self._transport.begin) if asks else None

    def _looked(self, locators: Sequence[str], beside: Sequence[Ask]) -> tuple[dict[str, Document], Answers]:
        """The documents as they are now, and what was asked besides, in one round trip."""
        wanted = {locator: self._part(locator) for locator in locators}
        found = self._transport.find([ask for part in wanted.values() for ask in part.asks] + [*beside])
        return {locator: self._one(part, documents_of(part, found)) for locator, part in wanted.items()}, found

    def _included(self, wants: Sequence[Want], read: Reading) -> Reading:
        """With what the documents name besides; another round trip only where there is such."""
        known: set[str] = set()
        new: Sequence[Document] = read.documents
        for _ in range(included.DEPTH):
            parts = included.unread_includes(new, wants, known)
            if not parts:
                break
            more = reading(parts, self._transport.find([ask for part in parts for ask in part.asks]))
            there = {d.locator for d in read.documents}
            new = [d for d in more.documents if d.locator not in there]
            folders = included.looked_into(parts, more.problems)
            read = Reading((*read.documents, *new, *folders), (*read.problems, *more.problems))
        return read

    def _parts(self, want: Want) -> list[WantedPattern]:
        """The parts this target can tell: where nothing runs there is no running and no effective state."""
        mine = [
            part
            for part in wanted_patterns(want)
            if self._transport.live or not part.locator.startswith(("running:", "effective:"))
        ]
        for part in mine:
            self._remember(want, part)
        return mine

    def _remember(self, want: Want, part: WantedPattern) -> None:
        """What a later question about the same document needs and its locator does not say."""
        if part.locator.startswith("running:"):
            self._keys.setdefault(part.locator, set()).update(ask.name for ask in part.asks)
        if part.locator.startswith("/"):
            self._lenses.setdefault(part.locator, part.lens)
            if "new-mode" in want.layout:
                self._modes[part.locator] = str(want.layout["new-mode"])

    def _learn(self, change: Change) -> None:
        if change.locator == "running:sysctl":
            self._keys.setdefault(change.locator, set()).update(json.loads(change.before or change.after or b"{}"))

    def _part(self, locator: str) -> WantedPattern:
        return part_of(locator, self._lenses.get(locator, ""), self._keys.get(locator, ()))

    def _one(self, part: WantedPattern, seen: Iterable[Document | Problem]) -> Document:
        """The document; absent where nothing is. Raises SurfaceError where it is there and cannot be read."""
        for each in seen:
            if isinstance(each, Problem):
                raise SurfaceError(f"{self.target}: {each.locator}: {each.why}")
            return Document(part.locator, each.data, each.lens)
        return Document(part.locator, None, part.lens)

    def _new_mode(self, locator: str) -> str:
        return next((mode for pattern, mode in self._modes.items() if matcher(pattern)(locator)), "0644")

    def _probe(self, name: str) -> dict[str, str]:
        """What is seen, by name; of a server each port by itself, so that one that answers besides is no harm."""
        if name == "ssh-banner":
            return {name: self._transport.banner()}
        said = self._transport.run(PRELUDE + activity(name)).out.decode(errors="replace").strip()
        return dict.fromkeys(said.splitlines(), "yes") if name in servers.PROBES else {name: said}

    def _next_start(self, name: str) -> str:
        check = checker(name)
        ran = self._transport.run(PRELUDE + check.command.replace("{main}", check.main))
        return "would work" if ran.status == 0 else (ran.err or ran.out.decode(errors="replace")).strip()

    def _run(self, name: str, script: str) -> str:
        ran = self._transport.run(f"{PRELUDE}main() {{\n{script}}}\nmain </dev/null\n")
        if ran.status:
            said = (ran.err or ran.out.decode(errors="replace")).strip()
            raise SurfaceError(f"{self.target}: {name} failed: {said or f'status {ran.status}'}")
        return ran.out.decode(errors="replace")


def open_local() -> Linux:
    """The host this runs on."""
    return Linux(Local())


def open_root(path: str) -> Linux:
    """A root file system that does not run. Raises SurfaceError where there is no such folder."""
    root = Path(path).absolute()
    try:
        there = root.is_dir()
    except OSError as error:
        raise SurfaceError(f"root:{path}: {error.strerror}; run as a user who may read there") from error
    if not there:
        raise SurfaceError(f"root:{path}: there is no folder {root}; name the mounted root file system")
    return Linux(Offline(f"root:{path}", root.resolve()))


def open_ssh(url: str, timeout_s: float = 15.0, password: Password | None = None) -> Linux:
    """A host reached by ``ssh://[user@]host[:port]``; it is connected to at the first use. `timeout_s` bounds that, `password`
    is sudo's."""
    from setright.surfaces.linux.ssh import Ssh

    return Linux(Ssh(url, timeout_s, password))


def _no_fact(fact: str) -> Answer:
    return Answer(None, f"there is no fact {fact!r} for Linux")
