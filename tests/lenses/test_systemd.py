"""systemd's configuration files: odd files, the laws, and systemd's own reading."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, systemd
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

STORAGE = Edit(("Journal", "Storage"), "none")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[Journal]\nStorage=none\n"),
        ("[Journal]\n#Storage=auto\n#Seal=yes\n", "[Journal]\n#Storage=auto\nStorage=none\n#Seal=yes\n"),
        ("[Journal]\nSeal = no\n\n[Other]\nStorage=x\n", "[Journal]\nSeal = no\nStorage = none\n\n[Other]\nStorage=x\n"),
        ("[Journal]\r\n  Storage = auto  \r\n", "[Journal]\r\n  Storage = none  \r\n"),
        ("; x\n[Other]\na=b", "; x\n[Other]\na=b\n\n[Journal]\nStorage=none"),
        ("[Journal]\nStorage=a\\\n  b\n", "[Journal]\nStorage=none\n"),
        ("[Journal]\nStorage=a\nStorage=b\n", "[Journal]\nStorage=none\n"),
        ("[Journal]\n[Other]\n[Journal]\nSeal=no\n", "[Journal]\n[Other]\n[Journal]\nSeal=no\nStorage=none\n"),
    ],
)
def test_one_setting_changes_in_odd_but_valid_files(before: str, after: str) -> None:
    assert lenses.put("systemd", before.encode(), [STORAGE]).decode() == after


def test_values_are_joined_over_lines_and_listed_where_a_key_stands_several_times() -> None:
    text = b"Above=1\n[Service]\nExecStart=\nExecStart=/bin/a \\\n  -b\n# c \\\nNice=5\n[Empty]\n"
    assert systemd.get(text) == {"Service": {"ExecStart": ["", "/bin/a -b"], "Nice": 5}, "Empty": {}}


def test_one_of_several_values_changes_alone() -> None:
    text = b"[Service]\nExecStart=/a\nExecStart=/b # x\n"
    assert lenses.put("systemd", text, [Edit(("Service", "ExecStart", 0), "/c")]) == text.replace(b"/a", b"/c")
    with pytest.raises(LensError):
        lenses.put("systemd", text, [Edit(("Service", "ExecStart"), ["/a"])])


@pytest.mark.parametrize("edit", [Edit(("A", "b"), "x\ny"), Edit(("A", "b"), "x\\"), Edit(("A]", "b"), 1), Edit(("A", "#b"), 1)])
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("systemd", b"[A]\nc=1\n", [edit])


LINES = st.sampled_from(
    ["[A]", "[B]", "a=1", "b = x y", "a=2", "#a=1", "; b = 2", "", " a =", "c=x \\", "  y", "junk", "[A] ", "é=ü", "a=# no"]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda s, k, v, r: Edit((s, k), None if r else v, r),
    st.sampled_from(["A", "B", "New"]),
    st.sampled_from(["a", "b", "z"]),
    st.sampled_from([0, 7, "x y", "#", "", "a\\"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("systemd", source, edit) and b"\\" not in source:
        assert comments(lenses.put("systemd", source, [edit]), b"#;") == comments(source, b"#;")


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("systemd", source, edit)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("key", ["NoNewPrivileges", "ProtectSystem", "PrivateTmp"])
def test_systemd_takes_a_unit_that_was_edited(key: str, tmp_path: Path) -> None:
    unit = b"[Unit]\nDescription=x\n\n[Service]\n# why\nExecStart=/bin/true \\\n  a\n\n[Install]\nWantedBy=multi-user.target\n"
    (file := tmp_path / "edited.service").write_bytes(lenses.put("systemd", unit, [Edit(("Service", key), "yes")]))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60)
    assert "edited.service:" not in run.stderr, run.stderr
    assert f"\n{key}=yes\n\n[Install]" in file.read_text()


LINES_OF_A_SERVICE = [
    "Type=simple",
    "ExecStartPre=/bin/true \\\n  --a \\\n  b",
    "# why",
    "; why not",
    "",
    'Environment=A=b "C=d e"',
    "Restart = on-failure",
    "PrivateTmp=no",
    "ProtectHome=false",
    "ReadWritePaths=/tmp",
    "NoNewPrivileges=0",
]
SANDBOX = [("NoNewPrivileges", "yes"), ("ProtectSystem", "full"), ("ProtectHome", "read-only"), ("PrivateTmp", "yes")]
MANY = 1000 if os.environ.get("SETRIGHT_ALL") else 60


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_any_service_that_was_edited_and_reads_what_we_read(tmp_path: Path) -> None:
    rng = random.Random(7)
    want: dict[str, str] = {}
    for number in range(MANY):
        body = "\n".join(["ExecStart=/bin/true", *rng.sample(LINES_OF_A_SERVICE, rng.randrange(9))])
        key, value = rng.choice(SANDBOX)
        after = lenses.put("systemd", f"[Unit]\nDescription=x\n[Service]\n{body}\n".encode(), [Edit(("Service", key), value)])
        assert systemd.get(after)["Service"][key] == value
        (file := tmp_path / f"s{number}.service").write_bytes(after + b"NoSuchKeyHere=" + key.encode() + b"\n")
        want[file.name] = f"{file}:{after.count(bytes([10])) + 1}:"
    files = [str(tmp_path / name) for name in want]
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, timeout=300)
    said = [line for line in run.stderr.splitlines() if str(tmp_path) in line]
    assert sorted(line.partition(" ")[0] for line in said) == sorted(want.values()), "only our own mark is complained of"
    assert all("NoSuchKeyHere" in line and "Service" in line for line in said), "and in the section that we put it into"
