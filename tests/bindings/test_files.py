"""Documents that are resources of their own, and programs that are there only with one of their files."""

from pathlib import Path

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import files, settings
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit

ROOT = Path(__file__).parents[2] / "bindings"


def layout(kind: str) -> dict:
    return dict(load_one(ROOT / f"{kind}.yaml", ROOT).layouts["linux"])


def sources(lens: str, given: dict[str, str | None]) -> dict[str, Source]:
    return {
        name: Source(name, lens, {} if text is None else lenses.get(lens, text.encode()), text is not None)
        for name, text in given.items()
    }


def test_each_text_is_a_resource_named_by_its_path() -> None:
    seen = files.view("linux/login-text", layout("linux/login-text"), sources("text", {"/etc/issue": "a\n", "/etc/motd": None}))
    assert [(r.name, r.tree) for r in seen] == [("/etc/issue", {"path": "/etc/issue", "text": "a\n"})]


def test_a_list_that_is_not_there_is_a_resource_where_its_program_is() -> None:
    entry = layout("linux/job-users")
    assert files.view("linux/job-users", entry, sources("names", {"/etc/cron.allow": None, "/etc/crontab": None})) == []
    [seen] = files.view("linux/job-users", entry, sources("names", {"/etc/cron.allow": None, "/etc/crontab": "# m h\n"}))
    assert seen.tree == {"path": "/etc/cron.allow"}
    made = files.edit(entry, seen, [Edit(("names",), ["root"])], [], {})
    assert made == [("/etc/cron.allow", Edit(("names",), ["root"]))]
    assert files.locate(entry, seen, ("names",), {}) == ("/etc/cron.allow", ("names",))
    with pytest.raises(BindingError):
        files.edit(entry, seen, [Edit(("path",), "/x")], [], {})


APT = layout("linux/apt")
FIRST, LAST = "/etc/apt/apt.conf.d/10a", "/etc/apt/apt.conf"


def test_without_any_of_its_files_there_is_no_apt() -> None:
    assert settings.view("linux/apt", APT, sources("apt-conf", {LAST: None})) == []


def test_the_main_file_of_apt_is_read_last_and_what_apt_says_is_seen_beside() -> None:
    given = sources("apt-conf", {LAST: 'A "main";\n', FIRST: 'A "drop-in";\nB "b";\n', "effective:apt-conf": 'A "told";\n'})
    [apt] = settings.view("linux/apt", APT, given)
    assert apt.tree == {"A": "main", "B": "b"}
    assert apt.effective == {"A": "told"}
    assert settings.edit(APT, apt, [Edit(("A",), "x"), Edit(("C",), "y")], [], given) == [
        (LAST, Edit(("A",), "x")),
        ("/etc/apt/apt.conf.d/99setright", Edit(("C",), "y")),
    ]


SSH = layout("linux/ssh-client")


def test_blocks_of_the_ssh_client_answer_for_their_own_keys() -> None:
    given = sources(
        "ssh-config",
        {
            "/etc/ssh/ssh_config": "Include ssh_config.d/*.conf\nHost *\n  HashKnownHosts yes\n",
            "/etc/ssh/ssh_config.d/lab.conf": "Host lab\n  StrictHostKeyChecking no\n",
        },
    )
    whole, lab = settings.view("linux/ssh-client", SSH, given)
    assert (whole.tree, whole.only) == ({"HashKnownHosts": "yes"}, None)
    assert (lab.tree["StrictHostKeyChecking"], lab.only) == ("no", ("StrictHostKeyChecking",))
    assert "Host lab" in lab.deliberate
