"""A diff is what patch takes, and shows no secret."""

import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from setright.engine.diffs import unified_diff

KEY = b"k" * 32


def test_a_diff_shows_what_changes_with_three_lines_around_it():
    before = "".join(f"line {n}\n" for n in range(20)).encode()
    after = before.replace(b"line 9\n", b"line nine\n")
    assert unified_diff(before, after, "/etc/x", KEY) == (
        "--- /etc/x\n+++ /etc/x\n@@ -7,7 +7,7 @@\n line 6\n line 7\n line 8\n-line 9\n+line nine\n line 10\n line 11\n line 12\n"
    )


def test_a_diff_of_what_comes_goes_or_stays():
    assert unified_diff(b"a\n", b"a\n", "x", KEY) == ""
    assert unified_diff(None, b"a\n", "x", KEY) == "--- /dev/null\n+++ x\n@@ -0,0 +1 @@\n+a\n"
    assert unified_diff(b"a\n", None, "x", KEY) == "--- x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    assert unified_diff(b"a", b"a\n", "x", KEY).endswith("-a\n\\ No newline at end of file\n+a\n")


def test_a_diff_shows_that_a_secret_changed_but_not_to_what():
    diff = unified_diff(b"requirepass one-secret\n", b"requirepass two-secret\n", "/etc/redis/redis.conf", KEY)
    assert "one-secret" not in diff and "two-secret" not in diff
    assert diff.count("-requirepass <secret") == diff.count("+requirepass <secret") == 1


def test_a_diff_cannot_command_a_terminal():
    diff = unified_diff(b"a\r\n", "\x1b[2Ja\u202eb\udce9\r\n".encode("utf-8", "surrogateescape"), "x", KEY)
    assert "\x1b" not in diff and "\u202e" not in diff and "+\\x1b[2Ja\\u202eb\\udce9\r\n" in diff
    diff.encode()


@example(list("aaaaaaab"), list("aaabaaab"), False)
@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30), st.booleans())
def test_a_diff_is_one_that_patch_applies(old, new, end):
    before, after = ("\n".join(lines) + "\n" * (end and bool(lines)) for lines in (old, new))
    if before == after or not before or not after:
        return
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "x"
        file.write_text(before)
        done = subprocess.run(
            ["patch", "-s", file],
            input=unified_diff(before.encode(), after.encode(), "x", KEY).encode(),
            check=False,
            capture_output=True,
        )
        assert (done.returncode, file.read_text()) == (0, after)


def test_a_long_document_is_compared_quickly():
    before = b"".join(b"line %d\n" % n for n in range(60_000))
    began = time.process_time()
    unified_diff(before, before.replace(b"line 30000\n", b"x\n"), "/etc/x", KEY)
    assert time.process_time() - began < 4


def test_many_changes_of_a_long_document_are_compared_quickly(tmp_path):
    things = [f"- name: {n}\n" + "  a: 1\n  b: 2\n" * 10 for n in range(3_000)]
    before, after = "".join(things), "".join(each.replace("b: 2", "b: 3", 1) + "  c: 3\n" for each in [*things[1:], things[0]])
    began = time.process_time()
    diff = unified_diff(before.encode(), after.encode(), "x", KEY)
    assert time.process_time() - began < 4
    (tmp_path / "x").write_text(before)
    subprocess.run(["patch", "-s", tmp_path / "x"], input=diff.encode(), check=True, timeout=60)
    assert (tmp_path / "x").read_text() == after


@given(st.lists(st.sampled_from("abcdefghijkl"), max_size=30), st.lists(st.sampled_from("abcdefghijkl"), max_size=30))
def test_a_long_diff_is_made_around_the_lines_that_both_have_once(old, new):
    with mock.patch("setright.engine.diffs.LONG_LINES", 0):
        diff = unified_diff("".join(f"{x}\n" for x in old).encode(), "".join(f"{x}\n" for x in new).encode(), "x", KEY)
    lines = diff.split("\n")[2:-1]
    gone = [line[1:] for line in lines if line.startswith("-")]
    come = [line[1:] for line in lines if line.startswith("+")]
    assert Counter(old) - Counter(new) <= Counter(gone) and Counter(old) - Counter(gone) == Counter(new) - Counter(come)
