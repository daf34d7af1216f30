"""The ssh client's configuration: odd files, the laws, and ssh's own reading."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, ssh_config
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

AGENT = Edit(("ForwardAgent",), "no")
STOCK = "Include /etc/ssh/ssh_config.d/*.conf\n\nHost *\n#   ForwardAgent no\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "ForwardAgent no\n"),
        (STOCK, STOCK + "    ForwardAgent no\n"),
        ("forwardagent = yes # x\r\n", "forwardagent = no # x\r\n"),
        ("# a\nHost a\n  Port 1\n", "# a\nForwardAgent no\n\nHost a\n  Port 1\n"),
        ("User x\nHost a\n\tForwardAgent yes\n", "User x\nForwardAgent no\nHost a\n\tForwardAgent yes\n"),
        ("ForwardAgent yes\nForwardAgent no\n", "ForwardAgent no\nForwardAgent no\n"),
        ("Match all\n  ForwardAgent yes", "Match all\n  ForwardAgent no"),
    ],
)
def test_one_setting_changes_in_odd_but_valid_files(before: str, after: str) -> None:
    assert lenses.put("ssh-config", before.encode(), [AGENT]).decode() == after


def test_blocks_are_apart_and_what_holds_for_every_host_is_none() -> None:
    text = b'Include a b\nhost x\n  port 22\nHost *\n  Ciphers a,b\n  UserKnownHostsFile "/x y"\nMatch user ops\n  X yes\n'
    assert ssh_config.get(text) == {
        "Include": ["a", "b"],
        "Ciphers": ["a", "b"],
        "UserKnownHostsFile": "/x y",
        "Block": [{"criteria": "Host x", "Port": 22}, {"criteria": "Match user ops", "X": "yes"}],
    }


def test_a_setting_of_a_block_changes_there() -> None:
    text = b"Host a\n  Port 1\nHost b\n  Port 2\n"
    after = lenses.put("ssh-config", text, [Edit(("Block", 1, "Port"), 3), Edit(("Block", 0, "User"), "x")])
    assert after == b"Host a\n  Port 1\n  User x\nHost b\n  Port 3\n"


@pytest.mark.parametrize(
    "edit", [Edit(("a b",), 1), Edit(("Host",), "x"), Edit(("User",), 'a"'), Edit(("Ciphers",), "x"), Edit(("Block",), [])]
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("ssh-config", b"User x\nHost a\n", [edit])


LINES = st.sampled_from(
    [
        "User x",
        "  Port = 22",
        "Host a b",
        "Host *",
        "Match user x",
        "ForwardAgent yes # y",
        "# c",
        "",
        "Include a",
        "Ciphers a,b",
        "é x",
        "junk",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda b, k, v, r: Edit((*b, k), None if r else v, r),
    st.sampled_from([(), ("Block", 0)]),
    st.sampled_from(["User", "Port", "ForwardAgent", "Ciphers"]),
    st.sampled_from(["x", 5, "a b", ["c", "d"], "#"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("ssh-config", source, edit):
        assert comments(lenses.put("ssh-config", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("ssh-config", source, edit)


KEYS = {"ForwardAgent": ("yes", "no"), "HashKnownHosts": ("yes", "no"), "StrictHostKeyChecking": ("ask", "yes"), "Port": (22, 2222)}


@pytest.mark.skipif(not shutil.which("ssh"), reason="needs ssh")
@pytest.mark.parametrize("seed", range(30))
def test_ssh_sees_every_edit(seed: int, tmp_path: Path) -> None:
    """What `ssh -G` says of a host that no block names, before and after an edit."""
    rng = random.Random(seed)
    lines = [f"{rng.choice(['', '  '])}{k} {rng.choice(v)}" for k, v in rng.choices(list(KEYS.items()), k=4)]
    for head in ("Host other", "Host *", "Match user nobody", "Host !h *"):
        lines.insert(rng.randrange(len(lines) + 1), head)
    text = "\n".join(lines) + "\n"
    key = rng.choice(list(KEYS))
    edit = Edit((key,), rng.choice(KEYS[key]))
    (file := tmp_path / "config").write_bytes(lenses.put("ssh-config", text.encode(), [edit]))
    run = subprocess.run(["ssh", "-G", "-F", str(file), "h"], capture_output=True, text=True, timeout=20, check=True)
    told = dict(line.split(" ", 1) for line in run.stdout.splitlines() if " " in line)
    assert {"true": "yes", "false": "no"}.get(told[key.lower()], told[key.lower()]) == str(edit.value)
