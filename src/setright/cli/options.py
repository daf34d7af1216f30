"""Options that several commands share, handed over as one value each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from setright.model import SEVERITIES

if TYPE_CHECKING:
    from setright.app import App, ScanOptions

F = TypeVar("F", bound=Callable[..., Any])
FINDING_FORMATS = ("table", "json", "sarif", "ocsf", "junit", "markdown")


class Counted(NamedTuple):
    """What of the findings counts; see `setright.engine.scope.ScanScope`, which takes the same names."""

    adopted: str = ""
    no_adopted: bool = False
    adopted_too: bool = False
    diff_base: str = ""
    whole_files: bool = False

    def words(self) -> list[str]:
        """As it is typed."""
        flags = {"--no-adopted": self.no_adopted, "--adopted-too": self.adopted_too, "--diff-whole-files": self.whole_files}
        named = {"--adopted": self.adopted, "--diff-base": self.diff_base}
        return [w for name, value in named.items() if value for w in (name, value)] + [name for name, on in flags.items() if on]


class Selection(NamedTuple):
    """Which targets, which controls of the catalogue, and which findings count."""

    targets: tuple[str, ...]
    baseline: str | None
    controls: tuple[str, ...]
    min_severity: str
    counted: Counted = Counted()

    def again(self, command: str) -> str:
        """The same selection for another command, as it is typed, but for passwords."""
        from shlex import join

        from setright.engine.redact import without_password

        least = () if self.min_severity == SEVERITIES[0] else ("--min-severity", self.min_severity)
        baseline = ("--baseline", self.baseline) if self.baseline else ()
        controls = [word for control in self.controls for word in ("--control", control)]
        return join(
            ["setright", command, *map(without_password, self.targets), *baseline, *controls, *least, *self.counted.words()]
        )

    def ask(self) -> ScanOptions:
        from setright.app import ScanOptions
        from setright.engine.scope import ScanScope

        return ScanOptions(self.baseline or "", self.controls, self.min_severity, ScanScope(*self.counted))


class Shown(NamedTuple):
    """In what form, where to, and how much talk beside it."""

    format: str
    file: str | None
    quiet: bool
    config: str | None

    def open(self) -> App:
        """The app on the configuration asked for; the channels are told when the command ends.

        Raises engine.error.EngineError where it is not right.
        """
        app = open_app(self.config)
        click.get_current_context().call_on_close(lambda: self._finish(app))
        return app

    def _finish(self, app: App) -> None:
        for why in app.finish():
            click.echo(f"not told yet: {why}", err=True)
        if "store" in vars(app):
            app.store.close()


def open_app(config: str | None) -> App:
    from pathlib import Path

    from setright.app import App
    from setright.engine.configuration import load_configuration

    return App(load_configuration(Path(config) if config else None))


def selected(command: F) -> F:
    """Targets and the options that choose controls, as `selection`."""

    @click.argument("targets", nargs=-1, metavar="[TARGET]...")
    @click.option("--baseline", metavar="NAME", help="Selection of controls; `all` takes every one.  [default: recommended]")
    @click.option("--control", "controls", multiple=True, metavar="ID", help="Only this control (or glob); may be repeated.")
    @click.option(
        "--min-severity", type=click.Choice(SEVERITIES), default="info", show_default=True, help="Leave out what matters less."
    )
    @wraps(command)
    def with_selection(
        *, targets: tuple[str, ...], baseline: str | None, controls: tuple[str, ...], min_severity: str, **rest: Any
    ) -> Any:
        return command(selection=Selection(targets, baseline, controls, min_severity), **rest)

    return with_selection  # type: ignore[return-value]


def counted(command: F) -> F:
    """What the adopted list and a branch's change leave out of the count, put into `selection`."""

    @click.option(
        "--adopted", type=click.Path(dir_okay=False), metavar="FILE", help="List of adopted findings.  [default: the tree's]"
    )
    @click.option("--no-adopted", is_flag=True, help="Count adopted findings like any other.")
    @click.option("--diff-base", metavar="REV", help="Only what this branch changed since it left REV.")
    @click.option("--diff-whole-files", "whole_files", is_flag=True, help="With --diff-base: all of each changed file.")
    @wraps(command)
    def with_counted(
        *, selection: Selection, adopted: str | None, no_adopted: bool, diff_base: str | None, whole_files: bool, **rest: Any
    ) -> Any:
        if whole_files and not diff_base:
            raise click.UsageError("--diff-whole-files needs --diff-base REV")
        if adopted and no_adopted:
            raise click.UsageError("--adopted and --no-adopted exclude each other")
        told = Counted(adopted or "", no_adopted, bool(rest.pop("adopted_too", False)), diff_base or "", whole_files)
        return command(selection=selection._replace(counted=told), **rest)

    return with_counted  # type: ignore[return-value]


adopted_too = click.option("--adopted-too", is_flag=True, help="Put adopted findings right, too; --control does so for its own.")
queued = click.option("--queue", is_flag=True, help="Leave the run to workers (`setright worker`) and do not wait.")
everything = click.option("--all-findings", is_flag=True, help="Shorten nothing.")


def sarif_limits(command: F) -> F:
    """How many results and fixes a SARIF run has at most, as `limits`; the defaults are what code scanning takes."""

    @click.option(
        "--sarif-results", type=click.IntRange(min=1), default=25_000, show_default=True, metavar="N", help="SARIF: most results."
    )
    @click.option(
        "--sarif-fixes", type=click.IntRange(min=0), default=5_000, show_default=True, metavar="N", help="SARIF: most with a fix."
    )
    @wraps(command)
    def with_limits(*, sarif_results: int, sarif_fixes: int, **rest: Any) -> Any:
        return command(limits=(sarif_results, sarif_fixes), **rest)

    return with_limits  # type: ignore[return-value]


def shown(*formats: str) -> Callable[[F], F]:
    """Format, file, quiet and configuration, as `show`. The first format is the default."""

    def decorate(command: F) -> F:
        @click.option("--format", type=click.Choice(formats), default=formats[0], show_default=True, help="Form of the output.")
        @click.option("-o", "--output", "file", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to a file.")
        @click.option("-q", "--quiet", is_flag=True, help="No progress and no hints.")
        @click.option("--config", type=click.Path(dir_okay=False), metavar="FILE", help="The setright.toml to use.")
        @wraps(command)
        def with_shown(*, format: str, file: str | None, quiet: bool, config: str | None, **rest: Any) -> Any:
            return command(show=Shown(format, file, quiet, config), **rest)

        return with_shown  # type: ignore[return-value]

    return decorate


def fail_on(default: str) -> Callable[[F], F]:
    """The severity from which findings that stay open make the exit code 1."""
    return click.option(
        "--fail-on",
        "threshold",
        type=click.Choice(["any", *SEVERITIES, "never"]),
        default=default,
        metavar="SEVERITY",
        help=f"Exit with 1 for open findings at or over this severity (any, {', '.join(SEVERITIES)}, never).  [default: {default}]",
    )
