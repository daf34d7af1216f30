"""The only wiring: configuration -> catalogue, surfaces, store, runs. What the CLI and the console call."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from setright.controls.error import ControlError
from setright.engine.abreast import abreast
from setright.engine.allowance import Allowances
from setright.engine.belongings import background, standings, whose
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.engine.configuration import Configuration, Target, full_url, load_configuration
from setright.engine.decision import About, Weighed, weigh
from setright.engine.error import EngineError
from setright.engine.learn import Approved, learned_from, snapshots_of
from setright.engine.naming import picked
from setright.engine.opening import open_surface, source_root
from setright.engine.organisation import about, life, subject_of
from setright.engine.passwords import Passwords
from setright.engine.redact import without_password
from setright.engine.runs import in_order, new_run, not_now, to_undo
from setright.engine.scan import Scan, scan
from setright.engine.scope import Honoured, within_change, without_adopted, without_exceptions
from setright.engine.scope import ScanOptions as ScanOptions
from setright.engine.suppress import heed
from setright.engine.times import now
from setright.model import Plain, Plan
from setright.policy.estate import Subject
from setright.policy.exceptions import FindingException, latest
from setright.policy.ruling import frozen
from setright.surfaces.base import Surface, SurfaceError

if TYPE_CHECKING:
    from setright.controls.chosen import Chosen
    from setright.engine.asking import Asking
    from setright.engine.consent import Consent
    from setright.engine.courier import Courier
    from setright.engine.desk import RunDesk
    from setright.engine.ledger import Ledger
    from setright.engine.plan import PlanOptions
    from setright.engine.propose import Draft
    from setright.engine.rounds import Further
    from setright.engine.runner import Runner
    from setright.engine.store import Progress, Store
    from setright.engine.workflow import Outcome


class Scanned(NamedTuple):
    """One target's scan, or why it could not be read."""

    target: str
    scan: Scan | None
    error: str = ""
    note: str = ""  # why the scan could not be kept, where it could not
    weighed: Mapping[str, Weighed] = {}  # by finding


class TargetPlans(NamedTuple):
    """One target's plans, or why there are none."""

    target: str
    plans: tuple[Plan, ...]
    scan: Scan | None
    error: str = ""
    weighed: Mapping[str, Weighed] = {}


class RunOutcome(NamedTuple):
    """A run's id and the outcome of each plan, in order. `rounds`: of those that came later, by hash (`engine.rounds`)."""

    id: str
    plans: tuple[tuple[Plan, Outcome], ...]
    recovered: tuple[Outcome, ...] = ()
    rounds: Mapping[str, int] = {}


class App:
    """Opened once per command; what is costly is made when first asked for."""

    def __init__(self, configuration: Configuration | None = None, content: Sequence[Path] = (), actor: str = "") -> None:
        self.configuration = configuration or load_configuration()
        self._content, self._actor = content, actor  # for whom the ledger records; empty: whoever runs this process
        self._logins: dict[str, str] = {}  # URLs by how they are shown
        self._allowances = Allowances(lambda: self.store, self.configuration.policy.limits)
        self._passwords = Passwords(self.configuration)
        self._declared = {self._shown(target.url): target for target in reversed(self.configuration.targets)}

    @property
    def content_roots(self) -> list[Path]:
        """The folders that content comes from, ours first."""
        return [content_root(), *self._content, *(Path(p) for p in self.configuration.content)]

    @cached_property
    def catalogue(self) -> Catalogue:
        return load_catalogue(self.content_roots, self._cache())

    @cached_property
    def state(self) -> Path:
        """The directory of keys, snapshots, ledger and databases; made for its owner alone where it is missing."""
        from setright.engine.durable import private_directory

        place = self.configuration.state_directory
        try:
            return private_directory(place)
        except OSError as error:
            raise EngineError(f"{place}: {error.strerror}; name a directory of your own in SETRIGHT_STATE") from error

    @cached_property
    def store(self) -> Store:
        from setright.engine.store import Store

        return Store(self.configuration.store_url)

    @cached_property
    def ledger(self) -> Ledger:
        from setright.engine.ledger import Ledger

        return Ledger(self.state, self._actor or getpass.getuser())

    @cached_property
    def fingerprint_key(self) -> bytes:
        from setright.engine.keys import secret_key

        return secret_key(self.state, "fingerprints")

    @cached_property
    def consent(self) -> Consent:
        from setright.engine.consent import Consent

        return Consent(self.configuration, self.store, self.ledger, self.catalogue, self._target)

    @cached_property
    def asking(self) -> Asking:
        from setright.engine.asking import Asking

        at = self._frozen, self._desk
        return Asking(self.configuration, self.state, self.store, self.consent, self.ledger, at)

    @cached_property
    def courier(self) -> Courier:
        from setright.engine.courier import Courier

        owner = lambda url: subject_of(self.configuration, self._target(url)).owner  # noqa: E731
        return Courier(self.configuration, self.store, self.ledger, self.fingerprint_key, owner)

    def finish(self) -> list[str]:
        """Tells the channels what this process did; why what was not told, which is then tried again by the next."""
        if not self.configuration.integrations or "store" not in vars(self):  # it looked at nothing that is kept
            return []
        try:
            return [f"{told.channel}: {told.error}" for told in self.courier.send() if told.error]
        except EngineError as error:
            return [str(error)]

    @cached_property
    def runner(self) -> Runner:
        from setright.engine.runner import Runner

        return Runner(self.state, self.store, self.configuration, self._desk, self.subject)

    def _desk(self) -> RunDesk:
        from setright.engine.desk import RunDesk
        from setright.engine.rounds import Rounds

        rounds = lambda: Rounds(self.look, self.options, self.consent, self.foreseen, self.configuration.policy)  # noqa: E731
        return RunDesk(self.state, self.store, self.ledger, lambda: self.catalogue, self.open, rounds)

    def targets(self, named: Sequence[str]) -> list[str]:
        """URLs of targets: given ones (names, globs and groups of the configuration are looked up), else all configured, else here.

        They are as they may be shown; the password of one is remembered for `open`.
        """
        known = self.configuration.targets
        urls = picked(named, known) if named else [target.url for target in known]
        return [self._shown(full_url(url, Path.cwd())) for url in urls or ["."]]

    def _shown(self, url: str) -> str:
        shown = without_password(url)
        if shown != url:
            self._logins[shown] = url
        return shown

    def controls(self, ask: ScanOptions) -> list[str]:
        """The ids asked for. Raises ControlError for a baseline, control or glob that selects nothing."""
        from fnmatch import fnmatchcase

        if not ask.controls:
            chosen = {i for name in self._baselines(ask) for i in self.catalogue.selected(name)}
            return [i for i in self.catalogue.ids() if i in chosen]
        ids = [i for i in self.catalogue.ids() if any(fnmatchcase(i, glob) for glob in ask.controls)]
        for glob in ask.controls:
            if not any(fnmatchcase(i, glob) for i in ids):
                self.catalogue.control(glob)
                raise ControlError(f"no control matches {glob!r}; `setright controls list` shows all")
        return ids

    def scan(self, targets: Sequence[str], ask: ScanOptions) -> Iterator[Scanned]:
        """Each target's scan as it is done, several at once; a target that cannot be read does not stop the others."""
        ids, exceptions = self.controls(ask), self._exceptions()

        def one(target: str) -> Scanned:
            try:
                with closing(self.open(target)) as surface:
                    found = self._seen(surface, ids, ask, exceptions)
                    return Scanned(target, found, weighed=weigh(found, surface, self._about(surface), self._approved(ask)))
            except SurfaceError as error:
                return Scanned(target, None, str(error))

        for scanned in abreast(one, [self._shown(target) for target in targets]):
            yield scanned._replace(note=self._remember(scanned))

    def _seen(self, surface: Surface, ids: Iterable[str], ask: ScanOptions, exceptions: Mapping[str, FindingException]) -> Scan:
        """A target's findings, and apart from them what is knowingly left open or not asked about."""
        root = source_root(surface)
        found = scan(surface, self.catalogue, self._for(surface, ids, ask))
        subject = subject_of(self.configuration, self._target(self._shown(surface.target)))
        honoured = Honoured(exceptions, subject, self.configuration.policy.exceptions, self.configuration.people, now())
        found = without_exceptions(heed(found, self.catalogue.ids(), now().date()), honoured, root)
        return within_change(without_adopted(found, ask.scope, root), ask.scope, root)

    def _remember(self, scanned: Scanned) -> str:
        """Keeps the findings. What a control may not have seen is not resolved: it may still be there."""
        if scanned.scan is None:
            return ""
        from setright.engine.looked import seeing
        from setright.engine.store import StoredTarget

        found = [f.finding for f in scanned.scan.everything]
        known, saw = self._target(scanned.target), seeing(scanned.scan)
        seen = [i for i in scanned.scan.controls.ids if not saw.unseen.get(i)]
        told_whose = partial(whose, scanned.weighed)
        try:
            told = ([f.finding for f in scanned.scan.found], scanned.weighed, scanned.scan.controls)
            tell = self.courier.of_scan(*told) if self.configuration.integrations else lambda _: ()
            with self.store.together():
                self.store.record_scan(scanned.scan.target, seen, found, now(), self.fingerprint_key, tell, saw, told_whose)
                self.store.record_target(StoredTarget(known.name, known.url, known.environment, known.owner, known.tags), now())
                self.store.keep_standings(standings(scanned.weighed), now())
        except EngineError as error:
            return str(error)
        return ""

    def _target(self, url: str) -> Target:
        """What the configuration says of a target; one that it does not name is called by its URL."""
        return replace(self._declared.get(url) or Target(url, url), url=url)

    def _about(self, surface: Surface) -> About:
        """What the organisation knows of a target, and its policy for it."""
        told = background(self.configuration, lambda: self.store, surface)
        return about(self.configuration, self._target(self._shown(surface.target)), source_root(surface), told)

    def _exceptions(self) -> Mapping[str, FindingException]:
        """The last exception made for each finding; a store that cannot be opened excepts nothing."""
        try:
            return latest(self.store.exceptions(), now())
        except EngineError:
            return {}

    def _cache(self) -> Path | None:
        try:
            return self.state / "cache"
        except EngineError:
            return None

    def plan(self, targets: Sequence[str], ask: ScanOptions, *, together: bool = False) -> Iterator[TargetPlans]:
        """Each target's plans; nothing on the target is changed."""
        from setright.engine.plan import made_elsewhere, plan

        ids = self.controls(ask)
        exceptions, ask = self._exceptions(), ask.to_plan()

        def one(target: str) -> TargetPlans:
            try:
                with closing(self.open(target)) as surface:
                    found = self._seen(surface, ids, ask, exceptions)
                    options = self.options(surface, ask, together=together)
                    return TargetPlans(target, plan(found, surface, options).plans, made_elsewhere(found, surface))
            except SurfaceError as error:
                return TargetPlans(target, (), None, str(error))

        yield from abreast(one, [self._shown(target) for target in targets])

    def look(self, surface: Surface, ask: ScanOptions) -> Scan:
        """The findings of a surface that the caller opened; they are not kept."""
        return self._seen(surface, self.controls(ask), ask, self._exceptions())

    def options(self, surface: Surface, ask: ScanOptions, together: bool) -> PlanOptions:
        """How to plan for a target."""
        from setright.engine.plan import PlanOptions

        known = self._params(ask), now(), self._about(surface), life(self.configuration)
        return PlanOptions(together, self.fingerprint_key, *known, self._approved(ask))

    def _approved(self, ask: ScanOptions) -> Approved | None:
        return learned_from(self.catalogue, self._baselines(ask), lambda: snapshots_of(self.state, self.store))

    def draft(self, surface: Surface, ask: ScanOptions, *, together: bool, per: str) -> Draft:
        """What a pull request would do to a tree of sources."""
        from setright.engine.propose import draft

        return draft(self.look(surface, ask.to_plan()), surface, self.options(surface, ask, together=together), per)

    def verify(self, drafted: Draft, surface: Surface) -> Draft:
        """Raises EngineError where the tree, read and judged anew, is not what the draft says."""
        from setright.engine.propose import verify_draft

        return verify_draft(drafted, scan(surface, self.catalogue, drafted.scan.controls))

    def apply(
        self,
        plans: Sequence[Plan],
        approved: Callable[[Plan], bool],
        tell: Callable[[Plan, Outcome], None],
        watch: Callable[[Progress], None] = lambda _: None,
        further: Further | None = None,
    ) -> RunOutcome:
        """Runs the plans that are `auto` or approved, and says of the others why not. Snapshots first, proof last.

        `tell` hears of each plan that ended, `watch` after each target how far the run has come; `further` is what it may
        plan by itself.
        """
        run, todo, left = self._begun(plans, approved)
        may = further.but([p for p in plans if p.hash in left], self.ledger.actor) if further else ""
        outcomes, recovered = self.runner.apply(run, todo, self.consent.cases, tell, watch, may)
        rounds = {part.hash: part.round for part in self.store.run(run).plans if part.round > 1}
        every = [*plans, *self.store.plans_of([*rounds])]
        return RunOutcome(run, tuple((p, (left | outcomes)[p.hash]) for p in every), tuple(recovered), rounds)

    def queue(self, plans: Sequence[Plan], approved: Callable[[Plan], bool], further: Further | None = None) -> RunOutcome:
        """As `apply`, but leaves what may run to workers: their plans have no outcome yet."""
        run, todo, left = self._begun(plans, approved)
        may = further.but([p for p in plans if p.hash in left], self.ledger.actor) if further else ""
        self.runner.queue(run, todo, self.consent.cases, may)
        return RunOutcome(run, tuple((p, left[p.hash]) for p in plans if p.hash in left))

    def _begun(self, plans: Sequence[Plan], approved: Callable[[Plan], bool]) -> tuple[str, list[Plan], dict[str, Outcome]]:
        """A new run's id, what it runs, and of the others why not."""
        from setright.engine.workflow import Outcome

        run = new_run()
        self.store.keep_plans(plans, self.ledger.actor)
        self.consent.give([p for p in plans if p.lane == "ask" and approved(p)], run)
        left = {hash_: Outcome(hash_, *why) for hash_, why in self.foreseen(plans).items()}
        todo = in_order([p for p in plans if p.hash not in left])
        if beyond := self.configuration.policy.refuses(len({p.target for p in todo}), len(todo)):
            return run, [], left | {p.hash: Outcome(p.hash, "refused", beyond) for p in todo}
        return run, todo, left

    def foreseen(self, plans: Sequence[Plan]) -> dict[str, tuple[str, str]]:
        """Outcome and reason of each plan that would not run now, by hash."""
        lacks = self.consent.lacking([p for p in plans if p.lane == "ask"])
        cold = {target: self._frozen(target) for target in {p.target for p in plans}}
        return {p.hash: why for p in plans if (why := not_now(p, lacks.get(p.hash, ""), cold[p.target]))}

    def _frozen(self, target: str) -> str:
        return frozen(self.configuration.policy, self.subject(target), now())

    def subject(self, target: str) -> Subject:
        return subject_of(self.configuration, self._target(target))

    def rollback(self, of: str, tell: Callable[[Plan, Outcome], None]) -> RunOutcome:
        """Restores what a run changed, last change first, verified. Raises EngineError for a run that is not there."""
        run, plans = new_run(), to_undo(self.store.run(of).plans, self.store.plan)
        self.ledger.append("rollback asked", {"run": run, "of": of, "plans": [p.hash for p in plans]})
        outcomes, recovered = self.runner.roll_back(run, of, plans, tell)
        return RunOutcome(run, tuple((p, outcomes[p.hash]) for p in plans), tuple(recovered))

    def recover(self) -> list[Outcome]:
        """Finishes or rolls back what an earlier process left unfinished; every run does so first by itself."""
        return self.runner.recover()

    def open(self, target: str) -> Surface:
        """The surface of a target, whose URL may lack a password given before. Raises SurfaceError with the forms there are."""
        known = self._target(self._shown(target))
        wait, password = self._allowances.of((known.url, known.name)), self._passwords.of(known)
        return open_surface(self._logins.get(known.url, target), known.url, wait, password)

    def circumstances(self, finding: str) -> Subject:
        """What is declared of the target of a finding; nothing where the finding is not known."""
        known = self.store.finding(finding)
        return self.subject(known.finding.target) if known else Subject(())

    def _for(self, surface: Surface, ids: Iterable[str], ask: ScanOptions) -> Chosen:
        return self.catalogue.for_families(surface.families, ids, self._params(ask), ask.min_severity)

    def _params(self, ask: ScanOptions) -> dict[str, Plain]:
        """The organisation's values over the baselines', of which a later one goes over an earlier one."""
        return self.catalogue.params(self._baselines(ask)) | self.configuration.parameters

    def _baselines(self, ask: ScanOptions) -> tuple[str, ...]:
        return (ask.baseline,) if ask.baseline else self.configuration.baselines
