"""Help is quick, complete, and shows an example."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from setright.cli import COMMANDS, LazyGroup, main

CONTROLS = Path(__file__).parents[2] / "controls"
CONTEXT = click.Context(main)
LINES = {name: line for section in COMMANDS.values() for name, line in section.items()}
QUICK = """
import sys
from setright.cli import main
main(["--help"], standalone_mode=False)
slow = {"msgspec", "rich", "yaml", "sqlalchemy", "dbos", "setright.model", "setright.app", "setright.cli.options"}
sys.exit(", ".join(sorted(slow & sys.modules.keys())) or 0)
"""


def every_command() -> list[tuple[str, ...]]:
    found = []
    for name in LINES:
        command = main.get_command(CONTEXT, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
    return found


def test_help_loads_nothing_but_click():
    ran = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words):
    ran = CliRunner().invoke(main, [*words, "--help"])
    assert ran.exit_code == 0
    assert f"  setright {' '.join(words)}" in ran.output.partition("Example")[2]


@pytest.mark.parametrize("name", [words[0] for words in every_command() if len(words) == 1])
def test_what_a_subcommand_does_is_said_to_its_end(name):
    told = CliRunner().invoke(main, [name, "--help"]).output.partition("\nCommands:")[2]
    assert "..." not in told


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_controls_that_examples_name_are_in_the_catalogue(words):
    example = CliRunner().invoke(main, [*words, "--help"]).output.partition("Example")[2].partition("Options:")[0]
    for id_ in re.findall(r"--control (?:'([^']+)'|(\S+))", example):
        assert any(CONTROLS.glob(f"{''.join(id_)}.yaml")), f"there is no {''.join(id_)}"


@pytest.mark.parametrize("name", LINES)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name):
    command = main.get_command(CONTEXT, name)
    assert command is not None
    assert (command.help or "").strip().splitlines()[0] == LINES[name]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_whatever_prints_results_prints_json_too(words):
    command: click.Command | None = main
    for word in words:
        command = command.get_command(CONTEXT, word) if isinstance(command, LazyGroup) else command.commands[word]
    options = {name for option in command.params for name in option.opts}
    if not isinstance(command, click.Group) and words not in (("controls", "new"), ("lsp",)):
        assert {"--format", "-o", "--quiet", "--config"} <= options


def test_a_mistyped_command_names_the_near_one():
    ran = CliRunner().invoke(main, ["scna"])
    assert ran.exit_code == 2
    assert "did you mean 'scan'?" in ran.output
