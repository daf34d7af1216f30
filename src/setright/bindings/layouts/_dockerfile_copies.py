"""What ADD and COPY bring into an image, and where to. docs.docker.com/reference/dockerfile, ADD, COPY, WORKDIR."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.layouts._dockerfile_image import Image, Images, Instruction, from_of, image_of, set_before, substituted
from setright.bindings.layouts._dockerfile_whose import joined
from setright.model import Edit, Plain, Tree, Unknown
from setright.patterns import late

REMOTE = late(r"(?:https?|ftp|git|ssh)://|git@", re.I)
NAMED = late(r"[^/$}]\.[A-Za-z]{2,5}$")  # a target that is a file: nobody unpacks an archive to it
ANY_KIND = late(r"\*(?:[^/]*/.*)?[^/.]*$")  # files of any name, so of any kind
LAST = late(r"\$\{?(\w+)[^/}]*\}?$")  # a variable that says of which kind a file is
ALONE = late(r"\$(?:\w+|\{\w+\})")  # a variable and nothing else
ARCHIVE = late(r"\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))$", re.I)


def adds(each: Instruction, before: Sequence[Instruction], given: Mapping[str, str]) -> Plain:
    """What an ADD adds by the variables that are set `before` it, or `given` to all stages.

    One of files, url, archive; argument where a build argument alone says it.
    """
    value, known = each["value"], set_before(before, given)
    written = [str(word) for word in (value if isinstance(value, list) else str(value).split())]
    words = [substituted(word, known).strip("\"'") for word in written]
    if any(REMOTE.match(word) for word in words[:-1]) or "heredocs" in each:
        return "url" if "heredocs" not in each else "files"
    if any(word.startswith("$") for word in words[:-1]):  # which may be the address of another host
        alone = all(ALONE.fullmatch(word) or not word.startswith("$") for word in words[:-1])
        to_file = NAMED.search(words[-1]) and not ARCHIVE.search(words[-1])
        return "argument" if alone and to_file else Unknown(" ".join(words[:-1]))
    if any("$" in word for word in words[:-1]):
        if NAMED.search(words[-1]) and not ARCHIVE.search(words[-1]):
            return "files"
        return Unknown(" ".join(words[:-1]))
    asked = {str(other["value"]).partition("=")[0] for other in before if other["keyword"] == "ARG"}
    if any(found[1] in asked for word in written[:-1] if (found := LAST.search(word))) and not NAMED.search(words[-1]):
        return Unknown(" ".join(written[:-1]))  # who builds it may name an archive instead
    return "archive" if any(ARCHIVE.search(word) or ANY_KIND.search(word) for word in words[:-1]) else "files"


def mark_relative(seen: list[Tree], instructions: Sequence[Instruction], start: int, images: Images) -> None:
    """Marks each COPY whose target is relative to a base image that is known to be at /, and to no WORKDIR."""
    first = next((n for n, each in enumerate(seen) if each["keyword"] == "WORKDIR"), len(seen))
    found = [each for each in seen[:first] if each["keyword"] == "COPY" and _is_relative(each["value"])]
    if found and _is_at_root(image_of(instructions[: start + first], images)):
        for each in found:
            each["from"] = "/"


def _is_relative(value: Plain) -> bool:
    return isinstance(value, str) and re.match(r"[\w.](?!:)", value.split()[-1]) is not None


def _is_at_root(image: Image) -> bool:
    """Whether files are copied relative to / in it: as it begins, and without a WORKDIR."""
    begins_there = from_of(image.whole[0])["image"] == "scratch" or image.facts.get("workdir") == "/"
    return begins_there and all(each["keyword"] != "WORKDIR" for each in image.whole)


def from_the_root_on(instructions: Sequence[Instruction], at: int, images: Images) -> Iterator[Edit]:
    """The target of a COPY named in full, where it is relative to a base image that is known to be at /."""
    value = instructions[at]["value"]
    if not isinstance(value, str) or not _is_at_root(image_of(instructions[: at + 1], images)):
        return
    target = value.split()[-1]
    if re.match(r"[\w.]", target):
        whole = joined("/", target)
        folder = "/" if target.endswith("/") and whole != "/" else ""
        yield Edit(("instructions", at, "value"), value.removesuffix(target) + whole + folder)
