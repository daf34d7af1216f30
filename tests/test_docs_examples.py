"""What pages show is what the program takes: every command line with its options, every table of `setright.toml`."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from setright.cli import main
from setright.engine.configuration import parse_configuration
from tests.content import warm

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]
BLOCK = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```", re.M | re.S)
INLINE = re.compile(r"`((?:\w+=\S+ |sudo )?setright [a-z-][^`\n]*)`")
COMMAND = re.compile(r"(?:^|[$(|;&] ?|run: |sudo |^  )setright ((?:[a-z]|--)[^|;&)\n]*)", re.M)
GONE_ON = re.compile(r"\\\n\s*")
PROSE = {"toml", "hcl", "dockerfile"}  # of which what speaks of setright are comments and names


def shown(page: Path) -> Iterator[str]:
    """The command lines of a page, each from the word after ``setright`` on."""
    text = GONE_ON.sub("", page.read_text())
    for sort, block in BLOCK.findall(text):
        if sort not in PROSE:
            yield from COMMAND.findall(block)
    for told in INLINE.findall(BLOCK.sub("", text)):
        yield from COMMAND.findall(told)


def unknown(words: list[str]) -> str:
    """The first of the words that is no command, subcommand or option; empty: all are."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            return words[0]
        command, words = inner, words[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help", "-h"}
    asked = [word.partition("=")[0] for word in words if re.match("--?[a-z]", word)]
    return next((word for word in asked if word not in known), "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_line_is_one_that_the_program_takes(page):
    lines = [shlex.split(line, comments=True) for line in shown(page)]
    assert {" ".join(words): unknown(words) for words in lines if unknown(words)} == {}


def test_the_command_lines_are_found():
    assert sum(len([*shown(page)]) for page in PAGES) > 150
    assert (unknown(["scan", ".", "--no-such"]), unknown(["scna"]), unknown(["baseline", "shwo"])) == ("--no-such", "scna", "shwo")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_table_of_the_configuration_is_one_that_counts(page):
    for sort, block in BLOCK.findall(page.read_text()):
        if sort == "toml":
            parse_configuration(block)


ON_PURPOSE = {  # what our own workflows do against our own controls, each said beside it
    ("actions/step/checkout-token", "pull-requests.yml"),
    ("actions/step/pinned", "repositories.yml"),
    ("actions/workflow/concurrency", "repositories.yml"),
}


def test_the_workflows_that_pages_show_are_as_we_ask_of_others(tmp_path):
    folder = tmp_path / "tree" / ".github" / "workflows"
    folder.mkdir(parents=True)
    for page in PAGES:
        for sort, block in BLOCK.findall(page.read_text()):
            if sort == "yaml" and "runs-on:" in block:
                (folder / f"{page.stem}.yml").write_text(block)
    env = {"SETRIGHT_STATE": str(warm(tmp_path / "state"))}
    ran = CliRunner(env=env).invoke(main, ["scan", str(tmp_path / "tree"), "--format", "json"])
    wrong = {(f["control"], Path(f["location"]["path"]).name) for f in json.loads(ran.stdout)["findings"]}
    assert wrong <= ON_PURPOSE and len([*folder.iterdir()]) > 2
