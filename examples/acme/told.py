"""ACME's findings told to whom: tickets, chat, SIEM, SOAR and the pager, each held to what is so.

    python -m examples.acme.told                  every step, with what the program says; needs root, faketime and rsyslog
    python -m examples.acme.told --keep DIR       keeps the work folder

Goes on from examples.acme.scenario with the same group on fresh hosts; tests/journeys/test_told.py holds each step to its promise.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from lab.hosts import Lab

from examples.acme.desks import SECRETS, Desks
from examples.acme.scenario import Acme, Ran, play

SERVED = "http://127.0.0.1:8640"
LEDGER = "bank-ledger"
WITHIN_S = 120


class Told(Acme):
    """The group with everything its people work with."""

    def __init__(self, lab: Lab, work: Path) -> None:
        super().__init__(lab, work)
        self._env |= SECRETS
        self.desks = Desks(work / "collector")

    # ---- the steps, in order

    def connect(self) -> list[Ran]:
        """Each channel is added and tried: one harmless message, or a look at whether there can be tickets."""
        said = []
        for name, (sort, settings) in self.desks.channels().items():
            words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
            said.append(self.run("ann", "integrations", "add", name, "--type", sort, *words, "--yes", "--no-test"))
            said.append(self.run("ann", "integrations", "test", name))
        self.run("ann", "integrations", "list")
        return said

    def tickets(self) -> Any:
        """A ticket for each fix and owner, in that team's own tool; what waits for a yes stands in it with its diff and a link."""
        self.run("ann", "scan", "--fail-on", "never", "--quiet")
        self.run("ann", "plan", LEDGER, "--ask", "--format", "json")
        first = self.run("ann", "tickets", "sync", "--format", "json").json
        self.run("ann", "tickets", "list")
        return first, self.run("ann", "tickets", "sync", "--format", "json").json

    def chat(self) -> list[dict[str, Any]]:
        """Ann asks, the chat shows it with buttons, Bob and Petra press, and the change runs."""
        self.run("ann", "remind")
        with self.served("--run"):
            said = [self.desks.press(who, "approve", SERVED, "/etc/ssh/sshd_config") for who in ("UANN", "UBOB", "UPETRA")]
            self._until(self._has_run, "the approved change did not run")
        for each in said:
            self.say(f"  the chat: {each.get('text', '')}")
        return said

    def closed_with_evidence(self) -> Any:
        """Our own look sees it gone: the ticket is closed, with the run, the diff and who agreed."""
        self.run("ann", "scan", LEDGER, "--fail-on", "never", "--quiet")
        done = self.run("ann", "tickets", "sync", "bank-desk", "--format", "json").json
        for each in done["tickets"]:
            self.say(f"  {each['ticket']}: {', '.join(each['did'])}")
        return done

    def closed_by_hand(self) -> tuple[str, Any, Any]:
        """Somebody of the media's closes a ticket and puts nothing right: after our next look it is open again, with an answer."""
        (record,) = [each for each in self.desks.now.records.values() if "root" in each["short_description"].lower()]
        self.desks.now.people_close(record["sys_id"], who="Max Muster")
        before = self.run("ann", "tickets", "sync", "media-desk", "--format", "json").json
        self.run("ann", "scan", "media-stream", "media-archive", "--fail-on", "never", "--quiet")
        after = self.run("ann", "tickets", "sync", "media-desk", "--format", "json").json
        self.say(f"  {record['number']}: {record['notes'][-1] if record['notes'] else 'no answer'}")
        return record["number"], before, after

    def outage(self) -> tuple[Ran, list[str], list[str]]:
        """Splunk and the collector are down while a change runs; afterwards each has every event once, in order."""
        self.desks.collector.stop()
        self.desks.splunk.down = True
        ran = self.run("ann", "fix", "bank-test", "--all", "--yes", "--format", "json")
        self.run("ann", "scan", "bank-test", "--fail-on", "never", "--quiet")
        self.run("ann", "integrations", "list")
        self.desks.collector.start()
        self.desks.splunk.down = False
        self._until(self._is_all_told, "the outbox does not get empty")
        splunk = [event["event"] for event in self.desks.splunk.events]
        lines = [json.loads(line[line.index("{") :]) for line in self.desks.collector.lines(len(splunk))]
        return ran, _ids(splunk), _ids(lines)

    def playbook(self) -> dict[str, Any]:
        """What nobody's yes is needed for on the shop's test host, as a playbook that any SOAR reads (CACAO 2.0)."""
        plans = self.run("ann", "plan", "shop-test", "--format", "json").json["plans"]
        asked = {control for plan in plans if plan["lane"] != "auto" for control in plan["controls"]}
        alone = sorted({control for plan in plans for control in plan["controls"]} - asked)
        words = [word for control in alone for word in ("--control", control)]
        made: dict[str, Any] = self.run("ann", "plan", "shop-test", *words, "--ask", "--format", "cacao").json
        for step in made["workflow"].values():
            self.say(f"  {step['type']:<7} {step['name']}")
        return made

    def soar(self) -> tuple[dict[str, Any], list[tuple[str, int, Any]], int]:
        """A SOAR goes through the playbook: its calls put the host right, within what policy leaves to nobody's yes."""
        book = self.playbook()
        allow = [word for action in ("scan", "apply", "rollback") for word in ("--allow", action)]
        words = ("tokens", "new", "--actor", "soar", *allow, "--target", "shop-test", "--format", "json")
        token = self.run("ann", *words).json["token"]
        done, at = [], book["workflow_start"]
        with self.served():
            while step := book["workflow"].get(at):
                status = 200
                for command in step.get("commands", ()):
                    status, told = _call(command, token)
                    done.append((step["name"], status, told))
                    self.say(f"  {step['name']}: {command['command']}: {status}")
                at = step.get("on_completion") or step.get("on_success" if status == 200 else "on_failure")
            scan = next(c for step in book["workflow"].values() for c in step.get("commands", ()) if "/scans" in c["command"])
            other = {"headers": scan["headers"] | {"Idempotency-Key": ["elsewhere"]}, "content": json.dumps({"targets": [LEDGER]})}
            elsewhere, _ = _call(scan | other, token)
        return book, done, elsewhere

    def pager(self) -> list[dict[str, Any]]:
        """Nobody did anything for two weeks: the pager wakes the lead."""
        before = len(self.desks.pager.told)
        self.run("ann", "remind", later="+14d")
        alerts = self.desks.pager.told[before:]
        for alert in alerts:
            self.say(f"  the pager: {alert['severity']}: {alert['summary']}")
        return alerts

    # ---- what the steps need

    def close(self) -> None:
        self.desks.close()

    def _has_run(self) -> bool:
        runs = self.run("ann", "runs", "--format", "json").json["runs"]
        return any(plan["outcome"] == "verified" for run in runs for plan in run["plans"])

    def _is_all_told(self) -> bool:
        self.run("ann", "integrations", "send", "--format", "json")
        waiting = self.run("ann", "integrations", "list", "--format", "json").json["channels"]
        return not any(each["waiting"] for each in waiting if each["channel"] in ("splunk", "collector"))

    def _until(self, so: Callable[[], bool], why: str) -> None:
        until = time.monotonic() + WITHIN_S
        while not so():
            if time.monotonic() > until:
                raise RuntimeError(why)
            time.sleep(1)


def _ids(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of what happened; a test message is none of that."""
    return [event["id"] for event in events if event["event"].startswith(("finding.", "plan.", "exception."))]


def _call(command: dict[str, Any], token: str) -> tuple[int, Any]:
    """A playbook's command, carried out as an engine does."""
    method, path, _ = command["command"].split()
    headers = {name: values[0] for name, values in command["headers"].items()} | {"Authorization": f"Bearer {token}"}
    try:
        with urlopen(Request(f"{SERVED}{path}", command["content"].encode(), headers, method=method), timeout=660) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


STEPS = (
    "connect",
    "tickets",
    "chat",
    "closed_with_evidence",
    "closed_by_hand",
    "outage",
    "soar",
    "pager",
)


def main(arguments: Sequence[str] | None = None) -> int:
    return play(__doc__, Told, STEPS, arguments)


if __name__ == "__main__":
    sys.exit(main())
