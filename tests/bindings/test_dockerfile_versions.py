"""Which version of a language sources are made for, as their own files tell it."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile_derived import LAYOUT

from setright import lenses
from setright.bindings.layouts import dockerfile
from setright.bindings.source import Source
from setright.model import Edit


def sources_of(text: str, file: str, told: str) -> dict[str, Source]:
    return {
        "a/Dockerfile": Source("a/Dockerfile", "dockerfile", lenses.get("dockerfile", text.encode())),
        file: Source(file, "text", lenses.get("text", told.encode())),
    }


@pytest.mark.parametrize(
    ("name", "file", "text", "tag", "told"),
    [
        ("node", "a/.nvmrc", "v22.4.1\n", "22", True),
        ("node", ".nvmrc", "18\n", "18", False),  # mended no more: whether to go on with it, its owner says
        ("node", ".nvmrc", "lts/*\n", "12", False),
        ("node", "b/.nvmrc", "22\n", "12", False),
        ("python", ".tool-versions", "nodejs 22.1.0\npython 3.12.1\n", "3.12", True),
        ("python", "a/.python-version", "3.13\n", "3.13", True),
        ("ruby", ".ruby-version", "ruby-3.4.1\n", "3.4.1", True),
        ("rust", "rust-toolchain.toml", '[toolchain]\nchannel = "1.80"\n', "1.80", True),
        ("golang", "go.mod", "module a\n\ngo 1.9\n", "12", True),
        ("golang", "go.mod", "module a\n\ngo 99.1.2\n\ntoolchain go99.2.0\n", "99.2", True),
    ],
)
def test_what_sources_are_made_for_is_the_tag(name: str, file: str, text: str, tag: str, told: bool) -> None:
    given = sources_of(f"FROM {name} AS x\nFROM scratch\n", file, text)
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    placed = dockerfile.edit(LAYOUT, resource, [Edit(("stages", 0, "tag"), {name: "12"})], [], given)
    assert [each.value for _, each in placed] == [f"{name}:{tag} AS x"]
    assert (resource.tree.get("versions") == "told") is told


def test_each_stage_is_told_apart() -> None:
    text = "FROM golang AS a\nFROM acme/b:latest\nFROM a\n"
    (resource,) = dockerfile.view("docker/image", LAYOUT, sources_of(text, "go.mod", "go 1.24\n"))
    assert [each.get("versions") for each in resource.parts.values()] == ["told", None, "told"]
    assert "versions" not in resource.tree


def test_a_build_that_asks_for_the_newest_of_others_may_need_the_newest_language() -> None:
    text = "FROM golang\nRUN go install acme.org/tool@latest\n"
    (resource,) = dockerfile.view("docker/image", LAYOUT, sources_of(text, "go.mod", "go 1.24\n"))
    assert "versions" not in resource.tree
