"""A process of ours ends at once, and still says all that it had to say, with the code that it had to end with."""

import subprocess
import sys

from .conftest import ASK, Program

RUN = "import atexit; atexit.register(print, 'left', flush=True); from setright.cli import run; "


def ended(setright: Program, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN + code, *words]
    return subprocess.run(command, cwd=setright.tree, env=setright.env, capture_output=True, text=True, timeout=60, check=False)


def test_what_was_said_comes_out_whole_with_the_exit_code_and_what_was_to_be_done_at_the_end(setright: Program) -> None:
    told = setright("scan", ".", "--control", ASK, "--format", "json")
    ran = ended(setright, "run()", "scan", ".", "--control", ASK, "--format", "json")
    assert (ran.returncode, ran.stderr) == (told.code, told.err) == (1, "")
    assert ran.stdout.endswith("}\nleft\n") and len(ran.stdout) == len(told.out) + len("left\n")


def test_a_thread_that_still_works_is_waited_for(setright: Program) -> None:
    slow = "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start(); run()"
    assert "done" in ended(setright, slow, "--version").stdout
