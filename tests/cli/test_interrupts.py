"""What `setright` says and leaves when it is interrupted or killed, by the signals that a terminal sends to the real program."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .conftest import AUTO, MAIN_TF, Program, Ran

FILES = 200
FIX = ("fix", ".", "--yes", "--control", AUTO)


def fill(program: Program) -> list[Path]:
    program.file.unlink()
    files = [program.tree / f"f{number}.tf" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_text(MAIN_TF.replace('"shop"', f'"shop{number}"'))
    return files


def fixed(files: list[Path]) -> int:
    return sum("= 7 " in file.read_text() for file in files)


def signalled(program: Program, number: int, at: Callable[[], object], *words: str) -> Ran:
    process = started(program, at, *words)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


def started(program: Program, at: Callable[[], object], *words: str) -> subprocess.Popen[str]:
    """The program in a group of its own, at the time when `at` holds."""
    command = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')", *words]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=program.tree, env=program.env, text=True, start_new_session=True, **pipes)
    limit = time.monotonic() + 60
    while not at() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.002)
    return process


def test_an_interrupt_says_that_what_was_begun_ends_first(setright: Program):
    files = fill(setright)
    ran = signalled(setright, signal.SIGINT, lambda: fixed(files[:20]) > 2, *FIX)
    assert (ran.code, fixed(files)) == (0, FILES)
    assert ran.err.startswith("Interrupted: what has begun on a target ends first; once more does not wait\n")


def test_a_second_interrupt_does_not_wait_and_the_next_fix_ends_what_was_begun(setright: Program):
    files = fill(setright)
    process = started(setright, lambda: fixed(files[:20]) > 2, *FIX)
    os.killpg(process.pid, signal.SIGINT)
    assert process.stderr is not None and process.stderr.readline().startswith("Interrupted: ")
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT and fixed(files) < FILES
    again = setright.process(*FIX)
    assert (again.code, fixed(files)) == (0, FILES)


def test_an_interrupted_command_ends_as_shells_expect_and_not_as_one_that_found_something(setright: Program, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("setright.app.App.scan", interrupted)
    assert setright("scan", ".")[::2] == (130, "setright: interrupted\n")
    monkeypatch.setattr("setright.app.App.plan", interrupted)
    ran = setright(*FIX)
    assert ran.code == 130 and "`setright runs` shows what was done" in ran.err


def test_the_next_fix_ends_what_a_killed_one_had_begun_before_it_plans(setright: Program):
    files = fill(setright)
    assert signalled(setright, signal.SIGKILL, lambda: fixed(files[:20]) > 2, *FIX).code == -signal.SIGKILL
    assert 0 < fixed(files) < FILES
    again = setright.process(*FIX)
    assert (again.code, fixed(files)) == (0, FILES)
    assert f"An earlier run was cut off; {FILES} plans of it are verified now" in again.err and "refused" not in again.out


def test_a_plan_whose_apply_was_killed_goes_on(setright: Program):
    files = fill(setright)
    setright("plan", ".", "--control", AUTO, "-o", "plan.json")
    apply = ("apply", "plan.json", "--yes")
    assert signalled(setright, signal.SIGKILL, lambda: fixed(files[:20]) > 2, *apply).code == -signal.SIGKILL
    again = setright.process(*apply)
    assert (again.code, fixed(files)) == (0, FILES) and "refused" not in again.out
