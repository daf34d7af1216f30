"""Dockerfiles as the images they build: each stage with its instructions, and the configuration of the last stage.

The tree follows the OCI image configuration (opencontainers/image-spec, config.md) where that has a name: User, ExposedPorts,
Healthcheck. Everything else is what the instructions say, taken apart (docs.docker.com/reference/dockerfile):

    User: app                        # the last USER of the last stage
    Healthcheck: CMD curl ...        # its last HEALTHCHECK
    ExposedPorts: [{port: "80", protocol: tcp}]
    stages:
      - image: debian, tag: "12", digest: sha256:..., name: build, external: true      # not another stage, not scratch
        instructions:
          - {keyword: RUN, value: ..., user: root, commands: [{name: apt-get, command: install, options: [-y], words: [curl],
             sudo: false, into: sh}]}
          - {keyword: ADD, value: ..., adds: files | archive | url}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._shell_words import Command, Word, base, commands
from setright.bindings.source import Source
from setright.bindings.trees import same
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

Instructions = Sequence[Mapping[str, Plain]]
Placed = tuple[str, Edit]

IMAGE = re.compile(r"(?P<name>(?:[^\s/@]+/)*[^\s/@:]+)(?::(?P<tag>[^\s@/]+))?(?:@(?P<digest>\S+))?")
FROM = re.compile(r"(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<name>\S+))?")
ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))$", re.I)
REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@", re.I)
TAKES_WORD = frozenset({"-t", "-o", "-c", "-a", "--target-release", "--option", "--config-file", "--host-architecture"})


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each Dockerfile, named by its path."""
    files = [source for name, source in sorted(sources.items()) if source.lens == "dockerfile" and source.exists]
    return [Resource(kind, source.locator, _tree(source.tree["instructions"]), (source.locator, ())) for source in files]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[Placed]:
    """Edits on instructions. Raises BindingError for what is only read off them."""
    locator = resource.home[0]
    if locator not in sources or not sources[locator].exists:
        raise BindingError(f"{locator}: is not there any more; scan again")
    instructions = sources[locator].tree["instructions"]
    return [(locator, small) for each in [*edits, *live] for small in _edits(locator, instructions, each)]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The instruction that a value is read off."""
    locator = resource.home[0]
    instructions = sources[locator].tree["instructions"]
    if path[:1] == ("stages",) and len(path) > 1:
        at = _index(instructions, path)
        return locator, ("instructions", at) if at is not None else ()
    keyword = {"User": "USER", "Healthcheck": "HEALTHCHECK", "ExposedPorts": "EXPOSE"}.get(str(path[0]) if path else "", "")
    last = _last(instructions, keyword)
    fallback = _stages(instructions)[-1:] or [(0, 0)]
    return locator, ("instructions", last if last is not None else fallback[0][0])


# --- seeing ---------------------------------------------------------------------------------------------------------


def _tree(instructions: Instructions) -> Tree:
    stages = _stages(instructions)
    names = [_from(instructions[start])["name"].lower() for start, _ in stages]
    arguments = dict(_arguments(instructions[: stages[0][0]] if stages else instructions))
    tree: Tree = {
        "stages": [_stage(instructions[start:end], set(names[:n]), arguments) for n, (start, end) in enumerate(stages)],
        "ExposedPorts": [],
    }
    for each in instructions[slice(*stages[-1])] if stages else ():
        if each["keyword"] == "USER":
            tree["User"] = Unknown(each["value"]) if "$" in each["value"] else each["value"]
        elif each["keyword"] == "HEALTHCHECK":
            tree["Healthcheck"] = each["value"]
        elif each["keyword"] == "EXPOSE":
            tree["ExposedPorts"] += [_port(word) for word in each["value"].split()]
    return tree


def _stages(instructions: Instructions) -> list[tuple[int, int]]:
    """First instruction and end of each stage."""
    starts = [n for n, each in enumerate(instructions) if each["keyword"] == "FROM"]
    return list(zip(starts, [*starts[1:], len(instructions)], strict=True))


def _arguments(instructions: Instructions) -> Iterator[tuple[str, str]]:
    """The ARGs before the first FROM that have a default."""
    for each in instructions:
        if each["keyword"] == "ARG" and "=" in each["value"]:
            name, _, value = each["value"].partition("=")
            yield name.strip(), value.strip("\"'")


def _from(each: Mapping[str, Plain]) -> dict[str, str]:
    found = FROM.match(each["value"]) if isinstance(each["value"], str) else None
    return {"image": (found["image"] if found else ""), "name": (found["name"] or "" if found else "")}


def _stage(instructions: Instructions, earlier: set[str], arguments: Mapping[str, str]) -> Tree:
    told = _from(instructions[0])
    image = re.sub(r"\$\{?(\w+)\}?", lambda x: arguments.get(x[1], x[0]), told["image"])
    stage: Tree = {"external": image.lower() not in earlier and image.lower() != "scratch"}
    if told["name"]:
        stage["name"] = told["name"]
    if "$" in image:
        stage |= {"image": Unknown(told["image"]), "tag": Unknown(told["image"])}
    elif found := IMAGE.fullmatch(image):
        stage["image"] = found["name"]
        stage |= {part: found[part] for part in ("tag", "digest") if found[part]}
    user = "root"
    stage["instructions"] = []
    for each in instructions:
        user = each["value"] if each["keyword"] == "USER" else user
        stage["instructions"].append(_instruction(each, user))
    return stage


def _instruction(each: Mapping[str, Plain], user: str) -> Tree:
    out: Tree = {**each, "user": user}
    if each["keyword"] == "RUN" and isinstance(each["value"], str):
        texts = [each["value"]] if not _heredoc_is_script(each) else []
        found = [c for text in [*texts, *each.get("heredocs", ())] for c in commands(text)]
        out["commands"] = [_command(c) for c in found]
    if each["keyword"] == "ADD":
        out["adds"] = _adds(each)
    return out


def _heredoc_is_script(each: Mapping[str, Plain]) -> bool:
    return bool(each.get("heredocs")) and str(each["value"]).startswith("<<")


def _command(command: Command) -> Tree:
    name, rest = base(command.words[0].text), command.words[1:]
    options, words = _options(rest)
    tree: Tree = {"name": name, "sudo": command.sudo, "options": [text for text, _ in options]}
    tree |= {"command": words[0].text} if words else {}
    tree |= {"words": [word.text for word in words[1:]]}
    return tree | ({"into": command.into} if command.into else {})


def _options(words: Sequence[Word]) -> tuple[list[tuple[str, int]], list[Word]]:
    """The options, each with where it ends, and the other words. An option that takes a word holds it."""
    options: list[tuple[str, int]] = []
    others: list[Word] = []
    held = False
    for word in words:
        if held:
            options[-1] = (f"{options[-1][0]} {word.text}", word.end)
            held = False
        elif word.text.startswith("-"):
            options.append((word.text, word.end))
            held = word.text in TAKES_WORD
        else:
            others.append(word)
    return options, others


def _adds(each: Mapping[str, Plain]) -> Plain:
    value = each["value"]
    words = value if isinstance(value, list) else value.split()
    if any(REMOTE.match(word) for word in words[:-1]) or "heredocs" in each:
        return "url" if "heredocs" not in each else "files"
    if any("$" in word for word in words[:-1]):
        return Unknown(" ".join(words[:-1]))
    return "archive" if any(ARCHIVE.search(word) or "*" in word for word in words[:-1]) else "files"


def _port(word: str) -> Tree:
    port, _, protocol = word.partition("/")
    return {"port": Unknown(port) if "$" in port else port, "protocol": (protocol or "tcp").lower()}


# --- editing --------------------------------------------------------------------------------------------------------


def _edits(locator: str, instructions: Instructions, edit: Edit) -> Iterator[Edit]:
    path = edit.path
    if path == ("User",) and not edit.remove:
        yield _last_word(instructions, "USER", edit.value)
    elif path == ("Healthcheck",) and not edit.remove:
        yield _last_word(instructions, "HEALTHCHECK", edit.value)
    elif path[:1] == ("ExposedPorts",) and len(path) == 2 and edit.remove:
        yield from _without_port(instructions, int(path[1]))
    else:
        at = _index(instructions, path)
        if at is None:
            raise BindingError(f"{locator}: {'/'.join(map(str, path))} cannot be set by itself; change the instructions by hand")
        yield from _on_instruction(locator, instructions[at], at, Edit(path[4:], edit.value, edit.remove))


def _index(instructions: Instructions, path: Path) -> int | None:
    """The instruction that a path below `stages` leads to; a stage's FROM for the stage itself."""
    stages = _stages(instructions)
    if path[:1] != ("stages",) or len(path) < 2 or not isinstance(path[1], int) or path[1] >= len(stages):
        return None
    start, end = stages[path[1]]
    inner = path[3] if len(path) > 3 and path[2] == "instructions" else 0
    return start + inner if isinstance(inner, int) and start + inner < end else None


def _last(instructions: Instructions, keyword: str) -> int | None:
    """The last instruction of a keyword in the last stage."""
    start = _stages(instructions)[-1][0] if _stages(instructions) else 0
    return max((n for n, each in enumerate(instructions) if n >= start and each["keyword"] == keyword), default=None)


def _last_word(instructions: Instructions, keyword: str, value: Plain) -> Edit:
    """The last instruction of a keyword set, or a new one at the end: it speaks of the image, so its place does not matter."""
    at = _last(instructions, keyword)
    if at is None:
        return Edit(("instructions", len(instructions)), {"keyword": keyword, "value": value})
    return Edit(("instructions", at, "value"), value)


def _without_port(instructions: Instructions, number: int) -> Iterator[Edit]:
    start, end = _stages(instructions)[-1]
    for at in range(start, end):
        if instructions[at]["keyword"] != "EXPOSE":
            continue
        words = instructions[at]["value"].split()
        if number < len(words):
            left = words[:number] + words[number + 1 :]
            yield Edit(("instructions", at, "value"), " ".join(left)) if left else Edit(("instructions", at), remove=True)
            return
        number -= len(words)


def _on_instruction(locator: str, each: Mapping[str, Plain], at: int, edit: Edit) -> Iterator[Edit]:
    """An edit within one instruction: its keyword, flags and value as they are, a command's options by way of the value."""
    path = edit.path
    if not path and edit.remove:
        yield Edit(("instructions", at), remove=True)
    elif path[:1] in (("keyword",), ("value",), ("flags",)):
        yield Edit(("instructions", at, *path), edit.value, edit.remove)
    elif len(path) == 3 and path[0] == "commands" and path[2] == "options" and not edit.remove and isinstance(path[1], int):
        yield Edit(("instructions", at, "value"), _with_options(locator, each, path[1], edit.value))
    else:
        raise BindingError(f"{locator}: {'/'.join(map(str, path))} is read off the instruction; change it by hand")


def _with_options(locator: str, each: Mapping[str, Plain], number: int, want: Plain) -> str:
    """The shell text with a command's new options after those it has, else after its second word."""
    text = str(each["value"])
    found = [] if each.get("heredocs") else commands(text)
    if number >= len(found):
        raise BindingError(f"{locator}: a command in a heredoc is changed by hand")
    words = found[number].words
    options, others = _options(words[1:])
    have = [option for option, _ in options]
    if not isinstance(want, list) or not same(want[: len(have)], have):
        raise BindingError(f"{locator}: {text[words[0].start : words[-1].end]}: options are only added")
    new = " ".join(want[len(have) :])
    end = options[-1][1] if options else others[0].end if others else words[0].end
    return f"{text[:end]} {new}{text[end:]}"
