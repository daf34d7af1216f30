"""The user that an image runs as: which it is now, and what makes it another than root.

A user that the Dockerfile made or had before comes first, then one that the base image has, then a new one. What the program
writes is made his: the working directory, volumes, and what is known of the base image. A number needs nobody to make it,
where there is no shell to make somebody with. docs.docker.com/reference/dockerfile, USER, VOLUME and ONBUILD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts import _dockerfile_folders as folders
from setright.bindings.layouts._dockerfile_image import (
    SHELLS,
    Image,
    Instruction,
    placed,
    runs,
    set_before,
    stages_of,
    substituted,
    users_made,
)
from setright.bindings.layouts._dockerfile_kept_root import keep_root
from setright.bindings.layouts._dockerfile_whose import files_owners, is_root, user_by_words, user_now, workdir
from setright.bindings.layouts._shell_words import base
from setright.model import Edit, Plain
from setright.patterns import late
from setright.trees import as_list

NAME, NUMBER, NOBODYS = "app", "10001", "65532"
NEEDS_ROOT = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
STARTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
NUMBERS = {  # users that every image of a family has
    "debian": {"www-data": "33", "nobody": "65534"},
    "alpine": {"nobody": "65534"},
    "busybox": {"nobody": "65534"},
}
HOME = late(r"[\"']?/root/?[\"']?")
SPEAKS_OF_HOME = late(r"(?:^|[\s:=\"',])(?:/root(?![\w-])|~)")
BARE_VOLUME = (
    "{volume} belongs to root, and it has no shell to give it away by; put an empty folder there before it, as COPY"
    " --from=STAGE --chown={user} /mnt {volume}, then write USER {user}"
)
SYSTEM = late(r"/(?:bin|boot|dev|etc|lib\d*|media|mnt|opt|proc|root|run|sbin|sys|tmp|usr|var)?")
USABLE = {"debian": "useradd --uid {uid} --create-home {name}", "alpine": "adduser -D -u {uid} {name}"}
USABLE |= {"redhat": USABLE["debian"], "busybox": USABLE["alpine"]}


class NewUser(NamedTuple):
    """The user, the owner that files are given to, and the command that makes him; empty where there is none."""

    user: str
    owner: str = ""
    makes: str = ""


def user_number(image: Image) -> str:
    """The image's user by number, where it is said by name and the number is known; the group stays as it is said."""
    name, colon, group = (user_now(image) or "").partition(":")
    if not any(each["keyword"] == "USER" for each in image.whole) or is_root(name):
        return ""
    made = users_made(image.whole)
    given = {**NUMBERS.get(image.family, {}), str(image.facts.get("user", "")): str(image.facts.get("uid", "")), **made}
    known = given.get(name, "") or str(image.facts.get("users", {}).get(name, ""))
    return f"{known}{colon}{group}" if known else ""


def with_number(instructions: Sequence[Instruction], image: Image) -> Iterator[Edit]:
    """The edit that says the user by its number where it was last said by name."""
    said = next(each for each in reversed(image.whole) if each["keyword"] == "USER")
    at = next(n for n, each in enumerate(instructions) if each is said)
    yield Edit(("instructions", at, "value"), user_number(image))


def with_user(locator: str, instructions: Sequence[Instruction], image: Image, wanted: str) -> Iterator[Edit]:
    """The edits that give it a USER; `wanted` is ``auto`` or says which. Raises BindingError where that would break it for sure."""
    moved = _out_of_root(instructions, image) if wanted == "auto" else {}
    instructions, image = _with(instructions, image, moved)
    if wanted == "auto":
        keep_root(locator, image)
    chosen = _chosen(image) if wanted == "auto" else NewUser(wanted)
    start, end = stages_of(instructions)[-1]
    behind = 1 + max((n for n in range(start, end) if instructions[n]["keyword"] in NEEDS_ROOT), default=start)
    at = next((n for n in range(behind, end) if instructions[n]["keyword"] in STARTS), end)
    said = [n for n in range(behind, end) if instructions[n]["keyword"] == "USER"]
    early = _volumes(image)
    late = [each for each in _written(image) if each not in early]
    if not chosen.owner and chosen.user == NOBODYS and wanted == "auto" and (his := [*early, *folders.filled(image.whole)]):
        raise BindingError(f"{locator}: {BARE_VOLUME.format(volume=his[0], user=chosen.user)}")
    touched = [str(each) for each in image.facts.get("makes", ())]
    volume = next((n for n in range(start, at) if early and instructions[n]["keyword"] == "VOLUME"), None)
    new: dict[int, list[Instruction]] = {}
    if volume is not None:
        new[volume] = _run(_commands(chosen, early, [], []))
        chosen, early = chosen._replace(makes=""), []
    new.setdefault(min([at, *said]), []).extend(_run(_commands(chosen, early, late, touched)))
    if not said:
        new[at].append({"keyword": "USER", "value": chosen.user})
    changed = {last_user: {**instructions[last_user], "value": chosen.user} for last_user in said[-1:]}
    return placed(instructions, moved | changed, new)


def _out_of_root(instructions: Sequence[Instruction], image: Image) -> dict[int, Instruction]:
    """WORKDIR /root as one that others may enter, where nothing but that speaks of it and what is relative moves along."""
    start, end = stages_of(instructions)[-1]
    works = [n for n in range(start, end) if instructions[n]["keyword"] == "WORKDIR"]
    places = [n for n in works if HOME.fullmatch(str(instructions[n]["value"]))]
    said = [str(each["value"]) for each in image.whole if each["keyword"] not in ("LABEL", "FROM")]
    speaking = [text for text in said if SPEAKS_OF_HOME.search(text)]
    if not places or len(speaking) > len(places):
        return {}
    free = "/srv/app" if any(re.search(r"(?<!\S)/app\b", str(each["value"])) for each in image.whole) else "/app"
    return {n: {**instructions[n], "value": free} for n in places}


def _with(instructions: Sequence[Instruction], image: Image, moved: Mapping[int, Instruction]) -> tuple[list[Instruction], Image]:
    """The instructions and the image with some of them changed."""
    new = {id(instructions[n]): each for n, each in moved.items()}
    after = [new.get(id(each), each) for each in instructions]
    return after, image._replace(whole=[new.get(id(each), each) for each in image.whole])


def _chosen(image: Image) -> NewUser:
    before = [str(each["value"]) for each in image.whole if each["keyword"] == "USER" and not is_root(str(each["value"]))]
    if before:
        return NewUser(before[-1])
    if image.family == "windows":
        return NewUser("ContainerUser")
    if runs_as := image.facts.get("runs-as"):
        return NewUser(str(runs_as))
    if told := user_by_words(image):
        return NewUser(told, told)
    made = users_made(image.whole)
    if owner := _owner(image, made):
        return owner
    if made:
        name, uid = list(made.items())[-1]
        return NewUser(uid or name, name)
    if own := image.facts.get("user"):
        return NewUser(str(image.facts.get("uid", own)), f"{own}:{own}")
    if image.family in USABLE:
        few = image.facts.get("tools") == "few"
        makes = "" if few else USABLE[image.family].format(uid=NUMBER, name=NAME)
        return NewUser(NUMBER, NUMBER if few else f"{NAME}:{NAME}", makes)
    has_shell = image.family != "empty" and (any(runs(image.whole)) or _starts_shell(image))
    return NewUser(NOBODYS, NOBODYS if has_shell else "")


def _starts_shell(image: Image) -> bool:
    """Whether what it starts names a shell, which it must have then."""
    said = [each["value"] for each in image.whole if each["keyword"] in ("CMD", "ENTRYPOINT")]
    return any(isinstance(value, str) or any(base(str(word)) in SHELLS for word in as_list(value)) for value in said)


def _owner(image: Image, made: Mapping[str, str]) -> NewUser | None:
    """The user whom the Dockerfile gives files to, who is there since else its build would fail, or a number; None for root."""
    named = [each for each in files_owners(image.whole) if re.fullmatch(r"[a-z_][a-z0-9_-]*|\d+", each) and not is_root(each)]
    if not named:
        return None
    name = named[-1]
    if name.isdigit():
        return NewUser(name, name)
    known = {**NUMBERS.get(image.family, {}), str(image.facts.get("user", "")): str(image.facts.get("uid", "")), **made}
    return NewUser(known.get(name) or name, name)


def _commands(chosen: NewUser, made: Sequence[str], given: Sequence[str], touched: Sequence[str]) -> list[str]:
    """The shell commands that make the user, and the directories and files that shall be his."""
    if not chosen.owner:
        return []
    his = " ".join([*made, *given, *touched])
    told = [
        chosen.makes,
        f"mkdir -p {' '.join(made)}" if made else "",
        f"touch {' '.join(touched)}" if touched else "",
        f"chown -R {chosen.owner} {his}" if his else "",
    ]
    return [command for command in told if command]


def _run(commands: Sequence[str]) -> list[Instruction]:
    return [{"keyword": "RUN", "value": "     && ".join(commands)}] if commands else []


def _volumes(image: Image) -> list[str]:
    """The volumes that it declares, and what its program would make in `/`, as a shell writes them; /tmp is everybody's."""
    found = list[str]()
    for each in image.whole:
        value: Plain = each["value"]
        if each["keyword"] == "VOLUME":
            found += [str(word) for word in (value if isinstance(value, list) else str(value).split())]
    found += folders.unmade(image.whole)
    mine = {*folders.given_away(image.whole), *map(str, image.facts.get("owns", ()))}
    return [_quoted(word) for word in dict.fromkeys(found) if word not in mine and not SYSTEM.fullmatch(word.rstrip("/"))]


def _written(image: Image) -> list[str]:
    """What else the program writes: what is known of the base image, and the working directory."""
    known = [str(each) for each in image.facts.get("owns", ())]
    work = workdir(image.whole)
    if work.startswith("$") and not substituted(work, set_before(image.whole, {})).startswith("/"):
        work = "."  # which may be relative, but is where commands run
    mine = folders.given_away(image.whole)
    below = f"{work}/" if work != "/" else "//"
    places = [work, *(each for each in folders.kept(image.whole) if not each.startswith(below) and each not in known)]
    new = [each for each in dict.fromkeys(places) if each not in mine and not SYSTEM.fullmatch(each)]
    return [*known, *(_quoted(each) for each in new if not any(f"{each}/".startswith(f"{own}/") for own in known))]


def _quoted(path: str) -> str:
    return f'"{path}"' if "$" in path else path
