"""`setright integrations add`: asks for what a channel needs, writes it, and offers to test it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from pathlib import Path

    from setright.engine.adding import Question
    from setright.model import Plain


@click.command("add")
@click.argument("name")
@click.option("--type", "sort", metavar="TYPE", help="What it is: webhook, splunk, jira and so on.  [default: ask]")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="One setting; may be repeated.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing; whatever is needed was given with --set.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@click.option("--test/--no-test", "tests", default=None, help="Send a test message afterwards.  [default: ask]")
@shown("table", "json")
def add(  # noqa: PLR0913 - one for each option
    name: str, sort: str | None, given: tuple[str, ...], yes: bool, dry_run: bool, tests: bool | None, show: Shown
) -> None:
    """Add a channel or a ticket system to setright.toml.

    Asks for what it needs and adds one table at the end of the file, which is kept as it was in setright.toml.before. Secrets
    are named by their place, env:NAME, file:/path or keyring:service/user, and never stand in the file.

    \b
    Examples:
      setright integrations add soc
      setright integrations add hooks --type webhook --set url=https://soc.example.com/hooks --set secret=env:SOC_SECRET --yes
      setright integrations add lake --type securitylake --dry-run
    """
    from setright.engine.adding import added, channel_table, save_settings, toml_table

    if tests and show.format == "json":
        raise click.UsageError("--test does not go with --format json; run `setright integrations test` afterwards")
    file, before = _file(show.config)
    said = dict(_pair(each) for each in given)
    added((before or b"").decode(), name, {})  # before anything is asked
    if not yes:
        sort, said = _asked(name, sort, said)
    if sort is None:
        raise click.UsageError("--yes needs --type TYPE")
    told = channel_table(sort, name, said)
    text = added((before or b"").decode(), name, told)
    kept = None
    if not dry_run:
        kept = save_settings(file, before, text).kept
    _tell(show, {"channel": name, "file": str(file), "kept": str(kept) if kept else None}, toml_table(name, told), dry_run)
    if dry_run or show.format == "json" or not (tests if tests is not None else not yes and _is_yes("Send a test message now?")):
        return
    here = click.get_current_context()
    assert here.parent and isinstance(here.parent.command, click.Group)
    test = here.parent.command.commands["test"]
    here.invoke(test, name=name, format="table", file=None, quiet=show.quiet, config=show.config)


def _tell(show: Shown, told: dict[str, Plain], table: str, dry_run: bool) -> None:
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    if show.format == "json":
        emit(json_text({"schema": SCHEMA, **told, "table": table, "dry_run": dry_run}), show)
        return
    where = f"{told['file']}, kept as it was in {told['kept']}" if told["kept"] else str(told["file"])
    emit(f"{'would be added to' if dry_run else 'added to'} {where}:\n\n{table}", show)


def _file(named: str | None) -> tuple[Path, bytes | None]:
    """The configuration's file, which may be a new one, and what is in it."""
    import os
    from pathlib import Path

    from setright.cli.failure import Failure
    from setright.engine.configuration import NAME, find

    file = Path(named) if named else find(os.environ, Path.cwd()) or Path.cwd() / NAME
    try:
        before = file.read_bytes() if file.exists() else None
        (before or b"").decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: cannot be read: {error}") from error
    return file, before


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:  # it may be a secret that was typed in the wrong place
        raise click.UsageError("--set takes KEY=VALUE")
    return key.strip(), value


def _asked(name: str, sort: str | None, said: dict[str, str]) -> tuple[str, dict[str, str]]:
    from setright.engine.adding import about, questions, sorts
    from setright.engine.channels import ROUTE_KEYS

    sort = sort or click.prompt("What is it", type=click.Choice(sorts()), err=True)
    needed = questions(sort)
    click.echo(f"\n{about(sort)}\n", err=True)
    for question in needed:
        if question.key not in said and (question.default is None or question.is_secret) and (answer := _answer(name, question)):
            said[question.key] = answer
    more = [f"{each.key} ({_shown(each)})" for each in needed if each.key not in said and not each.is_secret]
    click.echo(f"Settings with a default: {', '.join(more) or 'none'}.", err=True)
    click.echo("Of every channel: events, severities, owners, lanes, targets.", err=True)
    known = {each.key for each in needed} | ROUTE_KEYS
    while pair := click.prompt("One of them, as KEY=VALUE; empty: done", default="", show_default=False, err=True):
        key, equals, value = pair.partition("=")
        if equals and key.strip() in known:
            said[key.strip()] = value.strip()
        else:
            click.echo("There is no such setting.", err=True)
    return sort, said


def _answer(name: str, question: Question) -> str:
    """What is typed; a secret itself is asked for again, by its place."""
    from setright.engine.adding import PLACE, PLACES

    if not question.is_secret:
        choice = click.Choice(question.choices) if question.choices else None
        return str(click.prompt(question.key, type=choice, err=True))
    optional = question.default is not None
    proposed = "" if optional else f"env:{name}_{question.key}".upper().replace("-", "_").replace("ENV:", "env:")
    words = f"{question.key}: where the secret is (env:NAME, file:/path, keyring:service/user{'; empty: none' if optional else ''})"
    while True:
        answer = str(click.prompt(words, default=proposed, show_default=not optional, err=True))
        if PLACE.fullmatch(answer) or (optional and not answer):
            return answer
        click.echo(f"That is no place, and a secret does not stand in this file; {PLACES}.", err=True)


def _shown(question: Question) -> str:
    default = str(question.default) if question.default not in ("", (), [], {}) else "none"
    return ", ".join(filter(None, ("/".join(question.choices), default)))


def _is_yes(words: str) -> bool:
    return bool(click.confirm(words, default=True, err=True))
