"""The whole loop on one real ssh host, for tests of what is put right there."""

from __future__ import annotations

from pathlib import Path

from lab.hosts import Lab

from setright.app import App, RunOutcome, ScanOptions
from setright.engine.configuration import Configuration
from setright.model import Finding
from setright.surfaces.linux import down
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import boot, confinement, firewall, mounts, restarts, updates
from setright.surfaces.linux.transport import Reply
from tests.content import warm


class Loop:
    """Scans, fixes and goes back on `ssh://h1` with the controls named."""

    def __init__(self, lab: Lab, home: Path, *controls: str) -> None:
        self._lab, self._ask = lab, ScanOptions(controls=controls)
        self._app = App(Configuration(state=str(warm(home / "state"))))

    def sh(self, command: str) -> str:
        done = self._lab.command(1, command)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def found(self) -> list[Finding]:
        (scanned,) = self._app.scan(["ssh://h1"], self._ask)
        assert scanned.scan is not None, scanned.error
        assert scanned.scan.problems == ()
        return [each.finding for each in scanned.scan.found]

    def wrong(self) -> set[tuple[str, str]]:
        """Control and resource of each finding."""
        return {(f.control.removeprefix("linux/"), f.resource) for f in self.found()}

    def lanes(self) -> list[str]:
        """The lane of each plan, nobody having decided anything."""
        (planned,) = self._app.plan(["ssh://h1"], self._ask)
        return [each.lane for each in planned.plans]

    def fix(self) -> RunOutcome:
        """Everything that can be, the caller taking each decision."""
        (planned,) = self._app.plan(["ssh://h1"], self._ask, together=True)
        return self._app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)

    def outcomes(self, run: RunOutcome) -> list[str]:
        return [f"{plan.document}: {outcome.outcome}" for plan, outcome in run.plans if plan.lane != "hand"]

    def rollback(self, run: RunOutcome) -> RunOutcome:
        return self._app.rollback(run.id, lambda plan, outcome: None)


def evidence(**outs: str) -> Evidence:
    """What the questions of those names were answered."""
    modules = {"updates": updates.SIMULATE, "rules": firewall.RULES, "who": firewall.WHO, "ports": firewall.PORTS}
    modules |= {"legacy": firewall.LEGACY, "taken": firewall.TAKEN, "waiting": restarts.WAITING, "down": down.DOWN}
    modules |= {"menu": boot.MENU, "line": boot.LINE, "info": mounts.INFO, "profiles": confinement.PROFILES}
    modules |= {"uptime": confinement.UPTIME, "on": confinement.ON, "selinux": confinement.SELINUX}
    return Evidence({modules[name]: [Reply(name, out.encode())] for name, out in outs.items()})
