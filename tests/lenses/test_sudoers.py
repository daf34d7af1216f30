"""sudoers: odd files, the laws, and sudo's own reading."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, sudoers
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

LOG = Edit(("defaults", "logfile"), "/var/log/sudo.log")


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("Defaults\tenv_reset\n", LOG, "Defaults\tenv_reset\nDefaults\tlogfile=/var/log/sudo.log\n"),
        ("root ALL=(ALL) ALL\n@includedir x\n", LOG, "root ALL=(ALL) ALL\nDefaults logfile=/var/log/sudo.log\n@includedir x\n"),
        ("", LOG, "Defaults logfile=/var/log/sudo.log\n"),
        ("Defaults a, !use_pty ,b\n", Edit(("defaults", "use_pty"), True), "Defaults a, use_pty ,b\n"),
        (
            "Defaults timestamp_timeout = 60 # x\n",
            Edit(("defaults", "timestamp_timeout"), 5),
            "Defaults timestamp_timeout = 5 # x\n",
        ),
        ("Defaults umask=1\nDefaults umask=2\n", Edit(("defaults", "umask"), 3), "Defaults umask=1\nDefaults umask=3\n"),
        ("Defaults a, b\n", Edit(("defaults", "a"), remove=True), "Defaults b\n"),
        ("Defaults a, \\\n  b\n", Edit(("defaults", "b"), remove=True), "Defaults a\n"),
        ("Defaults a\n", Edit(("defaults", "a"), remove=True), ""),
        (
            'Defaults badpass_message="a"\n',
            Edit(("defaults", "badpass_message"), 'so "b"'),
            'Defaults badpass_message="so \\"b\\""\n',
        ),
        ("@include x\nDefaults !a\n", Edit(("late", "a"), True), "@include x\nDefaults a\n"),
        ("Defaults:ops !authenticate\n", Edit(("scopes", 0, "authenticate"), True), "Defaults:ops authenticate\n"),
        ("ops ALL=(ALL) NOPASSWD : ALL\n", Edit(("rules", 0, "nopasswd"), remove=True), "ops ALL=(ALL) ALL\n"),
        ("ops ALL=(ALL) NOPASSWD:ALL\r\n", Edit(("rules", 0, "nopasswd"), remove=True), "ops ALL=(ALL) ALL\r\n"),
    ],
)
def test_one_setting_changes_in_odd_but_valid_files(before: str, edit: Edit, after: str) -> None:
    assert lenses.put("sudoers", before.encode(), [edit]).decode() == after


def test_a_file_is_read_with_aliases_comments_and_continued_lines() -> None:
    text = b'User_Alias A = b, \\\n  c\n#includedir /etc/sudoers.d\nDefaults env_keep += "X" # y\n#1000 ALL=(ALL) ALL # why\n'
    text += b'"%a b",ops H = (root) NOPASSWD: /x "1", !/y\n# NOPASSWD: ALL\n'
    assert sudoers.get(text) == {
        "defaults": {},
        "kept": ["X"],
        "aliases": {"User": {"A": ["b", "c"]}},
        "late": {},
        "scopes": [],
        "include": ["/etc/sudoers.d/"],
        "rules": [
            {"users": ["#1000"], "grant": "ALL=(ALL) ALL", "commands": [{"command": "ALL"}]},
            {"users": ["%a b", "ops"], "grant": 'H = (root) /x "1", !/y', "nopasswd": True}
            | {"commands": [{"command": '/x "1"'}, {"command": "/y", "negated": True}]},
        ],
    }


WRONG = [
    "ops ALL=(ALL",
    "ops ALL=ALL) ALL",
    "ops ALL=((ALL)) ALL",
    "ops ALL=(root) (x) ALL",
    "ops ALL=bin/ls",
    "ops ALL=NOPASS: ALL",
]
WRONG += ["ops ALL=/bin/ls,", "ops ALL=", "ops ALL=NOPASSWD: CWD=/ ALL", "ops ALL=~/x", "ops ALL : web=ALL"]


@pytest.mark.parametrize("text", ["Defaults =\n", "ops\n", "Defaults a b=\n", "\n=\n", *(f"{line}\n" for line in WRONG)])
def test_what_sudo_would_not_read_is_refused_by_line(text: str) -> None:
    with pytest.raises(LensError, match="line"):
        sudoers.get(text.encode())


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("rules", 0, "nopasswd"), True),
        Edit(("rules", 0, "users"), ["x"]),
        Edit(("include",), ["y"]),
        Edit(("defaults", "A=b"), 1),
    ],
)
def test_only_what_one_parameter_or_tag_says_can_be_changed(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("sudoers", b"ops ALL=(ALL) ALL\n", [edit])


LINES = st.sampled_from(
    [
        "Defaults\tenv_reset",
        "Defaults use_pty, !authenticate,umask = 0022",
        'Defaults passprompt="[sudo] \\"x\\": ", lecture=always',
        "Defaults:ops,deploy !authenticate",
        'Defaults env_keep += "A B", use_pty',
        "Defaults timestamp_timeout=5 \\\n , insults",
        "# Defaults use_pty",
        "User_Alias A = b, c",
        "@includedir /etc/sudoers.d",
        "ops ALL=(ALL:ALL) NOPASSWD: ALL",
        "%wheel,#1000 ALL = NOPASSWD : /bin/a, PASSWD: /bin/b # x",
        "",
        "é ALL=(ALL) ALL",
        "oops",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.one_of(
    st.builds(
        lambda k, v, r: Edit(("defaults", k), None if r else v, r),
        st.sampled_from(["use_pty", "authenticate", "umask", "timestamp_timeout", "logfile", "insults"]),
        st.sampled_from([True, False, 7, "0077", "/var/log/a b", 'x"y\\', "", "#"]),
        st.booleans(),
    ),
    st.just(Edit(("rules", 0, "nopasswd"), remove=True)),
    st.just(Edit(("scopes", 0, "authenticate"), True)),
    st.just(Edit(("late", "use_pty"), False)),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("sudoers", source, edit):
        assert comments(lenses.put("sudoers", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("sudoers", source, edit)


# --- sudo as judge ------------------------------------------------------------------------------------------------

PARTS = [
    "Defaults env_reset",
    "Defaults !use_pty, insults",
    "Defaults\tumask=0077 , passwd_tries = 5",
    'Defaults badpass_message="no, \\"no\\" # no"',
    "Defaults timestamp_timeout=-1 # for ever",
    "Defaults insults, \\\n  !use_pty",
    "Defaults:ops !authenticate, umask=022",
    "Defaults!/bin/ls noexec",
    'Defaults env_keep += "A B"',
    "ops ALL=(ALL:ALL) NOPASSWD: ALL",
    "%wheel, #1000 ALL = (root) NOPASSWD : /bin/a, PASSWD: /bin/b \\\n , /bin/c -x",
    '"%a b" ALL = /bin/a, !/bin/b',
    "root ALL=(ALL) ALL # NOPASSWD: ALL",
    "Cmnd_Alias X = /bin/ls, \\\n /bin/cat",
]
WANTED = [
    LOG,
    Edit(("defaults", "use_pty"), True),
    Edit(("defaults", "umask"), "0027"),
    Edit(("defaults", "insults"), remove=True),
    Edit(("defaults", "badpass_message"), 'a "b" c'),
    Edit(("defaults", "passwd_tries"), 3),
]


def told(file: Path) -> tuple[dict, list[bool]]:
    """sudo's own parse: what holds for everybody, and for each rule whether some command needs no password."""
    run = subprocess.run(["cvtsudoers", "-f", "json", str(file)], capture_output=True, text=True, timeout=20, check=True)
    read = json.loads(run.stdout or "{}")
    plain = [o for d in read.get("Defaults", []) if "Binding" not in d for o in d["Options"] if "operation" not in o]
    free = [any({"authenticate": False} in c.get("Options", []) for c in spec["Cmnd_Specs"]) for spec in read.get("User_Specs", [])]
    return {k: v for option in plain for k, v in option.items()}, free


def shown(tree: dict) -> tuple[dict, list[bool]]:
    defaults = {k: v if isinstance(v, bool) else str(v) for k, v in (tree["defaults"] | tree["late"]).items()}
    return defaults, [bool(rule.get("nopasswd")) for rule in tree["rules"]]


@pytest.mark.skipif(not shutil.which("cvtsudoers"), reason="needs sudo")
@pytest.mark.parametrize("seed", range(1000 if os.environ.get("SETRIGHT_ALL") else 40))
def test_sudo_reads_the_same_before_and_after_an_edit(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    parts = rng.choices(PARTS, k=rng.randrange(1, 9))
    text = "".join(f"{part.replace('Alias X', f'Alias X{at}')}\n" for at, part in enumerate(parts)).encode()  # none twice
    (file := tmp_path / "sudoers").write_bytes(text)
    assert shown(sudoers.get(text)) == told(file)
    after = lenses.put("sudoers", text, rng.sample(WANTED, 3))
    for index, rule in enumerate(sudoers.get(after)["rules"]):
        if rule.get("nopasswd"):
            after = lenses.put("sudoers", after, [Edit(("rules", index, "nopasswd"), remove=True)])
    file.write_bytes(after)
    assert shown(sudoers.get(after)) == told(file)
    assert not any(told(file)[1])
    assert all(after.count(mark) == text.count(mark) for mark in (b"# for ever\n", b"# NOPASSWD: ALL\n"))


RULES = ["ops ALL=() ALL", "ops web*=(:adm) /bin/x (y", "ops ALL=FOLLOW:/bin/ls ^-l$"]
RULES += ["ops a, b=ROLE=x TYPE=y /bin/a=b : c = ^/bin/.*$, !list"]


@pytest.mark.skipif(not shutil.which("visudo"), reason="needs sudo")
@pytest.mark.parametrize("line", [*WRONG, *RULES])
def test_a_rule_is_read_where_visudo_has_no_objection(line: str, tmp_path: Path) -> None:
    (file := tmp_path / "sudoers").write_text(f"{line}\n")
    done = subprocess.run(["visudo", "-cf", str(file)], capture_output=True, timeout=20)
    assert bool(done.returncode) is (line in WRONG)
    if line in RULES:
        assert sudoers.get(file.read_bytes())["rules"]


def test_a_long_rule_that_sudo_would_not_read_is_refused_at_once() -> None:
    with pytest.raises(LensError):
        sudoers.get(b"ops ALL=" + b"(a,b : c)  NOPASSWD :  /bin/ls   ^-l$   , " * 2000 + b"(\n")
