"""How the shell stands between a Dockerfile and its programs, and where files are copied to."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.bindings.layouts._dockerfile_form import exec_form
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Tree

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "docker/image.yaml", ROOT).layouts["dockerfile"]


def given(text: str) -> dict[str, Source]:
    return {"Dockerfile": Source("Dockerfile", "dockerfile", lenses.get("dockerfile", text.encode()))}


def seen(text: str) -> Tree:
    return dockerfile.view("docker/image", LAYOUT, given(text))[0].tree


def fixed(text: str, edit: Edit) -> str:
    (resource,) = dockerfile.view("docker/image", LAYOUT, given(text))
    placed = dockerfile.edit(LAYOUT, resource, [edit], [], given(text))
    return lenses.put("dockerfile", text.encode(), [each for _, each in placed]).decode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("node a.js", ["node", "a.js"]),
        ('exec sh -e "a b"', ["sh", "-e", "a b"]),
        ("a --port $PORT", ["/bin/sh", "-c", "exec a --port $PORT"]),
        ("exec a *.conf", ["/bin/sh", "-c", "exec a *.conf"]),
        ("$APP run", None),
        ("A=1 b", None),
        ("cd /a && b", None),
        ("a | b", None),
        ("a > /log", None),
        ('a "b', None),
        ("source a", None),
        ("C:\\a.exe b", None),
        ('["a", "b"', None),
        ("", None),
    ],
)
def test_only_what_a_shell_reads_for_nothing_or_for_its_variables_has_an_exec_form(value: str, words: list[str] | None) -> None:
    assert exec_form({"keyword": "CMD", "value": value}) == words


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("FROM debian:12\nCMD sleep 1d\n", "alike"),
        ("FROM node:22\nCMD npm run start:$A\n", "alike"),
        ("FROM debian:12\nENTRYPOINT sleep 1d\n", "otherwise"),
        ('FROM debian:12\nENTRYPOINT ["a"]\nCMD sleep 1d\n', "otherwise"),
        ("FROM debian:12\nCMD ./start.sh\n", "otherwise"),
        ("FROM debian:12\nCOPY bin/run /usr/bin/run\nCMD run\n", "otherwise"),
        ("FROM nginx:1.26\nCMD nginx\n", "otherwise"),
        ("FROM acme/base\nCMD sleep 1d\n", "otherwise"),
    ],
)
def test_a_program_is_alike_in_exec_form_where_neither_entry_point_nor_script_may_care(text: str, starts: str) -> None:
    assert seen(text)["starts"] == starts


def test_what_windows_starts_is_left_to_its_shell() -> None:
    with pytest.raises(BindingError, match=r"cmd\.exe"):
        fixed("FROM node:22-nanoserver\nCMD npm start\n", Edit(("stages", 0, "instructions", 1, "exec-form"), remove=True))


@pytest.mark.parametrize(
    ("text", "pipes"),
    [
        ("FROM debian:12\nRUN a | b\n", "unguarded"),
        ("FROM debian:12\nRUN a || b\n", None),
        ('FROM debian:12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b\n', None),
        ("FROM fedora:41\nRUN set -eo pipefail && a | b\n", None),
        ('FROM debian:12\nRUN ["sh", "-c", "a | b"]\n', None),
    ],
)
def test_a_pipe_is_unguarded_where_nothing_says_pipefail(text: str, pipes: str | None) -> None:
    assert seen(text).get("pipes") == pipes


@pytest.mark.parametrize("image", ["alpine:3.21", "rockylinux:9"])
def test_where_sh_is_the_same_shell_its_words_are_read_alike(image: str) -> None:
    assert "SHELL" in fixed(f'FROM {image}\nRUN a | b\nRUN echo -e "a\\nb" > c\n', Edit(("pipes",), "guarded"))


@pytest.mark.parametrize("text", ["FROM acme/a\nRUN a | b\n", 'FROM debian:12\nRUN a | b\nRUN echo "a\\nb" > c\n'])
def test_no_shell_is_said_that_is_not_there_or_reads_other_words(text: str) -> None:
    with pytest.raises(BindingError):
        fixed(text, Edit(("pipes",), "guarded"))


@pytest.mark.parametrize(
    ("text", "number", "line"),
    [
        ("FROM acme/base:1\nCOPY src .\n", 1, None),
        ("FROM debian:12\nCOPY src app/\n", 1, "COPY src /app/"),
        ("FROM scratch\nCOPY src ./\n", 1, "COPY src /"),
        ("FROM debian:12\nWORKDIR /a\nCOPY src app/\n", 2, None),
        ("FROM debian:12\nCOPY src $A\n", 1, None),
        ('FROM debian:12\nCOPY ["a b", "c"]\n', 1, None),
    ],
)
def test_a_target_is_named_in_full_where_it_is_known_what_it_is_relative_to(text: str, number: int, line: str | None) -> None:
    assert ("from" in seen(text)["stages"][0]["instructions"][number] and line is None) is False
    if line:
        assert line in fixed(text, Edit(("stages", 0, "instructions", number, "from"), "/"))
