"""The ports that a Dockerfile says its program serves. docs.docker.com/reference/dockerfile, EXPOSE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._dockerfile_image import Image, Instruction, packages, stages_of
from setright.model import Edit, Tree, Unknown

SSH_SERVERS = frozenset({"openssh-server", "openssh", "dropbear"})


def told(word: str) -> Tree:
    """A port as the image has it, with its protocol."""
    port, _, protocol = word.partition("/")
    return {"port": Unknown(port) if "$" in port else port, "protocol": (protocol or "tcp").lower()}


def without(locator: str, instructions: Sequence[Instruction], image: Image, number: int) -> Iterator[Edit]:
    """The edits that take a port out of EXPOSE. Raises BindingError where its server stays."""
    start, end = stages_of(instructions)[-1]
    for at in range(start, end):
        if instructions[at]["keyword"] != "EXPOSE":
            continue
        words = instructions[at]["value"].split()
        if number < len(words):
            served = next((each for each in packages(image.whole) if each in SSH_SERVERS), "")
            if served and words[number].partition("/")[0] == "22":
                raise BindingError(f"{locator}: it has {served}, and serves SSH also where no EXPOSE says so; take that out first")
            left = words[:number] + words[number + 1 :]
            yield Edit(("instructions", at, "value"), " ".join(left)) if left else Edit(("instructions", at), remove=True)
            return
        number -= len(words)
