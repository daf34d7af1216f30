"""What ACME's other scanners found, taken in: matched with ours, put right, and closed by our own look.

    python -m examples.acme.scanned               every step, with what the program says; needs root and ./check once
    python -m examples.acme.scanned --keep DIR    keeps the work folder

Goes on from examples.acme.scenario with the same group on fresh hosts; results/ is what real scanners wrote, a folder for each
target. tests/journeys/test_scanned.py holds each step to its promise.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.hosts import Lab

from examples.acme.scenario import Acme, Ran, play

MORE = """
[[targets]]
name = "player-code"
url = "player"
environment = "test"
organisation = "acme-media"
owner = "media-operations"
importance = "medium"
"""
AT_WILL = ("player-code", "bank-test")
ASKED = "shop-code"


class Scanned(Acme):
    """The group with one repository more."""

    def __init__(self, lab: Lab, work: Path) -> None:
        super().__init__(lab, work)
        with (self.tree / "estate/targets.toml").open("a") as file:
            file.write(MORE)

    # ---- the steps, in order

    def take_in(self) -> tuple[Ran, Any]:
        """One folder with the results of several scanners on several targets; each target is looked at anew."""
        self.run("ann", "import", "results")
        ran = self.run("ann", "import", "results", "--format", "json")
        self._tell_matched(ran.json["imported"])
        return ran, ran.json

    def put_right(self) -> list[Ran]:
        """What they found and a control of ours finds, too, on the targets where nobody needs to be asked."""
        return [self.run("ann", "fix", name, *self._controls(name), "--all", "--yes", "--format", "json") for name in AT_WILL]

    def put_right_with_a_yes(self) -> Ran:
        """The shop's repository is production: what may break something waits, Ann asks, Paul agrees, and exactly that runs."""
        self.run("ann", "fix", ASKED, *self._controls(ASKED), "--yes", "--format", "json")
        self.run("ann", "plan", ASKED, *self._controls(ASKED), "--ask", "--format", "json")
        for plan in self.run("ann", "approve", "--format", "json").json["plans"]:
            self.run("paul", "approve", plan["hash"], "--yes")
        return self.run("ann", "apply", "--approved", "--yes", "--quiet", "--format", "json")

    def look_again(self) -> Any:
        """Our own look, not what a fix said, closes them."""
        for name in (*AT_WILL, ASKED):
            self.run("ann", "scan", name, *self._controls(name), "--fail-on", "never", "--quiet")
        self.run("ann", "import", "--list")
        return self.run("ann", "import", "--list", "--format", "json").json

    def again(self) -> Any:
        """The same results once more: nothing is there twice, and nothing that our look saw gone comes back."""
        return self.run("ann", "import", "results", "--format", "json").json

    # ---- what the steps need

    def _controls(self, name: str) -> list[str]:
        """`--control` for each of ours that speaks of something matched on that target."""
        urls = {"player-code": str(self.tree / "player"), "shop-code": str(self.tree / "shop"), "bank-test": "ssh://h2"}
        told = self.run("ann", "import", "--list", "--format", "json").json["imported"]
        ours = {control for each in told if _is_matched(each, urls[name]) for control in each["controls"]}
        return [word for control in sorted(ours) for word in ("--control", control)]

    def _tell_matched(self, told: Sequence[dict[str, Any]]) -> None:
        for scanner, (matched, every) in by_scanner(told).items():
            self.say(f"  {scanner:<9} {matched:>3} of {every:>3} matched ({100 * matched // every} %)")


def _is_matched(told: dict[str, Any], url: str) -> bool:
    return bool(told["state"] == "matched" and told["target"] == url)


def by_scanner(told: Sequence[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """How many of each scanner's findings are matched with ours, and how many there are."""
    every = Counter(each["tool"] for each in told)
    matched = Counter(each["tool"] for each in told if each["state"] == "matched")
    return {tool: (matched[tool], every[tool]) for tool in sorted(every)}


STEPS = ("take_in", "put_right", "put_right_with_a_yes", "look_again", "again")


def main(arguments: Sequence[str] | None = None) -> int:
    return play(__doc__, Scanned, STEPS, arguments)


if __name__ == "__main__":
    sys.exit(main())
