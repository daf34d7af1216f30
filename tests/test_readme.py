"""README's walk-through is run, and shows what the program really says. ``...`` stands for lines left out."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```console walk-through\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
RUN = re.compile(r"r\d{6}-\d{6}-[0-9a-f]{4}")
VARYING = [
    (RUN, "RUN"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "PLAN"),
    (re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"), "TIME"),
    (re.compile(r"\d+ records|record: \d+"), "RECORDS"),
]


def told(block):
    """Each command of a block with the lines shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown.splitlines()


STEPS = [step for block in BLOCKS for step in told(block)]


def same(line):
    for pattern, name in VARYING:
        line = pattern.sub(name, line)
    return line.rstrip()


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each command said, all run in one shell, the lab in a place of the test's own, and runs by their own names."""
    home = tmp_path_factory.mktemp("readme")
    lab, script = str(home / "my-lab"), []
    for number, (command, _) in enumerate(STEPS):
        here = RUN.sub('"$run"', command).replace("/tmp/my-lab", shlex.quote(lab))
        named = f"grep -m1 -oE '{RUN.pattern.replace(chr(92) + 'd', '[0-9]')}' {home}/{number}"
        script.append(f"{{ {here}\n}} >{home}/{number} 2>&1\nfound=$({named}) && run=$found\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", "".join(script)], cwd=ROOT, stdin=subprocess.DEVNULL, timeout=240, check=False,
        env={**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1"},
    )  # fmt: skip
    return [(home / str(n)).read_text().replace(lab, "/tmp/my-lab").splitlines() for n in range(len(STEPS))]


def gaps(shown):
    """The shown lines as pieces that stand together, with whether more may stand before each; and after the last."""
    pieces, open_before = [], False
    for line in shown:
        if line.strip() == "...":
            open_before = True
        elif open_before or not pieces:
            pieces.append((open_before, [line]))
            open_before = False
        else:
            pieces[-1][1].append(line)
    return pieces, open_before


@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda n: STEPS[n][0][:60])
def test_the_walk_through_shows_what_the_program_says(number, said):
    real = [same(line) for line in said[number] if line.strip()]
    pieces, open_after = gaps([line for line in STEPS[number][1] if line.strip()])
    at = 0
    for open_before, piece in pieces:
        wanted = [same(line) for line in piece]
        places = [i for i in range(at, len(real)) if real[i : i + len(wanted)] == wanted]
        assert places, f"not said, or not in this order: {wanted}\n" + "\n".join(real)
        assert open_before or places[0] == at, f"left out without '...': {real[at : places[0]]}"
        at = places[0] + len(wanted)
    assert open_after or at == len(real), f"left out without '...': {real[at:]}"


def test_the_walk_through_goes_all_the_way():
    commands = " ".join(command for command, _ in STEPS)
    for step in ("scan", "fix root:host", "--dry-run", "setright runs", "rollback", "ledger verify"):
        assert step in commands
