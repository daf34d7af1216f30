"""Tables of cron: odd files, the laws, and what cron itself takes."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab.hosts import BASE

from setright import lenses
from setright.lenses import LensError, crontab, user_crontab
from setright.model import Edit
from tests.sampling import ALL, examples

from .laws import comments, hold

STOCK = b"""# /etc/crontab
SHELL=/bin/sh
PATH = "/usr/sbin:/usr/bin"

# m h dom mon dow user  command
17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly
@reboot backup /opt/start # now
"""


def test_settings_and_jobs_are_told_in_order_with_their_accounts() -> None:
    assert crontab.get(STOCK) == {
        "entries": [
            {"name": "SHELL", "value": "/bin/sh"},
            {"name": "PATH", "value": "/usr/sbin:/usr/bin"},
            {"when": "17 * * * *", "user": "root", "command": "cd / && run-parts --report /etc/cron.hourly"},
            {"when": "@reboot", "user": "backup", "command": "/opt/start # now"},
        ]
    }
    assert user_crontab.get(b"MAILTO=''\r\n*/5 0-6,22 * jan mon-fri a  b=c\r\n") == {
        "entries": [{"name": "MAILTO", "value": ""}, {"when": "*/5 0-6,22 * jan mon-fri", "command": "a  b=c"}]
    }


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit(("entries", 1, "value"), "/usr/bin"), b'"/usr/sbin:/usr/bin"', b'"/usr/bin"'),
        (Edit(("entries", 0, "value"), ""), b"SHELL=/bin/sh", b'SHELL=""'),
        (Edit(("entries", 2, "user"), "www-data"), b"\troot    cd", b"\twww-data    cd"),
        (Edit(("entries", 2, "when"), "@daily"), b"17 *\t* * *\troot", b"@daily\troot"),
        (Edit(("entries", 3), remove=True), b"@reboot backup /opt/start # now\n", b""),
        (
            Edit(("entries", 4), {"when": "0 4 * * *", "user": "root", "command": "true"}),
            b"# now\n",
            b"# now\n0 4 * * * root true\n",
        ),
    ],
)
def test_one_place_changes(edit: Edit, old: bytes, new: bytes) -> None:
    assert STOCK.count(old) == 1
    assert lenses.put("crontab", STOCK, [edit]) == STOCK.replace(old, new)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("entries", 2, "when"), "60 * * * *"),
        Edit(("entries", 2, "when"), "*  * * * *"),
        Edit(("entries", 2, "user"), "a b"),
        Edit(("entries", 2, "command"), "a\nb"),
        Edit(("entries", 1, "value"), "'\""),
        Edit(("entries", 4), {"when": "@daily", "command": "a"}),
        Edit(("jobs",), []),
    ],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("crontab", STOCK, [edit])


def test_a_line_that_cron_would_not_take_is_named() -> None:
    with pytest.raises(LensError, match="line 2: is neither"):
        user_crontab.get(b"# a\n60 * * * * a\n")


LINES = st.sampled_from(
    [
        "17 *\t* * *  root  a b",
        "@daily root a",
        "A=b",
        'P = "/a:/b" ',
        "M=''",
        "# c",
        "",
        "  # d",
        "*/5 1,2 * jan sun ops é # x",
        " Z= y z",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
ENTRIES = st.sampled_from(
    [
        {"name": "A", "value": " b "},
        {"when": "@hourly", "user": "x", "command": "y"},
        {"when": "1 2 3 4 5", "user": "x", "command": ""},
    ]
)
PARTS = st.sampled_from([("value", "q"), ("value", ""), ("command", "a'b"), ("user", "x"), ("command", "")])
EDITS = st.one_of(
    st.builds(lambda n, v: Edit(("entries", n), v), st.integers(0, 3), ENTRIES),
    st.builds(lambda n: Edit(("entries", n), remove=True), st.integers(0, 3)),
    st.builds(lambda n, part: Edit(("entries", n, part[0]), part[1]), st.integers(0, 2), PARTS),
    st.builds(lambda v: Edit(("entries",), v), st.lists(ENTRIES, max_size=3)),
)


@given(FILES, EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if edit.remove and isinstance(edit.path[-1], int):
        return  # the next entry has that place now
    if hold("crontab", source, edit):
        assert comments(lenses.put("crontab", source, [edit])) == comments(source)


@given(st.binary(max_size=80), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    for name in ("crontab", "user-crontab"):
        if not (edit.remove and isinstance(edit.path[-1], int)):
            hold(name, source, edit)


def test_a_long_line_takes_no_longer_than_its_length() -> None:
    long = b"* * * * * root a" + b" \t" * 20_000 + b"b\n" + b"A" * 20_000 + b"  " * 10_000 + b"= x\n"
    assert len(crontab.get(long)["entries"]) == 2


MANY = 3000 if ALL else 60
WORDS = [
    "*",
    "*/5",
    "0",
    "7",
    "59",
    "60",
    "8",
    "1-5",
    "1-5/2",
    "5/2",
    "1,,2",
    "jan",
    "TUE",
    "mon-fri",
    "*/0",
    "01",
    "31",
    "x",
]
SETTINGS = [
    "A=b",
    "A = b",
    "A='b",
    'A="b" c',
    "'A'=b",
    "A B=c",
    "A=''",
    "A=b=c",
    "A= b c",
    "@reboot",
    "@daily a",
    "@Daily a",
    "@x a",
    "#",
    "",
]
TAKEN = """cd "$1" && for f in *; do chroot "$2" crontab -n "$3/$f" >/dev/null 2>&1 && echo "$f"; done; true"""


def table(rng: random.Random) -> str:
    """One line that cron may take, or not; most of its times are good ones."""
    if rng.random() < 0.3:
        return rng.choice(SETTINGS)
    times = [rng.choice(WORDS if rng.random() < 0.15 else ["*", "1", "*/5", "2-4"]) for _ in range(5)]
    return rng.choice([" ", "\t", "  "]).join([*times, rng.choice(["a", "a % b", "A=b c", ""])])


@pytest.mark.root
@pytest.mark.skipif(not (BASE / "etc/.ready").exists() or os.geteuid() != 0 or not shutil.which("chroot"), reason="needs the lab")
def test_cron_takes_exactly_the_tables_that_are_read(tmp_path: Path) -> None:
    rng = random.Random(7)
    (inside := tmp_path / "root").mkdir()
    tables = {f"{number:05}": table(rng) for number in range(MANY)}
    mounts = ["--make-rprivate /", f'--bind "{BASE}" "{inside}"', f'-t tmpfs tmpfs "{inside}/mnt"']
    script = " && ".join([*(f"mount {each}" for each in mounts), f'cp -r "$1"/. "{inside}/mnt/"', TAKEN])
    (made := tmp_path / "tables").mkdir()
    for name, text in tables.items():
        (made / name).write_text(text + "\n")
    run = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(made), str(inside), "/mnt"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    taken = set(run.stdout.split())
    assert MANY * 0.3 < len(taken) < MANY * 0.95, "both sorts are tried"
    differ = [text for name, text in tables.items() if (name in taken) != reads(text)]
    assert not differ


def reads(text: str) -> bool:
    try:
        user_crontab.get(text.encode() + b"\n")
    except LensError:
        return False
    return True
