"""What a person at a real terminal (a pty) sees, and is asked."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from .conftest import AUTO, BOTH, MAIN_TF, Program

SECONDS = 60
INTERRUPT = "\x03"  # pressed until it is heard: between the question and the reading of its answer it can be missed
PROGRAM = "from setright.cli import main; main(prog_name='setright')"


def at_terminal(setright: Program, *words: str, answer: str = "", columns: int = 100, **env: str) -> tuple[int, str]:
    """Exit code, and everything that the terminal got."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a shell gives it, whatever the tests before left
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.chdir(setright.tree)
        whole = {k: v for k, v in setright.env.items() if k != "COLUMNS"} | {"TERM": "xterm-256color"} | env
        os.execve(sys.executable, [sys.executable, "-c", PROGRAM, *words], whole)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    got, is_asked, until = b"", False, time.monotonic() + SECONDS
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1)[0]:
            if is_asked and answer == INTERRUPT:
                os.write(terminal, INTERRUPT.encode())
            continue
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        got += more
        if answer and not is_asked and re.search(rb"(\?|\[[^\]]*\]): ?$", got):
            os.write(terminal, (answer if answer == INTERRUPT else f"{answer}\n").encode())
            is_asked = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), got.decode().replace("\r\n", "\n")


def test_no_means_nothing_is_written(setright: Program):
    code, seen = at_terminal(setright, "fix", ".", "--control", AUTO, answer="n")
    assert "Put 1 plan right?" in seen
    assert code == 0 and "nothing was changed" in seen
    assert setright.file.read_text() == MAIN_TF


def test_whoever_leaves_the_question_hears_that_nothing_was_begun(setright: Program):
    code, seen = at_terminal(setright, "fix", ".", "--control", AUTO, answer=INTERRUPT)
    assert code == 130 and "\nsetright: interrupted; nothing was begun\n" in seen
    assert setright.file.read_text() == MAIN_TF


def test_yes_runs_it_and_says_how_to_go_back(setright: Program):
    code, seen = at_terminal(setright, "fix", ".", "--control", AUTO, answer="y")
    assert code == 0 and "verified" in seen and "setright rollback r" in seen
    assert setright.file.read_text() == MAIN_TF.replace("= 1 ", "= 7 ")


def test_what_waits_for_approval_runs_only_when_the_answer_says_so(setright: Program):
    at_terminal(setright, "fix", ".", *BOTH, answer="r")
    assert "storage_encrypted       = false" in setright.file.read_text()
    at_terminal(setright, "fix", ".", *BOTH, answer="y")
    assert "storage_encrypted       = true" in setright.file.read_text()


def test_yes_as_an_option_asks_nothing_and_approves_nothing(setright: Program):
    code, seen = at_terminal(setright, "fix", ".", *BOTH, "--yes")
    assert code == 0 and "right?" not in seen
    assert setright.file.read_text() == MAIN_TF.replace("= 1 ", "= 7 ")


def test_colour_on_a_terminal_and_none_where_it_is_not_wanted(setright: Program):
    colour = re.compile(r"\x1b\[[0-9;]*m")
    assert colour.search(at_terminal(setright, "scan", ".", *BOTH)[1])
    plain = at_terminal(setright, "scan", ".", *BOTH, NO_COLOR="1")[1]
    assert "medium" in plain and not re.search(r"\x1b\[(3|4|9)[0-9;]*m", plain)


def test_lines_keep_to_the_width_of_the_terminal(setright: Program):
    for columns in (60, 100):
        seen = at_terminal(setright, "plan", ".", *BOTH, "--quiet", columns=columns)[1]
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen).splitlines()
        assert max(map(len, lines)) <= columns


def test_a_locale_that_lacks_signs_stops_nothing(setright: Program):
    (setright.tree / "main.tf").write_text(MAIN_TF.replace("the shop", "Lädchen"))
    elsewhere = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = setright.process("scan", ".", *BOTH, **elsewhere)
    assert ran.code == 1 and "→" in ran.out
    assert setright.process("plan", ".", *BOTH, "--format", "json", **elsewhere).json["plans"]
    code, seen = at_terminal(setright, "scan", ".", *BOTH, **elsewhere)
    assert code == 1 and "?" in seen


def test_output_that_finds_no_room_is_no_finding(setright: Program):
    program = "from setright.cli import run; run()"
    for words in (["scan", "."], ["controls", "list"], ["--help"]):  # the first is written when all is over
        with Path("/dev/full").open("w") as full:
            given = {"cwd": setright.tree, "env": setright.env, "stdout": full, "stderr": subprocess.PIPE, "text": True}
            ran = subprocess.run([sys.executable, "-c", program, *words], **given)
        said = "setright: what there is to tell cannot be written: No space left on device; make room there and ask again\n"
        assert (ran.returncode, ran.stderr) == (3, said), words


def test_streams_may_be_closed(setright: Program):
    said = f"{sys.executable} -c 'from setright.cli import run; run()'"
    for words, closed, code in (("scan .", "<&-", 1), ("scan .", ">&-", 1), ("fix . --yes", "<&- >&- 2>&-", 0)):
        ran = subprocess.run(f"{said} {words} {closed}", shell=True, cwd=setright.tree, env=setright.env, capture_output=True)
        assert (ran.returncode, b"Traceback" in ran.stderr) == (code, False), (words, closed)
