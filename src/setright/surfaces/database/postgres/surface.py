"""One PostgreSQL server: the surface protocol, each step handed to its room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from setright.model import Answer, Change, Document, Kept, Problem, Reading, Steps, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.database.postgres import facts, hba, roles, settings, steps, switch
from setright.surfaces.database.postgres.session import Session

LENSES = {"hba": "pg_hba"}


class Postgres:
    """A server reached through one open connection. `arms` tells whether the dead-man's switch can be set here:
    managed services and logins without pg_execute_server_program have none, and `arm` says False there.
    """

    families: tuple[str, ...] = ("postgres",)

    def __init__(self, url: str) -> None:
        self._session = Session(url)
        self.target = self._session.target
        self.arms = self._session.rights.programs

    def read(self, wants: Sequence[Want]) -> Reading:
        """The documents that the bindings name; what our rights do not reach is a problem, not silence."""
        patterns = dict.fromkeys(pattern for want in wants for pattern in want.layout.get("documents", ()))
        names = tuple(name for want in wants if want.kind == "postgres/role" for name in want.names)
        everything = any(want.kind == "postgres/role" and not want.names for want in wants)
        found, problems = self._documents([*patterns], () if everything else names)
        return Reading(tuple(found.values()), tuple(problems))

    def again(self, locators: Sequence[str]) -> dict[str, Document]:
        found, problems = self._documents(locators, ())
        if problems:
            raise SurfaceError(f"{problems[0].locator}: {problems[0].why}")
        return {locator: found.get(locator) or Document(locator, None, _lens(locator)) for locator in locators}

    def ask(self, facts_asked: Sequence[str]) -> dict[str, Answer]:
        return facts.ask(self._session, facts_asked)

    def keep(self, locators: Sequence[str]) -> list[Kept]:
        fresh = self.again([locator for locator in locators if locator != "settings"])
        return [
            settings.kept_layers(self._session, locator)
            if locator == "settings"
            else Kept(locator, fresh[locator].lens, fresh[locator].data, {"exact": True})
            for locator in locators
        ]

    def validate(self, changes: Sequence[Change], steps_asked: Steps) -> None:
        steps.require_known(steps_asked.validate, ("postgres-settings", "postgres-hba", "postgres-role"))
        steps.validate_staged(self._session, changes, steps_asked)

    def arm(self, kept: Sequence[Kept], steps_asked: Steps, within_s: float, token: str) -> bool:
        return steps_asked.arm and switch.start_switch(self._session, kept, within_s, token)

    def write(self, change: Change) -> None:
        if change.locator == "settings":
            settings.alter_system(self._session, change)
        elif change.locator == "hba":
            hba.write_hba(self._session, change)
        elif change.locator.startswith("role:"):
            roles.alter_role(self._session, change)
        else:
            raise SurfaceError(f"{change.locator}: this document can only be read")

    def reload(self, steps_asked: Steps) -> None:
        steps.reload_server(self._session, steps_asked)

    def probe(self, steps_asked: Steps) -> Mapping[str, str]:
        return steps.probe(self._session, steps_asked)

    def reconnect(self) -> None:
        with self._session.fresh() as link:
            link.execute("SELECT 1")

    def disarm(self, token: str) -> None:
        switch.disarm(self._session, token)

    def close(self) -> None:
        self._session.close()

    def _documents(self, patterns: Sequence[str], role_names: Sequence[str]) -> tuple[dict[str, Document], list[Problem]]:
        found: dict[str, Document] = {}
        problems = []
        for group, gather in self._gatherers(role_names).items():
            asked = [p for p in patterns if _group(p) == group]
            try:
                data = gather() if asked else {}
            except SurfaceError as error:
                problems.append(Problem(asked[0], str(error)))
                continue
            found.update(
                {
                    at: Document(at, text, _lens(at))
                    for at, text in data.items()
                    if any(fnmatchcase(at, p) or at == p for p in asked)
                }
            )
        return found, problems

    def _gatherers(self, role_names: Sequence[str]) -> Mapping[str, Callable[[], dict[str, bytes]]]:
        return {
            "settings": self._settings,
            "running:settings": lambda: {"running:settings": settings.running(self._session)},
            "role": lambda: roles.documents(self._session.rows(*roles.query(self._session)), role_names),
            "hba": lambda: {"hba": hba.read_hba(self._session)},
        }

    def _settings(self) -> dict[str, bytes]:
        return {"settings": settings.document(settings.state(self._session))}


def _lens(locator: str) -> str:
    return LENSES.get(locator, "json")


def _group(pattern: str) -> str:
    """Which reader gives documents of this name."""
    return pattern if pattern in ("settings", "running:settings") else pattern.partition(":")[0]
