"""Breaks a copy of the project in one place at a time and asks the tests. The work tree is never touched."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutations import content, engine, judging, lenses
from tests.mutations.mutation import Mutation

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "controls", "bindings", "baselines", "frameworks", "lab", "pyproject.toml")
ALL = [*lenses.MUTATIONS, *judging.MUTATIONS, *content.MUTATIONS, *engine.MUTATIONS]
FAILED = 1  # of pytest's exit codes
TIMEOUT_S = 120
REWRITTEN = shutil.ignore_patterns("*-pytest-*.pyc")  # names the files it was made of


@contextmanager
def copy() -> Iterator[Path]:
    """A copy of the project whose own modules are the ones that are imported there, and nowhere else."""
    with tempfile.TemporaryDirectory(prefix="setright-mutations-") as name:
        place = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, place / part, ignore=REWRITTEN)  # with what is compiled, as files keep their times
            elif (ROOT / part).exists():
                shutil.copy2(ROOT / part, place / part)
        imported = subprocess.run(
            [sys.executable, "-c", "import setright, tests; print(setright.__file__); print(tests.__file__)"],
            cwd=place,
            env=_environment(place),
            capture_output=True,
            text=True,
            check=True,
        )
        for module in imported.stdout.splitlines():
            assert Path(module).is_relative_to(place), f"{module} would be tested instead of the copy in {place}"
        yield place


def passes(place: Path, selections: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """The tests run on a copy, stopping at the first that fails."""
    words = [word for selection in selections for word in shlex.split(selection)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *dict.fromkeys(words)],
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S * 5,
        check=False,
    )


def survives(place: Path, mutation: Mutation) -> str:
    """What the tests said of a breakage that they did not notice; empty where they did."""
    file = place / mutation.file
    whole = file.read_text()
    file.write_text(mutation.broken(whole))
    os.utime(file, (0, 0))  # nothing that was compiled fits
    try:
        ran = passes(place, [mutation.tests])
    finally:
        file.write_text(whole)
    noticed = ran.returncode == FAILED or "ERROR collecting" in ran.stdout  # content is loaded while tests are collected
    return "" if noticed else f"exit code {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"


def _environment(place: Path) -> dict[str, str]:
    """No bytecode is kept of what runs here: a breakage of the same size within a second would go unseen."""
    path = os.pathsep.join([str(place / "src"), str(place)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "SETRIGHT_"))}
    return kept | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": ""}
