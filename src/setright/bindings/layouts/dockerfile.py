"""Dockerfiles as the images they build: each stage with its instructions, and the configuration of the last stage.

The tree follows the OCI image configuration (opencontainers/image-spec, config.md) where that has a name: User, ExposedPorts,
Healthcheck. Everything else is what the instructions say, taken apart (docs.docker.com/reference/dockerfile):

    User: app                        # the last USER of the last stage and those it begins from, else its base's as known
    Healthcheck: CMD curl ...        # their last HEALTHCHECK, or the base's as known
    user-number: "10001"             # the same by its number, where it is said by name and that is known
    purpose: tool                    # where it is surely no service, see _dockerfile_purpose
    check: {evidence: exposed, alone: true}      # what tells how to ask whether it works, see _dockerfile_health, _dockerfile_uses;
                                                 # alone: unless-told where a script that it starts chooses, see _dockerfile_scripts
    ExposedPorts: [{port: "80", protocol: tcp}]
    stages:
      - image: debian, tag: "12", digest: sha256:..., name: build, external: true      # not another stage, not scratch
        name-taken: false                # by an earlier stage
        instructions:
          - {keyword: RUN, value: ..., user: root, commands: [...], lists: kept}       # see _dockerfile_run
          - {keyword: ADD, value: ..., adds: files | archive | url}
          - {keyword: CMD, value: ..., overridden: false}          # by a later one; of ENTRYPOINT and HEALTHCHECK, too
          - {keyword: CMD, value: node a.js, exec-form: [node, a.js]}        # where a shell reads it for nothing
          - {keyword: WORKDIR, value: app, from: /srv}              # what it is relative to; of COPY where that is known to be /
    starts: alike                    # whether what it starts is surely the same in exec form
    pipes: unguarded                 # in a RUN, which does not fail where a command before the last one does
    recommended: known               # where no more is recommended to what apt-get installs than what a fix names
    enters: by-cd                    # where a RUN first goes elsewhere, see _dockerfile_cd
    environment: [{name: A, value: b}]
    lists-used-later: false          # whether a RUN installs packages by lists that one before it fetched
    versions: told                   # where sources or stages tell all images' versions, see _dockerfile_versions; stages are parts
    workdir-known: true              # whether no relative WORKDIR depends on the base image
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts import _dockerfile_cd as cd
from setright.bindings.layouts import _dockerfile_copies as copies
from setright.bindings.layouts import _dockerfile_form as form
from setright.bindings.layouts import _dockerfile_health as health
from setright.bindings.layouts import _dockerfile_ports as ports
from setright.bindings.layouts import _dockerfile_recommends as recommends
from setright.bindings.layouts import _dockerfile_rooted as rooted
from setright.bindings.layouts import _dockerfile_run as run
from setright.bindings.layouts import _dockerfile_scripts as scripts
from setright.bindings.layouts import _dockerfile_tags as tags
from setright.bindings.layouts import _dockerfile_user as users
from setright.bindings.layouts import _dockerfile_uses as uses
from setright.bindings.layouts import _dockerfile_versions as versions
from setright.bindings.layouts import _dockerfile_whose as whose
from setright.bindings.layouts import _dockerfile_workdirs as places
from setright.bindings.layouts._dockerfile_image import (
    IMAGE,
    Image,
    Images,
    from_of,
    image_of,
    stages_of,
    variables,
)
from setright.bindings.layouts._dockerfile_purpose import purpose_of
from setright.bindings.source import LOCKED, Source, noted
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

Instructions = Sequence[Mapping[str, Plain]]
Placed = tuple[str, Edit]

NO_SUDO = (
    "run what needs root before the USER instruction, or put USER root before it and the other user again behind it; then leave"
    " sudo out of the image"
)
NOT_ALONE = (
    "a service of a Compose file starts something else from its image, which the check does not fit; give that service a"
    " `healthcheck` of its own first, or disable it there"
)
WORKED_IN = (
    "jobs run in its image, which may install packages and write to folders that they are given; where none does, write USER, or"
    " let who starts them say it"
)
SAID_BY = {"User": "USER", "user-number": "USER", "Healthcheck": "HEALTHCHECK", "ExposedPorts": "EXPOSE"}


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each Dockerfile, named by its path."""
    files = [source for name, source in sorted(sources.items()) if source.lens == "dockerfile" and source.exists]
    others = uses.services(sources) if files else {}
    actions, services = (uses.of_actions(sources), uses.of_services(sources)) if files else ((), ())
    images, found = _images(layout), []
    for file in files:
        mine = others.get(file.locator, ())
        image = noted(file, "image", (layout,), partial(image_of, file.tree["instructions"], images))
        tree = noted(file, "resource", (layout, *mine), partial(_tree, file.tree["instructions"], images, mine))
        if purpose := purpose_of(file.locator, image, actions, services):
            tree = {**tree, "purpose": purpose}
        if (
            stages_of(file.tree["instructions"])
            and not tree["check"]
            and (check := scripts.check_within(file.locator, image, sources))
        ):
            tree = {**tree, "check": _told(check, file.tree["instructions"], mine)}
        if tree.get("check"):
            tree = {**tree, "check": {**tree["check"], **scripts.doubts(file.locator, image, sources, tree["check"])}}
        tree, parts = versions.with_parts(file.locator, tree, sources)
        found.append(Resource(kind, file.locator, tree, (file.locator, ()), parts=parts))
    return found


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
    if not stages_of(instructions):
        raise BindingError(f"{locator}: has no FROM, so that it builds nothing; write it first")
    if resource.tree.get("check", {}).get("alone") is False and Edit(("Healthcheck",), "auto") in edits:
        raise BindingError(f"{locator}: {NOT_ALONE}")
    images = _images(layout)
    place = Place(locator, instructions, image_of(instructions, images), sources, images, layout.get("digests", {}))
    purpose = resource.tree.get("purpose", "")
    return [(locator, small) for each in [*edits, *live] for small in _edits(place, each, purpose)]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The instruction that a value is read off."""
    locator = resource.home[0]
    instructions = sources[locator].tree["instructions"]
    if path[:1] == ("stages",) and len(path) > 1:
        at = _index(instructions, path)
        return locator, ("instructions", at) if at is not None else ()
    keyword = (SAID_BY | {"environment": "ENV"}).get(str(path[0]) if path else "", "")
    last = _last(instructions, keyword)
    fallback = stages_of(instructions)[-1:] or [(0, 0)]
    return locator, ("instructions", last if last is not None else fallback[0][0])


def _images(layout: Mapping[str, Plain]) -> Images:
    """What is told of images here, and the users and checks of those that are told of elsewhere (`needs`)."""
    needs = layout.get("needs", {})
    whole = {name: needs.get(told.get("like"), told) for name, told in needs.items()}
    users_of: dict[str, Tree] = {name: {"runs-as": str(told["user"])} for name, told in whole.items() if told.get("user")}
    for name in (name for name, told in whole.items() if told.get("checks")):
        users_of[name] = {**users_of.get(name, {}), "checks": True}
    return {**users_of, **layout.get("images", {})}


# --- seeing ---------------------------------------------------------------------------------------------------------


def _tree(instructions: Instructions, images: Images, others: Sequence[Tree]) -> Tree:
    stages = stages_of(instructions)
    names = [from_of(instructions[start])["name"].lower() for start, _ in stages]
    arguments = dict(_arguments(instructions[: stages[0][0]] if stages else instructions))
    tree: Tree = {"ExposedPorts": []}
    tree["stages"] = [_stage(instructions[start:end], set(names[:n]), arguments) for n, (start, end) in enumerate(stages)]
    for (start, end), stage in zip(stages, tree["stages"], strict=True):
        copies.mark_relative(stage["instructions"], instructions[:end], start, images)
    for n, stage in enumerate(tree["stages"]):
        stage["name-taken"] = bool(names[n]) and names[n] in names[:n]
    tree |= {"pipes": "unguarded"} if any(form.pipes(instructions)) else {}
    tree |= {"recommended": "known"} if recommends.are_known(instructions) else {}
    tree |= {"enters": "by-cd"} if cd.enters(instructions, images) else {}
    tree["workdir-known"] = places.are_known(instructions, images)
    if stages:
        tree |= _about(image := image_of(instructions, images))
        check = health.check_of(image)
        tree["check"] = _told(check, instructions, others) if check else {}
    for each in instructions[slice(*stages[-1])] if stages else ():
        if each["keyword"] == "EXPOSE":
            tree["ExposedPorts"] += [ports.told(word) for word in each["value"].split()]
    return tree


def _told(check: health.Check, instructions: Instructions, others: Sequence[Tree]) -> Tree:
    return {"evidence": check.evidence, "alone": uses.is_alone(instructions, others, check.port)}


def _about(image: Image) -> Tree:
    """What holds for the image with all stages that it begins from."""
    user = whose.user_now(image)
    checks = ["its base image's"] if image.facts.get("checks") else []
    checks += [each["value"] for each in image.whole if each["keyword"] == "HEALTHCHECK"]
    tree: Tree = {"lists-used-later": run.needs_lists(image.whole)}
    tree["environment"] = [{"name": name, "value": value} for name, value in variables(image.whole).items()]
    tree |= {"User": Unknown(user) if "$" in user else user} if user is not None else {}
    tree |= {"starts": "alike" if form.is_alike(image) else "otherwise"}
    tree |= {"user-number": number} if (number := users.user_number(image)) else {}
    return tree | ({"Healthcheck": checks[-1]} if checks else {})


def _arguments(instructions: Instructions) -> Iterator[tuple[str, str]]:
    """The ARGs before the first FROM that have a default."""
    for each in instructions:
        if each["keyword"] == "ARG" and "=" in each["value"]:
            name, _, value = each["value"].partition("=")
            yield name.strip(), value.strip("\"'")


def _stage(instructions: Instructions, earlier: set[str], arguments: Mapping[str, str]) -> Tree:
    told = from_of(instructions[0])
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
    work = "/"
    for n, each in enumerate(instructions):
        user = each["value"] if each["keyword"] == "USER" else user
        stage["instructions"].append(_instruction(each, user))
        if each["keyword"] == "ADD":
            stage["instructions"][-1]["adds"] = copies.adds(each, instructions[:n], arguments)
        if each["keyword"] == "WORKDIR":
            stage["instructions"][-1]["from"] = work
            work = whose.joined(work, str(each["value"]))
    _overridden(stage["instructions"])
    return stage


def _overridden(instructions: list[Tree]) -> None:
    """Marks what a later one of its keyword takes the place of."""
    for keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        same_word = [each for each in instructions if each["keyword"] == keyword]
        for each in same_word:
            each["overridden"] = each is not same_word[-1]


def _instruction(each: Mapping[str, Plain], user: str) -> Tree:
    out: Tree = {**each, "user": user}
    if each["keyword"] == "RUN" and isinstance(each["value"], str):
        out |= run.told(each)
    if words := form.exec_form(each):
        out["exec-form"] = list(words)
    return out


# --- editing --------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where edits go: a Dockerfile, its image, and the other documents."""

    locator: str
    instructions: Instructions
    image: Image
    sources: Mapping[str, Source]
    images: Images
    digests: Mapping[str, Mapping[str, Plain]]


def _edits(place: Place, edit: Edit, purpose: str) -> Iterator[Edit]:
    path, (locator, instructions) = edit.path, place[:2]
    if path == ("User",) and not edit.remove:
        _refuse_user(place, edit, purpose)
        yield from users.with_user(locator, instructions, place.image, str(edit.value))
    elif path == ("user-number",) and edit.remove:
        yield from users.with_number(instructions, place.image)
    elif path == ("Healthcheck",) and not edit.remove:
        yield from _with_check(place, str(edit.value))
    elif len(path) == 3 and path[0] == "stages" and path[2] == "tag" and not edit.remove:
        yield tags.tagged(locator, instructions, int(path[1]), edit.value, place.sources)
    elif edit.value == LOCKED:
        yield tags.held(locator, instructions, int(path[1]), place.sources, place.digests)
    elif path in (("enters",), ("pipes",)):
        make = partial(cd.with_workdirs if path == ("enters",) else partial(form.with_pipefail, locator), instructions)
        yield from make(place.images)
    elif path[:1] == ("ExposedPorts",) and len(path) == 2 and edit.remove:
        yield from ports.without(locator, instructions, place.image, int(path[1]))
    else:
        yield from _within(place, edit)


def _refuse_user(place: Place, edit: Edit, purpose: str) -> None:
    """Raises BindingError where something else in the tree needs its image to run as root."""
    locator = place.locator
    if locator in uses.of_actions(place.sources):
        raise BindingError(f"{locator}: GitHub starts an action's container as root, and asks that its Dockerfile says no USER")
    if purpose == "jobs":
        raise BindingError(f"{locator}: {WORKED_IN}")
    if other := rooted.begun_from(locator, place.image, place.sources):
        raise BindingError(f"{locator}: {other} begins from its image, and goes on as root; let that one say its USER")
    if edit.value == "auto" and (given := uses.as_root_in(locator, place.sources)):
        raise BindingError(f"{locator}: {given}; let that service say its user, where it works for one")
    out = [each for each in place.sources[locator].tree.get("left-out", ()) if not whose.is_root(each)]
    if edit.value == "auto" and out:
        raise BindingError(f"{locator}: USER {out[-1]} is commented out; say it again once what it failed for is mended")
    if sign := scripts.sign(locator, place.image, place.sources) if edit.value == "auto" else "":
        raise BindingError(f"{locator}: {sign}")


def _within(place: Place, edit: Edit) -> Iterator[Edit]:
    """An edit below `stages`."""
    path, (locator, instructions) = edit.path, place[:2]
    at = _index(instructions, path)
    if at is None:
        raise BindingError(f"{locator}: {'/'.join(map(str, path))} cannot be set by itself; change the instructions by hand")
    if path[4:] == ("exec-form",):
        yield Edit(("instructions", at, "value"), form.started(locator, instructions[at], place.image))
        return
    if path[4:] == ("from",) and instructions[at]["keyword"] == "COPY":
        yield from copies.from_the_root_on(instructions, at, place.images)
        return
    if path[4:] == ("from",):
        yield Edit(("instructions", at, "value"), places.in_full(locator, instructions, at, place.images))
        return
    if path[4:] == ("lists",) and (
        run.are_used_later(instructions, at) or scripts.use_lists(locator, instructions, at, place.sources)
    ):
        raise BindingError(f"{locator}: a RUN further down installs by these lists; put all that is installed into one RUN first")
    if path[4:] == ("updates",):
        following = instructions[at + 1] if at + 1 < len(instructions) else None
        yield Edit(("instructions", at + 1, "value"), run.joined(locator, instructions[at], following))
        yield Edit(("instructions", at), remove=True)
        return
    if path[4:5] == ("commands",) and path[6:] == ("sudo",) and isinstance(path[5], int):
        if not _is_root_there(place, at):
            raise BindingError(f"{locator}: {NO_SUDO}")
        yield Edit(("instructions", at, "value"), run.without_sudo(locator, instructions[at], path[5]))
        return
    yield from _on_instruction(locator, instructions[at], at, Edit(path[4:], edit.value, edit.remove))
    if path[4:] == ("keyword",) and edit.value == "COPY":
        yield from copies.from_the_root_on(instructions, at, place.images)


def _index(instructions: Instructions, path: Path) -> int | None:
    """The instruction that a path below `stages` leads to; a stage's FROM for the stage itself."""
    stages = stages_of(instructions)
    if path[:1] != ("stages",) or len(path) < 2 or not isinstance(path[1], int) or path[1] >= len(stages):
        return None
    start, end = stages[path[1]]
    inner = path[3] if len(path) > 3 and path[2] == "instructions" else 0
    return start + inner if isinstance(inner, int) and start + inner < end else None


def _last(instructions: Instructions, keyword: str) -> int | None:
    """The last instruction of a keyword in the last stage."""
    start = stages_of(instructions)[-1][0] if stages_of(instructions) else 0
    return max((n for n, each in enumerate(instructions) if n >= start and each["keyword"] == keyword), default=None)


def _is_root_there(place: Place, at: int) -> bool:
    """Whether root runs an instruction: no USER above it in its stage, or root; and no base image that may have one of its own."""
    start = max(n for n, _ in stages_of(place.instructions) if n <= at)
    stage = image_of(place.instructions[: at + 1], place.images)
    before = [str(each["value"]) for each in stage.whole if each["keyword"] == "USER"]
    named = [str(each["value"]) for each in place.instructions[start:at] if each["keyword"] == "USER"]
    if named or before:
        return whose.is_root((named or before)[-1])
    return bool(stage.facts) and "runs-as" not in stage.facts


def _with_check(place: Place, wanted: str) -> Iterator[Edit]:
    """The edits for a check; ``auto`` is the one that can be told."""
    if wanted != "auto":
        return health.with_check(place.instructions, wanted, ())
    found = health.check_of(place.image) or scripts.check_within(place.locator, place.image, place.sources)
    if found is None:
        how = health.health_steps(place.image)
        raise BindingError(
            f"{place.locator}: nothing tells how to ask whether it works; {how}; Kubernetes ignores it, write probes there"
        )
    return health.with_check(place.instructions, f"CMD {json.dumps(found.words, ensure_ascii=False)}", found.flags)


def _on_instruction(locator: str, each: Mapping[str, Plain], at: int, edit: Edit) -> Iterator[Edit]:
    """An edit within one instruction: its keyword, flags and value as they are, a command's options by way of the value."""
    path = edit.path
    if not path and edit.remove:
        yield Edit(("instructions", at), remove=True)
    elif path == ("keyword",) and each["keyword"] == "MAINTAINER":
        yield Edit(("instructions", at), {"keyword": edit.value, "value": f"maintainer={form.label_value(str(each['value']))}"})
    elif path == ("yum-cache",):
        yield Edit(("instructions", at, "value"), run.without_yum_cache(locator, each))
    elif path == ("lists",):
        yield Edit(("instructions", at, "value"), run.without_lists(locator, each))
    elif len(path) == 3 and path[0] == "commands" and path[2] == "name" and isinstance(path[1], int):
        yield Edit(("instructions", at, "value"), run.with_name(locator, each, path[1], str(edit.value)))
    elif path[:1] in (("keyword",), ("value",), ("flags",)):
        yield Edit(("instructions", at, *path), edit.value, edit.remove)
    elif len(path) == 3 and path[0] == "commands" and path[2] == "options" and not edit.remove and isinstance(path[1], int):
        yield Edit(("instructions", at, "value"), run.with_options(locator, each, path[1], edit.value))
    else:
        raise BindingError(f"{locator}: {'/'.join(map(str, path))} is read off the instruction; change it by hand")
