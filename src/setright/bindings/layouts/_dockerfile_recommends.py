"""What apt-get leaves out with --no-install-recommends, and whether anything misses it: see _debian_recommends.

What a base image has is not installed again. Stages whose files others copy make no packages where nothing there speaks of that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from setright.bindings.layouts._debian_recommends import BASES, COMPLETE, LOSES
from setright.bindings.layouts._dockerfile_image import from_of, plain_name, stages_of
from setright.bindings.layouts._shell_words import base, commands
from setright.model import Plain
from setright.patterns import late

APT = ("apt-get", "apt")
NO_RECOMMENDS = "--no-install-recommends"
CERTIFICATES = "ca-certificates"
NOBODY_KNOWS = "?"
LOST = {name: lost.split() for names, lost in LOSES.items() for name in names.split()}
RECOMMENDED = {  # packages that only recommend what they do little without: certificates to check servers by, headers, make
    **dict.fromkeys(("curl", "git", "nodejs", "wget"), (CERTIFICATES,)),
    "python-pip": ("build-essential", "python-all-dev", "python-setuptools", "python-wheel"),
    "python3-pip": ("build-essential", "python3-dev"),
    **dict.fromkeys(("gcc", "golang", "golang-go"), ("libc6-dev",)),
    "cmake": ("make",),
    "xvfb": ("xauth",),
}
UNREAD = late(  # releases before those that are read, which recommend more, as pip's setuptools
    r"(?:.*/)?(?:debian:(?:[6-9]|10)(?!\d).*|ubuntu:1[0-8]\..*|.*:.*(?:wheezy|jessie|stretch|buster|precise|trusty|xenial|bionic).*)"
)
BROUGHT_ALONG = {"build-essential": frozenset({"libc6-dev", "make"}), "g++": frozenset({"libc6-dev"})}
PACKAGING = frozenset(LOST["build-essential"])
PACKAGES = late(r"\bgpg\w*\b|gnupg|apt-key|fakeroot|\bdebuild\b|dpkg-(?!-)|\bdh_|debhelper|equivs|build-deps?\b|devscripts|\bdeb\b")
CERTIFICATES_OF = late(r"eclipse-temurin|rust|ruby|perl|php|python|golang|buildpack-deps")  # of any tag


def missed_recommends(installed: Collection[str], text: str) -> str:
    """What these packages only recommend, do little without, and is named nowhere in the text."""
    wanted = dict.fromkeys(each for name in sorted(installed) for each in RECOMMENDED.get(name, ()))
    brought = {each for name in {*installed, *wanted} for each in BROUGHT_ALONG.get(name, ())}
    return " ".join(
        each for each in wanted if each not in brought and not re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", text)
    )


def are_known(instructions: Sequence[Mapping[str, Plain]]) -> bool:
    """Whether all that apt-get installs with what is recommended surely recommends no more than `missed_recommends` brings back."""
    stages = stages_of(instructions)
    has: dict[str, frozenset[str]] = {}  # by the names of stages, which later ones begin from
    for number, (start, end) in enumerate(stages):
        shells = [text for each in instructions[start:end] if each["keyword"] == "RUN" for text in _texts(each)]
        begin = from_of(instructions[start])
        there = has.get(begin["image"].lower()) or _of_base(begin)
        if UNREAD.fullmatch(begin["image"]) and any(_installed(text) for text in shells):
            return False
        spoken = "\n".join(shells)
        spare = PACKAGING if number < len(stages) - 1 and not PACKAGES.search(spoken) else frozenset()
        named = there | {name for text in shells for name in _installed(text, every=True)}
        if not all(_is_complete(name, there, named | spare) for text in shells for name in _installed(text)):
            return False
        has[begin["name"].lower()] = named
    return True


def _is_complete(name: str, there: Collection[str], named: Collection[str]) -> bool:
    """Whether it was `there`, or nothing that it only recommends is lost: that is `named`, too, or is brought back."""
    if name in there or name in COMPLETE:
        return True
    return {*LOST.get(name, [NOBODY_KNOWS])} <= {*named, *RECOMMENDED.get(name, ())}


def _installed(text: str, every: bool = False) -> list[str]:
    """The names of what its commands install: with all that is recommended, or `every` one."""
    found: list[str] = []
    for each in commands(text):
        words = [word.text for word in each.words]
        is_told = any(word.endswith("-install-recommends") for word in words)
        if base(words[0]) in APT and "install" in words and (every or not is_told):
            found += [word.partition("=")[0] for word in words[words.index("install") + 1 :] if not word.startswith("-")]
    return found


def _of_base(begin: Mapping[str, Plain]) -> frozenset[str]:
    """The packages that a stage's base image has, as far as they are known."""
    image = plain_name(begin["image"]).partition("@")[0]
    name, _, tag = image.rpartition(":") if ":" in image.rpartition("/")[2] else (image, "", "latest")
    told = next((packages for base, packages in BASES.items() if re.fullmatch(base, f"{name}:{tag}")), "")
    return frozenset([*told.split(), *([CERTIFICATES] if CERTIFICATES_OF.fullmatch(name) else [])])


def _texts(each: Mapping[str, Plain]) -> list[str]:
    """What a shell runs of a RUN; in other forms, as it stands."""
    value = each["value"]
    return [value if isinstance(value, str) else " ".join(map(str, value)), *map(str, each.get("heredocs", ()))]
