"""The version of the image that a stage begins from: where it is said, and one to say.

docs.docker.com/reference/dockerfile, FROM; How ARG and FROM interact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._dockerfile_image import IMAGE, Instruction, from_of, plain_name, stages_of
from setright.bindings.layouts._dockerfile_versions import numbers, version_of
from setright.bindings.layouts._image_locks import Digests, held_to
from setright.bindings.source import Source
from setright.model import Edit, Plain
from setright.patterns import late

VERSION = late(r"v?\d+(?:\.\d+)*")
BY_ARGUMENT = late(r"(?P<name>[^\s$]+):\$\{?(?P<argument>\w+)\}?")
NO_TAG = "name the version that it was last built and tested with, best with its digest (image:tag@sha256:...)"


def tagged(locator: str, instructions: Sequence[Instruction], number: int, known: Plain, sources: Mapping[str, Source]) -> Edit:
    """The FROM of a stage with a tag, or the ARG that says it: the sources', else the newer of the known one and what other
    Dockerfiles here name."""
    at = stages_of(instructions)[number][0]
    value = str(instructions[at]["value"])
    written = from_of(instructions[at])["image"]
    by_argument = BY_ARGUMENT.fullmatch(written)
    name = by_argument["name"] if by_argument else written.removesuffix(":latest")
    given = known.get(plain_name(name)) if isinstance(known, dict) else None
    others = [str(each) for each in (given, _tag_elsewhere(plain_name(name), sources)) if each]
    tag = version_of(plain_name(name), locator, others, sources)
    if tag is not None and by_argument:
        return _said_by(locator, instructions, by_argument["argument"], name, tag)
    if tag is None or "$" in written or ":" in name.rpartition("/")[2]:
        raise BindingError(f"{locator}: FROM {written}: {NO_TAG}")
    return Edit(("instructions", at, "value"), value.replace(written, f"{name}:{tag}", 1))


def held(locator: str, instructions: Sequence[Instruction], number: int, sources: Mapping[str, Source], digests: Digests) -> Edit:
    """The FROM of a stage with its digest. Raises BindingError where none is known."""
    at = stages_of(instructions)[number][0]
    value, written = str(instructions[at]["value"]), from_of(instructions[at])["image"]
    return Edit(("instructions", at, "value"), value.replace(written, held_to(written, locator, sources, digests), 1))


def _said_by(locator: str, instructions: Sequence[Instruction], argument: str, name: str, tag: str) -> Edit:
    """The default of an ARG before the first FROM, where that is for the tag of one image and nothing else."""
    froms = [from_of(each)["image"] for each in instructions if each["keyword"] == "FROM"]
    uses = {each for each in froms if re.search(rf"\$\{{?{argument}\b", each)}
    for at, each in enumerate(instructions[: stages_of(instructions)[0][0]]):
        told = re.fullmatch(rf"{argument}=([\"']?)latest\1", str(each["value"]))
        if told and each["keyword"] == "ARG" and uses <= {f"{name}:${argument}", f"{name}:${{{argument}}}"}:
            return Edit(("instructions", at, "value"), str(each["value"]).replace("latest", tag))
    raise BindingError(f"{locator}: ARG {argument}: {NO_TAG}")


def _tag_elsewhere(name: str, sources: Mapping[str, Source]) -> str | None:
    """The newest plain version that any FROM of the image names."""
    trees = [source.tree["instructions"] for source in sources.values() if source.lens == "dockerfile" and source.exists]
    froms = [IMAGE.fullmatch(from_of(each)["image"]) for tree in trees for each in tree if each["keyword"] == "FROM"]
    tags = {found["tag"] or "" for found in froms if found and plain_name(found["name"]) == name}
    return max((tag for tag in tags if VERSION.fullmatch(tag)), key=numbers, default=None)
