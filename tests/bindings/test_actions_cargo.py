"""Steps of actions-rs/cargo whose command the shell runs as well."""

from __future__ import annotations

import pytest
from tests.bindings.test_actions import sources

from setright.bindings.error import BindingError
from setright.bindings.layouts import actions
from setright.model import Edit

MATRIX = "strategy: {matrix: {target: [x86_64, arm], odd: ['a b']}}, "


def command(given: str, job: str = "runs-on: ubuntu-24.04", top: str = "", step: str = "") -> str | None:
    text = f"on: push\n{top}jobs: {{a: {{{job}, steps: [{{uses: actions-rs/cargo@v1, with: {{{given}}}{step}}}]}}}}\n"
    [seen] = actions.view("actions/step", {}, sources(text))
    return seen.tree["calls"].get("command")


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        ("command: test", "cargo test"),
        ("command: clippy, args: '--all  -- -D warnings'", "cargo clippy --all -- -D warnings"),
        ("command: build, use-cross: false, args: '--features=a,b'", "cargo build --features=a,b"),
        ("command: build, use-cross: true", None),
        ("command: build, toolchain: nightly", None),
        ("command: test, args: '-- \"a b\"'", None),
        ("command: test, args: $ARGS", None),
        ("command: test, args: '${{ inputs.args }}'", None),
        ("command: '${{ matrix.command }}'", None),
        ("args: --all", None),
    ],
)
def test_the_command_is_told_where_its_words_mean_the_same_to_a_shell(given: str, runs: str | None) -> None:
    assert command(given) == runs


@pytest.mark.parametrize(
    ("args", "runs"),
    [("--all -- --ignored", True), ("--path ./a.b", True), ("'--features a,b'", False), ("--a.b", False), ("'@a'", False)],
)
def test_fewer_words_are_plain_to_the_shell_of_windows(args: str, runs: bool) -> None:
    assert (command(f"command: test, args: {args}", "runs-on: windows-2022") is not None) is runs


@pytest.mark.parametrize(("part", "runs"), [("target", "cargo build --target=${{ matrix.target }}"), ("odd", None)])
def test_a_matrix_may_fill_words_that_are_plain(part: str, runs: str | None) -> None:
    args = f"'--target=${{{{ matrix.{part} }}}}'"
    assert command(f"command: build, args: {args}", f"{MATRIX}runs-on: ubuntu-24.04") == runs


def test_a_folder_or_shell_for_scripts_is_not_that_of_actions() -> None:
    assert command("command: test", top="defaults: {run: {working-directory: a}}\n") is None
    assert command("command: test", job="runs-on: ubuntu-24.04, defaults: {run: {shell: sh}}") is None


def test_a_step_that_uses_nothing_cannot_be_pinned() -> None:
    given = sources("on: push\njobs: {a: {runs-on: x, steps: [{run: cargo test}]}}\n")
    [step] = actions.view("actions/step", {}, given)
    with pytest.raises(BindingError, match="nothing from elsewhere"):
        actions.edit({}, step, [Edit(("calls", "pinned"), True)], [], given)


def test_composite_actions_are_left_alone() -> None:
    text = "runs: {using: composite, steps: [{uses: actions-rs/cargo@v1, with: {command: test}}]}\n"
    [seen] = actions.view("actions/step", {}, sources(text, "action.yml"))
    assert "command" not in seen.tree["calls"]
