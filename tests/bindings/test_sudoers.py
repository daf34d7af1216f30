"""sudo's policy over several files: which Defaults count, where an edit goes, and who would be shut out."""

from pathlib import Path

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import sudoers
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Unknown

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = dict(load_one(ROOT / "linux/sudoers.yaml", ROOT).layouts["linux"])
MAIN, NEW, OPS = "/etc/sudoers", "/etc/sudoers.d/60-setright", "/etc/sudoers.d/ops"
INCLUDED = "Defaults use_pty\n@includedir /etc/sudoers.d\nDefaults !insults\n"


def sources(given: dict[str, str]) -> dict[str, Source]:
    lens = {"/etc/shadow": "shadow", "/etc/group": "group"}
    made = {name: (lens.get(name, "sudoers"), text) for name, text in given.items()}
    return {name: Source(name, kind, lenses.get(kind, text.encode())) for name, (kind, text) in made.items()}


def put(given: dict[str, str], edit: Edit) -> dict[str, str]:
    [resource] = sudoers.view("linux/sudoers", LAYOUT, sources(given))
    after = dict(given)
    for locator, made in sudoers.edit(LAYOUT, resource, [edit], [], sources(given)):
        after[locator] = lenses.put("sudoers", after.get(locator, "").encode(), [made]).decode()
    return after


def test_the_last_of_all_files_counts_and_names_with_dots_are_passed_over() -> None:
    given = {
        MAIN: INCLUDED,
        "/etc/sudoers.d/10-a": "Defaults !use_pty, insults\n",
        "/etc/sudoers.d/20-b": "Defaults umask=0077\n",
        "/etc/sudoers.d/30.bak": "Defaults use_pty\n",
        "/etc/sudoers.d/40~": "Defaults umask=0000\n",
    }
    [sudo] = sudoers.view("linux/sudoers", LAYOUT, sources(given))
    assert sudo.tree["defaults"] == {"use_pty": False, "insults": False, "umask": "0077"}
    assert put(given, Edit(("defaults", "use_pty"), True))["/etc/sudoers.d/10-a"] == "Defaults use_pty, insults\n"
    assert put(given, Edit(("defaults", "insults"), True))[MAIN].endswith("Defaults insults\n")


def test_what_nothing_sets_goes_into_a_drop_in_where_there_are_any() -> None:
    wanted = Edit(("defaults", "ignore_dot"), True)
    assert put({MAIN: INCLUDED}, wanted)[NEW] == "Defaults ignore_dot\n"
    assert put({MAIN: "Defaults use_pty\n"}, wanted) == {MAIN: "Defaults use_pty\nDefaults ignore_dot\n"}


def test_rules_of_all_files_are_one_list_and_each_is_changed_where_it_stands() -> None:
    given = {MAIN: "root ALL=(ALL) ALL\n" + INCLUDED, OPS: "ops ALL=(ALL) NOPASSWD: ALL\n"}
    [sudo] = sudoers.view("linux/sudoers", LAYOUT, sources(given))
    assert [rule["users"] for rule in sudo.tree["rules"]] == [["root"], ["ops"]]
    assert sudoers.locate(LAYOUT, sudo, ("rules", 1, "nopasswd"), sources(given)) == (OPS, ("rules", 0, "nopasswd"))
    assert put(given, Edit(("rules", 1, "nopasswd"), remove=True))[OPS] == "ops ALL=(ALL) ALL\n"


@pytest.mark.parametrize("user", ["ops", "%admins"])
@pytest.mark.parametrize(("password", "shut_out"), [("*", True), ("!$y$j9T$a$b", True), ("$y$j9T$a$b", False)])
def test_nobody_without_a_password_is_made_to_give_one(user: str, password: str, shut_out: bool) -> None:
    given = {
        MAIN: f"{user} ALL=(ALL) NOPASSWD: ALL\n",
        "/etc/shadow": f"ops:{password}:19800:0:99999:7:::\n",
        "/etc/group": "admins:x:50:ops\n",
    }
    wanted = Edit(("rules", 0, "nopasswd"), remove=True)
    if shut_out:
        with pytest.raises(BindingError, match="ops would have to give"):
            put(given, wanted)
    else:
        assert put(given, wanted)[MAIN] == f"{user} ALL=(ALL) ALL\n"


def test_what_includes_from_elsewhere_bring_is_judged_and_left_to_people() -> None:
    given = {MAIN: "@includedir /opt/s\n", "/opt/s/a": "Defaults !use_pty\nops ALL=(ALL) NOPASSWD: ALL\n"}
    [sudo] = sudoers.view("linux/sudoers", LAYOUT, sources(given))
    assert isinstance(sudo.tree["defaults"], Unknown)  # nobody has told that the folder was looked into
    assert sudo.tree["rules"][0]["nopasswd"] is True
    seen = sources(given) | {"/opt/s/": Source("/opt/s/", "sudoers", {}, exists=False)}
    [sudo] = sudoers.view("linux/sudoers", LAYOUT, seen)
    assert sudo.tree["defaults"] == {"use_pty": False}
    with pytest.raises(BindingError, match="visudo -f /opt/s/a"):
        sudoers.edit(LAYOUT, sudo, [Edit(("defaults", "use_pty"), True)], [], seen)


def test_without_sudo_there_is_nothing_to_say() -> None:
    assert sudoers.view("linux/sudoers", LAYOUT, {}) == []


GRANTED = """User_Alias ALMOST = ann, ALL, !eve
Cmnd_Alias EDIT = /usr/bin/vi, !/bin/su : BOTH = EDIT, \\\n  /bin/cat
ALMOST ALL = (root : adm) NOEXEC: /bin/ls, EDIT, EXEC: BOTH : h2 = SETENV: /bin/a \\:b, !EDIT, NOSETENV: NOPASSWD: ALL
"""


def test_each_command_has_the_tags_that_hold_for_it_whatever_it_is_called() -> None:
    [resource] = sudoers.view("linux/sudoers", LAYOUT, sources({MAIN: GRANTED}))
    told = [{**each} for each in resource.tree["commands"]]
    assert all((each.pop("users"), each.pop("rule")) == (["ann", "ALL", "!eve"], 0) for each in told)
    assert told == [
        {"command": "/bin/ls", "noexec": True},
        {"command": "/usr/bin/vi", "noexec": True},
        {"command": "/bin/su", "noexec": True, "negated": True},
        {"command": "/usr/bin/vi"},
        {"command": "/bin/su", "negated": True},
        {"command": "/bin/cat"},
        {"command": "/bin/a \\:b", "setenv": True},
        {"command": "/usr/bin/vi", "setenv": True, "negated": True},
        {"command": "/bin/su", "setenv": True},
        {"command": "ALL"},
    ]
    assert sudoers.locate(LAYOUT, resource, ("commands", 3), sources({MAIN: GRANTED})) == (MAIN, ("rules", 0))
