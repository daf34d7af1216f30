"""The commands of a RUN instruction: what they say, and other words in their place.

    commands: [{name: apt-get, command: install, options: [-y], words: [curl], sudo: false, into: sh, asks: true, cache: kept}]
    lists: kept | removed        # of the packages that apt-get update fetches; absent where it does not also install
    yum-cache: kept | removed    # absent where yum and its like install nothing
    updates: alone | with | never        # whether lists of packages are fetched in it, and used

`asks` is whether it would wait for a yes, `cache` whether what it downloads stays in the layer: kept, mounted or off.
docs.docker.com/reference/dockerfile, RUN; apt-get(8), apk(8), pip's user guide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _dockerfile_recommends as recommends
from setright.bindings.layouts._dockerfile_image import from_of, stages_of
from setright.bindings.layouts._dockerfile_trust import taken_on_trust
from setright.bindings.layouts._shell_words import Command, ShellWord, base, commands, run_as_code
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import same

Instruction = Mapping[str, Plain]

APT = recommends.APT
YUM = ("yum", "dnf", "microdnf")
FETCHES = frozenset((name, "update") for name in (*APT, "apk", "yum", "dnf"))
FETCHES |= {("zypper", "refresh"), ("zypper", "ref")} | {("pacman", option) for option in ("-Sy", "-Syy", "-Syu", "-Syyu")}
INSTALLS = frozenset({"install", "add", "in", "build-dep", "reinstall", "groupinstall", "upgrade", "dist-upgrade", "full-upgrade"})
JOINS_OTHERWISE = late(r"[;|<(`]|(?<!&)&(?!&)")
USES_LISTS = late(r"(?:xx-)?apt(?:itude|-cache|-fast|-get)?")  # xx-apt-get of tonistiigi/xx installs for another architecture
BY_LISTS = frozenset({"build-dep", "download", "install", "satisfy", "source"} | {"madison", "policy", "search", "show", "showpkg"})
INSTALL_BY_APT = frozenset(  # what others have fetched the lists for
    {"ansible-playbook", "ansible-pull", "apt-file", "aptdcon", "chef-client", "chef-solo", "gdebi", "mk-build-deps", "nala"}
    | {"pkcon", "puppet", "rosdep", "salt-call", "tasksel", "ubuntu-drivers"}
)
REMOVES_LISTS = "rm -rf /var/lib/apt/lists/*"
APT_WORDS = frozenset({"-t", "-o", "-c", "-a", "--target-release", "--option", "--config-file", "--host-architecture"})
PIP_WORDS = frozenset(
    ("-r", "-c", "-e", "-f", "-i", "-t", "--requirement", "--constraint", "--editable", "--find-links", "--index-url")
)
PIP_WORDS |= {"--extra-index-url", "--target", "--trusted-host", "--prefix", "--root"}
TAKES_WORD = {"apk": frozenset({"-t", "--virtual", "-X", "--repository", "-p", "--root"})}
TAKES_WORD |= dict.fromkeys(("pip", "pip2", "pip3"), PIP_WORDS) | dict.fromkeys(APT, APT_WORDS)
MOST_INDENT = 12  # more is what stands between a word and the mark at the end of its line
SHORT = late(r"-[a-zA-Z]{2,}")
FORCES = late(r"-[a-zA-Z]*f[a-zA-Z]*|--force")
CACHE = late(r"/var/cache/apk(?:/|\Z)|/\.cache(?:/|\Z)")
PYTHON = late(r"python[\d.]*")
SUDO = late(r"(?<!\S)(?:/usr/bin/)?sudo(?:[ \t]+-[EHnS]+)*[ \t]+\Z")
YES = late(r"-[a-zA-Z]*y[a-zA-Z]*(?:=true)?|--(?:assume-?)?yes(?:=true)?|-[a-zA-Z]*qq|-q=2|--force-yes")


def told(each: Instruction) -> Tree:
    """What a RUN in shell form says."""
    found = [_without_interpreter(command) for text in _texts(each) for command in commands(text)]
    code = [command for text in _texts(each) for command in run_as_code(text)]
    mounted = any(str(flag).startswith("--mount=type=cache") for flag in each.get("flags", ()))
    lists = "" if mounted else _lists("\n".join(_texts(each)), found)
    tree: Tree = {"commands": [_command(command, mounted) for command in (*found, *code)], "updates": _updates(found)}
    cache = "" if mounted else _yum_cache(found)
    tree |= taken_on_trust("\n".join(_texts(each)), found)
    return tree | ({"lists": lists} if lists else {}) | ({"yum-cache": cache} if cache else {})


def joined(locator: str, each: Instruction, following: Instruction | None) -> str:
    """The shell text of the RUN behind one that only fetches lists of packages, with that in front.

    Raises BindingError where that one does not install by these lists, or joins its own commands by more than ``&&``.
    """
    if following is None or following["keyword"] != "RUN" or not isinstance(following["value"], str):
        raise BindingError(f"{locator}: the next instruction installs nothing; put the update into the RUN that does")
    first, second = str(each["value"]), following["value"]
    plain = not any(one.get(key) for one in (each, following) for key in ("flags", "heredocs")) and not JOINS_OTHERWISE.search(
        first + second
    )
    if not plain or "#" in first or _updates(commands(f"{first} && {second}")) != "with":
        raise BindingError(
            f"{locator}: the next RUN does more than to install by these lists; put the update into the one that does"
        )
    return f"{first.rstrip()} && {second}"


def needs_lists(whole: Sequence[Instruction]) -> bool:
    """Whether some RUN installs packages by the lists that one before it fetched."""
    shells = [each for each in whole if each["keyword"] == "RUN" and isinstance(each["value"], str)]
    return any(uses_lists(each) for each in shells)


def are_used_later(instructions: Sequence[Instruction], at: int) -> bool:
    """Whether lists of packages that an instruction fetches are used by its stage later, or by one that begins from that."""
    spans = stages_of(instructions)
    start, end = next(span for span in spans if span[0] <= at < span[1])
    if (uses := _lists_are_used(instructions[at + 1 : end])) is not None:
        return uses
    name = from_of(instructions[start])["name"].lower()
    heirs = [n for n, _ in spans if n > at and name and from_of(instructions[n])["image"].lower() == name]
    return any(are_used_later(instructions, n) for n in heirs)


def _lists_are_used(later: Sequence[Instruction]) -> bool | None:
    """Whether a RUN of these installs by lists that were fetched before them; None where none fetches or installs."""
    shells = [each for each in later if each["keyword"] == "RUN" and isinstance(each["value"], str)]
    return next((uses for each in shells if (uses := uses_lists(each)) is not None), None)


def uses_lists(each: Instruction) -> bool | None:
    """Whether a RUN installs by lists of packages that it has not fetched itself; None where it does neither."""
    found = [command for text in _texts(each) for command in commands(text)]
    words = {word.text for one in found if USES_LISTS.fullmatch(base(one.words[0].text)) for word in one.words[1:]}
    by_others = any(base(one.words[0].text) in INSTALL_BY_APT for one in found)
    return "update" not in words if by_others or words & {"update", *BY_LISTS} else None


def with_options(locator: str, each: Instruction, number: int, want: Plain) -> str:
    """The shell text with a command's new options after those it has, else after its second word."""
    text = str(each["value"])
    words = _words(locator, each, number)
    options, others = _options(words)
    have = [option for option, _ in options]
    if not isinstance(want, list) or not same(want[: len(have)], have):
        raise BindingError(f"{locator}: {text[words[0].start : words[-1].end]}: options are only added")
    new = " ".join(want[len(have) :])
    end = max([words[0].end, *(end for _, end in options), *(other.end for other in others[:1])])
    installed = {other.text.partition("=")[0] for other in others[1:]}
    if recommends.NO_RECOMMENDS in new and (kept := recommends.missed_recommends(installed, text)):
        first = others[1].start
        text = f"{text[:first]}{kept} {text[first:]}"
        end += len(f"{kept} ") if end > first else 0
    text = f"{text[:end]} {new}{text[end:]}"
    return _forgiving(text) if "--no-cache" in new else text


def _forgiving(text: str) -> str:
    """The shell text in which `rm` of a cache that may be empty now is no error."""
    found = commands(text)
    is_filled = ("apk", "update") in _called(found)
    for command in reversed(found):
        name, *words = command.words
        is_bare = base(name.text) == "rm" and not any(FORCES.fullmatch(word.text) for word in words)
        if is_bare and any(CACHE.search(word.text) and not (is_filled and "/apk" in word.text) for word in words):
            short = words[0].text.startswith("-") and not words[0].text.startswith("--")
            end = words[0].end if short else name.end
            text = f"{text[:end]}{'f' if short else ' -f'}{text[end:]}"
    return text


def with_name(locator: str, each: Instruction, number: int, name: str) -> str:
    """The shell text with another name for a command."""
    word = _words(locator, each, number)[0]
    return f"{each['value'][: word.start]}{name}{each['value'][word.end :]}"


def without_sudo(locator: str, each: Instruction, number: int) -> str:
    """The shell text of a RUN by root with a command that needs no sudo."""
    start = _words(locator, each, number)[0].start
    text = str(each["value"])
    found = SUDO.search(text[:start])
    if found is None:
        raise BindingError(f"{locator}: {text}: sudo takes another user or variables here; write what it does without it")
    return text[: found.start()] + text[start:]


def without_yum_cache(locator: str, each: Instruction) -> str:
    """The shell text with a command at its end that empties the cache of yum, dnf or microdnf, whichever it calls."""
    found = {base(command.words[0].text): command.sudo for command in commands(str(each["value"]))}
    name = next(name for name in YUM if name in found)
    return _with_command(locator, each, f"{'sudo ' if found[name] else ''}{name} clean all")


def without_lists(locator: str, each: Instruction) -> str:
    """The shell text with a command at its end that removes the lists of packages."""
    by_sudo = any(command.sudo and base(command.words[0].text) in APT for command in commands(str(each["value"])))
    return _with_command(locator, each, f"sudo {REMOVES_LISTS}" if by_sudo else REMOVES_LISTS)


def _with_command(locator: str, each: Instruction, new: str) -> str:
    """The shell text with one more command, indented as those before it are."""
    text = str(each["value"])
    if each.get("heredocs") or re.search(r"[&;|\\]\s*\Z|\|\||#", text):
        raise BindingError(f"{locator}: {text}: add `{new}` where its commands end")
    indents = re.findall(r" +(?=&& )", text)
    indent = indents[-1] if indents and 1 < len(indents[-1]) <= MOST_INDENT else " " * 5 if " " * 4 in text else " "
    return f"{text}{indent}&& {new}"


def _words(locator: str, each: Instruction, number: int) -> Sequence[ShellWord]:
    """The words of one command."""
    found = [] if each.get("heredocs") else commands(str(each["value"]))
    if number >= len(found):
        raise BindingError(f"{locator}: a command in a heredoc is changed by hand")
    return _without_interpreter(found[number]).words


def _without_interpreter(command: Command) -> Command:
    """The command that `python -m` runs, as pip is called in its own documentation."""
    name, *following = [word.text for word in command.words]
    is_module = PYTHON.fullmatch(base(name)) and following[:1] == ["-m"] and len(following) > 1
    return command._replace(words=command.words[2:]) if is_module else command


def _texts(each: Instruction) -> list[str]:
    """What a shell runs of it."""
    return [*([] if _is_script(each) else [str(each["value"])]), *each.get("heredocs", ())]


def _is_script(each: Instruction) -> bool:
    return bool(each.get("heredocs")) and str(each["value"]).startswith("<<")


def _lists(text: str, found: Sequence[Command]) -> str:
    if not {"update", "install"} <= set(_apt_words(found)):
        return ""
    return "removed" if "/var/lib/apt" in text else "kept"


def _updates(found: Sequence[Command]) -> str:
    """Whether lists of packages are fetched and nothing is installed by them: alone, or with; never for neither."""
    words = _called(found)
    fetched = {"apt" if name in APT else name for name, word in words if (name, word) in FETCHES}
    used = {"apt" if name in APT else name for name, word in words if word in INSTALLS}
    used |= {"pacman"} if any(name == "pacman" and word[:1] not in ("-", "") for name, word in words) else set()
    return "never" if not fetched else "with" if fetched <= used else "alone"


def _yum_cache(found: Sequence[Command]) -> str:
    """Whether what yum and its like downloaded is removed behind the last command that installs."""
    installing = [n for n, each in enumerate(found) if any(name in YUM and word in INSTALLS for name, word in _called([each]))]
    if not installing:
        return ""
    words = _called(found[installing[-1] + 1 :])
    removed = any((name in YUM and word == "clean") or (name == "rm" and word.startswith("/var/cache/")) for name, word in words)
    return "removed" if removed else "kept"


def _called(found: Sequence[Command]) -> set[tuple[str, str]]:
    """Each command's name with each of its words."""
    return {(base(each.words[0].text), word.text) for each in found for word in each.words[1:]}


def _apt_words(found: Sequence[Command]) -> Iterator[str]:
    return (word.text for each in found if base(each.words[0].text) in APT for word in each.words[1:])


def _command(command: Command, mounted: bool) -> Tree:
    options, words = _options(command.words)
    has = [text for text, _ in options]
    tree: Tree = {"name": base(command.words[0].text), "sudo": command.sudo, "options": has}
    tree |= {"command": words[0].text} if words else {}
    tree |= {"words": [word.text for word in words[1:]], "asks": not any(map(YES.fullmatch, has)) and not _is_quiet(has)}
    tree["cache"] = "mounted" if mounted else "off" if "--no-cache" in has else "kept"  # of which pip knows --no-cache-dir
    return tree | ({"into": command.into} if command.into else {})


def _is_quiet(options: Sequence[str]) -> bool:
    """Whether it is told twice to be quiet, which is a yes to apt-get."""
    return len([option for option in options if option in ("-q", "--quiet")]) > 1


def _options(words: Sequence[ShellWord]) -> tuple[list[tuple[str, int]], list[ShellWord]]:
    """A command's options, each with where it ends, and its other words. An option that takes a word holds it."""
    takes = TAKES_WORD.get(base(words[0].text), APT_WORDS)
    options: list[tuple[str, int]] = []
    others: list[ShellWord] = []
    held = False
    for word in words[1:]:
        if held:
            options[-1] = (f"{options[-1][0]} {word.text}", word.end)
            held = False
        elif word.text.startswith("-"):
            options.append((word.text, word.end))
            held = word.text in takes or _ends_in_one(word.text, takes)
        else:
            others.append(word)
    return options, others


def _ends_in_one(option: str, takes: Collection[str]) -> bool:
    """Whether several short options in one word end in one that takes the next word, as ``-Ur``."""
    letters = option[1:] if SHORT.fullmatch(option) else ""
    return next((n == len(letters) - 1 for n, letter in enumerate(letters) if f"-{letter}" in takes), False)
