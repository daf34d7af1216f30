"""Audit rules as a set: however they are written, what they say is compared."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.content import shipped

from setright import lenses
from setright.bindings.layouts import audit_rules
from setright.bindings.layouts.audit_rules import said
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import scan
from setright.model import Document, Edit, Unknown
from setright.surfaces.linux.documents import AUDITCTL
from setright.surfaces.linux.steps import reloading
from setright.surfaces.memory import Memory

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = dict(load_one(ROOT / "linux/audit-rules.yaml", ROOT).layouts["linux"])
FILE, NEW = "/etc/audit/rules.d/audit.rules", "/etc/audit/rules.d/60-setright.rules"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-w /etc/sudoers -p wa -k a", "-w /etc/sudoers -p aw -k b"),
        ("-w /etc/sudoers.d/ -p wa", "-a always,exit -F dir=/etc/sudoers.d -F perm=wa -F key=x"),
        ("-a always,exit -F arch=b64 -S mount,umount -k x", "-a exit,always -F arch=b64 -S umount -S mount -F key=y"),
        ("-a always,exit -F arch=b64 -S mount -F auid!=unset", "-a always,exit -S mount -F auid!=-1 -F arch=x86_64"),
        ("-a always,exit -F arch=b64 -S mount -F auid!=unset", "-a always,exit -F arch=b64 -S mount -F auid!=4294967295"),
        ("-a always,exit -F arch=b64 -S execve -C uid!=euid", "-a always,exit -F arch=b64 -S execve -C euid!=uid"),
        ("-a always,exit -F path=/bin/a -F perm=x", "-a always,exit -S all -F path=/bin/a -F perm=x -F key=z"),
    ],
)
def test_two_ways_of_writing_say_the_same(one: str, other: str) -> None:
    assert said(one) and sorted(said(one)) == sorted(said(other))


@pytest.mark.parametrize(
    "rule", ["-a never,exit -F arch=b64 -S mount", "-d always,exit -S mount", "-a always,task", "-W /etc/passwd -p wa"]
)
def test_what_keeps_nothing_says_nothing(rule: str) -> None:
    assert said(rule) in ([], ["any all"])


def sources(given: dict[str, str]) -> dict[str, Source]:
    return {name: Source(name, "audit-rules", lenses.get("audit-rules", text.encode())) for name, text in given.items()}


def test_what_is_loaded_is_seen_beside_the_files() -> None:
    given = {FILE: "-w /a -p wa\n-w /b -p w\n", "effective:audit-rules": "-w /a -p wa -k x\n"}
    [rules] = audit_rules.view("linux/audit-rules", LAYOUT, sources(given))
    assert rules.tree["rules"] == ["watch w /a", "watch a /a", "watch w /b"]
    assert rules.effective == {"rules": ["watch w /a", "watch a /a"], "unloaded": ["watch w /b"]}
    assert "unloaded" not in rules.tree


def test_of_locked_rules_only_what_was_never_loaded_is_told_and_the_rest_by_the_files() -> None:
    """`auditctl -e 2`: nothing can be loaded before a restart."""
    sources = {
        FILE: Source(FILE, "audit-rules", lenses.get("audit-rules", b"-w /a -p wa\n-w /b -p w\n")),
        "effective:audit-rules": Source("effective:audit-rules", "audit-rules", lenses.get("audit-rules", b"-w /a -p wa\n-e 2\n")),
    }
    (rules,) = audit_rules.view("linux/audit-rules", LAYOUT, sources)
    assert rules.effective == {"unloaded": ["watch w /b"]}


@pytest.mark.parametrize(
    ("status", "told"),
    [("enabled 1", "-w /a -p wa\n"), ("enabled 2", "-w /a -p wa\n-e 2\n"), ("", None)],
)
def test_a_lock_is_told_with_the_rules(tmp_path: Path, status: str, told: str | None) -> None:
    program = tmp_path / "auditctl"
    program.write_text(f"#!/bin/sh\ncase $1 in -s) printf '{status}' ;; -l) echo '-w /a -p wa' ;; esac\n")
    program.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", AUDITCTL], capture_output=True, text=True, env=path)
    assert (done.returncode, done.stdout or None) == (0 if told else 127, told)


@pytest.mark.parametrize(("status", "said"), [("enabled 1", ""), ("enabled 2", "until the host restarts\n"), ("", "")])
def test_a_reload_of_locked_rules_says_that_the_kernel_keeps_those_it_has(tmp_path: Path, status: str, said: str) -> None:
    for name, text in (("auditctl", f"printf '{status}'"), ("augenrules", "echo No rules")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", reloading("audit-rules-load")], capture_output=True, text=True, env=path)
    assert done.returncode == 0 and done.stdout.endswith(said) and bool(done.stdout) is bool(said)


def test_rules_that_are_not_loaded_yet_break_no_promise_of_what_is_loaded() -> None:
    """A plan is made before anything is loaded; the reload comes with it."""
    texts = {FILE: b"-w /etc/shadow -p wa\n", "effective:audit-rules": b"-w /etc/shadow -p wa\n"}
    surface = Memory({name: Document(name, text, "audit-rules") for name, text in texts.items()}, ("linux",))
    controls = [shipped().control(f"linux/audit-rules/{name}") for name in ("loaded", "mounts", "time")]
    (only,) = plan(scan(surface, shipped(), controls), surface, PlanOptions(together=True)).plans
    assert (only.document, only.controls) == (NEW, ("linux/audit-rules/mounts", "linux/audit-rules/time"))
    assert only.steps.reload == ("audit-rules-load",)


def test_only_what_is_missing_is_added_and_it_says_what_was_asked() -> None:
    given = {FILE: "-D\n-w /etc/sudoers -p w -k mine\n", NEW: "-w /z -p r -k z\n"}
    [rules] = audit_rules.view("linux/audit-rules", LAYOUT, sources(given))
    wanted = ["watch w /etc/sudoers", "watch a /etc/sudoers", "b64 mount auid!=unset auid>=1000"]
    [(locator, edit)] = audit_rules.edit(LAYOUT, rules, [Edit(("rules",), [*rules.tree["rules"], *wanted])], [], sources(given))
    after = lenses.put("audit-rules", given[NEW].encode(), [edit]).decode()
    assert locator == NEW
    assert after.splitlines() == [
        "-w /z -p r -k z",
        "-w /etc/sudoers -p a -k scope",
        "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset -k mounts",
    ]
    again = audit_rules.view("linux/audit-rules", LAYOUT, sources(given | {NEW: after}))[0]
    assert set(wanted) <= set(again.tree["rules"])


def test_without_a_folder_of_rules_there_is_nothing_to_say() -> None:
    assert audit_rules.view("linux/audit-rules", LAYOUT, sources({"effective:audit-rules": "No rules\n"})) == []


def test_programs_that_no_rule_watches_are_told_as_written_and_as_loaded() -> None:
    entry = {"documents": ["/etc/audit/rules.d/*.rules", "state:p"], "programs": "state:p", "effective": "effective:audit-rules"}
    entry |= {"new": "/etc/audit/rules.d/61-x.rules", "keys": {"*": "privileged"}}
    watched = ["-a always,exit -F path=/usr/bin/sudo -F perm=x -F auid>=1000 -F auid!=-1 -k x"]
    given = {
        "/etc/audit/rules.d/a.rules": Source("/etc/audit/rules.d/a.rules", "audit-rules", {"rules": watched, "set": {}}),
        "effective:audit-rules": Source("effective:audit-rules", "audit-rules", {"rules": [], "set": {}}),
        "state:p": Source("state:p", "json", {"programs": ["/usr/bin/sudo", "/usr/bin/su"]}),
    }
    (resource,) = audit_rules.view("linux/audit-privileged", entry, given)
    assert resource.tree == {"unwatched": ["/usr/bin/su"]}
    assert resource.effective == {"unwatched": ["/usr/bin/sudo", "/usr/bin/su"]}
    ((home, edit),) = audit_rules.edit(entry, resource, [Edit(("unwatched",), remove=True)], [], given)
    assert home == entry["new"]
    assert edit.value == ["-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=unset -k privileged"]
    assert audit_rules.view("linux/audit-privileged", entry, given | {"state:p": Source("state:p", "json", {}, False)}) == []
    cut = Source("state:p", "json", {"programs": [], "cut": "no time"})
    assert audit_rules.view("linux/audit-privileged", entry, given | {"state:p": cut})[0].tree == {"unwatched": Unknown("no time")}
