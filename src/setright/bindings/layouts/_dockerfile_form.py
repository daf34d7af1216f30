"""How the shell stands between a Dockerfile and its programs: CMD in shell form, and pipes that hide what fails.

docs.docker.com/reference/dockerfile, Shell and exec form, SHELL; POSIX.1-2017, 2.9.2 Pipelines.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._dockerfile_image import Image, Images, Instruction, image_of, placed, stages_of
from setright.bindings.layouts._shell_words import base, commands
from setright.model import Edit, Plain
from setright.patterns import late

STARTS = ("CMD", "ENTRYPOINT")
SPECIAL = late(r"[;|&<>()\n#`\\]")
EXPANDED = late(r"[$*?\[{}~!]")
OF_THE_SHELL = frozenset({".", ":", "alias", "cd", "eval", "export", "read", "set", "source", "trap", "ulimit", "umask", "wait"})
SHELLS = {"debian": ["/bin/bash", "-o", "pipefail", "-c"], "redhat": ["/bin/bash", "-o", "pipefail", "-c"]}
SHELLS |= {"alpine": ["/bin/ash", "-eo", "pipefail", "-c"], "busybox": ["/bin/ash", "-eo", "pipefail", "-c"]}
READ_OTHERWISE = late(r"\becho\s[^|;&]*\\\w")  # what dash takes for a tabulator or a new line, and bash for two letters
QUOTED = late(r"(['\"])((?:(?!\1).)*)\1")
PIPEFAIL = late(r"\bpipefail\b")


def exec_form(each: Instruction) -> list[str] | None:
    """The words in exec form of a CMD or ENTRYPOINT that a shell reads for no reason, or only to fill in variables."""
    value = each["value"]
    if each["keyword"] not in STARTS or not isinstance(value, str) or SPECIAL.search(value) or value.startswith("["):
        return None
    try:
        words = shlex.split(value)
    except ValueError:  # a quotation that does not end
        return None
    words = words[1:] if words[:1] == ["exec"] else words
    if not words or "=" in words[0] or words[0] in OF_THE_SHELL or words[0].startswith("-"):
        return None
    if not EXPANDED.search(value):
        return words
    return ["/bin/sh", "-c", f"exec {value.removeprefix('exec ')}"] if not EXPANDED.search(words[0]) else None


def is_alike(image: Image) -> bool:
    """Whether what starts the container is the same for sure in exec form: a program of the PATH that no entry point is given."""
    said = [each for each in image.whole if each["keyword"] in STARTS]
    is_bare = bool(image.facts) and not image.facts.keys() & {"port", "runs-as", "starts"}
    if not is_bare or {each["keyword"] for each in said} != {"CMD"}:
        return False
    copied = {base(str(word)) for each in image.whole if each["keyword"] in ("ADD", "COPY") for word in _words(each["value"])}
    words = [str(word) for word in _words(said[-1]["value"])]
    name = next((word for word in words if word != "exec"), "")
    return re.fullmatch(r"[\w-]+", name) is not None and name not in copied


def label_value(text: str) -> str:
    """A text as the value of a label; quotes around the whole of it go."""
    whole = QUOTED.fullmatch(text)
    escaped = re.sub(r'[\\"$]', r"\\\g<0>", whole[2] if whole else text)
    return f'"{escaped}"'


def _words(value: Plain) -> Sequence[Plain]:
    return value if isinstance(value, list) else str(value).split()


def started(locator: str, each: Instruction, image: Image) -> Plain:
    """The value of a CMD or ENTRYPOINT in exec form. Raises BindingError where that is no shell that knows `exec`."""
    if image.family == "windows":
        raise BindingError(
            f"{locator}: {each['keyword']} {each['value']}: cmd.exe also starts scripts; write the program with its .exe"
        )
    return exec_form(each)


def pipes(instructions: Sequence[Instruction]) -> Iterator[int]:
    """The first RUN of each stage whose pipes hide that a command before the last one failed."""
    for start, end in stages_of(instructions):
        for at in range(start, end):
            if instructions[at]["keyword"] == "SHELL":
                break
            if _hides(instructions[at]):
                yield at
                break


def _hides(each: Instruction) -> bool:
    value = each["value"]
    if each["keyword"] != "RUN" or not isinstance(value, str) or each.get("heredocs") or PIPEFAIL.search(value):
        return False
    return any(command.into for command in commands(value))


def with_pipefail(locator: str, instructions: Sequence[Instruction], images: Images) -> Iterator[Edit]:
    """The edits that put a SHELL before each of them. Raises BindingError where no shell is known that reads the rest alike."""
    new: dict[int, list[Mapping[str, Plain]]] = {}
    for at in pipes(instructions):
        end = next(end for start, end in stages_of(instructions) if start <= at < end)
        family = image_of(instructions[: at + 1], images).family
        shell = SHELLS.get(family)
        if shell is None:
            raise BindingError(
                f'{locator}: which shell its image has is not known; write SHELL ["/bin/bash", "-o", "pipefail", "-c"]'
            )
        following = instructions[at:end] if family == "debian" else ()  # elsewhere the same shell reads them before and after
        if odd := next((x for x in following if READ_OTHERWISE.search(str(x["value"]))), None):
            raise BindingError(f"{locator}: {odd['value']}: bash reads \\ after echo in another way; write printf there first")
        new[at] = [{"keyword": "SHELL", "value": list(shell)}]
    return placed(instructions, {}, new)
