"""The version of a language that sources are made for, as files beside a Dockerfile or above it tell.

go.dev/ref/mod, go and toolchain; nvm and nodenv; pyenv; rbenv; rust-lang.github.io/rustup/overrides; asdf-vm.com, .tool-versions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from posixpath import join

from setright.bindings.layouts._dockerfile_image import plain_name
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Path, Tree
from setright.patterns import late

TOOLS = r"(?m)^{name}[ \t]+v?({version})"
FILES = {  # by an image's name: the files that tell its version, and how much of it makes a tag
    "golang": {
        "go.mod": late(r"(?m)^(?:toolchain[ \t]+go|go[ \t]+)(\d+\.\d+)"),
        ".tool-versions": late(TOOLS.format(name="golang", version=r"\d+\.\d+")),
    },
    "node": {
        ".nvmrc": late(r"\A\s*v?(\d+)(?:\.\d+)*\s*\Z"),
        ".node-version": late(r"\A\s*v?(\d+)(?:\.\d+)*\s*\Z"),
        ".tool-versions": late(TOOLS.format(name="nodejs", version=r"\d+")),
    },
    "python": {
        ".python-version": late(r"\A\s*(3\.\d+)(?:\.\d+)?\s*\Z"),
        ".tool-versions": late(TOOLS.format(name="python", version=r"3\.\d+")),
    },
    "ruby": {  # whole, since Bundler asks for the very one
        ".ruby-version": late(r"\A\s*(?:ruby-)?(\d+\.\d+\.\d+)\s*\Z"),
        ".tool-versions": late(TOOLS.format(name="ruby", version=r"\d+\.\d+\.\d+")),
    },
    "rust": {
        "rust-toolchain.toml": late(r"(?m)^[ \t]*channel[ \t]*=[ \t]*[\"'](\d+\.\d+(?:\.\d+)?)[\"']"),
        "rust-toolchain": late(r"\A\s*(\d+\.\d+(?:\.\d+)?)\s*\Z"),
    },
}
NEEDS_NEWEST = late(r"\bgo\s+(?:get|install)\s[^&|;]*@(?:latest|master|main)\b")


OLDEST = {"node": [22], "python": [3, 11], "ruby": [3, 3]}  # that is still mended; others before wait for somebody
TAKES_OLDER = frozenset({"golang"})  # builds what older versions do: go.dev/doc/go1compat


def version_told(name: str, locator: str, sources: Mapping[str, Source]) -> str:
    """The version that the nearest of such files tells for an image; empty for none."""
    files, place = FILES.get(name, {}), folder(locator)
    while files:
        texts = ((sources.get(join(place, file)), pattern) for file, pattern in files.items())
        told = [version for at, pattern in texts if at and at.lens == "text" for version in pattern.findall(str(at.tree["text"]))]
        if told or not place:
            return max(told, key=numbers, default="")
        place = folder(place)
    return ""


def with_parts(locator: str, tree: Tree, sources: Mapping[str, Source]) -> tuple[Tree, dict[Path, Tree]]:
    """The resource with what its versions are, and as it were with each stage alone; none for a single one."""
    told = stages_told(locator, tree, sources)
    whole = {**tree, "versions": "told"} if all(told) else tree
    parts: dict[Path, Tree] = {("stages", n): {**tree, "versions": "told"} if each else tree for n, each in enumerate(told)}
    return whole, parts if len(parts) > 1 else {}


def stages_told(locator: str, tree: Tree, sources: Mapping[str, Source]) -> list[bool]:
    """For each stage whether its image has a version, or such a file tells one with which it surely builds as before."""
    stages = tree["stages"]
    runs = (str(each["value"]) for stage in stages for each in stage["instructions"] if each["keyword"] == "RUN")
    asks_newest = any(NEEDS_NEWEST.search(text) for text in runs)
    found: list[bool] = []
    for stage in stages:
        name = plain_name(str(stage.get("image", "")))
        told = "" if asks_newest else version_told(name, locator, sources)
        is_fixed = not stage["external"] or "digest" in stage or stage.get("tag", "latest") != "latest"
        found.append(is_fixed or (bool(told) and numbers(told) >= OLDEST.get(name, [])))
    return found


def version_of(name: str, locator: str, others: Sequence[str], sources: Mapping[str, Source]) -> str | None:
    """The version to name for an image: what such a file tells, or the newest of others, where those take older sources, too."""
    told = version_told(name, locator, sources)
    return told if told and name not in TAKES_OLDER else max([*others, *([told] if told else [])], key=numbers, default=None)


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
