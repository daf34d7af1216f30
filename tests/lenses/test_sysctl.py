"""sysctl.conf and sysctl.d: odd files, the laws, and systemd's and procps' own reading."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, sysctl
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

FORWARD = Edit(("net.ipv4.ip_forward",), 0)
VARIANTS = {
    "plain": ("net.ipv4.ip_forward = 1\n", "net.ipv4.ip_forward = 0\n"),
    "tight": ("net.ipv4.ip_forward=1\n", "net.ipv4.ip_forward=0\n"),
    "slashes": ("net/ipv4/ip_forward=1\n", "net/ipv4/ip_forward=0\n"),
    "ignore errors": ("-net.ipv4.ip_forward=1\n", "-net.ipv4.ip_forward=0\n"),
    "indented, blanks behind": ("  net.ipv4.ip_forward\t= 1  \n", "  net.ipv4.ip_forward\t= 0  \n"),
    "twice, the last wins": ("net.ipv4.ip_forward=0\nnet.ipv4.ip_forward=1\n", "net.ipv4.ip_forward=0\nnet.ipv4.ip_forward=0\n"),
    "CRLF": ("a.b=1\r\nnet.ipv4.ip_forward=1\r\n", "a.b=1\r\nnet.ipv4.ip_forward=0\r\n"),
    "no newline at the end": ("net.ipv4.ip_forward=1", "net.ipv4.ip_forward=0"),
    "bare key and other noise": ("kernel.core\n; x\n= 3\n-\n", "kernel.core\n; x\n= 3\n-\nnet.ipv4.ip_forward = 0\n"),
    "commented out": ("#net.ipv4.ip_forward=1\na.b=1\n", "#net.ipv4.ip_forward=1\nnet.ipv4.ip_forward=0\na.b=1\n"),
    "empty": ("", "net.ipv4.ip_forward = 0\n"),
    "empty value": ("net.ipv4.ip_forward =\n", "net.ipv4.ip_forward =0\n"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_one_setting_changes_in_odd_but_valid_files(name: str) -> None:
    before, after = VARIANTS[name]
    assert lenses.put("sysctl", before.encode(), [FORWARD]) == after.encode()


def test_keys_are_dotted_and_values_plain() -> None:
    text = b"net/ipv4/conf/eth0.5/rp_filter = 1\nnet.ipv4.ip_local_port_range = 1\t \t2\n"
    text += b"kernel.core_pattern=|/bin/x -p %p\n-net.ipv4.conf.all.x\nvm.m = 010\n"
    assert sysctl.get(text) == {
        "net.ipv4.conf.eth0/5.rp_filter": 1,
        "net.ipv4.ip_local_port_range": "1 2",
        "kernel.core_pattern": "|/bin/x -p %p",
        "-net.ipv4.conf.all.x": True,
        "vm.m": "010",
    }


def test_names_that_patterns_shall_not_set_can_be_added_and_removed() -> None:
    spare = Edit(("-net.ipv4.conf.all.x",), True)
    assert lenses.put("sysctl", b"a.b=1\n", [spare]) == b"a.b=1\n-net.ipv4.conf.all.x\n"
    assert lenses.put("sysctl", b"a.b=1\n-net.ipv4.conf.all.x\n", [Edit(spare.path, remove=True)]) == b"a.b=1\n"


@pytest.mark.parametrize(
    "edit",
    [Edit(("a.b",), "1\n2"), Edit(("a.b",), True), Edit(("a/b",), 1), Edit(("a", "b"), 1), Edit(("#a",), 1), Edit(("-a",), 1)],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("sysctl", b"x.y=1\n", [edit])


def test_spans_point_at_the_value_that_wins() -> None:
    text = b"a.b = 1\n  a/b =  2 \n"
    start, end = sysctl.span(text, ("a.b",))
    assert text[start:end] == b"2" and start > 8


LINES = st.sampled_from(
    [
        "a.b = 1",
        "a/b=2",
        "-a.b=3",
        "a.b",
        "-a.b",
        "#a.b=1",
        "; x",
        "",
        "  a.b  =  4 5 ",
        "c.d=",
        "= 1",
        "c/e.f = é",
        "-c.d",
        "c.d = 1 # x",
        "\t",
        "a..b=1",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
KEYS = st.sampled_from(["a.b", "c.d", "c.e/f", "-a.b", "-c.d", "z.z"])
EDITS = st.builds(
    lambda k, v, r: Edit((k,), None if r else v, r), KEYS, st.sampled_from([0, 7, "x y", True, "#", ""]), st.booleans()
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("sysctl", source, edit):
        assert comments(lenses.put("sysctl", source, [edit]), b"#;") == comments(source, b"#;")


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("sysctl", source, edit)


@pytest.mark.skipif(not shutil.which("sysctl"), reason="needs procps")
def test_procps_would_write_what_the_lens_reads(tmp_path: Path) -> None:
    """`sysctl --dry-run -p` prints each assignment it would make, in order; the last of a key is the lens's value."""
    text = (
        "# x\n kernel/hostname = a b\nkernel.hostname=c\n-net.ipv4.ip_forward=1\n; y\nnet.ipv4.tcp_rmem = 1  2\t3\nkernel.pid_max\n"
    )
    file = tmp_path / "x.conf"
    file.write_text(text)
    run = subprocess.run(["sysctl", "--dry-run", "-p", str(file)], capture_output=True, text=True, timeout=20, check=False)
    if "dry-run" in run.stderr:
        pytest.skip("this procps has no --dry-run")
    told = dict(line.split(" = ", 1) for line in run.stdout.splitlines() if " = " in line)
    assert {k: v.split() for k, v in told.items()} == {k: str(v).split() for k, v in sysctl.get(text.encode()).items()}
