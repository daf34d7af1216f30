"""WORKDIRs that are relative: to an earlier one, of their stage or of those that it begins from, or to where the base image stands.

docs.docker.com/reference/dockerfile, WORKDIR.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._dockerfile_image import (
    Image,
    Images,
    Instruction,
    from_of,
    image_of,
    set_before,
    substituted,
)
from setright.bindings.layouts._dockerfile_whose import workdir


def are_known(instructions: Sequence[Instruction], images: Images) -> bool:
    """Whether each relative one is below an absolute one, or where its base image stands is known."""
    relative = [n for n, each in enumerate(instructions) if each["keyword"] == "WORKDIR" and not _bare(each).startswith(("/", "$"))]
    return all(_begins_known(image_of(instructions[: n + 1], images)) for n in relative)


def in_full(locator: str, instructions: Sequence[Instruction], at: int, images: Images) -> str:
    """What a relative one stands for, from the root on. Raises BindingError where a variable above may be relative itself."""
    image = image_of(instructions[: at + 1], images)
    if not _begins_known(image):
        base = from_of(image.whole[0])["image"]
        raise BindingError(
            f"{locator}: nothing tells in which directory {base} stands; ask with docker run --rm {base} pwd, and write it"
        )
    whole = workdir(image.whole, str(image.facts.get("workdir", "/")))
    if not is_absolute(whole, instructions[: at + 1], image):
        raise BindingError(f"{locator}: {whole} is where a variable says, which may be relative itself; write all of it by hand")
    return whole


def is_absolute(path: str, instructions: Sequence[Instruction], image: Image) -> bool:
    """Whether a directory is one from the root on with the variables that are set there."""
    first = next((n for n, each in enumerate(instructions) if each["keyword"] == "FROM"), 0)
    given = set_before(instructions[:first], {})
    return substituted(path, set_before(image.whole, given)).startswith(("/", "\\"))


def _bare(each: Instruction) -> str:
    return str(each["value"]).strip("\"'")


def _begins_known(image: Image) -> bool:
    """Whether its first WORKDIR is absolute, or where its base stands is known."""
    first = next((_bare(each) for each in image.whole if each["keyword"] == "WORKDIR"), "/")
    begins = from_of(image.whole[0])["image"].lower() if image.whole else ""
    return first.startswith("/") or begins == "scratch" or "workdir" in image.facts
