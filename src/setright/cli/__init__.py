"""Arguments in, text out. Here stand only the names of the commands: each is loaded when it runs, so that `--help` is quick."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper

COLLECTED_AT = 500_000  # objects made since the last look for cycles, of which modules and trees have few; each look costs time
gc.set_threshold(COLLECTED_AT)

from importlib import import_module  # noqa: E402 - what is loaded is not to be looked through either
from typing import Any, cast  # noqa: E402

import click  # noqa: E402

from setright import __version__  # noqa: E402

COMMANDS = {  # section -> command -> what it does; a test holds these lines against the commands' own
    "Find and put right": {
        "scan": "Find what is configured wrong; change nothing.",
        "plan": "Show what would change, as a diff, and who may decide it; change nothing.",
        "approve": "Agree to plans that somebody asked for; without a hash, list those that wait.",
        "apply": "Run exactly the plan in a file; refuse it if anything moved.",
        "fix": "Scan, plan and put right what policy allows, verified.",
        "lock": "Ask what image tags and action tags stand for, and write it into lock files.",
        "rollback": "Restore what a run changed, verified.",
        "lsp": "Serve an editor: findings, reasons and fixes in open source files.",
    },
    "Understand": {
        "explain": "Say in plain words what a control, finding or plan is about.",
        "controls": "The catalogue: list, show, test and write controls.",
        "baseline": "The named selections of controls.",
    },
    "Keep watch": {
        "findings": "List the open findings that scans have kept, without looking at any target.",
        "report": "Show how far a framework's sections hold, from what scans kept; no target is looked at.",
        "runs": "List the runs, latest first; show one, and how far it has come.",
        "worker": "Serve the runs that were left with --queue, together with other workers on the same store.",
        "adopt": "Write down the findings of today, so that only new ones stop anybody.",
        "except": "Leave a finding open knowingly: with a reason, an approver and an end.",
        "remind": "Tell people what is due, ends soon or waits for their yes; each thing once.",
        "assets": "What there is: whose it is, how much hangs on it, and who can reach it.",
        "owners": "Whose a finding is, and why; send it back where it is not.",
        "serve": "Serve approvals by signed link and by Slack, health and metrics.",
        "tokens": "Tokens for other programs that call the API of `setright serve`: make, list, revoke.",
        "metrics": "Show how long it takes to put things right, how much comes back, and how much nobody knows.",
        "evidence": "Pack what a run did into one signed file that anybody can check offline.",
        "ledger": "The signed record of everything decided and done.",
        "import": "Take in other scanners' results, to be put right and verified like ours.",
        "integrations": "The channels to other systems: list, test, and see what waits to be told.",
        "tickets": "One ticket for each fix and owner, in Jira, GitHub and others, held to what scans see.",
        "stop": "The kill switch: let no run touch anything any more.",
    },
}
ACTING = ("apply", "fix", "rollback")  # they write on targets
HOMES = {  # a keyword is no module name; the server's command is with the server
    "except": "setright.cli.commands.exception:command",
    "import": "setright.cli.commands.import_:command",
    "serve": "setright.web.command:serve_command",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called."""

    def main(self, *args: Any, **extra: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                _take_all_signs(stream)
        try:
            return super().main(*args, **extra)
        except OSError as error:
            from setright.cli.failure import unwritten

            if failure := unwritten(error):
                failure.show()
                sys.exit(failure.exit_code)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, name = HOMES.get(cmd_name, f"setright.cli.commands.{cmd_name}:command").split(":")
        command = cast(click.Command, getattr(import_module(module), name))
        for inner in command.commands.values() if isinstance(command, click.Group) else ():
            inner.short_help = _first_sentence(inner.help or "")
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f"did you mean {near[0]!r}?" if near else "`setright --help` shows all commands"
            raise click.UsageError(f"no such command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in COMMANDS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; what the rooms below refuse becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort) as error:
            from setright.cli.failure import INTERRUPTED, Failure

            asked = isinstance(error, click.Abort)
            if asked:
                click.echo(err=True)
            more = _begun(asked) if ctx.invoked_subcommand in ACTING else ""
            raise Failure(f"interrupted{more}", INTERRUPTED) from error
        except (ValueError, RuntimeError) as error:
            from setright.cli.failure import failure_of

            if failure := failure_of(error):
                raise failure from error
            raise


def _begun(asked: bool) -> str:
    """Whoever leaves a question unanswered began nothing."""
    return "; nothing was begun" if asked else "; `setright runs` shows what was done, and the next run ends what was begun"


def _first_sentence(told: str) -> str:
    """The whole of it: what the library takes by itself ends where a line does."""
    whole = " ".join(told.partition("\n\n")[0].split())
    return whole.partition(". ")[0].removesuffix(".") + "."


def _take_all_signs(stream: TextIOWrapper) -> None:
    """A terminal that lacks a sign shows ``?`` for it; what goes elsewhere is UTF-8 as in files, whatever the locale is."""
    if stream.encoding.lower() not in ("utf-8", "utf8"):
        stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="setright %(version)s")
def main() -> None:
    """setright finds what is configured wrong anywhere in an estate, puts it right safely, proves it, and can always go back.

    \b
    Try it on the sources in this directory:
      setright scan .
      setright fix . --dry-run
    """


def run() -> None:
    """`main` as a process of its own."""
    try:
        main()
    except SystemExit as ended:
        from setright.cli.leaving import leave

        leave(ended.code)
        raise
