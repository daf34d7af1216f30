"""WORKDIRs that are relative, and what they stand for."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile_derived import LAYOUT, seen, source

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.model import Edit


def last_in_full(text: str) -> str:
    """The last WORKDIR of the last stage as the fix writes it."""
    given = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    stage = len(resource.tree["stages"]) - 1
    at = max(n for n, each in enumerate(resource.tree["stages"][stage]["instructions"]) if each["keyword"] == "WORKDIR")
    placed = dockerfile.edit(LAYOUT, resource, [Edit(("stages", stage, "instructions", at, "from"), "/")], [], given)
    after = lenses.put("dockerfile", text.encode(), [edit for _, edit in placed]).decode()
    return after.rpartition("WORKDIR ")[2].strip()


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("FROM debian:12\nWORKDIR a\nWORKDIR b\n", "/a/b"),
        ("FROM golang:1.25\nWORKDIR src\n", "/go/src"),  # where it stands
        ("FROM debian:12 AS a\nWORKDIR /w\nFROM a\nWORKDIR b\n", "/w/b"),  # of the stage below
        ("FROM debian:12\nENV A=/srv\nWORKDIR $A\nWORKDIR b\n", "$A/b"),
        ("ARG A=/srv\nFROM debian:12\nARG A\nWORKDIR $A\nWORKDIR b\n", "$A/b"),
    ],
)
def test_a_relative_workdir_is_what_stands_above_and_itself(text: str, whole: str) -> None:
    assert last_in_full(text) == whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FROM debian:12\nARG A=api\nWORKDIR $A\nWORKDIR b\n", "may be relative itself"),
        ("FROM debian:12\nARG A\nWORKDIR $A\nWORKDIR b\n", "may be relative itself"),
        ("FROM acme/base\nWORKDIR b\n", "in which directory acme/base stands"),
    ],
)
def test_what_may_stand_elsewhere_is_left_to_people(text: str, why: str) -> None:
    with pytest.raises(BindingError, match=why):
        last_in_full(text)


def test_all_stages_must_be_known() -> None:
    assert seen("FROM acme/base\nWORKDIR b\nFROM debian:12\nWORKDIR /a\n")["workdir-known"] is False
    assert seen("FROM debian:12\nWORKDIR b\n")["workdir-known"] is True


def test_a_directory_that_a_variable_may_say_relative_is_given_away_as_it_stands() -> None:
    text = "FROM node:22\nARG A=api\nWORKDIR $A\nCOPY . .\nCMD node a.js\n"
    given = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    placed = dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)
    assert "RUN chown -R node:node .\n" in lenses.put("dockerfile", text.encode(), [edit for _, edit in placed]).decode()
