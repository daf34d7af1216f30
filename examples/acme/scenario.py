"""ACME's year in two minutes: six real hosts and a repository go through everything that may happen to a finding.

    python -m examples.acme.scenario              every step, with what the program says; needs root, faketime and Debian's tools
    python -m examples.acme.scenario --keep DIR   keeps the work folder: letters, report, evidence

Each step is a method; tests/journeys/test_acme.py takes the same steps and holds each to its promise.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from lab.hosts import Lab

from examples.acme import hosts

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')"]
LINK = re.compile(r"http://127\.0\.0\.1:8640/approve/[\w.-]+")
FIELD = re.compile(r"<input type=hidden name=(\w+) value='([^']*)'")
REACH_S = 20


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Acme:
    """The group in a folder of its own: hosts up, a mail server listening, nothing looked at yet."""

    def __init__(self, lab: Lab, work: Path) -> None:
        self.lab, self.work, self.tree = lab, work, work / "acme"
        self.letters: list[EmailMessage] = []
        self.say: Callable[[str], None] = lambda text: None
        shutil.copytree(HERE, self.tree, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        self._env = {"PATH": os.environ["PATH"], "HOME": str(work), "SETRIGHT_STATE": str(work / "state"), "SSH_AUTH_SOCK": ""}
        self._env |= {"COLUMNS": "120", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "DONT_FAKE_MONOTONIC": "1"}
        (work / ".ssh").symlink_to(lab.folder / "ssh")

    def run(self, who: str, *words: str, later: str = "", env: dict[str, str] | None = None) -> Ran:
        """A command as that person types it, `later` by so much (``+6d``), where the hosts can be reached."""
        self.say(f"\n{who}{f', {later}' if later else ''}$ setright {' '.join(words)}")
        clock = ["faketime", "-f", later] if later else []
        done = subprocess.run([*clock, *PROGRAM, *words], env=env or self.as_person(who), cwd=self.tree, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=600)  # fmt: skip
        if "json" not in words:
            self.say((done.stdout + done.stderr).rstrip())
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, who: str, *words: str) -> subprocess.Popen[str]:
        self.say(f"\n{who}$ setright {' '.join(words)} &")
        return subprocess.Popen([*PROGRAM, *words], env=self.as_person(who), cwd=self.tree, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip

    def as_person(self, who: str) -> dict[str, str]:
        return self._env | {"LOGNAME": who, "USER": who}

    def close(self) -> None:
        """What it started."""

    # ---- the steps, in order

    def scan(self) -> Any:
        """Everything is looked at once."""
        self.run("ann", "scan", "--min-severity", "high", "--quiet")
        return self.run("ann", "scan", "--fail-on", "never", "--format", "json").json

    def own(self) -> Any:
        """Whose is it? Each finding has an owner, with the reasons; one is sent back, and the next is asked."""
        self.run("ann", "owners", "list")
        findings = self.run("ann", "scan", "shop", "--fail-on", "never", "--format", "json").json["findings"]
        bucket = next(each for each in findings if each["control"] == "aws/s3/public-access-block")
        self.run("ann", "owners", "show", bucket["id"])
        self.run("paul", "owners", "bounce", bucket["id"], "--reason", "the bucket is for the front's pictures", "--to", "shop-web")
        return bucket, self.run("ann", "owners", "show", bucket["id"], "--format", "json").json

    def decide(self) -> tuple[Any, Any]:
        """Who may do it, and why: today, and in the frozen week."""
        today = self.run("ann", "plan", "bank-ledger", "shop-front", "--format", "json").json
        frozen = self.run("ann", "plan", "bank-ledger", "shop-front", "--format", "json", later=self.to_the_freeze()).json
        for told, when in ((today, "today"), (frozen, "in the frozen week")):
            self.say(f"{when}:")
            for plan in told["plans"]:
                self.say(f"  {plan['lane']:<5} {plan['target']} {plan['document']}: {plan['reason'][:90]}")
        return today, frozen

    def to_the_freeze(self) -> str:
        """From now to the middle of the week that setright.toml freezes, which is moved to begin in four days."""
        text = (self.tree / "setright.toml").read_text()
        at = time.time()
        day = [time.strftime("%Y-%m-%dT00:00:00+01:00", time.gmtime(at + days * 86400)) for days in (4, 11)]
        text = re.sub(r"(?m)^start = \d{4}-.*$", f"start = {day[0]}", text, count=1)
        (self.tree / "setright.toml").write_text(re.sub(r"(?m)^until = \d{4}-.*$", f"until = {day[1]}", text, count=1))
        return "+7d"

    def fix_in_waves(self) -> Ran:
        """What nobody needs to be asked about: one target, two, then the rest. The archive does not bear its fix."""
        ran = self.run("ann", "fix", "--yes", "--format", "json")
        for plan in ran.json["plans"]:
            if plan["lane"] == "auto":
                self.say(f"  {plan['outcome']:<9} {plan['target']} {plan['document']} {plan['why'][:70]}")
        return ran

    def ask(self) -> Any:
        """Ann asks for the rest of the bank's ledger and the shop's front; their people get a letter with a link each."""
        asked = self.run("ann", "plan", "bank-ledger", "shop-front", "--ask", "--format", "json").json
        self.run("ann", "remind")
        self.run("ann", "approve")
        return asked

    def approve(self) -> list[tuple[str, int, str]]:
        """They open the page, read what it may break, and say yes; Ann's own yes does not count."""
        mine = next(plan for plan in self.waiting() if plan["target"] == "ssh://h1")
        self.run("ann", "approve", mine["hash"], "--yes")
        with self.served():
            said = [(name, *self.say_yes(link)) for name, link in self.links()]
        for name, status, _ in said:
            self.say(f"{name} presses the button: {'recorded' if status == 200 else 'not needed any more'}")
        return said

    def run_approved(self) -> Ran:
        """What has all its approvals runs, exactly as approved."""
        return self.run("ann", "apply", "--approved", "--yes", "--quiet", "--format", "json")

    def except_one(self) -> Any:
        """Carla leaves one finding open for two days; then it is told, and back again."""
        found = self.run("ann", "scan", "media-archive", "--fail-on", "never", "--format", "json").json["findings"]
        mode = next(each for each in found if each["control"] == "linux/rsyslog/file-mode")
        words = ("--reason", "the shipper is replaced on Friday", "--until", "2d", "--compensating", "no names in these logs")
        self.run("carla", "except", mode["id"], *words)
        during = self.run("ann", "scan", "media-archive", "--fail-on", "never", "--format", "json").json
        after = self.run("ann", "scan", "media-archive", "--fail-on", "never", "--format", "json", later="+3d").json
        return mode["id"], during, after

    def escalate(self) -> list[list[str]]:
        """Nobody did anything: the owner, the lead and at last the CISO hear of it. Whom the letters of each day went to."""
        told = []
        for later in ("+9d", "+14d", "+20d"):
            before = len(self.letters)
            self.run("ann", "remind", later=later)
            told.append(sorted({str(letter["To"]) for letter in self.letters[before:]}))
        return told

    def digest(self) -> list[EmailMessage]:
        before = len(self.letters)
        self.run("ann", "remind", "--digest", "weekly", later="+20d")
        return self.letters[before:]

    def stop(self) -> tuple[float, str]:
        """While a run goes on, somebody pulls the switch. Seconds until the last step that began after it, and what it said."""
        going = self.start(
            "ann", "fix", "bank-test", "shop-test", "media-stream", "media-archive", "--all", "--yes", "--format", "json"
        )
        ledger = self.work / "state/ledger.jsonl"
        size = ledger.stat().st_size
        while ledger.stat().st_size == size or b'"writing"' not in ledger.read_bytes()[size:]:
            time.sleep(0.02)
        self.run("carla", "stop", "--reason", "incident 4711")
        out, _ = going.communicate(timeout=300)
        events = [json.loads(line) for line in ledger.read_text().splitlines()]
        at = next(event["at"] for event in reversed(events) if event["event"] == "stop on")
        begun = [event["at"] for event in events if event["event"] == "snapshot" and event["at"] > at]
        self.run("carla", "stop", "--off")
        return max((_seconds(each) - _seconds(at) for each in begun), default=0.0), out

    def prove(self) -> tuple[Ran, Path]:
        """The auditor has the pack and the public key, on a machine that knows nothing."""
        runs = self.run("ann", "runs", "--format", "json").json["runs"]
        run = next(each["id"] for each in reversed(runs) if any(plan["outcome"] == "verified" for plan in each["plans"]))
        pack, key = self.work / "evidence.zip", self.work / "ledger.pub"
        self.run("ann", "evidence", run, "-o", str(pack))
        key.write_text(self.run("ann", "ledger", "key").out)
        elsewhere = Path(tempfile.mkdtemp(prefix="auditor-"))
        try:
            for file in (pack, key):
                shutil.copy(file, elsewhere)
            bare = {
                "PATH": os.environ["PATH"],
                "HOME": str(elsewhere),
                "SETRIGHT_STATE": str(elsewhere / "none"),
                "LOGNAME": "auditor",
            }
            words = ("ledger", "verify", "--pack", str(elsewhere / pack.name), "--key", str(elsewhere / key.name))
            return self.run("auditor", *words, env=bare), pack
        finally:
            shutil.rmtree(elsewhere)

    def report(self) -> Path:
        """What the board sees."""
        page = self.work / "report.html"
        self.run("ann", "report", "--framework", "nist-800-53", "--organisation", "acme", "--format", "html", "-o", str(page))
        self.run("ann", "metrics")
        return page

    # ---- what the steps need

    def waiting(self) -> list[Any]:
        waiting: list[Any] = self.run("ann", "approve", "--format", "json").json["plans"]
        return waiting

    def links(self) -> list[tuple[str, str]]:
        """Whom a letter with links to approve went to, and each link."""
        found = [(str(letter["To"]), link) for letter in self.letters for link in LINK.findall(plain_text(letter))]
        return list(dict.fromkeys(found))

    @contextmanager
    def served(self, *words: str) -> Iterator[None]:
        """`setright serve`, until it answers; stopped at the end."""
        serving = self.start("setright", "serve", "--port", "8640", "--quiet", *words)
        try:
            until = time.monotonic() + REACH_S
            while not _answers("http://127.0.0.1:8640/healthz"):
                if serving.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"serve does not answer: {serving.communicate()[0] if serving.poll() is not None else ''}")
                time.sleep(0.1)
            yield
        finally:
            serving.terminate()
            serving.wait(20)

    def say_yes(self, link: str) -> tuple[int, str]:
        """Opens the page of a link and presses its button. The status, and what the page then says."""
        try:
            with urlopen(link, timeout=REACH_S) as page:
                fields = {name: html.unescape(value) for name, value in FIELD.findall(page.read().decode())}
            with urlopen(Request(link, urlencode({**fields, "answer": "approve"}).encode()), timeout=REACH_S) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


Group = TypeVar("Group", bound=Acme)


def plain_text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return body.get_content() if body else ""


@contextmanager
def acme(work: Path, name: str = "acme", kind: type[Group] = Acme) -> Iterator[Group]:
    """The group with its hosts and its mail server; all of it gone at the end."""
    from aiosmtpd.controller import Controller

    lab = Lab(name)
    try:
        hosts.prepare(lab)
        with lab.inside():
            group = kind(lab, work)
            mail = Controller(_Post(group.letters), "127.0.0.1", 8625)
            mail.start()
            try:
                yield group
            finally:
                mail.stop()
                group.close()
    finally:
        lab.down()


class _Post:
    """A mail server's end: takes every letter."""

    def __init__(self, letters: list[EmailMessage]) -> None:
        self._letters = letters

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # the library's name
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self._letters.append(letter)  # type: ignore[arg-type]
        return "250 taken"


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _seconds(at: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(at).timestamp()


STEPS = (
    "scan",
    "own",
    "decide",
    "fix_in_waves",
    "ask",
    "approve",
    "run_approved",
    "except_one",
    "escalate",
    "digest",
    "stop",
    "prove",
    "report",
)


def main(arguments: Sequence[str] | None = None) -> int:
    return play(__doc__, Acme, STEPS, arguments)


def play(about: str | None, kind: type[Acme], steps: Sequence[str], arguments: Sequence[str] | None) -> int:
    """Takes the steps in order and says what each does."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for what the steps write")
    given = parser.parse_args(arguments)
    work = given.keep or Path(tempfile.mkdtemp(prefix="acme-"))
    work.mkdir(exist_ok=True)
    try:
        with acme(work, kind=kind) as group:
            group.say = print
            for step in steps:
                method = getattr(group, step)
                group.say(f"\n==== {step.replace('_', ' ')}: {' '.join((method.__doc__ or 'A digest for each team.').split())}")
                method()
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
