"""What the image of a Dockerfile is: the instructions that make it, what it begins as, its users, ports and program.

Well-known images are told of in the binding (`images:`), by their name or by name and tag; other ones by their tag and by
the package manager that the Dockerfile calls. docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from setright.bindings.layouts._shell_words import Command, base, commands
from setright.model import Edit, Plain
from setright.patterns import fits, late

Instruction = Mapping[str, Plain]
Images = Mapping[str, Mapping[str, Plain]]

FROM = late(r"(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<name>\S+))?")
IMAGE = late(r"(?P<name>(?:[^\s/@]+/)*[^\s/@:]+)(?::(?P<tag>[^\s@/]+))?(?:@(?P<digest>\S+))?")
MIRROR = late(
    r"(?:(?:(?:index|registry-1)\.)?docker\.io/|registry\.(?:(?:hub|ipv6)\.)?docker\.com/|public\.ecr\.aws/docker/|mirror\.gcr\.io/)?"
    r"(?:(?:library|amd64|i386|arm32v[567]|arm64v8|mips64le|ppc64le|riscv64|s390x|\$\{?TARGETARCH\}?)/)?"
)
TAGS = (
    ("windows", re.compile(r"windows|nanoserver|ltsc\d+")),
    ("alpine", re.compile(r"alpine")),
    (
        "debian",
        re.compile(r"slim|trixie|bookworm|bullseye|buster|stretch|jessie|noble|jammy|focal|bionic|xenial|trusty|deb(?!ug)|ubuntu"),
    ),
    ("redhat", re.compile(r"centos|ubi\d|rocky|alma|fedora|oracle|amazonlinux|al20\d\d|(?:^|-)ol\d|(?:^|-)el\d|rhel")),
)
BARE_TAG = late(r"distroless|chiseled")  # without a shell and a package manager
FEW_TOOLS = late(r"minimal|micro")  # of Red Hat's, without shadow-utils
OF_SHELLS = frozenset({"user", "uid", "owns", "makes"})  # what is told of an image for commands in it
PACKAGES = {"apt-get": "debian", "apt": "debian", "dpkg": "debian", "clean-install": "debian", "install_packages": "debian"}
PACKAGES |= {"apk": "alpine", "yum": "redhat", "dnf": "redhat", "microdnf": "redhat"}
MAKES_USER = ("useradd", "adduser")
RENUMBERS_USER = "usermod"
USER_WORDS = frozenset("bcdefgGhkKpsuZ")  # the letters of options of both that take a word
ADDUSER_WORDS = {"--home", "--shell", "--uid", "--gid", "--ingroup", "--gecos", "--comment", "--groups", "--home-dir"}
WRAPPERS = frozenset({"dumb-init", "tini", "catatonit", "docker-entrypoint.sh", "docker-php-entrypoint", "--"})
SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
STEPS_DOWN = frozenset({"gosu", "su-exec", "setpriv", "su", "runuser", "s6-setuidgid", "chpst"})
VARIABLE = late(r"\$(?:\{(\w+)\}|(\w+))")


class Image(NamedTuple):
    """The image of the last stage. `whole` are all instructions that make it, from the stages it begins from on."""

    whole: Sequence[Instruction]
    family: str
    facts: Mapping[str, Plain]


def image_of(instructions: Sequence[Instruction], images: Images) -> Image:
    """What the last stage builds; without a stage nothing is known."""
    stages = stages_of(instructions)
    whole: list[Instruction] = []
    told = "scratch"
    at = len(stages) - 1
    while at >= 0:
        start, end = stages[at]
        whole = [*instructions[start:end], *whole]
        told = substituted(from_of(instructions[start])["image"], dict(_variables(instructions[: stages[0][0]], ("ARG",))))
        names = [from_of(instructions[each])["name"].lower() for each, _ in stages[:at]]
        at = len(names) - 1 - names[::-1].index(told.lower()) if told.lower() in names else -1
    is_of_several = bool(whole) and "$" in from_of(whole[0])["image"] and len(set(_called(whole))) > 1  # by what a build is told
    facts = {} if is_of_several else image_facts(told, images)
    family = "" if is_of_several else _family(told, facts, whole)
    words = program(whole)
    if family == "empty":
        facts = {key: value for key, value in facts.items() if key not in OF_SHELLS}
    elif family == "redhat" and FEW_TOOLS.search(tag_of(told)):
        facts = {**facts, "tools": "few"}
    started = images.get(f"{family} with {base(words[0])}", {}) if words else {}
    return Image(whole, family, {**started, **facts})


def stages_of(instructions: Sequence[Instruction]) -> list[tuple[int, int]]:
    """First instruction and end of each stage."""
    starts = [n for n, each in enumerate(instructions) if each["keyword"] == "FROM"]
    return list(pairwise([*starts, len(instructions)]))


def from_of(each: Instruction) -> dict[str, str]:
    """The image and the name of a FROM."""
    found = FROM.match(each["value"]) if isinstance(each["value"], str) else None
    return {"image": (found["image"] if found else ""), "name": (found["name"] or "" if found else "")}


def image_facts(image: str, images: Images) -> Mapping[str, Plain]:
    """What the binding tells of an image: the entry of the longest name that fits."""
    name = plain_name(image)
    bare = name.partition("@")[0]
    named = bare[: -len(tag) - 1] if (tag := tag_of(bare)) else bare
    fitting = [pattern for pattern in images if fits(named, pattern) or fits(bare, pattern)]
    return images[max(fitting, key=len)] if fitting else {}


def plain_name(image: str) -> str:
    """The image's name without the default registry and mirrors of it."""
    found = MIRROR.match(image)
    return image[found.end() :] if found else image


def tag_of(image: str) -> str:
    found = IMAGE.fullmatch(image)
    return (found["tag"] or "") if found else ""


def runs(whole: Sequence[Instruction]) -> Iterator[Command]:
    """The commands of all RUNs in shell form."""
    for each in whole:
        if each["keyword"] == "RUN" and isinstance(each["value"], str):
            yield from commands(each["value"])
            for text in each.get("heredocs", ()):
                yield from commands(text)


def packages(whole: Sequence[Instruction]) -> Iterator[str]:
    """The packages that RUNs install, and what else is said to the package manager."""
    for command in runs(whole):
        if base(command.words[0].text) in PACKAGES:
            yield from (word.text.partition("=")[0] for word in command.words[1:])


def users_made(whole: Sequence[Instruction]) -> dict[str, str]:
    """The users that RUNs make, or give another number, each with its number where one is given."""
    found: dict[str, str] = {}
    for command in runs(whole):
        if base(command.words[0].text) in MAKES_USER:
            names, uid = _operands([word.text.strip("\"'") for word in command.words[1:]])
            if len(names) == 1 and not VARIABLE.search(names[0]):  # two: a user into a group
                found[names[0]] = uid if uid.isdigit() else ""
        elif base(command.words[0].text) == RENUMBERS_USER:
            names, uid = _operands([word.text.strip("\"'") for word in command.words[1:]])
            if len(names) == 1 and uid and not VARIABLE.search(names[0]):
                found[names[0]] = uid if uid.isdigit() else ""
    return found


def variables(whole: Sequence[Instruction]) -> dict[str, str]:
    """The variables of the image's environment."""
    return dict(_variables(whole, ("ENV",)))


def set_before(instructions: Sequence[Instruction], given: Mapping[str, str]) -> dict[str, str]:
    """The variables that ARG and ENV of a stage set; an ARG without a default has the one that is `given` for all stages."""
    bare = [str(each["value"]) for each in instructions if each["keyword"] == "ARG" and "=" not in str(each["value"])]
    return {name: given[name] for name in bare if name in given} | dict(_variables(instructions, ("ARG", "ENV")))


def program(whole: Sequence[Instruction]) -> list[str]:
    """The words of what the container starts, without wrappers and shells; empty where the base image says it."""
    entry, command = (_last(whole, keyword) for keyword in ("ENTRYPOINT", "CMD"))
    words = [*_words(entry), *(_words(command) if entry is None or isinstance(entry, list) else [])]
    return _unwrapped(words)


def says_what_runs(whole: Sequence[Instruction]) -> bool:
    return any(each["keyword"] in ("CMD", "ENTRYPOINT") for each in whole)


def _last(whole: Sequence[Instruction], keyword: str) -> Plain:
    return next((each["value"] for each in reversed(whole) if each["keyword"] == keyword), None)


def _words(value: Plain) -> list[str]:
    """The words of exec form, or of the last command of shell form."""
    if isinstance(value, list):
        return [str(word) for word in value]
    found = commands(value) if isinstance(value, str) else []
    return [word.text.strip("\"'") for word in found[-1].words] if found else []


def _unwrapped(words: list[str]) -> list[str]:
    while words:
        name = base(words[0])
        if name in SHELLS and len(words) > 2 and words[1].lstrip("-") in ("c", "lc", "ec"):
            words = _words(words[2])
        elif name in STEPS_DOWN and len(words) > 2:
            words = words[2:]
        elif name in WRAPPERS or (words[0].startswith("-") and len(words) > 1):
            words = words[1:]
        else:
            break
    return words


def substituted(text: str, known: Mapping[str, str]) -> str:
    """A text with its variables, as far as they are known."""
    return VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), text)


def _variables(whole: Sequence[Instruction], keywords: Sequence[str]) -> Iterator[tuple[str, str]]:
    for each in whole:
        if each["keyword"] in keywords and isinstance(each["value"], str):
            pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", each["value"])
            old = re.fullmatch(r"(\w+)[ \t]+([^=\s]+)", each["value"])
            for name, value in [(old[1], old[2])] if old and each["keyword"] == "ENV" else pairs:
                yield name, value.strip("\"'")


def _family(image: str, facts: Mapping[str, Plain], whole: Sequence[Instruction]) -> str:
    """The image's tag says it first, then what is known of it, then the package manager that is called."""
    told = "empty" if BARE_TAG.search(tag_of(image).lower()) else str(facts.get("family", ""))
    if told not in ("empty", "windows", "busybox"):
        tag = tag_of(image).lower()
        told = next((family for family, pattern in TAGS if pattern.search(tag)), told)
    return told or next(_called(whole), "")


def _called(whole: Sequence[Instruction]) -> Iterator[str]:
    """The families whose package managers are called."""
    names = (base(command.words[0].text) for command in runs(whole))
    return (PACKAGES[name] for name in names if name in PACKAGES)


def _operands(words: Sequence[str]) -> tuple[list[str], str]:
    """The words that are no options, and the number given by -u."""
    found, uid, held = list[str](), "", ""
    for word in words:
        if held:
            uid = word if held in ("-u", "--uid") or held.endswith("u") else uid
            held = ""
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            uid = value if name == "--uid" and equals else uid
            takes = name in ADDUSER_WORDS if name.startswith("--") else name[-1:] in USER_WORDS
            held = name if takes and not equals else ""
        else:
            found.append(word)
    return found, uid


def placed(
    have: Sequence[Instruction], changed: Mapping[int, Instruction], new: Mapping[int, Sequence[Instruction]]
) -> Iterator[Edit]:
    """Edits that change some instructions and put new ones before others; an index behind the last one is the end."""
    out: list[dict[str, Plain]] = []
    for at in range(len(have) + 1):
        out += [dict(each) for each in new.get(at, ())]
        out += [dict(changed.get(at, have[at]))] if at < len(have) else []
    yield from (Edit(("instructions", at), dict(each)) for at, each in changed.items())
    if len(out) > len(have):
        yield Edit(("instructions",), out)
