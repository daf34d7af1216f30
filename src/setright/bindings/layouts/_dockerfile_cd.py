"""RUNs that go to another directory before they do anything, and the WORKDIRs that say so instead.

docs.docker.com/reference/dockerfile, WORKDIR; docs.docker.com/build/building/best-practices, WORKDIR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.layouts._dockerfile_image import Images, Instruction, from_of, image_facts, placed, stages_of
from setright.bindings.layouts._dockerfile_whose import joined, workdir
from setright.model import Edit
from setright.patterns import late

GOES = late(r"(?s)cd[ \t]+([\w./@+][\w./@+-]*)\s*&&\s*(\S.*)")
GOES_ON = late(r"(?<![\w./-])(?:cd|pushd|popd)\b|\bpwd\b|PWD")  # elsewhere again, or by the way that it came
OTHER_SHELL = late(r"(?i)cmd|powershell|pwsh")


def enters(instructions: Sequence[Instruction], images: Images) -> bool:
    """Whether some RUN goes elsewhere at first from a directory that is known."""
    return any(True for _ in _gone(instructions, images))


def with_workdirs(instructions: Sequence[Instruction], images: Images) -> Iterator[Edit]:
    """A WORKDIR before each such RUN, and one behind it that leads back, unless the next instruction leads on anyway."""
    gone = {at: (back, place, rest) for at, back, place, rest in _gone(instructions, images)}
    changed = {at: {**instructions[at], "value": rest} for at, (_, _, rest) in gone.items()}
    new: dict[int, list[Instruction]] = {}
    there = ""
    for at, (back, place, _) in gone.items():
        new.setdefault(at, [])
        is_there = there if at - 1 in gone else back
        if is_there != place:
            new[at].append({"keyword": "WORKDIR", "value": place})
        there = place
        if at + 1 not in gone and place != back and not _leads_on(instructions[at + 1 : at + 2]):
            new.setdefault(at + 1, []).append({"keyword": "WORKDIR", "value": back})
    return placed(instructions, changed, new)


def _gone(instructions: Sequence[Instruction], images: Images) -> Iterator[tuple[int, str, str, str]]:
    """Each such RUN: its place, the directory before it, the one that it goes to, and what it does there."""
    if any(each["keyword"] == "SHELL" and OTHER_SHELL.search(str(each["value"])) for each in instructions):
        return
    for start, end in stages_of(instructions):
        begins_at_root = image_facts(from_of(instructions[start])["image"], images).get("workdir") == "/"
        for at in range(start, end):
            each = instructions[at]
            found = GOES.fullmatch(each["value"]) if each["keyword"] == "RUN" and isinstance(each["value"], str) else None
            if not found or each.get("flags") or each.get("heredocs") or GOES_ON.search(found[2]):
                continue
            said = [str(other["value"]).strip("\"'") for other in instructions[start:at] if other["keyword"] == "WORKDIR"]
            back = workdir(instructions[start:at])
            if (begins_at_root or any(word.startswith("/") for word in said)) and back.startswith("/") and "$" not in back:
                yield at, back, joined(back, found[1]), found[2]


def _leads_on(following: Sequence[Instruction]) -> bool:
    """Whether it is a WORKDIR that says all of its own; the end of a stage is not, since that may be built by itself."""
    return bool(following) and following[0]["keyword"] == "WORKDIR" and str(following[0]["value"]).strip("\"'").startswith("/")
