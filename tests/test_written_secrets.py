"""What controls find written in sources stays there: no format, diff or page repeats it, whatever other controls say beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from setright.bindings.examples import example_documents
from setright.cli import main
from setright.model import Control, Requirement, Some
from tests.content import shipped, warm

PLANTED = "Pl4nted-Quagmire-Lantern"
FORMATS = ("table", "json", "sarif", "ocsf", "junit", "markdown")


def _asks(requirement: Requirement) -> bool:
    inner = (*requirement.want.where, *requirement.want.require) if isinstance(requirement.want, Some) else ()
    return requirement.op == "written" or any(map(_asks, inner))


CATALOGUE = shipped()
SPEAKING = [control for control in map(CATALOGUE.control, CATALOGUE.ids()) if any(map(_asks, control.require))]


def _planted(control: Control, root: Path) -> int:
    """The control's bad examples as trees, with a secret of which nothing is known but its place."""
    written = 0
    for number, example in enumerate(control.examples):
        if example.bad is None:
            continue
        binding = CATALOGUE.bindings[control.kind]
        for locator, document in example_documents(binding, example.family or next(iter(binding.layouts)), example.bad).items():
            assert b"example-only" in (document.data or b""), f"{control.id}: write the secret of an example as example-only"
            file = root / control.id.replace("/", "-") / str(number) / locator
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((document.data or b"").replace(b"example-only", PLANTED.encode()))
            written += 1
    return written


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("written")
    assert sum(_planted(control, root) for control in SPEAKING) >= len(SPEAKING)
    return root


@pytest.mark.parametrize(
    "words",
    [
        *(("scan", "--fail-on", "never", "--format", form) for form in FORMATS),
        ("plan",),
        ("plan", "--format", "json"),
        ("fix", "--dry-run", "--all"),
    ],
    ids=" ".join,
)
def test_what_is_written_in_sources_is_told_by_its_place_alone(tree: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    told = CliRunner().invoke(main, [*words, str(tree)], env={"SETRIGHT_STATE": str(warm(tmp_path / "state"))})
    said = told.stdout + told.stderr
    assert "main.tf" in said, said
    assert [line for line in said.splitlines() if PLANTED in line or PLANTED[:12] in line] == []
    kept = [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert [file.name for file in kept if PLANTED.encode() in file.read_bytes()] == []


def test_a_secret_that_is_written_is_marked_as_one() -> None:
    assert [control.id for control in SPEAKING if not control.secret] == []
