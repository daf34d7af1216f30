"""What the Dockerfile tells that a service builds its image by, where it is in the tree. compose-spec.io, build.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import join, normpath
from typing import NamedTuple

from setright.bindings.layouts import _programs
from setright.bindings.layouts._dockerfile_image import from_of, image_of, plain_name, program, stages_of
from setright.bindings.layouts._dockerfile_kept_root import AS_ROOT
from setright.bindings.layouts._dockerfile_whose import is_root, user_now
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Plain, Tree
from setright.patterns import late

ELSEWHERE = late(r"\$|://|^git@|^[\w.-]+@|#")  # a context that is not a folder of the tree
DEFAULT = late(r"\$\{\w+:?-([^${}]*)\}")
SET_UID = late(r"\bsudo\b|\bsetcap\b|chmod\s+(?:-\w+\s+)*(?:[ugoa]*\+[rwx]*s|[2-7][0-7]{3}\b)")
S6 = "s6-overlay"  # an init that another user than root starts by a set-uid program, to be given /run

STARTS_OTHERWISE = frozenset({"ENTRYPOINT", "ONBUILD", "USER", "VOLUME"})
BARE = late(  # images without a program of their own: systems, languages
    r"scratch|alpine|debian|ubuntu|busybox|fedora|amazonlinux|rockylinux|almalinux|buildpack-deps|node|python|pypy|golang|ruby|perl|rust"
    r"|openjdk|eclipse-temurin|amazoncorretto|ibm-semeru-runtimes|sapmachine|maven|gradle|clojure|elixir|erlang|haskell|swift|gcc|julia|r-base"
    r"|denoland/deno|oven/bun|ghcr\.io/astral-sh/uv|continuumio/(?:ana|mini)conda3|condaforge/.+|nvidia/cuda|pytorch/pytorch"
    r"|gcr\.io/distroless/.+|mcr\.microsoft\.com/dotnet/.+|mcr\.microsoft\.com/openjdk/.+|cgr\.dev/chainguard/.+"
)
AS_ANY_ROOT = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
)  # for files, users, ports, own processes
CHANGES_ROOT = late(
    r"\b(?:chroot|mknod|capsh|setpriv|auditd|rsyslogd?|postfix|vsftpd|proftpd|named|unbound|s6-overlay|runit|supervisor\w*)\b"
)

Made = Sequence[Mapping[str, Plain]] | None  # the instructions that build a service's image


def dockerfile(file: str, service: Tree, sources: Mapping[str, Source]) -> list[Mapping[str, Plain]] | None:
    """The instructions that build a service's image, up to the stage that it names; None where they are elsewhere."""
    build = service.get("build")
    told = {"context": build} if isinstance(build, str) else build if isinstance(build, dict) else {}
    context, name = told.get("context", "."), told.get("dockerfile", "Dockerfile")
    if not told or "dockerfile_inline" in told or ELSEWHERE.search(f"{context}") or "$" in str(name):
        return None
    source = sources.get(normpath(join(folder(file), str(context), str(name))))
    if source is None or source.lens != "dockerfile":
        return None
    return _until(source.tree["instructions"], told.get("target"))


def _until(instructions: list[Mapping[str, Plain]], target: Plain) -> list[Mapping[str, Plain]] | None:
    """The instructions up to the end of a stage, by its name or number; None where there is no such stage."""
    if target is None:
        return instructions
    stages = stages_of(instructions)
    names = [{str(n), from_of(instructions[start])["name"].lower()} for n, (start, _) in enumerate(stages)]
    end = next((stages[n][1] for n, called in enumerate(names) if str(target).lower() in called), None)
    return instructions[:end] if end is not None else None


def filled(value: Plain) -> str:
    """A value with the defaults of its variables, which hold where nobody says otherwise."""
    return DEFAULT.sub(lambda found: found[1], str(value))


def starts_as_root(service: Tree, instructions: Sequence[Mapping[str, Plain]]) -> bool:
    """Whether it may start as root: as the service says, else as its image does."""
    user = filled(service["user"]) if service.get("user") else user_now(image_of(instructions, {}))
    return user is None or "$" in str(user) or is_root(str(user))


def gains_rights(instructions: Sequence[Mapping[str, Plain]]) -> bool:
    """Whether the image is made with sudo, or with other programs that get more rights than who calls them."""
    said = [str(each.get("value")) for each in instructions if each["keyword"] != "LABEL"]
    return any(map(SET_UID.search, said)) or (any(S6 in each for each in said) and not starts_as_root({}, instructions))


class Base(NamedTuple):
    """The image that a Dockerfile begins from, and what it does with that; the name is empty where it is not told."""

    image: str = ""
    words: Sequence[str] = ()  # in the place of its CMD
    added: Sequence[str] = ()  # where files are added
    runs: bool = False  # whether programs run in it
    is_whole: bool = False  # whether it starts as it comes, but for these words


def based_on(instructions: Sequence[Mapping[str, Plain]]) -> Base:
    """What the last stage begins from."""
    whole = image_of(instructions, {}).whole
    if not whole:
        return Base()
    added = [_target(each["value"]) for each in whole if each["keyword"] in ("ADD", "COPY")]
    starts = any(each["keyword"] == "CMD" for each in whole)
    return Base(
        filled(from_of(whole[0])["image"]),
        program(whole) if starts else (),
        added,
        any(each["keyword"] == "RUN" for each in whole),
        not any(each["keyword"] in STARTS_OTHERWISE for each in whole) and (not starts or bool(program(whole))),
    )


def uses_as_root(instructions: Sequence[Mapping[str, Plain]], words: Sequence[str], said: str) -> list[str]:
    """The capabilities that a program of the tree's own may use as root; empty where it may be any of them.

    Its image begins from a bare one, and neither the Dockerfile nor what the service says (`said`) speaks of what needs more.
    `words` are what the service starts, if it says so.
    """
    whole = image_of(instructions, {}).whole
    words = words or program(whole)
    if not words or not whole or not BARE.fullmatch(_name(from_of(whole[0])["image"])):
        return []
    spoken = " ".join([said, *(str(each["value"]) for each in whole if each["keyword"] not in ("LABEL", "MAINTAINER"))]).lower()
    signs = (_programs.GAINS_RIGHTS, _programs.RAW_SOCKETS, CHANGES_ROOT)
    does_more = any(each.search(spoken) for each in signs) or words[0].rpartition("/")[2] in AS_ROOT
    return [] if does_more else list(AS_ANY_ROOT)


def _name(image: str) -> str:
    """An image's name without mirrors, tag and digest."""
    bare = plain_name(image).partition("@")[0]
    head, _, tag = bare.rpartition(":")
    return head if head and "/" not in tag else bare


def _target(value: Plain) -> str:
    """Where a COPY or ADD puts its files; below what it does not say in full, anywhere."""
    words = [str(each) for each in value] if isinstance(value, list) else str(value).split()
    last = words[-1] if words else ""
    return last.rstrip("/") if last.startswith("/") and len(last) > 1 else "/"
